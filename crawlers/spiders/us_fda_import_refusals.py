"""Radiation-emitting products (laser products among them) that the US FDA refused at the border: CSV in a zip file."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from scrapy.http import Response

from crawlers.bases.dump import DumpSpider
from crawlers.encodings import NoText, read
from crawlers.errors import html_instead, is_html, not_parsable, shape, too_large
from crawlers.fields import Fields
from crawlers.text import day, line
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

PAGE = "https://www.accessdata.fda.gov/scripts/importrefusals/"
FILE = f"{PAGE}downloads/Import_Refusal_2024-present.zip"
MEMBER = "REFUSAL_ENTRY"
LARGEST = 96 * 1024 * 1024
"""Bytes of the table, unpacked; some 15,000 lines a year make less than 3,000,000."""
INDUSTRIES = ("94", "95", "96", "97")
"""Radiological products, as the first two signs of a product code say."""

_ROW = Fields((
    "MFG_FIRM_FEI_NUM", "LGL_NAME", "LINE1_ADRS", "LINE2_ADRS", "CITY_NAME", "PROVINCE_STATE", "ISO_CNTRY_CODE",
    "PRODUCT_CODE", "REFUSAL_DATE", "ENTRY_NUM", "RFRNC_DOC_ID", "LINE_NUM", "LINE_SFX_ID", "FDA_SAMPLE_ANALYSIS",
    "REFUSAL_CHARGES", "PRDCT_CODE_DESC_TEXT"), ("DISTRICT", "PRIVATE_LAB_ANALYSIS"))


class UsFdaImportRefusals(DumpSpider):
    """The file of the running years; every line of an entry is a refusal."""

    whole_records = True
    fields = _ROW
    dumps = {"file": FILE}
    read_file = DumpSpider.read_dump  # as captures of before call it
    card: ClassVar[Source] = Source(
        slug="us_fda_import_refusals",
        title="US FDA import refusals: radiation-emitting products",
        title_zh="美国食品药品监督管理局（FDA）拒绝入境：辐射类产品（含激光产品）",
        publisher=Publisher("U.S. Food and Drug Administration", "美国食品药品监督管理局（FDA）", "https://www.fda.gov/",
                            "US"),
        market="US",
        url=PAGE,
        hosts=("www.accessdata.fda.gov",),
        licence="US government work, public domain",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=20, max_silence_days=120),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        summary_zh="FDA 拒绝入境的辐射类产品（激光打印机等激光产品、显示器、微波产品），2024 年至今，"
                   "含制造商、国别和拒绝理由代码。",
        summary="Radiation-emitting products (laser products such as laser printers, displays, microwave products) that the "
                "FDA refused at the border since 2024, with manufacturer, country and charge codes.",
        rhythm=timedelta(days=7),
        delay=10.0,
        archive_after=timedelta(days=180),
        caveats=(
            "Read from documentation alone: no capture of the file has been seen.",
            "Food, drugs, cosmetics, tobacco and medical devices are left out on purpose; they are nearly all of the file.",
            "The file is renewed about once a month.",
            "Charges are FDA's codes; what they mean stands on its website.",
            "The file names no brand: the field holds the manufacturer.",
        ),
        caveats_zh=(
            "仅依据文档编写，尚未见过真实文件。",
            "有意不收录食品、药品、化妆品、烟草和医疗器械，它们占文件的绝大部分。",
            "文件约每月更新一次。",
            "拒绝理由为 FDA 代码，其含义见 FDA 网站。",
            "文件不含品牌，该栏为制造商。",
        ),
    )

    def records(self, response: Response) -> Iterator[dict[str, str | None]]:
        """The refusals of our industries."""
        return (row for row in self._rows(response) if (row["PRODUCT_CODE"] or "").strip()[:2] in INDUSTRIES)

    def _rows(self, response: Response) -> Iterator[dict[str, str | None]]:
        table = csv.DictReader(io.StringIO(_unpacked(response), newline=""), restkey="more", strict=True)
        try:
            heads = dict.fromkeys(table.fieldnames or ())
            self.warn_of_fields(_ROW.check(heads, response.url, "the head of the table"), response.url)
            for row in table:
                if "more" in row or None in row.values():
                    raise shape(response.url, f"line {table.line_num} has not as many cells as the table has columns")
                yield row
        except csv.Error as error:
            raise not_parsable(response.url, "CSV", error) from None

    def notice(self, row: dict[str, str | None], url: str) -> Notice:
        """The notice of a refusal."""
        values = {name: line(value) for name, value in row.items()}
        number = "/".join(filter(None, (values[name] for name in ("ENTRY_NUM", "RFRNC_DOC_ID", "LINE_NUM", "LINE_SFX_ID"))))
        product, firm = values["PRDCT_CODE_DESC_TEXT"], values["LGL_NAME"]
        refused = day(values["REFUSAL_DATE"], "%d-%b-%y", "%d-%b-%Y")
        if not values["ENTRY_NUM"] or refused is None:
            raise InvalidValue(f"REFUSAL_DATE of {number!r} is {values['REFUSAL_DATE']!r}")
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.BORDER_ACTION, market="US",
            title=" – ".join(filter(None, (product, firm))) or number, url=PAGE, published_on=refused, product=product,
            brand=firm, category=f"FDA {values['PRODUCT_CODE']}", notifying_country="US",
            origin=self.country(values["ISO_CNTRY_CODE"], number),
            summary=f"Charges: {values['REFUSAL_CHARGES']}" if values["REFUSAL_CHARGES"] else "",
            measures=("import_rejected",),
            identifiers=(values["ENTRY_NUM"], values["MFG_FIRM_FEI_NUM"], values["PRODUCT_CODE"]), raw=_ROW.raw(row),
        )


def _unpacked(response: Response) -> str:
    """The table in a zip file, in UTF-8 or, as some names are, in Windows-1252."""
    if is_html(response):
        raise html_instead(response.url, response.body)
    try:
        with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
            found = [info for info in archive.infolist() if MEMBER in info.filename.upper()]
            if len(found) != 1:
                raise shape(response.url, f"{len(found)} of its files are named {MEMBER}")
            if found[0].file_size > LARGEST:
                raise too_large(response.url, f"{found[0].file_size:,} bytes unpacked, {LARGEST:,} are read")
            return read(archive.read(found[0]), "text/csv; charset=windows-1252").content
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise not_parsable(response.url, "ZIP", error) from None
    except NoText as error:
        raise not_parsable(response.url, "CSV", error) from None
