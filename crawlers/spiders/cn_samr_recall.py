"""China's recalls of consumer products, from the newest lists of the SAMR recall centre and the page of each recall."""

from __future__ import annotations

import re
from typing import ClassVar

from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.linked_pages import LinkedPagesSpider
from crawlers.errors import html_instead, shape
from crawlers.text import iso_day, line, plain
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

SITE = "https://www.samrdprc.org.cn/"

_PUBLISHED = re.compile(r"发布时间\s*[：:]\s*(\S+)")
_PLACE = re.compile(r"^【([^】]+)】")
_RECALLED = re.compile(r"(?:召回|撤回)(?:部分|一批)?(?P<product>.+)$")
_BRAND = re.compile(r"^(?P<brand>[^、，]{1,30}?)牌(?P<product>.+)$")
_MODEL = re.compile(r"型号(?:/规格)?\s*[：:为]\s*([^，。；）)]+)")


class CnSamrRecall(LinkedPagesSpider):
    """The first page of two lists: recalls as news, and as announcements."""

    card: ClassVar[Source] = Source(
        slug="cn_samr_recall",
        title="Recalls of consumer products in China (SAMR Defective Product Recall Technical Center)",
        title_zh="中国消费品召回（市场监管总局缺陷产品召回技术中心）",
        publisher=Publisher("Defective Product Recall Technical Center of the State Administration for Market Regulation",
                            "国家市场监督管理总局缺陷产品召回技术中心", SITE, "CN"),
        market="CN",
        url=SITE + "xfpzh/xfpgnzh/",
        hosts=("www.samrdprc.org.cn",),
        licence="Information published by a public authority; terms not stated on the site. Source: SAMR recall centre",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=10, max_silence_days=60),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        summary_zh="中国境内消费品召回新闻与公告：产品、品牌、型号、数量、缺陷、后果与召回措施。",
        summary="Recalls of consumer products in China, as news and as announcements: product, brand, model, number of "
                "units, defect, consequence and remedy.",
        delay=5.0,
        caveats=(
            "Only the newest page of each list is read; older recalls are missing.",
            "A recall may stand in both lists, as news and as an announcement: it is then two notices.",
            "Each recall is read once; later changes of its page are seen only by a full crawl.",
            "Product, brand and model are read from the title and from a labelled phrase of the text, where they say them.",
            "Hazards are not coded. Recalls of vehicles are left out.",
        ),
        caveats_zh=(
            "每个列表只读取最新一页，更早的召回不在其中。",
            "同一召回可能既有新闻又有公告，届时为两条信息。",
            "每条召回只读一次；其后的修改只有完整采集才能发现。",
            "产品、品牌和型号取自标题和正文中带标签的语句，未写明时为空。",
            "不对危害编码。不收录汽车召回。",
        ),
    )
    lists = (SITE + "xfpzh/xfpgnzh/", SITE + "xfpzh/xfpzhgg/")
    place = "div.boxl_ul"
    number = re.compile(r"/(t\d{8}_\d+)\.html$")

    def read_linked(self, response: Response, number: str, title: str, listed_on: str) -> Output:
        """A recall by its own page."""
        soup = self.html(response)
        head, dated, body = (soup.select_one(f"div.{name}") for name in ("show_tit", "show_tit2", "TRS_Editor"))
        if head is None and body is None:
            raise html_instead(response.url, response.body)
        if head is None or dated is None or body is None:
            raise shape(response.url, "it has no title, no line with its date, or no text")
        keywords = soup.select_one('meta[name="keywords"]')
        facts = {"title": head.get_text(" ", strip=True) or title, "date": dated.get_text(" ", strip=True),
                 "listed": listed_on, "text": plain(str(body)), "keywords": str(keywords["content"]) if keywords else ""}
        records = self.each(response, [facts], lambda each: self._notice(response.url, number, each))
        yield self.page(response, records, unit=number)

    def _notice(self, url: str, number: str, facts: dict[str, str]) -> Notice:
        found = _PUBLISHED.search(facts["date"])
        published = self.dated(iso_day(found[1] if found else None), facts["date"], "发布时间") or iso_day(facts["listed"])
        brand, product = named(facts["title"])
        models = dict.fromkeys(map(line, _MODEL.findall(facts["text"])))
        place = _PLACE.search(facts["title"])
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.RECALL, market="CN", title=line(facts["title"]),
            url=url, lang="zh", published_on=published, summary=facts["text"], product=product, brand=brand,
            model="; ".join(models), category=place[1] if place else "", notifying_country="CN",
            measures=("recall_end_users",) if "召回" in facts["title"] + facts["text"] else (),
            raw={name: text for name, text in facts.items() if text},
        )


def named(title: str) -> tuple[str, str]:
    """Brand and product in "【河南】某公司召回部分某牌某产品"; what it does not say is empty."""
    recalled = _RECALLED.search(line(title))
    product = recalled["product"].strip() if recalled else ""
    branded = _BRAND.match(product)
    return (branded["brand"], branded["product"]) if branded else ("", product)
