"""The mail server is asked whether it answers as the settings say, before the first mail depends on it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from subscriptions.channels.smtp import probe
from tests.mailbox import Mailbox


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    found = Mailbox()
    yield found
    found.close()


def test_a_server_that_answers_is_fine_and_gets_no_mail(mailbox: Mailbox) -> None:
    assert probe(mailbox.url, 2) is None
    assert probe(mailbox.url.replace("//", "//user:hunter2@"), 2) is None
    assert mailbox.mails == []


@pytest.mark.parametrize(("change", "why"), [
    (("smtp://", "smtps://user:hunter2@"), "does not answer over TLS"),
    (("smtp://", "smtp://user:hunter2@"), "does not answer with STARTTLS")])
def test_a_server_without_the_tls_that_is_asked_for_is_told(mailbox: Mailbox, change: tuple[str, str], why: str) -> None:
    url = mailbox.url.replace(*change) + ("" if change[1].startswith("smtps") else "?starttls=1")
    said = probe(url, 2)
    assert said
    assert why in said
    assert "hunter2" not in said


def test_no_server_and_a_silent_one_are_told(free_port: int) -> None:
    said = probe(f"smtp://127.0.0.1:{free_port}", 1)
    assert said
    assert said.startswith(f"the mail server 127.0.0.1:{free_port} does not answer without TLS: ")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "timed out" in (probe(f"smtp://127.0.0.1:{silent.getsockname()[1]}", 0.2) or "")


def test_a_wrong_address_is_told_without_the_password() -> None:
    said = probe("smtp://u:hunter2@mail.example", 1)
    assert said
    assert "in clear" in said
    assert "hunter2" not in said
