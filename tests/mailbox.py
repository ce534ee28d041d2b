"""The demo's mailbox, a real SMTP server on loopback that keeps what it takes, with a page nobody looks at."""

from __future__ import annotations

from zonewatch.demo import mailbox


class Mailbox(mailbox.Mailbox):
    """A mailbox on free ports."""

    def __init__(self) -> None:
        super().__init__(page_port=0, readers={})

    @property
    def url(self) -> str:
        return self.smtp_url
