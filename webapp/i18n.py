"""Languages of the portal: Chinese is what the templates say, English comes from translations/en.po."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import Flask, Response, g, has_request_context, request

LANGS = {"zh": "zh-CN", "en": "en"}
"""Languages by their short name, with the value of the HTML lang attribute."""
COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600
CATALOG = Path(__file__).with_name("translations") / "en.po"


def lang() -> str:
    """The reader's language: ``?lang=`` wins over the cookie, that over Chinese."""
    if not has_request_context():
        return "zh"
    found: str | None = g.get("lang")  # asked some hundred times a page
    if found is None:
        wanted = request.args.get("lang") or request.cookies.get(COOKIE)
        found = g.lang = wanted if wanted in LANGS else "zh"
    return found


@cache
def catalog() -> dict[str, tuple[str, ...]]:
    """English by msgid: one text, or one for 1 and one for many."""
    with CATALOG.open("rb") as file:
        messages = read_po(file, locale="en")
    return {_id(message.id): _texts(message.string) for message in messages if message.id}


def _id(msgid: Any) -> str:
    return str(msgid[0] if isinstance(msgid, (list, tuple)) else msgid)


def _texts(string: Any) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, (list, tuple)) else (str(string),)


def translated(msgid: str) -> str:
    """A message in the reader's language, placeholders untouched."""
    if lang() == "zh":
        return msgid
    return catalog().get(msgid, (msgid,))[0] or msgid


def translated_plural(msgid: str, plural: str, count: int) -> str:
    """A message that counts, in the reader's language, placeholders untouched."""
    if lang() == "zh":
        return msgid
    texts = catalog().get(msgid, (msgid, plural))
    return texts[0] if count == 1 else texts[-1]


def gettext(msgid: str, **values: object) -> str:
    """A message in the reader's language with its ``%(name)s`` filled."""
    return translated(msgid) % values if values else translated(msgid)


def ngettext(msgid: str, plural: str, num: int) -> str:
    """A message that counts in the reader's language, ``%(num)s`` filled."""
    return translated_plural(msgid, plural, num) % {"num": num}


def N_(msgid: str) -> str:
    """Marks a constant as a message; translate it where it is shown."""
    return msgid


def init(app: Flask) -> None:
    """Let templates translate, and remember the language a reader chose."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        translated, translated_plural, newstyle=True)
    app.jinja_env.globals["html_lang"] = lambda: LANGS[lang()]
    app.context_processor(lambda: {"lang": lang()})
    app.after_request(_remember)


def _remember(response: Response) -> Response:
    if request.args.get("lang") in LANGS:
        response.set_cookie(COOKIE, lang(), max_age=COOKIE_SECONDS, samesite="Lax", httponly=True,
                            secure=request.is_secure)
    response.headers["Content-Language"] = LANGS[lang()]
    response.vary.add("Cookie")
    return response
