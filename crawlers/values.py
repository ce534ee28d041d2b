"""What spiders say of values: those of fields are read in one way everywhere, and what nobody has seen before is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from scrapy import Spider

from crawlers.job import Job
from crawlers.text import iso_day, line, stated
from domain.errors import InvalidValue
from domain.market import market_from_name

Meaning = TypeVar("Meaning")


class Values(Spider):
    """What every spider is made on. Whatever it cannot make sense of becomes a warning of the run, never a guess."""

    job: Job

    def warn(self, what: str, where: str = "") -> None:
        """Something in an answer has no place in a notice: the run keeps count of it, the log tells where it first was."""
        if what not in self.job.account.warnings:
            self.logger.warning("%s%s", what, f" (first: {where})" if where else "")
        self.job.account.warnings[what] += 1

    def dated(self, found: date | None, text: str | None, field: str) -> date | None:
        """A date as read from ``text``; warns of a text that says something but holds no date."""
        if found is None and stated(text):
            self.warn(f"no date in {field!r}", line(text)[:80])
        return found

    def warn_of_fields(self, unknown: Iterable[str], where: str) -> None:
        """Fields nobody has seen before; their values are in ``raw``."""
        for name in unknown:
            self.warn(f"unknown field {name!r}", where)

    def day_in(self, record: Mapping[str, Any], field: str, read: Callable[[str | None], date | None] = iso_day,
               ) -> date | None:
        """The date in a field, if the record has it; warns of a text that says something but holds no date."""
        text = record.get(field)
        return self.dated(read(text), text, field)

    def sure_day(self, record: Mapping[str, Any], field: str, where: str,
                 read: Callable[[str | None], date | None] = iso_day) -> date:
        """The date in a field without which a record makes no notice. Raises InvalidValue."""
        found = read(record[field])
        if found is None:
            raise InvalidValue(f"{field} of {where} is {record[field]!r}")
        return found

    def meaning(self, what: str, word: str, words: Mapping[str, Meaning], where: str, otherwise: Meaning) -> Meaning:
        """What a word of the publisher means to us; ``otherwise``, with a warning of an unknown ``what``, when it is none
        of ``words``."""
        if word not in words:
            self.warn(f"unknown {what} {word!r}", where)
        return words.get(word, otherwise)

    def country(self, name: str, where: str = "") -> str:
        """The code of a country by its name in English, or as our list has it; nothing, with a warning, for another one."""
        found = market_from_name(name) if name else ""
        if found is None:
            self.warn(f"unknown country {name!r}", where)
        return found or ""
