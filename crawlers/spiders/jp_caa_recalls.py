"""Japan's recalls of consumer products, in the list of the Consumer Affairs Agency's recall site."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.bases.html_list import HtmlSpider, text_of
from crawlers.bases.newest_first import CountedListSpider
from crawlers.errors import html_instead, shape
from crawlers.text import day
from domain.errors import InvalidValue
from domain.measure import in_order
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

LIST = "https://www.recall.caa.go.jp/result/index.php"
DETAIL = "https://www.recall.caa.go.jp/result/detail.php"
PAGE_SIZE = 60

_OURS = b"search_result"
_TOTAL = re.compile(r"([\d,]+)\s*件中")
_NUMBER = re.compile(r"[?&]rcl=(\d+)")
_TITLE = re.compile(r"(?P<firm>[^「【]*)[「【](?P<product>.+)[」】][^-－]*?(?:\s[-－]\s*(?P<steps>.*))?")
_STEPS = {"回収": "recall_end_users", "返金": "refund", "交換": "replace", "修理": "repair", "点検": "corrective_action",
          "改修": "corrective_action", "注意喚起": "warning"}
_CELLS = {"category": "result_list_category", "published": "result_list_post_date", "started": "result_list_start_date"}


class JpCaaRecalls(HtmlSpider, CountedListSpider):
    """Pages of sixty, asked for by the form of the site; the first has the number 0. An empty page before the stated number
    of recalls is reached ends the run as incomplete."""

    card: ClassVar[Source] = Source(
        slug="jp_caa_recalls",
        title="Recall information site of the Consumer Affairs Agency of Japan",
        title_zh="日本消费者厅召回信息网站",
        publisher=Publisher("Consumer Affairs Agency (Japan)", "日本消费者厅", "https://www.caa.go.jp/", "JP"),
        market="JP",
        url="https://www.recall.caa.go.jp/",
        hosts=("www.recall.caa.go.jp",),
        licence="Public Data License (PDL) 1.0, to be used with attribution; not confirmed for this site",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=30, max_silence_days=10),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        summary_zh="日本的产品召回（回收、退款、更换、检修），含食品、家电、车辆等，日文，仅列表信息。",
        summary="Recalls in Japan (recovery, refund, exchange, inspection) of food, appliances, vehicles and others, in "
                "Japanese, as listed.",
        rhythm=timedelta(hours=12),
        delay=3.0,
        caveats=(
            "Read after the description of other clients of the site; not yet checked against real answers.",
            "Only the list is read: models, lot numbers and reasons stand on the publisher's page of a recall.",
            "Firm and product are told apart by the brackets in the title.",
            "After the first load a run reads the recalls of the last 30 days.",
            "Recalls and accidents of NITE and METI are left out.",
        ),
        caveats_zh=(
            "按其他客户端对该网站的描述编写，尚未用真实应答核对。",
            "只读取列表：型号、批号和原因在发布机构的召回页面上。",
            "企业与产品按标题中的括号区分。",
            "首次采集之后，每次读取最近 30 天的召回。",
            "不收录 NITE 和经济产业省的召回与事故信息。",
        ),
    )
    look_back = timedelta(days=30)

    def page_url(self, number: int) -> str:
        """A page of the list; the site itself reads its number from the form."""
        return f"{LIST}?{urlencode({'screenkbn': '03', 'pagingHidden': number - 1})}"

    def ask_page(self, number: int) -> Request:
        """The request for a page: the newest first."""
        form = {"search": "", "viewCount": PAGE_SIZE, "screenkbn": "03", "category": "", "viewCountdden": PAGE_SIZE,
                "portarorder": 2, "actionorder": 0, "pagingHidden": number - 1}
        return super().ask_page(number).replace(
            method="POST", body=urlencode(form), headers={"Content-Type": "application/x-www-form-urlencoded"})

    def listed(self, response: Response) -> tuple[list[Tag], int]:
        """The rows of a page."""
        soup = self.html(response)
        return self._rows(soup, response), self._total(soup, response.url)

    @staticmethod
    def _rows(soup: BeautifulSoup, response: Response) -> list[Tag]:
        if _OURS not in response.body:
            raise html_instead(response.url, response.body)
        rows = soup.select(".search_result_main tbody tr")
        if not rows and soup.find(class_="result_list_post_date"):
            raise shape(response.url, "there are recalls, but no table of them")
        return rows

    @staticmethod
    def _total(soup: BeautifulSoup, url: str) -> int:
        found = _TOTAL.search(soup.get_text())
        if found is None:
            raise shape(url, "it does not state how many recalls there are")
        return int(found[1].replace(",", ""))

    def notice(self, row: Tag, url: str) -> Notice:
        """The notice of a row."""
        link = row.find("a", href=_NUMBER)
        cells = {name: text_of(cell) for name, mark in _CELLS.items() if (cell := row.find(class_=mark))}
        number = _NUMBER.search(str(link["href"])) if link else None
        published = day(cells.get("published"), "%Y/%m/%d")
        if link is None or number is None or published is None:
            raise InvalidValue(f"a row without number or date: {text_of(row)}"[:200])
        title = text_of(link)
        parts = _TITLE.fullmatch(title)
        if parts is None:
            self.warn("a title without firm and product", number[1])
        return Notice(
            source=self.card.slug, external_id=number[1], kind=NoticeKind.RECALL, market="JP", title=title, lang="ja",
            url=f"{DETAIL}?rcl={number[1]}&screenkbn=01", published_on=published,
            product=parts["product"].strip() if parts else title, brand=parts["firm"].strip() if parts else "",
            category=cells.get("category", ""), notifying_country="JP", measures=self._measures(parts, number[1]),
            effective_on=self.dated(day(cells.get("started"), "%Y/%m/%d"), cells.get("started"), "対応開始日"),
            raw={"title": title, "rcl": number[1]} | cells,
        )

    def _measures(self, parts: re.Match[str] | None, number: str) -> tuple[str, ...]:
        words = filter(None, map(str.strip, re.split(r"[/／・、]", (parts["steps"] or "") if parts else "")))
        return in_order(self.meaning("step", word, _STEPS, number, "other") for word in words)
