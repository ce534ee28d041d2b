"""The provers in small, so that they cannot rot: three kills, five seconds of contention, two faults; and each can fail."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from tests.prove import contention, faults, kills
from tests.prove.seen import Stored


@pytest.mark.timeout(400)
def test_three_kills_lose_nothing_and_mails_that_are_lost_are_missed(tmp_path: Path) -> None:
    left = kills.survive(tmp_path, Namespace(kills=3, seed=1, pause=0.5, refuse=0.2, database=""))
    figures, broken = left.audit.verdict()
    assert not broken + left.broken, figures
    assert left.figures["kills"] == 3
    audit = left.audit
    alert = next(each for each in audit.mailbox.accepted if "/unsubscribe/" in each.text)
    audit.mailbox.accepted = [each for each in audit.mailbox.accepted if each.address != alert.address]
    del audit.told
    found = "\n".join(audit.verdict()[1])
    assert f"missing: ['{alert.address}" in found
    assert "marked as sent, yet never taken" in found


def test_five_seconds_of_contention(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = Namespace(seconds=5, writers=3, pause=0.2, rows=300, limit=5.0, database="")
    assert contention.contend(tmp_path, few) == 0, capsys.readouterr().out
    assert "web writes" in capsys.readouterr().out


@pytest.mark.mirror
def test_two_faults_of_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert faults.main(["--sources", "wto_tbt_notifications", "--faults", "truncate", "503"]) == 0, capsys.readouterr().out
    table = capsys.readouterr().out.splitlines()
    assert next(line for line in table if line.startswith("wto")).split() == ["wto_tbt_notifications", "ok", "ok", "failed"]


def test_what_a_fault_must_not_leave_behind_is_told() -> None:
    before = Stored({"1": ("active", "a", False), "2": ("active", "b", False)}, frozenset())
    without = Stored(dict(before.notices) | {"3": ("active", "c", False)}, frozenset({"3"}))
    assert before.wrongs(before, without, invented=False) == without.wrongs(before, without, invented=False) == []
    spoilt = Stored({"1": ("withdrawn", "a", False), "3": ("active", "c", True), "9": ("active", "x", False)},
                    frozenset({"3", "9"}))
    told = " ".join(spoilt.wrongs(before, without, invented=False))
    assert all(what in told for what in ("1 notices lost, such as 2", "1 notices withdrawn, such as 1",
                                         "1 notices taken for missing, such as 3", "stored as nobody published them",
                                         "1 notices alerting, such as 9"))
    assert "9" not in " ".join(spoilt.wrongs(before, without, invented=True)[:3])
