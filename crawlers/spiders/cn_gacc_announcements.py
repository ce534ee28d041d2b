"""Announcements of China Customs, from the mirror of its regulations column: a list, newest first, and a page for each."""

from __future__ import annotations

import re
from typing import ClassVar

from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.linked_pages import LinkedPagesSpider
from crawlers.errors import html_instead, shape
from crawlers.fields import Fields
from crawlers.text import iso_day, line, plain
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

LIST = "https://gdfs.customs.gov.cn/customs/302249/302266/302267/index.html"

_FACTS = Fields(("法规类型", "内容类别", "文号", "发文机关", "发文日期", "生效日期", "效力"), ("效力说明",))
_STAGES = {"": "", "有效": "in_force", "失效": "repealed", "废止": "repealed"}


class CnGaccAnnouncements(LinkedPagesSpider):
    """The list is walked to its end once, then as far as it shows what was not read; each announcement is read once."""

    fields = _FACTS
    card: ClassVar[Source] = Source(
        slug="cn_gacc_announcements",
        title="Announcements of the General Administration of Customs of China (GACC)",
        title_zh="中国海关总署公告与规章",
        publisher=Publisher("General Administration of Customs of the People's Republic of China", "中华人民共和国海关总署",
                            "https://www.customs.gov.cn/", "CN"),
        market="CN",
        url=LIST,
        hosts=("gdfs.customs.gov.cn",),
        licence="Official documents of the state, which Chinese copyright law does not cover (art. 5); source: China "
                "Customs",
        listing=Listing.APPEND,
        expectation=Expectation(min_items=10, max_silence_days=45),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        summary_zh="海关总署公告、规章全文：进出口监管、检验检疫、关税、知识产权海关保护、商品归类等，附文号、生效日期与效力。",
        summary="Full texts of customs announcements and rules: control of imports and exports, inspection and quarantine, "
                "duties, protection of intellectual property, classification; with number, date of effect and validity.",
        delay=10.0,
        caveats=(
            "The customs sites may answer with a check for browsers; it is not bypassed, and the source then shows as "
            "blocked.",
            "Most announcements are about food, plants and animals; few concern the two industries.",
            "An announcement is read once: that it was repealed later is seen only by a full crawl.",
            "Policy interpretations (政策解读) and news of branch offices are left out.",
            "Attachments are not read.",
        ),
        caveats_zh=(
            "海关网站可能先进行浏览器验证；本系统不绕过验证，届时该来源显示为“被拦截”。",
            "公告多涉及食品和动植物，与两个行业相关的很少。",
            "每份公告只读一次：其后的废止或失效只有完整采集才能发现。",
            "有意不收录政策解读和直属海关动态。",
            "不读取附件。",
        ),
    )

    lists = (LIST,)
    place = '[class^="conList_ul"]'
    number = re.compile(r"/302267/(\d+)/index\.html$")
    following = "a.next[href]"

    def read_linked(self, response: Response, number: str, title: str, listed_on: str) -> Output:
        """An announcement by its own page."""
        soup = self.html(response)
        facts = {name.get_text(strip=True): value.get_text(" ", strip=True)
                 for name in soup.select("li > b") if (value := name.find_next_sibling("span"))}
        text = soup.find(id="easysiteText")
        if not facts and text is None:
            raise html_instead(response.url, response.body)
        self.warn_of_fields(_FACTS.check(facts, response.url, number), number)
        if text is None:
            raise shape(response.url, "there is no text")
        facts |= {"标题": title, "列表日期": listed_on}
        records = self.each(response, [plain(str(text))], lambda body: self._notice(response.url, number, facts, body))
        yield self.page(response, records, unit=number)

    def _notice(self, url: str, number: str, facts: dict[str, str], body: str) -> Notice:
        symbol = line(facts["文号"])
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.TECHNICAL_REGULATION, market="CN",
            title=line(facts["标题"]) or symbol, url=url, lang="zh", summary=body,
            published_on=self.day_in(facts, "发文日期") or iso_day(facts["列表日期"]),
            category=" | ".join(filter(None, (facts["法规类型"], facts["内容类别"]))), notifying_country="CN",
            stage=self.meaning("validity", facts["效力"], _STAGES, number, ""), effective_on=self.day_in(facts, "生效日期"),
            identifiers=(symbol,), raw=_FACTS.raw(facts | {"正文": body}),
        )
