"""Recalls of the US Consumer Product Safety Commission, from its web service: JSON by date windows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.errors import shape
from crawlers.hazards import hazards
from crawlers.text import line, links, plain
from domain import clock
from domain.measure import measures_from_text
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Reason, Source

SERVICE = "https://www.saferproducts.gov/RestWebServices/Recall"
FIRST_YEAR = 1973
SETTLES = timedelta(days=90)
"""How long after its end a year is still read in every run: recalls are published some days after their date."""

_FIRM = Record({"Name": TEXT}, {"CompanyID": TEXT})
_RECALL = Record({
    "RecallID": int, "RecallNumber": TEXT, "RecallDate": TEXT, "Description": TEXT, "URL": TEXT, "Title": TEXT,
    "ConsumerContact": TEXT, "LastPublishDate": TEXT,
    "Products": Record(dict.fromkeys(("Name", "Description", "Model", "Type", "CategoryID", "NumberOfUnits"), TEXT)),
    "Inconjunctions": Record({"URL": TEXT}), "Images": Record({}, {"URL": TEXT, "Caption": TEXT}),
    "Injuries": Record({"Name": TEXT}), "Manufacturers": _FIRM, "Retailers": _FIRM, "Importers": _FIRM,
    "Distributors": _FIRM, "ManufacturerCountries": Record({"Country": TEXT}), "ProductUPCs": Record({"UPC": TEXT}),
    "Hazards": Record({"Name": TEXT}, {"HazardType": TEXT, "HazardTypeID": TEXT}), "Remedies": Record({"Name": TEXT}),
    "RemedyOptions": Record({"Option": TEXT}),
}, {"SoldAtLabel": TEXT}, (
    "LastPublishDate",  # moves when the archive is put on the web anew, and stands still when a text is changed
    "Images",  # pictures are third parties'
))
_NONE = re.compile(r"none(?: reported)?\.?", re.I)
_ONE_SLASH = re.compile(r"^(https?):/(?!/)", re.I)


class UsCpscRecalls(JsonApiSpider):
    """A window a year. Read in every run: the years that may still change, and one of the others in turn, so that changes
    of old recalls are found within two months at a call a day."""

    fields = _RECALL
    card: ClassVar[Source] = Source(
        slug="us_cpsc_recalls",
        title="Recalls of the US Consumer Product Safety Commission (CPSC)",
        title_zh="美国消费品安全委员会（CPSC）召回",
        publisher=Publisher("U.S. Consumer Product Safety Commission", "美国消费品安全委员会", "https://www.cpsc.gov/",
                            "US"),
        market="US",
        url="https://www.cpsc.gov/Recalls",
        hosts=("www.saferproducts.gov",),
        licence="US government work, public domain",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=50, max_silence_days=24),
        parser_version=1,
        numbers=(r"\d{2}-\d{3}",),
        summary_zh="美国消费品召回：产品、数量、危害、伤亡情况、补救措施、制造国，1973 年至今。",
        summary="Recalls of consumer products in the United States since 1973: product, number of units, hazard, injuries, "
                "remedy, country of manufacture.",
        delay=2.0,
        material_fields=frozenset(("kind", "market")),
        caveats=(
            "CPSC's unilateral product safety warnings are not in this service; its website has them.",
            "CPSC announces what is new under a new recall number; changed texts of a known recall are kept as versions "
            "and alert nobody.",
            "Changed texts of recalls of past years are found within about two months: one past year is read again a day.",
            "The hazards are read from the title and the hazard statement; the service gives no codes.",
            "Of several countries of manufacture one is the origin here: China where it is among them, else the first.",
            "CPSC publishes nothing for two to three weeks around Christmas.",
            "Pictures are left out on purpose.",
        ),
        caveats_zh=(
            "该接口不含 CPSC 单方面发布的产品安全警告，请见其网站。",
            "CPSC 以新的召回编号发布新情况；已有召回的文字修改只记为新版本，不触发预警。",
            "往年召回的文字修改约在两个月内发现：每天重读一个往年。",
            "接口不提供危害代码，危害由标题和危害说明中读出。",
            "有多个制造国时，原产地只取一个：含中国则取中国，否则取第一个。",
            "圣诞前后两到三周 CPSC 不发布召回。",
            "有意不收录图片。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The years to read, the newest first."""
        today, since = clock.today(), self.job.options.since
        settled, turn = settled_years(today), year_in_turn(today)
        for year in range(today.year, max(FIRST_YEAR, since.year if since else FIRST_YEAR) - 1, -1):
            unit = str(year) if year in settled else ""
            if unit in self.job.units and year != turn:
                self.job.account.known += 1
            else:
                yield self._ask_year(year, unit, entry=year == today.year)

    def _ask_year(self, year: int, unit: str, *, entry: bool) -> Request:
        query = urlencode({"format": "json", "RecallDateStart": f"{year}-01-01", "RecallDateEnd": f"{year}-12-31"})
        return self.ask(f"{SERVICE}?{query}", self.read_year, unit=unit, entry=entry, archive=bool(unit), year=year)

    def read_year(self, response: Response, year: int) -> Output:
        """The recalls of a year."""
        records = self.json(response, list)
        newest = self.job.run.newest_on
        if not records and newest and newest.year == year:
            self.job.account.emptied = Reason("emptied", {"url": response.url, "newest": newest.isoformat()})
        recalls = self.each(response, records, lambda recall: self._notice(recall, year, response.url))
        yield self.page(response, recalls, unit=response.meta["unit"])

    def _notice(self, value: Any, year: int, url: str) -> Notice:
        recall = self.record(value, _RECALL, url, "RecallID")
        number, published = line(recall["RecallNumber"]), self.sure_day(recall, "RecallDate", recall["RecallID"])
        if published.year != year:  # an unknown parameter is ignored, and everything comes back
            raise shape(url, f"recall {recall['RecallID']} is of {published}, {year} was asked for")
        named = {field: [text for each in recall[field] or () if (text := plain(each["Name"]))]
                 for field in ("Products", "Hazards", "Injuries", "Remedies")}
        told = (text for field in ("Hazards", "Injuries", "Remedies") for text in named[field] if not _NONE.fullmatch(text))
        return Notice(
            source=self.card.slug, external_id=str(recall["RecallID"]), kind=NoticeKind.RECALL, market="US",
            title=line(recall["Title"]) or "; ".join(named["Products"]), url=address(recall["URL"]),
            published_on=published, notifying_country="US",
            summary="\n".join(filter(None, (plain(recall["Description"]), *told))),
            product=line("; ".join(named["Products"])), model=joined(recall["Products"], "Model"),
            category=joined(recall["Products"], "Type", " | "), origin=self._origin(recall),
            hazards=hazards(line(recall["Title"]), named["Hazards"]), measures=measures_from_text(
                joined(recall["RemedyOptions"], "Option")),
            identifiers=(*written(number), *(line(each["UPC"]) for each in recall["ProductUPCs"] or ())),
            documents=links(*(address(each["URL"]) for each in recall["Inconjunctions"] or ()), recall["ConsumerContact"]),
            raw=_RECALL.texts(recall),
        )

    def _origin(self, recall: dict[str, Any]) -> str:
        found = [*map(self.country, countries("\n".join(
            each["Country"] or "" for each in recall["ManufacturerCountries"] or ())))]
        return "CN" if "CN" in found else next(filter(None, found), "")


