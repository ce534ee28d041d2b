"""Every word of the portal stands in English too, and no translation outlives its word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "webapp"
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
ERRORS = {"InvalidValue": None, "Conflict": None}
"""Errors whose sentence a page shows are messages too."""
PLACES = re.compile(r"%\((\w+)\)s")
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def messages() -> Iterator[tuple[str, ...]]:
    found = [row[2] for row in extract_from_dir(str(WEB), METHODS, OPTIONS, KEYWORDS)]
    forms = [WEB / room / "forms.py" for room in ("search", "alerts", "review", "notices")]
    for path in (*forms, ROOT / "zone" / "bulletins" / "service.py"):
        found += [row[1] for row in extract_from_file("python", str(path), ERRORS)]
    for message in found:
        texts = message if isinstance(message, tuple) else (message,)
        if CHINESE.search(texts[0]):
            yield texts


def translations() -> dict[str, tuple[str, ...]]:
    with (WEB / "translations" / "en.po").open("rb") as file:
        return {each.id[0] if isinstance(each.id, tuple) else each.id:
                each.string if isinstance(each.string, tuple) else (each.string,)
                for each in read_po(file, locale="en") if each.id}


def test_every_message_has_an_english_translation() -> None:
    known = translations()
    assert [text for text, *_ in dict.fromkeys(messages()) if not known.get(text, ("",))[0]] == []


def test_no_translation_is_stale() -> None:
    assert translations().keys() - {text for text, *_ in messages()} == set()


def test_no_message_is_translated_twice() -> None:
    """A merge leaves such, and one of the two pages then says the other's word."""
    ids = re.findall('^msgid "(.+)"$', (WEB / "translations" / "en.po").read_text(encoding="utf-8"), re.MULTILINE)
    assert [text for text, count in Counter(ids).items() if count > 1] == []


def test_messages_that_count_have_a_singular_and_a_plural() -> None:
    known = translations()
    assert [texts[0] for texts in messages() if len(texts) == 2 and len(known[texts[0]]) != 2] == []


def test_placeholders_survive_translation() -> None:
    for text, english in translations().items():
        for each in english:
            count = {"num"} if len(english) == 2 and each == english[0] else set()
            assert set(PLACES.findall(each)) | count == set(PLACES.findall(text)), text


def test_translations_hold_no_chinese() -> None:
    assert [each for english in translations().values() for each in english if CHINESE.search(each)] == []


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.html")), ids=lambda path: path.name)
def test_templates_say_nothing_outside_the_catalog(path: Path) -> None:
    """Chinese in a template stands within a message, the name of the language apart."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"""n?gettext\((?:\s*"[^"]*"\s*,?){1,2}|_\(\s*(?:"[^"]*"|'[^']*')""", "", text)
    assert CHINESE.findall(text.replace(">中文<", "")) == []
