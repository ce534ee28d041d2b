"""The alert mail: what it says around its notices, and how many of them it shows so that no mail reader cuts it off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from domain.grade import Graded
from storage.publishers import SourceName
from subscriptions.digest import digest_name, digest_window
from subscriptions.forms import Form, place
from subscriptions.fragments import KINDS, Fragments, Piece
from subscriptions.gist import Line, label
from subscriptions.inert import one_line
from subscriptions.news import News
from subscriptions.phrases import say
from subscriptions.render import Written, part, written

SHAPES = ((20, 60), (12, 60), (6, 40), (3, 40), (0, 40), (0, 10))
"""How many notices a mail shows in full, and how many more by their title; the next is tried while it is too large."""
MAX_BYTES = 100_000
"""HTML that is longer is cut off by mail readers (at 102 KB in the best-known one), the way out at its end with it."""
MOST_LABELS = 5
"""Subscriptions that the head of a mail names."""


def alert(news: News, sources: Mapping[str, SourceName], fragments: Fragments, base_url: str, unsubscribe: str,
          all_url: Callable[[], str]) -> Written:
    """The mail that tells news. It counts all of them, shows the most urgent, and leads to a page with all: ``all_url``,
    which is asked only for a mail that needs it."""
    lang, zone = news.person.lang, ZoneInfo(news.person.time_zone)
    labels = {each.id: label(each) for each in news.subscriptions}
    grades = [each.stored.grade for each in news.told]
    found = [fragments.of(told, grade, sources.get(told.stored.notice.source), lang, zone)
             for told, grade in zip(news.told[:sum(SHAPES[0])], grades, strict=False)]
    for full, titles in SHAPES:
        items = [each.item(told, labels) for each, told in zip(found[:full], news.told, strict=False)]
        around = counted(news, grades, full, titles)
        mail = _filled(news, around, items, [each.title for each in found[full:full + titles]], {
            "base_url": base_url, "unsubscribe": unsubscribe, "all_url": all_url() if around["left"] else ""})
        if mail.size <= MAX_BYTES:
            break
    return written(subject(news, found[0].line), mail.text, mail.html)


def counted(news: News, grades: Sequence[Graded], full: int, titles: int) -> dict[str, int | str]:
    """The figures of a mail, and which digest it is. ``more_labels`` is how many subscriptions there are where not all are
    named."""
    count, levels, asked = len(news.told), [each.grade.value for each in grades], len(news.subscriptions)
    return {"count": count, "red": levels.count("red"), "yellow": levels.count("yellow"), "plain": levels.count("plain"),
            "headline": headline(news), "has_titles": count > full and titles > 0, "left": max(0, count - full - titles),
            "more_labels": asked if asked > MOST_LABELS else 0,
            "digest": digest_name(news, news.person.lang), "window": digest_window(news, news.person.lang)}


def headline(news: News) -> str:
    """What a mail is about: news, what has changed of what was published before, or what no longer holds."""
    lang, count = news.person.lang, len(news.told)
    if all(each.is_withdrawn for each in news.told):
        return say("发布机构撤回了 1 条信息" if count == 1 else "发布机构撤回了 {count} 条信息", lang, count=count)
    if all(each.is_withdrawn or each.before for each in news.told):
        return say("有 1 条信息的内容有变更" if count == 1 else "有 {count} 条信息的内容有变更", lang, count=count)
    return say("有 1 条信息符合您的订阅条件" if count == 1 else "有 {count} 条信息符合您的订阅条件", lang, count=count)


def named(news: News) -> str:
    """The subscriptions of a mail, the first of them by name."""
    return say("；", news.person.lang).join([one_line(each.label, 80) for each in news.subscriptions[:MOST_LABELS]])


def subject(news: News, top: Line) -> str:
    """What the mail is called, after its first notice."""
    return _subject(news.person.lang, top, len(news.told), news.told[0].before is not None,
                    digest_name(news, news.person.lang))


@lru_cache(maxsize=1000)
def _subject(lang: str, top: Line, count: int, changed: bool, digest: str) -> str:
    return part("alert/subject.txt", lang, top=top, count=count, changed=changed, digest=digest)


def _filled(news: News, around: Mapping[str, int | str], items: Sequence[Piece], rest: Sequence[Piece],
            links: Mapping[str, str]) -> Written:
    text, html = _shell(news.person.lang, tuple(around.items()))
    labels = named(news)
    return Written("", text.filled({
        **links, "labels": labels, "items": "".join([each.text for each in items]),
        "titles": "".join([each.text for each in rest])}), html.filled({
            **{name: str(escape(value)) for name, value in links.items()}, "labels": str(escape(labels)),
            "items": "".join([each.html for each in items]), "titles": "".join([each.html for each in rest])}))


@lru_cache(maxsize=1000)
def _shell(lang: str, around: tuple[tuple[str, int | str], ...]) -> tuple[Form, Form]:
    """Text and HTML of a mail with these figures, with places for all else."""
    facts = {name: place(name) for name in ("base_url", "unsubscribe", "all_url", "labels")}
    open_ = {name: Markup(place(name)) for name in ("items", "titles")}
    text, html = (Form(part(f"alert/shell.{kind}", lang, **facts, **open_, **dict(around))) for kind in KINDS)
    return text, html
