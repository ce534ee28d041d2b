"""Acts of the Official Journal of the EU, from the SPARQL service of its Publications Office (CELLAR)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import JsonApiSpider, Record
from crawlers.errors import field_missing, shape
from crawlers.text import iso_day, line
from domain import clock
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

SERVICE = "https://publications.europa.eu/webapi/rdf/sparql"
FIRST = date(2016, 1, 1)
LOOK_BACK = timedelta(days=60)
"""How far before the newest known act a run looks again: acts are published some weeks after their date."""
AHEAD = timedelta(days=366)
"""How long before their day consolidated texts are published."""
ROWS = 5_000
"""Rows of an answer; the service sorts no more than 10,000."""
QUERY = """\
PREFIX cdm: <http://publications.europa.eu/ontology/cdm#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT DISTINCT ?celex ?title ?date ?type ?eli ?force ?amends WHERE {
?work cdm:work_date_document ?date; cdm:resource_legal_id_celex ?celex; cdm:work_has_resource-type ?type.
?text cdm:expression_belongs_to_work ?work; cdm:expression_title ?title;
 cdm:expression_uses_language <http://publications.europa.eu/resource/authority/language/ENG>.
OPTIONAL{?work cdm:resource_legal_eli ?eli}
OPTIONAL{?work cdm:resource_legal_date_entry-into-force ?force}
OPTIONAL{?work cdm:resource_legal_amends_resource_legal/cdm:resource_legal_id_celex ?amends}
FILTER(?date>="%s"^^xsd:date && ?date<"%s"^^xsd:date && REGEX(STR(?celex),"^[03]"))
} ORDER BY ?date ?celex LIMIT %d"""
"""Acts (sector 3) and consolidated texts (sector 0) of some days; a row for each combination of their values."""

_ANSWER = Record({"head": dict, "results": dict})
_ROW = Record(dict.fromkeys(("celex", "title", "date", "type"), dict), dict.fromkeys(("eli", "force", "amends"), dict))
_CELL = Record({"value": str}, {}, ("type", "datatype", "xml:lang"))
_CELEX = re.compile(r"(?P<sector>[03])(?P<act>\d{4}[A-Z]{1,2}\d{4,}(?:\(\d+\))?)(?P<rest>-\d{8}|R\(\d+\))?\S*")
"""A consolidated text bears its day, a corrigendum its number."""
_NUMBER = re.compile(r"\b\d{1,4}/\d{1,4}\b")
_EEA = re.compile(r"\s*\(Text with EEA relevance\.?\)\.?", re.I)
_REMEDY = re.compile(r"\banti-?dumping\b|\bcountervailing\b|\bsafeguard (?:measure|investigation)", re.I)
_YEARS = range(1952, 9999)
"""Of days that mean something; the last day of 9999 stands for one that is not known yet."""


class EuEurlex(JsonApiSpider):
    """Year by year, rows in the order of dates; after a full answer, the next one begins at its last date."""

    fields = _ROW
    card: ClassVar[Source] = Source(
        slug="eu_eurlex",
        title="EUR-Lex: acts published in the Official Journal of the EU",
        title_zh="欧盟法律数据库（EUR-Lex）：《官方公报》法规",
        publisher=Publisher("Publications Office of the European Union", "欧盟出版局", "https://op.europa.eu/", "EU"),
        market="EU",
        url="https://eur-lex.europa.eu/oj/direct-access.html",
        hosts=("publications.europa.eu",),
        licence="Reuse permitted with credit (Commission Decision 2011/833/EU); © European Union",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=100, max_silence_days=21),
        parser_version=1,
        # acts from before 2016 as their consolidated texts, where they were amended since
        numbers=(r"\((?:EU|EC|EEC|Euratom)\)(?: No)? \d+/\d+",
                 r"\d{2,4}/\d+/(?:EU|EC|EEC|Euratom|CFSP)",
                 r"3\d{4}[A-Z]{1,2}\d{4,}"),
        summary_zh="欧盟条例、指令、决定及其修订、勘误和合并文本的题录，含机械、RoHS、REACH、生态设计、协调标准决定和反倾销措施。",
        summary="Titles and numbers of EU regulations, directives and decisions, what they amend, their corrigenda and "
                "consolidated texts: machinery, RoHS, REACH, ecodesign, harmonised standards, anti-dumping among them.",
        rhythm=timedelta(hours=12),
        delay=3.0,
        caveats=(
            "All acts since 2016 are listed, most of them no product rule: fisheries, sanctions, appointments.",
            "English titles and links only; substances, products and standards often stand only in the text.",
            "The date is that of the document; publication follows days to weeks later.",
            "Consolidated texts have no legal force; they are of the kind “other”.",
            "Acts that reach the database more than 60 days after their date, and changes of older ones, repeals among "
            "them, are seen only by a full crawl.",
            "Drafts and proposals of the Commission are left out.",
        ),
        caveats_zh=(
            "列出 2016 年以来的全部法规，其中大部分不是产品法规，例如渔业、制裁、任命。",
            "只有英文标题和链接；所涉物质、产品和标准常常只写在正文中。",
            "日期是文件日期，刊登日期晚数日至数周。",
            "合并文本没有法律效力，归为“其他”。",
            "比文件日期晚 60 天以上才入库的法规，以及较早法规的变更（包括废止），只有完整采集才能发现。",
            "不收录委员会的草案和提案。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The first answer."""
        newest, since = self.job.run.newest_on, self.job.options.since
        known = min(newest, clock.today()) - LOOK_BACK if newest and not self.job.options.full else FIRST
        yield self._ask(since or max(known, FIRST), entry=True)

    def _ask(self, since: date, *, entry: bool = False) -> Request:
        query = QUERY % (since, _next_year(since), ROWS)
        query_string = urlencode({"query": query, "format": "application/sparql-results+json"})
        return self.ask(f"{SERVICE}?{query_string}", self.read_rows, entry=entry, since=since.isoformat())

    def read_rows(self, response: Response, since: str) -> Output:
        """The rows of a year from a day on. An answer that is full may break off within its last date, which is left to the
        next one."""
        rows, until = self._rows(response), _next_year(date.fromisoformat(since))
        is_full = len(rows) >= ROWS
        end = rows[-1]["date"] if is_full else until.isoformat()
        if is_full and not end > since:
            raise shape(response.url, f"a single day reaches the cap of {ROWS} rows")
        acts: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            if row["date"] < end:
                acts.setdefault(row["celex"], []).append(row)
        yield self.page(response, self.each(response, acts.values(), self._notice))
        if is_full or until <= clock.today() + AHEAD:
            yield self._ask(date.fromisoformat(end))

    def _rows(self, response: Response) -> list[dict[str, str]]:
        answer, url = self.answer(response, _ANSWER), response.url
        if missing := _ROW.required.difference(answer["head"].get("vars", ())):
            raise field_missing(url, min(missing), "the head of the answer")
        if not isinstance(answer["results"].get("bindings"), list):
            raise field_missing(url, "bindings", "the results")
        try:
            return [self._values(row, url) for row in answer["results"]["bindings"]]
        except InvalidValue as error:
            raise shape(url, str(error)) from None

    def _values(self, row: Any, url: str) -> dict[str, str]:
        cells = self.record(row, _ROW, url)
        found = {name: self.record(cell, _CELL, url)["value"].strip() for name, cell in cells.items()}
        if iso_day(found["date"]) is None:
            raise InvalidValue(f"the date of {found['celex']} is {found['date']!r}")
        return found

    def _notice(self, rows: list[dict[str, str]]) -> Notice:
        names = dict.fromkeys(name for row in rows for name in row)
        act = {name: sorted({row[name] for row in rows if row.get(name)}) for name in names}
        celex, title = rows[0]["celex"], _EEA.sub("", line(rows[0]["title"]))
        parts = _CELEX.fullmatch(celex)
        if parts is None:
            raise InvalidValue(f"a CELEX number is {celex!r}")
        is_consolidated, base = parts["sector"] == "0", f"3{parts['act']}"
        remedy = NoticeKind.TRADE_REMEDY if _REMEDY.search(title) else NoticeKind.TECHNICAL_REGULATION
        return Notice(
            source=self.card.slug, external_id=celex, kind=NoticeKind.OTHER if is_consolidated else remedy, market="EU",
            title=f"Consolidated text: {title}" if is_consolidated else title,
            url=f"https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:{celex}", published_on=iso_day(rows[0]["date"]),
            category=" | ".join(uri.rpartition("/")[2] for uri in act["type"]),
            effective_on=self._force(act.get("force", [])),
            identifiers=(*_NUMBER.findall(title)[:1], *act.get("eli", ())),
            relates_to=(base if parts["rest"] else "", *act.get("amends", ())),
            raw={name: "; ".join(values) for name, values in act.items()},
        )

    def _force(self, stated: list[str]) -> date | None:
        """The first of the days on which an act enters into force and on which parts of it apply."""
        days = [self.dated(iso_day(text), text, "force") for text in stated]
        return min((day for day in days if day and day.year in _YEARS), default=None)


def _next_year(day: date) -> date:
    return date(day.year + 1, 1, 1)
