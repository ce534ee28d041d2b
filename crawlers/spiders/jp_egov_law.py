"""Laws and ordinances of Japan, from the API of e-Gov: one record a law, in its newest wording."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.errors import shape
from crawlers.text import line
from domain.errors import InvalidValue
from domain.notice import MATERIAL_FIELDS, Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

LAWS = "https://laws.e-gov.go.jp/api/2/laws"
PAGE_SIZE = 1000
FAR = "2099-12-31"
"""The day as of which wordings are asked for: amendments that are promulgated and not yet in force are among them."""

_ANSWER = Record({"total_count": int, "count": int, "laws": list}, {"next_offset": int | None})
_LAW = Record({"law_info": dict, "revision_info": dict}, {"current_revision_info": dict | None})
_INFO = Record({"law_id": str, "law_num": TEXT, "law_type": TEXT, "promulgation_date": TEXT}, {},
               ("law_num_era", "law_num_year", "law_num_type", "law_num_num"))  # the parts of law_num
_REVISION = Record(
    dict.fromkeys(("law_revision_id", "law_title", "amendment_enforcement_date", "amendment_law_id"), TEXT),
    dict.fromkeys(("abbrev", "category", "updated", "amendment_promulgate_date", "amendment_enforcement_comment",
                   "amendment_scheduled_enforcement_date", "amendment_law_title", "amendment_law_num", "amendment_type",
                   "repeal_status", "repeal_date", "mission"), TEXT) | {"remain_in_force": bool | None},
    ("law_type", "law_title_kana", "amendment_law_title_kana",  # said in law_info; readings
     "current_revision_status"))  # as of the day asked for, not of today
_TYPES = {"": "", "Constitution": "憲法", "Act": "法律", "CabinetOrder": "政令", "ImperialOrder": "勅令",
          "MinisterialOrdinance": "府省令", "Rule": "規則", "Misc": "その他"}
_REPEALS = {"": "", "None": "", "Suspend": "", "Repeal": "repealed", "Expire": "repealed",
            "LossOfEffectiveness": "repealed"}


class JpEgovLaw(JsonApiSpider):
    """The whole list, a thousand laws a page; the next page begins where the one before it ended."""

    whole_records = True
    fields = _LAW
    card: ClassVar[Source] = Source(
        slug="jp_egov_law",
        title="e-Gov: laws and ordinances of Japan",
        title_zh="日本 e-Gov 法令检索：法律、政令与省令",
        publisher=Publisher("Digital Agency (Japan)", "日本数字厅", "https://laws.e-gov.go.jp/", "JP"),
        market="JP",
        url="https://laws.e-gov.go.jp/",
        hosts=("laws.e-gov.go.jp",),
        licence="Public Data License 1.0 (Japan); credit e-Gov 法令検索. The texts of laws are not protected",
        listing=Listing.FULL,
        expectation=Expectation(min_items=8_500, max_silence_days=45),
        parser_version=1,
        numbers=(r"\d{3}[A-Z0-9]{12}", "(?:明治|大正|昭和|平成|令和).+年.+第.+号"),
        material_fields=MATERIAL_FIELDS | {"relates_to"},
        summary_zh="日本现行法律、政令和省令的目录（日文），含已公布尚未施行的修订；其中有消费生活用产品安全法、电气用品安全法、"
                   "高压气体保安法、化学物质审查法、家庭用品有害物质规制法、资源有效利用促进法等。",
        summary="The laws, cabinet orders and ministerial ordinances of Japan with their newest amendment, in Japanese: "
                "among them those on consumer product safety, electrical appliances, high-pressure gas, chemicals, harmful "
                "substances in household goods, and the use of resources.",
        caveats=(
            "All laws are listed, most of them no product rule.",
            "The list holds titles, numbers, dates and the amending law, not the text: substances and products stand only "
            "in the law itself.",
            "A law is shown with its newest amendment, also one that is promulgated and not yet in force; of several such "
            "amendments the one that comes into force last.",
            "Where the day of coming into force is left to an order, the date shown is the latest possible one.",
            "Corrections of the text without an amendment are seen as a new date of update and alert nobody.",
            "The Shift_JIS pages of the site's predecessor (law.e-gov.go.jp) are left out on purpose: it has ended.",
        ),
        caveats_zh=(
            "列出全部法令，其中大部分不是产品法规。",
            "清单只有标题、编号、日期和修订法令，没有正文：所涉物质和产品只写在法令本身。",
            "每部法令以最新的修订显示，包括已公布尚未施行的；有多个这样的修订时，显示最后施行的一个。",
            "施行日由政令另定时，所示日期是最迟日期。",
            "没有修订、只更正正文的，表现为更新日期变化，不触发预警。",
            "有意不收录该网站的前身（law.e-gov.go.jp，Shift_JIS 网页）：它已停止服务。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The beginning of the list."""
        yield self._ask(0)

    def _ask(self, offset: int) -> Request:
        query = urlencode({"asof": FAR, "limit": PAGE_SIZE, "offset": offset, "response_format": "json"})
        return self.ask(f"{LAWS}?{query}", self.read_page, entry=offset == 0, offset=offset)

    def read_page(self, response: Response, offset: int) -> Output:
        """A page of the list from ``offset`` on, and the next one."""
        answer = self.answer(response, _ANSWER)
        laws, account = answer["laws"], self.job.account
        if len(laws) != answer["count"]:
            raise shape(response.url, f"it says that it holds {answer['count']} laws, and holds {len(laws)}")
        following = offset + len(laws)
        if laws and answer.get("next_offset") not in (None, following):
            raise shape(response.url, f"it says that {answer['next_offset']} follows, where {following} does")
        account.stated, account.got = answer["total_count"], account.got + len(laws)
        yield self.page(response, self.each(response, laws, lambda law: self._notice(law, response.url)))
        if laws and following < answer["total_count"]:
            yield self._ask(following)

    def _notice(self, value: Any, url: str) -> Notice:
        law = self.record(value, _LAW, url)
        info = self.record(law["law_info"], _INFO, url, "law_id")
        number = info["law_id"].strip()
        newest = self.record(law["revision_info"], _REVISION, url, "law_revision_id")
        if not (newest["law_revision_id"] or "").startswith(f"{number}_"):
            raise InvalidValue(f"the wording of {number} is {newest['law_revision_id']!r}")
        sort = self.meaning("type of law", line(info["law_type"]), _TYPES, number, line(info["law_type"]))
        title, amended_by = line(newest["law_title"]), line(newest["amendment_law_id"])
        told = [line(newest.get(field)) for field in ("amendment_law_title", "amendment_law_num",
                                                      "amendment_enforcement_comment")]
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.TECHNICAL_REGULATION, market="JP",
            title=title or line(info["law_num"]), url=f"https://laws.e-gov.go.jp/law/{number}", lang="ja",
            published_on=self.day_in(newest, "amendment_promulgate_date") or self.day_in(info, "promulgation_date"),
            updated_on=self.day_in(newest, "updated"), summary="\n".join(filter(None, told)),
            category=" | ".join(filter(None, (sort, line(newest.get("category"))))), notifying_country="JP",
            stage=self._stage(newest, law.get("current_revision_info")),
            effective_on=self.day_in(newest, "amendment_enforcement_date"),
            identifiers=(line(info["law_num"]), *map(line, (newest.get("abbrev") or "").split(","))),
            relates_to=(amended_by,) if amended_by.strip("0") else (),
            raw=_INFO.texts(info) | _REVISION.texts(newest),
        )

    def _stage(self, newest: dict[str, Any], current: dict[str, Any] | None) -> str:
        """Repealed, or whether the newest wording is the one in force; nothing where that is not said."""
        repeal = line(newest.get("repeal_status"))
        found = self.meaning("state of repeal", repeal, _REPEALS, newest["law_revision_id"], "")
        if found or not current or repeal == "Suspend":
            return found
        return "in_force" if current.get("law_revision_id") == newest["law_revision_id"] else "adopted"
