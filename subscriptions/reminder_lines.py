"""Deadlines of followed notices as a mail says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from domain.deadline import DeadlineKind, closing_text
from domain.notice import NoticeStatus
from storage.publishers import SourceName
from subscriptions.calendar import Entry, entries
from subscriptions.followers import Word
from subscriptions.gist import Line, day, left_text, line
from subscriptions.inert import one_line, web_link
from subscriptions.phrases import is_chinese, say

_LABELS = {DeadlineKind.COMMENT: "评议截止", DeadlineKind.EFFECTIVE: "生效日期"}


@dataclass(frozen=True, slots=True)
class DateLine:
    """A deadline: its ``day``, with ``text`` in the market's time and the reader's, how many days are ``left``, what it was
    ``before`` if it has moved, and the number of the notice that states it where that is another one."""

    label: str
    day: str
    text: str
    left: str
    is_moved: bool
    before: str
    stated_by: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A followed notice with the deadlines that there is something to say of; ``silence`` ends its reminders."""

    line: Line
    url: str
    source: str
    number: str
    dates: tuple[DateLine, ...]
    silence: str

    @property
    def is_moved(self) -> bool:
        """Whether a deadline is another one than the reader knew."""
        return any(each.is_moved for each in self.dates)


def about_notices(words: Sequence[Word], sources: Mapping[str, SourceName], base_url: str, lang: str, zone: ZoneInfo,
                  silences: Mapping[int, str]) -> list[Followed]:
    """The notices that these words are about, each once, in their order."""
    by_notice: dict[int, list[Word]] = {}
    for each in words:
        by_notice.setdefault(each.found.stored.id, []).append(each)
    return [_followed(found, sources, base_url, lang, zone, silences[notice_id]) for notice_id, found in by_notice.items()]


def headline(items: Sequence[Followed], lang: str) -> str:
    """What a mail about these notices is about."""
    moved = [each.is_moved for each in items]
    if all(moved):
        return say("您关注的日期有变更", lang)
    return say("您关注的日期临近或有变更" if any(moved) else "您关注的日期快到了", lang)


def _followed(words: Sequence[Word], sources: Mapping[str, SourceName], base_url: str, lang: str, zone: ZoneInfo,
              silence: str) -> Followed:
    stored = words[0].found.stored
    source = sources.get(stored.notice.source)
    name = stored.notice.source if source is None else source.publisher_zh if is_chinese(lang) else source.publisher
    return Followed(line(stored, base_url, lang, 300), web_link(stored.notice.url), one_line(name, 120),
                    one_line(stored.notice.external_id, 80), tuple(_date_line(each, lang, zone) for each in words), silence)


def _date_line(word: Word, lang: str, zone: ZoneInfo) -> DateLine:
    stated = word.found.source_of(word.what)
    by = one_line(stated.notice.external_id, 80) if stated.id != word.found.stored.id else ""
    before = day(word.before, lang) if word.before else say("未注明", lang)
    if word.on is None:
        gone = word.found.stored.status is NoticeStatus.WITHDRAWN
        said = say("已撤回" if gone else "未注明", lang)
        return DateLine(say(_LABELS[word.what], lang), said, said, "", True, before, "")
    market = stated.notice.market
    return DateLine(say(_LABELS[word.what], lang), day(word.on, lang), _text(word.on, word.what, market, zone, lang),
                    left_text(word.on, word.what, market, zone, lang), word.is_moved, before, by)


def _text(on: date, what: DeadlineKind, market: str, zone: ZoneInfo, lang: str) -> str:
    return closing_text(on, market, zone, lang) if what is DeadlineKind.COMMENT else day(on, lang)


def told_entries(words: Iterable[Word]) -> list[Entry]:
    """The deadlines of these words, for calendars."""
    return [entry for word in words for entry in entries(word.found) if entry.what is word.what]
