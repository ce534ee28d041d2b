"""Canada's recalls and safety alerts: one JSON dump of everything, made anew every day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

from scrapy.http import Response

from crawlers.base import used_up
from crawlers.bases.dump import DumpSpider
from crawlers.fields import Fields
from crawlers.text import line, links, plain
from domain.errors import InvalidValue
from domain.hazard import RISK_LEVELS, hazards_from_raw, risk_level_from_raw
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

DUMP = "https://recalls-rappels.canada.ca/sites/default/files/opendata-donneesouvertes/HCRSAMOpenData.json"

_ROW = Fields(("NID", "Title", "URL", "Organization", "Product", "Issue", "What you should do", "Category", "Recall class",
               "Last updated", "Archived"))
_ARCHIVED = re.compile(r"^archived?\s*[-–—]\s*", re.I)
_ADVISORS = frozenset(("Communications and Public Affairs Branch", "Marketed health products"))
_ADVISORY = re.compile(r"\b(?:warns?|warnings?|advis\w+|remind\w*|cautions?|safety alert|foreign product alerts?"
                       r"|safety information|information update|safety review|safe use)\b", re.I)
_RECALL = re.compile(r"recall|rappel", re.I)
_SEVERITY = tuple(RISK_LEVELS)


class CaRecalls(DumpSpider):
    """The dump is the whole listing: what two complete dumps lack is gone."""

    whole_records = True
    fields = _ROW
    dumps = {"dump": DUMP}
    card: ClassVar[Source] = Source(
        slug="ca_recalls",
        title="Recalls and safety alerts of the Government of Canada",
        title_zh="加拿大政府召回与安全警示",
        publisher=Publisher("Government of Canada (Health Canada, CFIA, Transport Canada)",
                            "加拿大政府（卫生部、食品检验署、交通部）", "https://recalls-rappels.canada.ca/", "CA"),
        market="CA",
        url="https://recalls-rappels.canada.ca/en",
        hosts=("recalls-rappels.canada.ca",),
        licence="Open Government Licence - Canada",
        listing=Listing.FULL,
        expectation=Expectation(min_items=20_000, max_silence_days=10),
        parser_version=2,
        summary_zh="加拿大消费品、汽车、食品、药品和医疗器械的召回与安全警示，每日更新的完整开放数据。",
        summary="Recalls and advisories on consumer products, vehicles, food, drugs and medical devices in Canada; complete "
                "open data, made anew every day.",
        caveats=(
            "The open data state no publication date, no hazard code and no units sold; the publisher's page does.",
            "“Last updated” is the only date, lags by about two days and is missing in most older vehicle recalls.",
            "A few notices of Transport Canada are in French.",
        ),
        caveats_zh=(
            "开放数据不含发布日期、危害代码和销售数量；这些在发布机构的网页上。",
            "“Last updated”是唯一的日期，约滞后两天，多数较早的汽车召回没有日期。",
            "加拿大交通部的少数信息为法文。",
        ),
    )

    def records(self, response: Response) -> Iterator[Any]:
        """Its rows."""
        return used_up(self.json(response, list))

    def notice(self, row: Any, url: str) -> Notice:
        """The notice of a row."""
        if not isinstance(row, dict):
            raise InvalidValue(f"it is a {type(row).__name__}")
        where = f"NID {row.get('NID')}"
        self.warn_of_fields(_ROW.check(row, url, where), where)
        values = {name: str(value or "") for name, value in row.items()}
        title = _ARCHIVED.sub("", line(values["Title"])).rstrip(" -") or line(values["Title"]) or where
        page = values["URL"].strip()
        return Notice(
            source=self.card.slug, external_id=values["NID"].strip(), kind=kind(values), market="CA", title=title, url=page,
            lang="fr" if "/fr/" in page else "en", updated_on=self.day_in(values, "Last updated"),
            summary="\n".join(text for text in (plain(values["Issue"]), plain(values["What you should do"])) if text),
            product=line(values["Product"]),
            category=" | ".join(part for part in (line(values["Organization"]), line(values["Category"])) if part),
            notifying_country="CA", hazards=hazards(values["Issue"]),
            risk_level=risk_level(values["Recall class"]), documents=links(values["What you should do"]),
            raw=_ROW.raw(values),
        )


def kind(row: dict[str, str]) -> NoticeKind:
    """A recall, unless it bears no recall class, does not say recall, and comes from an office or in words that advise."""
    if row["Recall class"].strip(" -") or _RECALL.search(row["Title"]):
        return NoticeKind.RECALL
    advises = row["Organization"] in _ADVISORS or _ADVISORY.search(row["Title"])
    return NoticeKind.FOREIGN_NOTIFICATION if advises else NoticeKind.RECALL


@lru_cache(maxsize=4096)
def hazards(issue: str) -> tuple[str, ...]:
    """Ids of the hazards in "Fire hazard - Burn hazard"."""
    return hazards_from_raw(issue.split(" - "))


@lru_cache(maxsize=256)
def risk_level(recall_class: str) -> str:
    """The risk level of a recall class; of several ("Type II - Type III") the worst; nothing when none is stated."""
    levels = [risk_level_from_raw(part) for part in recall_class.split(" - ") if part.strip(" -")]
    return min(levels, key=_SEVERITY.index, default="")
