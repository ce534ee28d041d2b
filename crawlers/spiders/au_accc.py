"""Australia's recalls of consumer products, from the feed of the newest hundred."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from bs4 import BeautifulSoup

from crawlers.bases.feed import RSS_FORM, Entry, FeedSpider
from crawlers.fields import Fields
from crawlers.hazards import hazards
from crawlers.text import day, line, lines
from domain.errors import InvalidValue
from domain.measure import in_order, measures_from_text
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

FEED = "https://www.productsafety.gov.au/rss/feed.xml/psa_recall"

_BLOCKS = Fields((), ("product-desc", "product-defects", "hazards", "consumer-action"), ("published-date",))
"""The parts of a description; the feed's own date of publication is read."""
_PART = re.compile(r"field--name-field-psa-recall-([a-z-]+)")


class AuAccc(FeedSpider):
    """One page: the feed gives the same hundred items whatever page is asked for."""

    card: ClassVar[Source] = Source(
        slug="au_accc",
        title="Product Safety Australia: recalls of consumer products (ACCC)",
        title_zh="澳大利亚产品安全网：消费品召回（ACCC）",
        publisher=Publisher("Australian Competition and Consumer Commission (ACCC)", "澳大利亚竞争与消费者委员会（ACCC）",
                            "https://www.productsafety.gov.au/", "AU"),
        market="AU",
        url="https://www.productsafety.gov.au/recalls",
        hosts=("www.productsafety.gov.au",),
        licence="CC BY 4.0; logos, photographs and texts of suppliers are excepted",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=50, max_silence_days=21),
        parser_version=1,
        summary_zh="澳大利亚消费品召回（自愿与强制）：产品说明、召回原因、危害、消费者应采取的措施。",
        summary="Voluntary and compulsory recalls of consumer products in Australia: description, reason, hazards and what "
                "consumers should do.",
        caveats=(
            "The feed holds the newest hundred recalls, about four months; older ones are missing here.",
            "Brand, model, barcode, origin and the recall number (PRA) stand on the publisher's page, not in the feed.",
            "The hazards are read from the text; the feed gives no codes.",
            "Vehicles, food and medicines are recalled by other authorities.",
            "Pictures are left out on purpose.",
        ),
        caveats_zh=(
            "来源只含最新的一百条召回（约四个月），更早的此处缺失。",
            "品牌、型号、条码、原产地和召回编号（PRA）在发布机构的网页上，来源中没有。",
            "来源不提供危害代码，危害由正文读出。",
            "车辆、食品和药品由其他机构召回。",
            "有意不收录图片。",
        ),
    )
    form = RSS_FORM
    look_back = timedelta(days=120)
    namespaces: ClassVar[Mapping[str, str]] = {"http://purl.org/dc/elements/1.1/": "dc"}
    head = Fields(("title", "link"), ("item",), ("description", "language"))
    fields = Fields(("title", "link", "pubDate", "guid", "description"), ("category",))

    def page_url(self, number: int) -> str:
        """The feed."""
        return FEED

    def notice(self, entry: Entry, url: str) -> Notice:
        """The notice of an item."""
        core = entry.core
        name, written = core.get("id", ""), core.get("published", "")
        published = day(written, "%a, %d %b %Y %H:%M:%S %z")
        if published is None:
            raise InvalidValue(f"pubDate of {name} is {written!r}")
        said, title = blocks(core.get("summary", "")), line(core.get("title"))
        self.warn_of_fields(_BLOCKS.check(said, url, name), name)
        if not _BLOCKS.optional.intersection(said):
            raise InvalidValue(f"the description of {name} has no part that is known")
        hazard = said.get("hazards", "")
        steps = {"recall_end_users", *measures_from_text(said.get("consumer-action", ""))} - {"other"}
        return Notice(
            source=self.card.slug, external_id=name, kind=NoticeKind.RECALL, market="AU", title=title,
            url=core.get("link", ""), published_on=published, product=title,
            summary="\n".join(filter(None, (said.get("product-desc"), said.get("product-defects"), hazard))),
            category="; ".join(line(tag.get("term")) for tag in core.get("tags", ())), notifying_country="AU",
            hazards=hazards("", (hazard or said.get("product-defects", ""),)),
            measures=in_order(steps), raw=self.fields.raw(entry.raw()),
        )


def blocks(description: str) -> dict[str, str]:
    """The texts of a description by the names of their fields, without their headings."""
    found: dict[str, str] = {}
    for block in BeautifulSoup(description, "lxml").find_all("div", class_=_PART):
        name = _PART.search(" ".join(block["class"]))
        texts = block.find_all("div", class_="field__item") or [block]
        if name:
            found[name[1]] = "\n".join(filter(None, (lines(str(text)) for text in texts)))
    return found
