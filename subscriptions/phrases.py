"""The words of mails: Chinese as written in templates and code, English from templates/en.po."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

TEMPLATES = Path(__file__).with_name("templates")


def is_chinese(lang: str) -> bool:
    """Whether a reader of this language is written to in Chinese; everybody else reads English."""
    return lang.startswith("zh")


def say(phrase: str, lang: str, **facts: object) -> str:
    """A phrase in the reader's language, its ``{name}`` places filled with the facts."""
    text = phrase if is_chinese(lang) else english().get(phrase, phrase)
    return text.format_map(facts) if facts else text


@cache
def english() -> dict[str, str]:
    """All phrases with their English."""
    with (TEMPLATES / "en.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale="en") if message.id}