def settled_years(today: date) -> list[int]:
    """The years that nothing is added to any more, the newest first."""
    return [year for year in range(today.year - 1, FIRST_YEAR - 1, -1) if date(year, 12, 31) + SETTLES < today]


def year_in_turn(today: date) -> int | None:
    """The settled year that is read again today: another one every day, until all have had their turn."""
    settled = settled_years(today)
    return settled[today.toordinal() % len(settled)] if settled else None


def address(url: str | None) -> str:
    """A web address; some are written with a single slash."""
    return _ONE_SLASH.sub(r"\1://", (url or "").strip())


def joined(entries: Iterable[dict[str, str | None]] | None, field: str, between: str = "; ") -> str:
    """A field of all objects of a list, each text once."""
    return between.join(dict.fromkeys(filter(None, (line(each[field]) for each in entries or ()))))


def written(number: str) -> tuple[str, ...]:
    """A recall number as the service writes it and as the website does: 26645, 26-645."""
    return (number, f"{number[:2]}-{number[2:]}") if re.fullmatch(r"\d{5}", number) else (number,)


def countries(text: str) -> list[str]:
    """The names in "Vietnam (MMA008) and China; and United States"."""
    parts = re.split(r"[;,\n]|\b(?:and|or)\b", re.sub(r"\([^)]*\)", " ", text))
    return [name for name in map(line, parts) if name]
