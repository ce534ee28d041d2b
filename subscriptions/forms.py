"""Rendered templates with places left open, which are filled for each reader."""

from __future__ import annotations

from collections.abc import Mapping

MARK = "\x00"
"""Stands around the name of a place: a sign that ``one_line`` lets nobody bring into a mail."""


def place(name: str) -> str:
    """What to render where something is filled in later; it passes through the escaping of HTML as it is."""
    return f"{MARK}{name}{MARK}"


class Form:
    """A text with places. What fills them must be escaped where the text is HTML."""

    def __init__(self, text: str) -> None:
        self._pieces = text.split(MARK)

    def filled(self, values: Mapping[str, str]) -> str:
        """The text, each place filled by its name."""
        pieces = self._pieces.copy()
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)
