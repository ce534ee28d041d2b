"""RecallSwiss: recalls and warnings of Swiss federal authorities, from the JSON behind their site."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, ClassVar

from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.bases.newest_first import NewestFirstSpider
from crawlers.errors import shape
from crawlers.text import day, line, lines
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

RECALLS = "https://www.recallswiss.admin.ch/customer-access-backend/resources/recalls"
PAGE = "https://www.recallswiss.admin.ch/customer-access/#Recalls/"

_LANGUAGES = ("De", "Fr", "It")
_ANSWER = Record({"entries": list, "pages": int})
_ENTRY = Record(
    {"id": int}, dict.fromkeys((f"{name}{lang}" for name in ("header", "description", "meta") for lang in _LANGUAGES), TEXT)
    | {"marktaufsichtsbehoerde": dict | None}, ("image",))  # pictures are third parties'
_OFFICE = Record({}, dict.fromkeys((f"{name}{lang}" for name in ("kuerzel", "name") for lang in _LANGUAGES), TEXT))
_DATE = re.compile(r"(?:^|\s)(\d{1,2}\.\d{1,2}\.\d{4})$")
_RECALL = re.compile(r"r[üu]ckruf|ruft?\b.*\bzurück|rappel|richiam", re.I)
_WARNING = re.compile(r"warn|mise en garde|avvert", re.I)
_MEASURES = {NoticeKind.RECALL: ("recall_end_users",), NoticeKind.FOREIGN_NOTIFICATION: ("warning",)}


class ChRecallswiss(JsonApiSpider, NewestFirstSpider):
    """Pages of entries, the newest first; the first page has the number 0, and each says how many there are."""

    fields = _ENTRY
    card: ClassVar[Source] = Source(
        slug="ch_recallswiss",
        title="RecallSwiss: recalls and safety warnings in Switzerland",
        title_zh="瑞士 RecallSwiss：召回与安全警示",
        publisher=Publisher("Federal Consumer Affairs Bureau with the market surveillance offices (Switzerland)",
                            "瑞士联邦消费者事务局及各市场监督机构", "https://www.recallswiss.admin.ch/", "CH"),
        market="CH",
        url="https://www.recallswiss.admin.ch/customer-access/",
        hosts=("www.recallswiss.admin.ch",),
        licence="Terms of use of the Swiss federal administration; not stated at the interface",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=10, max_silence_days=21),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        summary_zh="瑞士联邦机构的产品召回与安全警示（含食品），德文为主，另有法文和意大利文。",
        summary="Recalls and safety warnings of Swiss federal authorities, food included, in German, French and Italian.",
        caveats=(
            "Read after the description of other clients of the interface; not yet checked against real answers.",
            "The German text is shown; French and Italian are kept with the original data.",
            "The date is read from a line that ends with it, such as “Bern, 27.3.2026”.",
            "After the first load a run reads the entries of the last 60 days.",
            "No hazard code, brand, model or origin is given. Pictures are left out on purpose.",
        ),
        caveats_zh=(
            "按其他客户端对该接口的描述编写，尚未用真实应答核对。",
            "显示德文文本，法文和意大利文保留在原始数据中。",
            "日期取自以日期结尾的一行文字，例如“Bern, 27.3.2026”。",
            "首次采集之后，每次读取最近 60 天的条目。",
            "不提供危害代码、品牌、型号和原产地。有意不收录图片。",
        ),
    )
    look_back = timedelta(days=60)

    def page_url(self, number: int) -> str:
        """A page of the list."""
        return f"{RECALLS}?page={number - 1}"

    def read_page(self, response: Response, number: int) -> Output:
        """One page, and the next one while there is something to find."""
        answer = self.answer(response, _ANSWER)
        entries, pages, account = answer["entries"], answer["pages"], self.job.account
        if not entries and number < pages:
            raise shape(response.url, f"page {number} of {pages} holds no entries")
        records = self.each(response, entries, lambda entry: self._notice(entry, response.url))
        ended = number >= pages
        walked = ended and bool(entries) and not (account.losses or account.bad or self.job.options.since)
        yield from self.turned(response, records, number, ended=ended, walked=walked)

    def _notice(self, value: Any, url: str) -> Notice:
        entry = self.record(value, _ENTRY, url, "id")
        number = str(entry["id"])
        spoken = next((lang for lang in _LANGUAGES if line(entry.get(f"header{lang}"))), None)
        if spoken is None:
            raise InvalidValue(f"{number} has no title")
        title, meta = line(entry[f"header{spoken}"]), line(entry.get("metaDe"))
        office = self.record(entry.get("marktaufsichtsbehoerde") or {}, _OFFICE, url, "kuerzelDe")
        found, kind = _DATE.search(meta), kind_of(title)
        return Notice(
            source=self.card.slug, external_id=number, kind=kind, market="CH", title=title, url=f"{PAGE}{number}",
            lang=spoken.lower(), published_on=self.dated(day(found[1], "%d.%m.%Y") if found else None, meta, "metaDe"),
            summary=lines(entry.get(f"description{spoken}")), product=title, category=line(office.get("nameDe")),
            notifying_country="CH", measures=_MEASURES[kind],
            raw=_ENTRY.texts({name: each for name, each in entry.items() if name != "marktaufsichtsbehoerde"})
            | {f"marktaufsichtsbehoerde.{name}": text for name, text in _OFFICE.texts(office).items()},
        )


def kind_of(title: str) -> NoticeKind:
    """A warning, if the title warns and does not recall."""
    warns = _WARNING.search(title) and not _RECALL.search(title)
    return NoticeKind.FOREIGN_NOTIFICATION if warns else NoticeKind.RECALL
