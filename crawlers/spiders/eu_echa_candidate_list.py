"""The Candidate List of substances of very high concern (REACH), from the JSON behind ECHA CHEM."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
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
_FORMS = ("%d/%m/%Y", "%d-%b-%Y")


class EuEchaCandidateList(EchaSpider, JsonApiSpider):
    """The whole list in every run, page by page."""

    whole_records = True
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
        parser_version=1,
        summary_zh="REACH 法规高度关注物质候选清单，含 EC 号、CAS 号、列入理由和日期；每加入一种物质为一条信息。",
        summary="Substances of very high concern under REACH with EC and CAS numbers, reasons and dates of inclusion; "
                "every substance that is added is a notice.",
        rhythm=timedelta(days=7),
        delay=3.0,
        caveats=(
            "The list grows about twice a year, in January and June or July.",
            "Substances alone are listed, not the products that contain them; duties begin at 0.1 % by weight.",
            "A group is one entry; the numbers of its members are not all in it.",
            "Restrictions (Annex XVII) are a source of their own; the authorisation list (Annex XIV) is not read.",
            "The list has no number of its own: an entry whose name, EC or CAS number changes is a new notice, and the old "
            "one is withdrawn.",
        ),
        caveats_zh=(
            "清单约每年更新两次（1 月和 6、7 月）。",
            "只列物质，不列含有该物质的产品；物品中含量超过 0.1%（重量比）即有义务。",
            "物质组为一条，组内成员的编号不一定齐全。",
            "限制清单（附件 XVII）是单独的来源；授权清单（附件 XIV）不读取。",
            "清单没有自己的编号：名称、EC 号或 CAS 号变更的条目视为新信息，旧条目撤销。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The first page."""
        yield self._ask_page(1)

    def _ask_page(self, number: int) -> Request:
        query = urlencode({"pageIndex": number, "pageSize": PAGE_SIZE, "showMembers": "false"})
        return self.ask(f"{API}?{query}", self.read_page, entry=number == 1, number=number)

    def read_page(self, response: Response, number: int) -> Output:
        """One page, and the next one until the last."""
        answer = self.answer(response, _ANSWER)
        try:
            state = self.record(answer["state"], _STATE, response.url)
        except InvalidValue as error:
            raise shape(response.url, str(error)) from None
        if len(answer["items"]) > PAGE_SIZE:
            raise shape(response.url, f"it holds {len(answer['items'])} entries, {PAGE_SIZE} were asked for")
        account = self.job.account
        account.got += len(answer["items"])
        account.stated = state.get("totalItems")
        yield self.page(response, self.each(response, answer["items"], lambda item: self._notice(item, response.url)))
        if number < state["totalPages"]:
            yield self._ask_page(number + 1)

    def _notice(self, value: Any, url: str) -> Notice:
        item = self.record(value, _ITEM, url, "substanceName")
        names, numbers, cas, reasons = ([text for text in map(line, filter(None, item[field] or ())) if text] for field in (
            "substanceName", "ecNumber", "casNumber", "reasonForInclusion"))
        if not names:
            raise InvalidValue(f"an entry has no name (CAS {', '.join(cas)!r})")
        days = self._days(as_text(item["dateOfInclusion"]))
        return self.entry(
            (*numbers, *cas), external_id=" | ".join(map(", ".join, (names, numbers, cas))), title=names[0], url=PAGE,
            published_on=min(days, default=None), updated_on=max(days) if len(days) > 1 else None,
            summary="\n".join(names[1:]), category="; ".join(reasons), raw=_ITEM.texts(item),
        )

    def _days(self, text: str) -> set[date]:
        """The days of inclusion: an entry that was added to for another reason has several."""
        found = {part: iso_day(part) or next(filter(None, (day(part, form) for form in _FORMS)), None)
                 for part in map(line, _PARTS.split(text)) if part}
        return {each for part, each in found.items() if self.dated(each, part, "dateOfInclusion")}  # type: ignore[misc]
