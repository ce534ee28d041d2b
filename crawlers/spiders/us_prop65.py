"""California's Proposition 65 list: chemicals known to cause cancer or reproductive toxicity, as a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar

from scrapy.http import Response

from crawlers.bases.dump import DumpSpider
from crawlers.errors import html_instead, is_html, not_parsable, shape
from crawlers.fields import Fields
from crawlers.text import day, line, stated
from crawlers.workbook import Cell, NoWorkbook, serial_day, sheet
from domain.errors import InvalidValue
from domain.notice import MATERIAL_FIELDS, Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

PAGE = "https://oehha.ca.gov/proposition-65/proposition-65-list"
FILE = "https://oehha.ca.gov/sites/default/files/media/downloads/proposition-65/p65chemicalslist.xlsx"
HEAD_WITHIN = 40
"""Rows among which the head of the table stands; text precedes it."""

_ROW = Fields(("Chemical", "Type of Toxicity", "Listing Mechanism", "CAS No.", "Date Listed"), ("NSRL or MADL",))
_UNIT = re.compile(r"\s*\([^()]*/\s*day\).*$", re.I)
_CAS = re.compile(r"\b\d{2,7}-\d{2}-\d\b")
_DELISTED = re.compile(r"\bdelisted\b", re.I)


class UsProp65(DumpSpider):
    """The whole list. A line that is struck out, or says that it is delisted, no longer holds."""

    fields = _ROW
    dumps = {"list": FILE}
    read_list = DumpSpider.read_dump  # as captures of before call it
    card: ClassVar[Source] = Source(
        slug="us_prop65",
        title="California Proposition 65 list of chemicals",
        title_zh="美国加州 65 号提案化学物质清单",
        publisher=Publisher("California Office of Environmental Health Hazard Assessment (OEHHA)",
                            "美国加州环境健康危害评估办公室（OEHHA）", "https://oehha.ca.gov/", "US"),
        market="US",
        url=PAGE,
        hosts=("oehha.ca.gov",),
        licence="State of California, public record (Title 27, California Code of Regulations, section 27001)",
        listing=Listing.FULL,
        expectation=Expectation(min_items=800, max_silence_days=400),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        summary_zh="加州已知致癌或具生殖毒性的化学物质：名称、CAS 号、毒性类型、列入依据与日期、安全港水平。含有者须警示。",
        summary="Chemicals known to California to cause cancer or reproductive toxicity, with CAS numbers, basis and date "
                "of listing and safe harbour level; products that expose people to them need a warning.",
        rhythm=timedelta(days=7),
        delay=10.0,
        material_fields=MATERIAL_FIELDS | {"stage"},
        caveats=(
            "Read from documentation alone: no capture of the workbook has been seen.",
            "California only. Chemicals are listed, not products; a warning is due by exposure, not by presence.",
            "One notice is one chemical with one type of toxicity and one date of listing.",
            "Delisted chemicals stay in the workbook, struck out; they are marked as repealed.",
            "The publisher turns robots away at times; the 60-day notices of the Attorney General are not read.",
        ),
        caveats_zh=(
            "仅依据文档编写，尚未见过真实工作簿。",
            "仅限加州。清单列的是化学物质而非产品；是否须警示取决于暴露量，而非是否含有。",
            "一条信息对应一种物质、一类毒性和一个列入日期。",
            "已除名的物质以删除线留在工作簿中，此处标为“废除”。",
            "发布机构有时拦截程序访问；不读取加州总检察长的 60 天通知。",
        ),
    )

    def records(self, response: Response) -> list[dict[str, Cell]]:
        """All lines."""
        if is_html(response):
            raise html_instead(response.url, response.body)
        try:
            return list(self._rows(response))
        except NoWorkbook as error:
            raise not_parsable(response.url, "XLSX", error) from None

    def _rows(self, response: Response) -> Iterator[dict[str, Cell]]:
        """The lines below the head, by column; empty ones and notes below the table have but one cell."""
        heads: list[str] = []
        for number, cells in enumerate(sheet(response.body)):
            texts = [line(cell.text) for cell in cells]
            if not heads and number < HEAD_WITHIN and texts and texts[0] == "Chemical":
                heads = [_UNIT.sub("", text) for text in texts if text]
                self.warn_of_fields(_ROW.check(dict.fromkeys(heads), response.url, "the head of the table"), response.url)
            elif heads and sum(map(bool, texts)) > 1:
                yield dict(zip(heads, [*cells, *[Cell()] * len(heads)], strict=False))
        if not heads:
            raise shape(response.url, f"none of its first {HEAD_WITHIN} rows begins with “Chemical”")

    def notice(self, row: dict[str, Cell], url: str) -> Notice:
        """The notice of a line."""
        values = {name: line(cell.text) for name, cell in row.items()}
        chemical, toxicity, limit = values["Chemical"], values["Type of Toxicity"], stated(values.get("NSRL or MADL"))
        if not chemical or not toxicity:
            raise InvalidValue(f"a line names no chemical or no toxicity: {' | '.join(values.values())}"[:200])
        listed = self.day_in(values, "Date Listed", _day)
        gone = row["Chemical"].struck or _DELISTED.search(" ".join(values.values()))
        return Notice(
            source=self.card.slug, external_id=" | ".join((chemical, toxicity, str(listed or values["Date Listed"]))),
            kind=NoticeKind.TECHNICAL_REGULATION, market="US", title=f"Proposition 65: {chemical} ({toxicity})", url=PAGE,
            published_on=listed, category=" | ".join(filter(None, ("California", toxicity, values["Listing Mechanism"]))),
            summary=f"NSRL or MADL (µg/day): {limit}" if limit[:1].isdigit() else limit, hazards=("chemical",),
            stage="repealed" if gone else "in_force", identifiers=tuple(_CAS.findall(values["CAS No."])),
            raw=_ROW.raw(values | ({"struck out": "yes"} if row["Chemical"].struck else {})),
        )


def _day(text: str | None) -> date | None:
    """The day of a number, as workbooks keep days, or of a date with the month first."""
    return serial_day(text or "") or day(text, "%m/%d/%Y", "%B %d, %Y")
