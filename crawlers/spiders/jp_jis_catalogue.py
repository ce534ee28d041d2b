"""Japanese Industrial Standards, from the catalogue of the Japanese Standards Association: blocks of fifty by a form."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import parse_qs, quote_plus, urlsplit

from bs4 import BeautifulSoup, Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.html_list import HtmlSpider, title_of
from crawlers.bases.standards import MATERIAL, amended
from crawlers.errors import html_instead, shape
from crawlers.fields import Fields
from crawlers.text import line, stated
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

SEARCH = "https://webdesk.jsa.or.jp/books/W11M0080/index"
MORE = "https://webdesk.jsa.or.jp/books/W11M0070/getAddList"
DETAIL = "https://webdesk.jsa.or.jp/books/W11M0090/index/?bunsyo_id={}"
EVERYTHING = {"search_type": "JIS", "keyword": "", "all_search_flg": "all_search"}

_LABELS = Fields(("発行年月日", "状態"), ("確認年月日", "廃止年月日"))
_TOTAL = re.compile(r"var count = (\d+);")
_TITLE = "規格検索結果"
_STAGES = {"有効": "published", "廃止": "withdrawn"}


class JpJisCatalogue(HtmlSpider):
    """The first page of a search for everything, then blocks from an offset on until an empty one, by number."""

    fields = _LABELS
    card: ClassVar[Source] = Source(
        slug="jp_jis_catalogue",
        title="Japanese Industrial Standards (JIS), catalogue of the Japanese Standards Association",
        title_zh="日本产业标准（JIS）目录（日本规格协会）",
        publisher=Publisher("Japanese Standards Association (JSA)", "日本规格协会（JSA）", "https://webdesk.jsa.or.jp/",
                            "JP"),
        market="JP",
        url="https://webdesk.jsa.or.jp/books/W11M0270",
        hosts=("webdesk.jsa.or.jp",),
        licence="Catalogue data of the publisher's shop, shown with a link; terms not stated for the data. The texts of "
                "standards are copyrighted.",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=10_000, max_silence_days=90),
        parser_version=1,
        numbers=(r"JIS [A-Z] ?\d.*",),
        summary_zh="日本产业标准（JIS）目录：编号、日英文名称、发行日期、确认日期、状态（有效或废止）。"
                   "含气动元件（JIS B 83xx）和碳粉盒印量测定（JIS X 69xx）。",
        summary="Catalogue of Japanese Industrial Standards: number, title in Japanese and English, dates of issue and "
                "confirmation, whether in force; among them pneumatics (JIS B 83xx) and toner yield (JIS X 69xx).",
        rhythm=timedelta(days=30),
        delay=3.0,
        material_fields=MATERIAL,
        caveats=(
            "Catalogue data and links only; the association sells the texts.",
            "The list is read as a whole once a month, some four hundred pages of it.",
            "ICS codes, abstracts and what a standard replaces stand on the pages of single standards, which are not read.",
            "Many older standards have no English title.",
            "Drafts are not listed.",
        ),
        caveats_zh=(
            "只收录目录数据和链接；标准正文由该协会销售。",
            "每月完整读取一次列表，约四百页。",
            "ICS 分类、摘要和替代关系在各标准的详情页上，不读取。",
            "许多较早的标准没有英文名称。",
            "不含草案。",
        ),
    )

    custom_settings: ClassVar[dict[str, object]] = {  # type: ignore[misc]
        "RETRY_TIMES": 4,  # each of the four hundred blocks hangs on the one before it
    }

    async def start(self) -> AsyncIterator[Request]:
        """The search for everything."""
        yield self.ask(SEARCH, self.read_first, entry=True, form=EVERYTHING)

    def read_first(self, response: Response) -> Output:
        """The page with the first block, which states how many standards there are."""
        soup = self.html(response)
        if _TITLE not in title_of(soup):
            raise html_instead(response.url, response.body)
        total = _TOTAL.search(str(soup))
        if total is None or soup.find(id="data_list") is None:
            raise shape(response.url, "there is no list, or it does not state how many standards there are")
        self.job.account.stated = int(total[1])
        yield from self._block(response, soup, 0, "")

    def read_more(self, response: Response, offset: int, before: str) -> Output:
        """A block, and the next one unless it is empty; ``before`` says from where to where the one before it was."""
        soup = self.html(response)
        if soup.title:
            raise html_instead(response.url, response.body)
        yield from self._block(response, soup, offset, before)

    def _block(self, response: Response, soup: BeautifulSoup, offset: int, before: str) -> Output:
        heads = [head for head in soup.find_all("a", class_="title") if "bunsyo_id=" in str(head.get("href"))]
        if not heads and (soup.select("#data_list a") if not offset else soup.get_text(strip=True)):
            raise shape(response.url, "a block holds something, but no standards")
        span = f"{heads[0]['href']} {heads[-1]['href']}" if heads else ""
        if heads and span == before:
            raise shape(response.url, f"the block from {offset} on is the one before it")
        self.job.account.got += len(heads)
        yield self.page(response, self.each(response, heads, lambda head: self._notice(head, response.url)))
        if heads:
            following = offset + len(heads)
            form = EVERYTHING | {"offset": str(following)}
            yield self.ask(MORE, self.read_more, form=form, offset=following, before=span)

    def _notice(self, head: Tag, url: str) -> Notice:
        number = parse_qs(urlsplit(str(head["href"])).query)["bunsyo_id"][0].strip()
        texts = lines(head)
        if len(texts) != 3 or texts[0] != line(number):
            raise InvalidValue(f"the heading of {number} is {texts}"[:200])
        facts = head.find_next("p", class_="previewFileDate")
        if facts is None:
            raise shape(url, f"{number} states no dates")
        labels = dict(labelled(facts.get_text(" ", strip=True)))
        self.warn_of_fields(_LABELS.check(labels, url, number), number)
        issued, confirmed, withdrawn = (self.day_in(labels, name) for name in ("発行年月日", "確認年月日", "廃止年月日"))
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.STANDARD, market="JP",
            title=" ".join(filter(None, texts[:2])), url=DETAIL.format(quote_plus(number)), lang="ja", published_on=issued,
            updated_on=withdrawn or confirmed, summary=texts[2], notifying_country="JP",
            stage=self._stage(labels["状態"], confirmed, number), identifiers=(line(number),),
            relates_to=amended(line(number)),
            raw=_LABELS.raw(labels | {"規格番号": texts[0], "規格名称": texts[1], "英訳": texts[2]}),
        )

    def _stage(self, state: str, confirmed: date | None, number: str) -> str:
        found = self.meaning("state", state, _STAGES, number, "")
        return "confirmed" if found == "published" and confirmed else found


def lines(head: Tag) -> list[str]:
    """The texts of an element, one for each line of it (as parted by <br>)."""
    found = [""]
    for part in head.children:
        if isinstance(part, Tag) and part.name == "br":
            found.append("")
        else:
            found[-1] += part.get_text() if isinstance(part, Tag) else str(part)
    return [" ".join(text.split()) for text in found]


def labelled(text: str) -> Iterator[tuple[str, str]]:
    """The pairs in "発行年月日： 1999-04-30 確認年月日： 状態： 有効"."""
    labels = [*re.finditer(r"([^\s：]+)：", text)]
    ends = [*(label.start() for label in labels[1:]), len(text)]
    return ((label[1], stated(text[label.end():end])) for label, end in zip(labels, ends, strict=True))
