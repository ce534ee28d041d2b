"""The alert mail: what it says around its notices, and how many of them it shows so that no mail reader cuts it off."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from zoneinfo import ZoneInfo

from markupsafe import Markup

from storage.publishers import SourceName
from subscriptions.digest import digest_name, digest_window
from subscriptions.fragments import Fragments, Piece
from subscriptions.gist import label, line
from subscriptions.inert import one_line
from subscriptions.news import News
from subscriptions.render import Written, part, written

SHAPES = ((20, 60), (12, 60), (6, 40), (3, 40), (0, 40), (0, 10))
"""How many notices a mail shows in full, and how many more by their title; the next is tried while it is too large."""
MAX_BYTES = 100_000
"""HTML that is longer is cut off by mail readers (at 102 KB in the best-known one), the way out at its end with it."""


def alert(news: News, sources: Mapping[str, SourceName], fragments: Fragments, base_url: str, unsubscribe: str,
          all_url: str) -> Written:
    """The mail that tells news. It counts all of them, shows the most urgent, and leads to a page with all: ``all_url``."""
    lang, told, zone = news.person.lang, news.told, ZoneInfo(news.person.time_zone)
    labels = {each.id: label(each) for each in news.subscriptions}
    for full, titles in SHAPES:
        facts = around(news, full, titles, base_url, unsubscribe, all_url)
        items = [fragments.item(each, labels, sources.get(each.stored.notice.source), lang, zone)
                 for each in told[:full]]
        rest = [fragments.title(each.stored, sources.get(each.stored.notice.source), lang, zone)
                for each in islice(told, full, full + titles)]
        found = _in_shell(lang, items, rest, facts)
        if found.size <= MAX_BYTES:
            break
    return found


def around(news: News, full: int, titles: int, base_url: str, unsubscribe: str, all_url: str) -> dict[str, object]:
    """What the templates of the mail say beside its notices."""
    told = news.told
    grades = [each.stored.grade.grade.value for each in told]
    return {
        "base_url": base_url, "unsubscribe": unsubscribe, "all_url": all_url, "count": len(told),
        "red": grades.count("red"), "yellow": grades.count("yellow"), "plain": grades.count("plain"),
        "digest": digest_name(news, news.person.lang), "window": digest_window(news, news.person.lang),
        "top": line(told[0].stored, "", news.person.lang), "changed": told[0].before is not None,
        "labels": [one_line(each.label, 80) for each in news.subscriptions],
        "has_titles": len(told) > full and titles > 0, "left": max(0, len(told) - full - titles)}


def _in_shell(lang: str, items: list[Piece], rest: list[Piece], facts: Mapping[str, object]) -> Written:
    text = part("alert/shell.txt", lang, items="".join([each.text for each in items]),
                titles="".join([each.text for each in rest]), **facts)
    html = part("alert/shell.html", lang, items=Markup("".join([each.html for each in items])),
                titles=Markup("".join([each.html for each in rest])), **facts)
    return written(part("alert/subject.txt", lang, **facts), text, html)
