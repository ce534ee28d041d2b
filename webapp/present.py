"""How values look on a page: dates, moments, deadlines, addresses of others."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from flask import Flask, request
from markupsafe import Markup
from werkzeug.routing import IntegerConverter

from domain import clock
from domain import deadline as deadlines
from domain.deadline import DeadlineKind
from domain.text import PARTING, UNSEEN, has_cjk
from domain.web_address import is_web_address
from webapp.accounts.visitor import visitor
from webapp.i18n import N_, gettext, lang
from webapp.security import own_path

HERE = ZoneInfo("Asia/Shanghai")
"""The time zone of the readers."""
MAX_ID = 2**31 - 1


class IdConverter(IntegerConverter):
    """An id in an address; one that no database can hold does not exist."""

    def __init__(self, url_map: object) -> None:
        super().__init__(url_map, min=1, max=MAX_ID)  # type: ignore[arg-type]


_CONTROLS = re.compile(f"[{UNSEEN}{PARTING}]+")
"""Signs nobody sees: controls, and marks that turn the direction of the text around them."""


def shown(value: Any) -> Any:
    """Any value as it goes into a page: without signs that nobody sees, so that no text can pass for another one."""
    if isinstance(value, str) and _CONTROLS.search(value):
        return type(value)(_CONTROLS.sub("", value))
    return value


_NO_LETTERS = re.compile("[\ufffe\uffff]")


def one_line(text: str) -> str:
    """Words of others for files: on one line, without signs that nobody sees or that XML does not know."""
    return _NO_LETTERS.sub("", str(shown(" ".join(text.split()))))


def init(app: Flask) -> None:
    """Offer all of it to templates."""
    app.url_map.converters["id"] = IdConverter
    app.jinja_env.filters.update(day=day, moment=moment, web_address=web_address, days_left=days_left, lang_tag=lang_tag,
                                 tongue=tongue, duration=duration, closing=closing)
    app.jinja_env.globals["same_page"] = same_page


def day(value: date | None) -> Markup | str:
    """A calendar date of the publisher."""
    if value is None:
        return gettext("未注明")
    text = value.isoformat() if lang() == "zh" else f"{value.day} {value:%b %Y}"
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)


def moment(value: datetime | None, zone: ZoneInfo = HERE) -> Markup | str:
    """A moment in the time zone of the readers, or of one of them."""
    if value is None:
        return "–"
    here = value.astimezone(zone)
    text = f"{here:%Y-%m-%d %H:%M}" if lang() == "zh" else f"{here.day} {here:%b %Y, %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(timespec="seconds"), text)


_UNITS = ((timedelta(days=2), timedelta(days=1), N_("%(count)s 天")),
          (timedelta(hours=2), timedelta(hours=1), N_("%(count)s 小时")),
          (timedelta(minutes=2), timedelta(minutes=1), N_("%(count)s 分钟")))


def duration(value: timedelta | None) -> str:
    """A length of time in the unit that fits it."""
    if value is None:
        return "–"
    for least, unit, words in _UNITS:
        if value >= least:
            return gettext(words, count=_plain(value / unit))
    return gettext("%(count)s 秒", count=_plain(value.total_seconds()))


def _plain(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def today() -> date:
    """Today where the readers are."""
    return clock.now().astimezone(HERE).date()


def reader_zone() -> ZoneInfo:
    """The time zone of whoever reads this page."""
    who = visitor().person
    return ZoneInfo(who.time_zone) if who else HERE


def days_left(deadline: date, market: str = "") -> int:
    """Days until a deadline; negative when it has passed. Where it is known in which market, its day ends there."""
    if not market:
        return (deadline - today()).days
    return deadlines.days_left(deadline, DeadlineKind.COMMENT, market, reader_zone())


def closing(deadline: date, market: str) -> Markup:
    """A comment deadline in the time of its market and of the reader."""
    text = deadlines.closing_text(deadline, market, reader_zone(), lang())
    return Markup('<time datetime="{}">{}</time>').format(deadline.isoformat(), text)


def web_address(address: str) -> str:
    """An address of others that may stand in a link, else nothing; see domain.web_address."""
    return address if is_web_address(address) else ""


def lang_tag(tag: str) -> str:
    """A language tag fit for the HTML lang attribute; ``und`` for what is none."""
    parts = tag.split("-")
    ok = parts[0].isalpha() and 2 <= len(parts[0]) <= 3 and all(part.isalnum() and len(part) <= 8 for part in parts)
    return tag if ok and tag.isascii() else "und"


def tongue(text: str) -> str:
    """The language of a sentence of ours that stands in one language only."""
    return "zh-CN" if has_cjk(text) else "en"


def same_page(language: str) -> str:
    """This page in another language."""
    pairs = [pair for pair in request.args.items(multi=True) if pair[0] != "lang"]
    path = quote(request.path) if own_path(request.path) else "/"
    return f"{path}?{urlencode([*pairs, ('lang', language)])}"
