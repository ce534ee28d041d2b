"""People who come and go by the portal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from domain.consent import VERSION
from tests.prove.refusing import Refusing
from tests.prove.report import say
from tests.prove.visitor import Visitor


class Comers(threading.Thread):
    """People who subscribe by the portal while it is being killed, and some of whom leave after their first alert. Each
    step is done again until the portal says that it is done."""

    def __init__(self, url: str, mailbox: Refusing, every: float) -> None:
        super().__init__(daemon=True)
        self.url, self.mailbox, self.every = url, mailbox, every
        self.confirmed: list[str] = []
        self.left: list[str] = []
        self.gave_up: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.enough.wait(self.every):
            number += 1
            try:
                self.come(f"comer-{number}@firm-{number}.example", leaves=number % 3 == 0)
            except TimeoutError as error:
                self.gave_up.append(str(error))
                say(str(error))

    def come(self, address: str, leaves: bool) -> None:
        visitor = Visitor(self.url, timeout=10)
        form = {"sent": "1", "notices": "yes", "product": "air_compressor", "email": address, "label": "出口",
                "consent": VERSION}
        insist(lambda: visitor.press("/subscribe", "subscribe", **form).status == 200, f"{address} could not subscribe")
        insist(lambda: bool(self.mailbox.links(address, "/confirm/")), f"{address} was not asked to confirm")
        path = self.mailbox.links(address, "/confirm/")[0]
        insist(lambda: visitor.press(path, "confirm").status == 200, f"{address} could not confirm")
        self.confirmed.append(address)
        if leaves:
            insist(lambda: bool(self.mailbox.links(address, "/unsubscribe/")), f"{address} got no alert")
            path = self.mailbox.links(address, "/unsubscribe/")[0]
            one_click = {"List-Unsubscribe": "One-Click"}
            insist(lambda: visitor.post(path, "leave", **one_click).status == 200, f"{address} could not leave")
            self.left.append(address)


def insist(done: Callable[[], bool], otherwise: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(otherwise)
        time.sleep(0.5)
