"""New Zealand's recalls of consumer products: a list of web pages, and a page for each recall."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from bs4 import BeautifulSoup, Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.html_list import HtmlSpider, text_of
from crawlers.bases.listed import Listed, ListedSpider
from crawlers.bases.newest_first import WHOLE, NewestFirstSpider
from crawlers.errors import html_instead, shape
from crawlers.fields import Fields
from crawlers.hazards import hazards
from crawlers.text import iso_day, line, lines
from domain.measure import in_order, measures_from_text
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

SITE = "https://www.productsafety.govt.nz"
PAGE_SIZE = 12

_PARTS = Fields((), ("Product Identifiers", "hazard", "whattodo"), ("Supplier Contact", "Responsible Agency"))
_OURS = b'class="recall'
"""Stands in the markup of every page of the publisher, by which another one in its place is told apart."""
_START = re.compile(r"[?&]start=(\d+)")
_INFO = re.compile(r"recall__info--(\w+)")


class NzProductSafety(HtmlSpider, ListedSpider, NewestFirstSpider):
    """Pages of twelve, the newest first, and the page of each recall of which the list says something new. The list counts
    as walked when a run reached its end with nothing left to ask for."""

    fields = _PARTS
    card: ClassVar[Source] = Source(
        slug="nz_product_safety",
        title="Product Safety New Zealand: recalls (MBIE)",
        title_zh="新西兰产品安全网：召回（MBIE）",
        publisher=Publisher("Ministry of Business, Innovation and Employment, Trading Standards (New Zealand)",
                            "新西兰商业、创新与就业部（MBIE）", "https://www.productsafety.govt.nz/", "NZ"),
        market="NZ",
        url="https://www.productsafety.govt.nz/recalls",
        hosts=("www.productsafety.govt.nz",),
        licence="CC BY 4.0 for texts; pictures and logos are excepted",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=12, max_silence_days=28),
        parser_version=1,
        summary_zh="新西兰消费品召回：产品标识、危害、消费者应采取的措施，含机械与工具类。",
        summary="Recalls of consumer products in New Zealand, tools and machinery among them: product identifiers, hazard "
                "and what consumers should do.",
        caveats=(
            "Recalls that the publisher calls resolved are not in its list and are left out.",
            "A changed text of a recall is seen only by a full crawl, unless its title, date or categories change too.",
            "After the first load a run reads the recalls of the last 60 days.",
            "The publisher gives no number; the last part of a recall's address is its identity.",
            "The hazards are read from the text; there are no codes, models or origins as fields.",
            "Contacts of suppliers and pictures are left out on purpose.",
        ),
        caveats_zh=(
            "发布机构标为“已解决”的召回不在其列表中，此处不收录。",
            "召回正文的改动，除非标题、日期或类别也改动，否则只有完整采集才能发现。",
            "首次采集之后，每次读取最近 60 天的召回。",
            "发布机构不给出编号，以网页地址的末段作为标识。",
            "危害由正文读出；没有单列的危害代码、型号和原产地。",
            "有意不收录供应商联系方式和图片。",
        ),
    )
    look_back = timedelta(days=60)

    def page_url(self, number: int) -> str:
        """A page of the list."""
        return f"{SITE}/recalls" + (f"?start={PAGE_SIZE * (number - 1)}" if number > 1 else "")

    def read_page(self, response: Response, number: int) -> Output:
        """A page of the list, what is new on it, and the next one while there is something to find."""
        soup = self._page(response)
        if soup.find(class_="recalls") is None:
            raise shape(response.url, "there is no list of recalls")
        listed = [self._listed(article, response.url) for article in soup.find_all("article", class_="recall")]
        known, requests = self.sort_out(listed)
        ended, account = not listed or not goes_on(soup, PAGE_SIZE * number), self.job.account
        owing = requests or account.pending or account.losses or account.bad or self.job.options.since
        walked = ended and (listed or number > 1) and not owing
        yield self.page(response, known, unit=WHOLE if walked else "")
        yield from requests
        if not ended and not (self._may_stop(requests) and self.are_old(iso_day(each.values["date"]) for each in listed)):
            yield self.ask_page(number + 1)

    def _may_stop(self, requests: list[Request]) -> bool:
        return bool(self.job.options.since) or (WHOLE in self.job.units and not requests)

    def _page(self, response: Response) -> BeautifulSoup:
        soup = self.html(response)
        if _OURS not in response.body:
            raise html_instead(response.url, response.body)
        return soup

    @staticmethod
    def _listed(article: Tag, url: str) -> Listed:
        link, time = article.find("a", href=re.compile(r"^/recalls/[^/?]+$")), article.find("time")
        title = article.find(class_="recall__title")
        if link is None or time is None or title is None or iso_day(str(time.get("datetime"))) is None:
            raise shape(url, f"an entry of the list has no address, date or title: {text_of(article)[:100]}")
        slug = str(link["href"]).removeprefix("/recalls/")
        categories = [text_of(each) for each in article.find_all(class_="recall__category")]
        return Listed(slug, f"{SITE}/recalls/{slug}", {
            "slug": slug, "title": text_of(title), "date": str(time["datetime"]), "categories": categories})

    def notice(self, response: Response, listed: dict[str, Any]) -> Notice:
        """The notice of a recall's page."""
        said, name = dict(parts(self._page(response))), listed["slug"]
        self.warn_of_fields(_PARTS.check(said, response.url, name), name)
        if not said:
            self.warn("a page that states no hazard", name)
        hazard, advice = said.get("hazard", ""), said.get("whattodo", "")
        steps = {"recall_end_users", *measures_from_text(advice)} - {"other"}
        return Notice(
            source=self.card.slug, external_id=name, kind=NoticeKind.RECALL, market="NZ", title=listed["title"],
            url=f"{SITE}/recalls/{name}", published_on=iso_day(listed["date"]), product=listed["title"],
            summary="\n".join(filter(None, (said.get("Product Identifiers"), hazard, advice))),
            category="; ".join(listed["categories"]), notifying_country="NZ", hazards=hazards("", filter(None, (hazard,))),
            measures=in_order(steps),
            raw=_PARTS.raw(said) | {"title": listed["title"], "date": listed["date"],
                                    "categories": "; ".join(listed["categories"])},
        )


def goes_on(soup: BeautifulSoup, start: int) -> bool:
    """Whether a page of the list leads to one that begins at this place or behind it."""
    starts = (_START.search(str(link["href"])) for link in soup.find_all("a", class_="pagination__item", href=True))
    return any(int(found[1]) >= start for found in starts if found)


def parts(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """The parts of a recall's page by name. Some stand there twice, for wide screens and for narrow ones: alike."""
    for block in soup.find_all(class_="recall__content-block"):
        heading = block.find(class_="recall__content-heading")
        if heading is not None:
            name = line(heading.extract().get_text(" "))
            yield name, lines(str(block))
    for block in soup.find_all(class_=_INFO):
        found, content = _INFO.search(" ".join(block["class"])), block.find(class_="recall__info-content")
        if found and content is not None:
            yield found[1], lines(str(content))
