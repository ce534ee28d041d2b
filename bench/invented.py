"""Invented notices for benches: seeded, of about 755 letters, in seven languages whose words follow Zipf's law."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np

from domain.classification import Classification, Confidence
from domain.notice import Notice, NoticeKind
from domain.product_type import PRODUCT_TYPES
from domain.regulation import REGULATIONS
from domain.source import Expectation, Listing, Publisher, Source

SLUGS = ("eu_first", "us_second", "jp_third")
MARKETS = ("EU", "US", "JP", "CA", "GB", "KR", "BR")
LANGS = ("en", "de", "fr", "es", "it", "pl", "zh")
SHARES = (0.42, 0.12, 0.12, 0.10, 0.07, 0.07, 0.10)
VOCABULARY = 40_000
ENDINGS = {"en": ("ing", "tion", "er", "ed", ""), "de": ("ung", "lich", "keit", "ß", "ä"),
           "fr": ("é", "ème", "eur", "ée", ""), "es": ("ción", "ado", "ía", "os", ""),
           "it": ("zione", "ità", "ino", "o", "a"), "pl": ("ość", "ski", "ż", "ów", "ę")}
ONSETS = ["b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "st", "tr", "pl", "gr", "ch", "br"]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ou"]
HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]
TITLE, BODY = 9, 72
"""Words of a title and of a summary; Chinese ones are shorter, so there are 270."""
BLOCK = 5_000
RULES = [name for name, rule in REGULATIONS.items() if rule.applies_to]


def vocabulary(lang: str) -> list[str]:
    """The words of a language, the commonest first."""
    some = random.Random(lang)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        if lang == "zh":
            words["".join(some.choices(HAN, k=some.choice((1, 2, 2, 2, 3))))] = None
        else:
            stem = "".join(some.choice(ONSETS) + some.choice(VOWELS) for _ in range(some.choice((1, 2, 2, 3, 3, 4))))
            words[stem + some.choice(ENDINGS[lang])] = None
    return list(words)


def _zipf(size: int, power: float = 1.0, shift: float = 2.7) -> np.ndarray:
    weights = 1.0 / (np.arange(size) + shift) ** power
    return np.asarray(np.cumsum(weights / weights.sum()))


def invented(count: int) -> Iterator[tuple[Notice, Classification]]:
    """Notices, a tenth of them Chinese; a third concerns our industries."""
    some, numbers = random.Random(2026), np.random.default_rng(2026)
    words, spread = {lang: vocabulary(lang) for lang in LANGS}, _zipf(VOCABULARY)
    for start in range(0, count, BLOCK):
        for number in range(start, min(start + BLOCK, count)):
            lang = some.choices(LANGS, SHARES)[0]
            length = TITLE + (270 if lang == "zh" else BODY)
            drawn = [words[lang][place] for place in np.searchsorted(spread, numbers.random(length))]
            yield _notice(some, number, lang, drawn), _found(some)


def _notice(some: random.Random, number: int, lang: str, drawn: Sequence[str]) -> Notice:
    blank, stop = ("", "。") if lang == "zh" else (" ", ". ")
    sentences = [blank.join(drawn[at:at + 14]) for at in range(TITLE, len(drawn), 14)]
    return Notice(
        source=some.choice(SLUGS), external_id=f"N/{number}", kind=some.choice(list(NoticeKind)),
        market=some.choices(MARKETS, (40, 20, 13, 10, 8, 6, 3))[0], title=blank.join(drawn[:TITLE]),
        url="https://publisher.example/n", product=blank.join(drawn[:3]), summary=stop.join(sentences),
        published_on=date(2026, 11, 1) - timedelta(days=some.randrange(6000)), lang=lang)


def _found(some: random.Random) -> Classification:
    types, levels = list(PRODUCT_TYPES), list(Confidence)
    return Classification(
        {some.choice(types): some.choice(levels)} if some.random() < 0.33 else {},
        {some.choice(RULES): some.choice(levels)} if some.random() < 0.1 else {})


def card(slug: str) -> Source:
    """The card of an invented source."""
    return Source(slug=slug, title=slug, title_zh=slug, publisher=Publisher(slug, slug, "https://publisher.example", "EU"),
                  market="EU", url="https://publisher.example", hosts=("publisher.example",), licence="", parser_version=1,
                  listing=Listing.WINDOW, expectation=Expectation(0, 30), summary_zh="", summary="")
