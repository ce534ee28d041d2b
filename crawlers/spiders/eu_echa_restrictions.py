"""The restrictions of REACH (Annex XVII) by entry, from the table of the European Chemicals Agency."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

from crawlers.bases.echa import LICENCE, PUBLISHER, EchaSpider
from crawlers.bases.html_list import HtmlListSpider, Row
from crawlers.errors import shape
from crawlers.fields import Fields
from crawlers.text import line, stated
from domain.errors import InvalidValue
from domain.notice import Notice
from domain.source import Expectation, Listing, Source

LIST = "https://echa.europa.eu/substances-restricted-under-reach"
_PORTLET = "disslists_WAR_disslistsportlet"
_FURTHER = {"p_p_id": _PORTLET, "p_p_lifecycle": "0", "p_p_state": "normal", "p_p_mode": "view",
            f"_{_PORTLET}_orderByCol": "prc_entry_no", f"_{_PORTLET}_orderByType": "asc", f"_{_PORTLET}_delta": "50"}
"""How the table asks for another page of itself, in the order of its first one."""
_NAMELESS = re.compile(r"Entry \d+[a-z]?", re.I)
_LONGEST_NAME = 300


class EuEchaRestrictions(EchaSpider, HtmlListSpider):
    """Pages of fifty entries in the order of their numbers, all of them in every run."""

    card: ClassVar[Source] = Source(
        slug="eu_echa_restrictions",
        title="ECHA: substances restricted under REACH (Annex XVII)",
        title_zh="欧洲化学品管理局（ECHA）REACH 限制物质清单（附件 XVII）",
        publisher=PUBLISHER,
        market="EU",
        url=LIST,
        hosts=("echa.europa.eu",),
        licence=LICENCE,
        listing=Listing.FULL,
        expectation=Expectation(min_items=70, max_silence_days=600),
        parser_version=1,
        summary_zh="REACH 法规附件 XVII 的限制条目：条目号、物质或物质组、组内成员及其 EC 号和 CAS 号、限制条件文件链接。",
        summary="Entries of Annex XVII of REACH: number, substance or group, the members of a group with their EC and CAS "
                "numbers, links to the conditions and appendices.",
        rhythm=timedelta(days=7),
        delay=5.0,
        caveats=(
            "The table gives no dates: when an entry came into the annex, or changed, stands in the document of its "
            "conditions, which is linked and not read.",
            "The conditions decide what is forbidden in which products; substances alone are listed here.",
            "The members of a group are those that the agency names; a group may hold more.",
            "The table belongs to the agency's old site, which turns programs away at times, and whose lists are moving to "
            "ECHA CHEM: once it is gone, runs say so, and what was read stays.",
            "Only the first of its two pages has been seen as it really is.",
        ),
        caveats_zh=(
            "表中没有日期：条目何时列入或修改写在限制条件文件中，此处给出链接，不读取正文。",
            "哪些产品中禁用以限制条件为准；此处只列物质。",
            "组内成员以该机构列出的为准，物质组可能不限于此。",
            "该表属于该机构的旧网站，有时拦截程序访问，其清单正迁往 ECHA CHEM：一旦停用，采集记录会注明，已收录的信息保留。",
            "该表共两页，只有第一页见过真实样本。",
        ),
    )
    columns = Fields(("Substance name", "EC No.", "CAS No.", "Entry no.", "Conditions", "Appendices"), (),
                     ("",))  # the link to the details
    title = "Substances restricted under REACH"
    total = re.compile(r"\bPage\s+(?P<page>\d+)\s+of\s+\d+\b.*?\bof\s+(?P<rows>[\d,]+)\s+results", re.S)

    def page_url(self, number: int) -> str:
        """A page of the table; the first has an address of its own."""
        return LIST if number == 1 else f"{LIST}?{urlencode(_FURTHER | {f'_{_PORTLET}_cur': number})}"

    def is_old(self, notices: list[Notice]) -> bool:
        """Never: the table is read to its end."""
        return False

    def rows(self, soup: BeautifulSoup, url: str) -> list[Row]:
        """The entries, without the empty row that the site copies when it draws the table. Raises as it does for others."""
        return [row for row in super().rows(soup, url) if "lfr-template" not in (row.element.get("class") or ())]

    def notice(self, row: Row, url: str) -> Notice:
        """The notice of an entry."""
        number = stated(row.cells["Entry no."])
        if not number:
            raise InvalidValue(f"a row has no entry number: {row.cells['Substance name']}"[:200])
        cells = dict(zip(row.cells, row.element.find_all("td", recursive=False), strict=True))
        cell = cells["Substance name"]
        name, details = cell.find("div", class_="multiFieldTable"), row.element.find("a", class_="details", href=True)
        if name is None or details is None:
            raise shape(url, f"entry {number} has no name, or no link to its details")
        members = list(self._members(cell, number, url))
        description = [_text(each) for each in cell.find_all("div", class_="substanceDescription", recursive=False)]
        return self.entry(
            (row.cells["EC No."], row.cells["CAS No."], *(each for _, numbers in members for each in numbers)),
            external_id=number, title=f"REACH Annex XVII, entry {number.lstrip('0')}: {_name(_text(name), members)}",
            url=str(details["href"]), summary="\n".join(
                (*description, *(" | ".join((member, *filter(stated, numbers))) for member, numbers in members))),
            documents=tuple(str(link["href"]) for column in ("Conditions", "Appendices")
                            for link in cells[column].find_all("a", href=True)),
            raw=self.columns.raw(row.cells),
        )

    def _members(self, cell: Tag, number: str, url: str) -> Iterator[tuple[str, list[str]]]:
        """The members of a group, each with its numbers."""
        found = cell.find_all("div", class_=("groupSubstance", "lastGroupSubstance"))
        if not found and cell.find("div", class_="panel-group"):
            raise shape(url, f"entry {number} is a group without members")
        for member in found:
            name, numbers = member.find("a", class_="substanceNameLink"), member.find_all("span", class_="groupEcCasValue")
            if not name or len(numbers) != 2:  # EC and CAS
                raise shape(url, f"a member of entry {number} has no name, or no numbers")
            yield _text(name), [_text(each) for each in numbers]


def _text(element: Tag) -> str:
    return line(element.get_text())


def _name(name: str, members: list[tuple[str, list[str]]]) -> str:
    """The name of an entry; one that is called by its number alone is named after its members."""
    named = "; ".join(member for member, _ in members) if _NAMELESS.fullmatch(name) else ""
    return textwrap.shorten(named, _LONGEST_NAME, placeholder=" …") or name
