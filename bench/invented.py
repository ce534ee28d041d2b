"""Invented notices for benches: seeded, with words of a Zipf distribution."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import date, timedelta

from domain.classification import Classification, Confidence
from domain.notice import Notice, NoticeKind
from domain.product_type import PRODUCT_TYPES
from domain.regulation import REGULATIONS
from domain.source import Expectation, Listing, Publisher, Source

SLUGS = ("eu_first", "us_second", "jp_third")
MARKETS = ("EU", "US", "JP", "CA", "GB", "KR", "BR")
LETTERS = "abdegiklmnoprstu"
HAN = "气动缸阀墨盒硒鼓电磁压力召回安全标准产品检测机械设备温度噪声"
RULES = [name for name, rule in REGULATIONS.items() if rule.applies_to]


def invented(count: int) -> Iterator[tuple[Notice, Classification]]:
    """Notices with words of a Zipf distribution, a tenth of them Chinese; a third concerns our industries."""
    some = random.Random(2026)
    words = ["".join(some.choices(LETTERS, k=some.randint(3, 9))) for _ in range(20_000)]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    types, kinds, levels = list(PRODUCT_TYPES), list(NoticeKind), list(Confidence)

    def text(length: int, chinese: bool) -> str:
        if chinese:
            return "".join(some.choices(HAN, k=length * 3))
        return " ".join(some.choices(words, cum_weights=weights, k=length))

    for number in range(count):
        chinese, relevant = some.random() < 0.1, some.random() < 0.33
        found = Classification(
            {some.choice(types): some.choice(levels)} if relevant else {},
            {some.choice(RULES): some.choice(levels)} if some.random() < 0.1 else {})
        yield Notice(
            source=some.choice(SLUGS), external_id=f"N/{number}", kind=some.choice(kinds), market=some.choice(MARKETS),
            title=text(8, chinese), url="https://publisher.example/n", product=text(3, chinese), summary=text(80, chinese),
            published_on=date(2026, 11, 1) - timedelta(days=some.randrange(6000)), lang="zh" if chinese else "en"), found


def card(slug: str) -> Source:
    return Source(slug=slug, title=slug, title_zh=slug, publisher=Publisher(slug, slug, "https://publisher.example", "EU"),
                  market="EU", url="https://publisher.example", hosts=("publisher.example",), licence="", parser_version=1,
                  listing=Listing.WINDOW, expectation=Expectation(0, 30), summary_zh="", summary="")
