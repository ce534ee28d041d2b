"""The Candidate List of substances of very high concern (REACH), from the JSON behind ECHA CHEM."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output, Reader
from crawlers.bases.echa import LICENCE, PUBLISHER, EchaSpider
from crawlers.bases.json_api import LIST, JsonApiSpider, Record, as_text
from crawlers.errors import shape
from crawlers.text import day, iso_day, line
from domain.errors import InvalidValue
from domain.notice import Notice
from domain.source import Expectation, Listing, Source

API = "https://chem.echa.europa.eu/api-obligation-list/v1/candidateList"
PAGE = "https://chem.echa.europa.eu/obligation-lists/candidateList"
PAGE_SIZE = 100

_ANSWER = Record({"items": list, "state": dict})
_STATE = Record({"totalPages": int}, {"totalItems": int}, ("pageIndex", "pageSize"))
_ITEM = Record(dict.fromkeys(("substanceName", "ecNumber", "casNumber", "reasonForInclusion"), LIST)
               | {"dateOfInclusion": str | list | None})
_PARTS = re.compile(r"[#;,\n]+")


class EuEchaCandidateList(EchaSpider, JsonApiSpider):
    """The whole list in every run, page by page: counted to its end by days of inclusion, then read with the counts."""

    whole_records = True
    fields = _ITEM
    card: ClassVar[Source] = Source(
        slug="eu_echa_candidate_list",
        title="ECHA Candidate List of substances of very high concern (SVHC)",
        title_zh="欧洲化学品管理局（ECHA）高度关注物质（SVHC）候选清单",
        publisher=PUBLISHER,
        market="EU",
        url=PAGE,
        hosts=("chem.echa.europa.eu",),
        licence=LICENCE,
        listing=Listing.FULL,
        expectation=Expectation(min_items=200, max_silence_days=300),
        parser_version=2,
        summary_zh="REACH 法规高度关注物质候选清单，含 EC 号、CAS 号、列入理由和日期；"
                   "每加入一种物质为一条信息，并注明增补前后清单的日期和条目数。",
        summary="Substances of very high concern under REACH with EC and CAS numbers, reasons and dates of inclusion; "
                "every substance that is added is a notice, with the date and size of the list before and after.",
        rhythm=timedelta(days=7),
        delay=3.0,
        caveats=(
            "The list grows about twice a year, in January and June or July.",
            "Substances alone are listed, not the products that contain them; duties begin at 0.1 % by weight.",
            "A group is one entry; the numbers of its members are not all in it.",
            "The list has no version of its own. How many entries it held before and after an addition is counted by the "
            "days of inclusion that it states today, the first day of an entry that has several.",
            "Restrictions (Annex XVII) are a source of their own; the authorisation list (Annex XIV) is not read.",
            "The list has no number of its own: an entry whose name, EC or CAS number changes is a new notice, and the old "
            "one is withdrawn.",
        ),
        caveats_zh=(
            "清单约每年更新两次（1 月和 6、7 月）。",
            "只列物质，不列含有该物质的产品；物品中含量超过 0.1%（重量比）即有义务。",
            "物质组为一条，组内成员的编号不一定齐全。",
            "清单没有版本号。每次增补前后的条目数，按清单现载明的列入日期推算（有多个日期的条目取最早者）。",
            "限制清单（附件 XVII）是单独的来源；授权清单（附件 XIV）不读取。",
            "清单没有自己的编号：名称、EC 号或 CAS 号变更的条目视为新信息，旧条目撤销。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The first page."""
        yield self._ask_page(1, self.count_page, number=1, counted={})

    def _ask_page(self, page: int, read: Reader, **known: Any) -> Request:
        query = urlencode({"pageIndex": page, "pageSize": PAGE_SIZE, "showMembers": "false"})
        return self.ask(f"{API}?{query}", read, entry=page == 1, **known)

    def count_page(self, response: Response, number: int, counted: dict[str, int]) -> Output:
        """A page on the way to the last one, which is read at once, as those before it are then; ``counted`` are the entries
        of the pages before, by their first day of inclusion."""
        items, state = self._answer(response)
        account = self.job.account
        account.got += len(items)
        account.stated = state.get("totalItems")
        counted = dict(Counter(counted) + Counter(map(_first_day, items)))
        if number < state["totalPages"]:
            yield self._ask_page(number + 1, self.count_page, number=number + 1, counted=counted)
            return
        yield from self.read_page(response, counted)
        for before in range(1, number):
            yield self._ask_page(before, self.read_page, counted=counted)

    def read_page(self, response: Response, counted: dict[str, int]) -> Output:
        """The entries of a page; ``counted`` are those of the whole list."""
        items, _ = self._answer(response)
        entries = [(item, _versions(_first_day(item), counted)) for item in items]
        yield self.page(response, self.each(response, entries, lambda each: self._notice(each[0], each[1], response.url)))

    def _answer(self, response: Response) -> tuple[list[Any], dict[str, Any]]:
        answer = self.answer(response, _ANSWER)
        state = self.frame(answer["state"], _STATE, response.url, "state")
        if len(answer["items"]) > PAGE_SIZE:
            raise shape(response.url, f"it holds {len(answer['items'])} entries, {PAGE_SIZE} were asked for")
        return answer["items"], state

    def _notice(self, value: Any, versions: str, url: str) -> Notice:
        item = self.record(value, _ITEM, url, "substanceName")
        names, numbers, cas, reasons = ([text for text in map(line, filter(None, item[field] or ())) if text] for field in (
            "substanceName", "ecNumber", "casNumber", "reasonForInclusion"))
        if not names:
            raise InvalidValue(f"an entry has no name (CAS {', '.join(cas)!r})")
        days = sorted({each for part, found in _days(item["dateOfInclusion"]).items()
                       if (each := self.dated(found, part, "dateOfInclusion"))})
        return self.entry(
            (*numbers, *cas), external_id=" | ".join(map(", ".join, (names, numbers, cas))), title=names[0], url=PAGE,
            published_on=days[0] if days else None, updated_on=days[-1] if days[1:] else None,
            summary="\n".join(filter(None, (*names[1:], versions))), category="; ".join(reasons), raw=_ITEM.texts(item),
        )


def _days(value: object) -> dict[str, date | None]:
    """The parts of a date of inclusion with their days: an entry that was added to for another reason has several."""
    parts = filter(None, map(line, _PARTS.split(as_text(value))))
    return {part: iso_day(part) or day(part, "%d/%m/%Y", "%d-%b-%Y") for part in parts}


def _first_day(item: object) -> str:
    """When an entry came into the list (ISO 8601); nothing where that is not told."""
    found = _days(item.get("dateOfInclusion")) if isinstance(item, dict) else {}
    return min((each.isoformat() for each in found.values() if each), default="")


def _versions(first_day: str, counted: Mapping[str, int]) -> str:
    """The list before and after the day on which an entry came in: each addition makes a version of it."""
    if not first_day:
        return ""
    after = sum(number for each, number in counted.items() if each <= first_day)
    last = max((each for each in counted if each < first_day), default="")
    if not last:
        return f"Candidate List: begun with {after} entries on {first_day}"
    return f"Candidate List before: {after - counted[first_day]} entries as of {last}; after: {after} as of {first_day}"
