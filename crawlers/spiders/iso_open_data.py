"""ISO's standards and drafts: the open data on all of its deliverables, one JSON object a line, made anew every day."""

from __future__ import annotations

from typing import Any, ClassVar

from crawlers.bases.dump import DumpSpider
from crawlers.bases.json_api import LIST, TEXT, JsonApiSpider, Record, as_text
from crawlers.bases.standards import MATERIAL, amended, stage_of, written
from crawlers.errors import field_missing
from crawlers.text import line, plain
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

DUMP = ("https://isopublicstorageprod.blob.core.windows.net/opendata/_latest/iso_deliverables_metadata/json/"
        "iso_deliverables_metadata.jsonl")
PAGE = "https://www.iso.org/standard/{}.html"

_DELIVERABLE = Record(
    {"id": int, "reference": str, "icsCode": LIST, "currentStage": int | None, "replaces": LIST, "replacedBy": LIST}
    | dict.fromkeys(("deliverableType", "supplementType", "publicationDate", "ownerCommittee"), TEXT)
    | {"scope": dict | None},
    {"title": dict | None}, ("edition", "languages", "pages"))  # of the pages only how many there are
_TEXTS = Record({}, dict.fromkeys(("en", "fr"), TEXT), ("ru", "es", "ar"))
_DELIVERED = {"IS": "International Standard", "TS": "Technical Specification", "TR": "Technical Report",
              "PAS": "Publicly Available Specification", "R": "Recommendation", "IWA": "International Workshop Agreement",
              "GUIDE": "Guide", "Amd": "Amendment", "Cor": "Corrigendum", "Add": "Addendum", "Suppl": "Supplement"}


class IsoOpenData(DumpSpider, JsonApiSpider):
    """The dump is the whole catalogue, the withdrawn and the unfinished included: what two complete dumps lack is gone."""

    whole_records = True
    fields = _DELIVERABLE
    dumps = {"dump": DUMP}
    records = JsonApiSpider.json_lines
    card: ClassVar[Source] = Source(
        slug="iso_open_data",
        title="ISO Open Data: standards and drafts of ISO",
        title_zh="ISO 开放数据：ISO 标准与草案目录",
        publisher=Publisher("International Organization for Standardization (ISO)", "国际标准化组织（ISO）",
                            "https://www.iso.org/", "INT"),
        market="INT",
        url="https://www.iso.org/open-data.html",
        hosts=("isopublicstorageprod.blob.core.windows.net",),
        licence="Open Data Commons Attribution License (ODC-BY) 1.0; credit ISO. The texts of standards are copyrighted and "
                "not part of it.",
        listing=Listing.FULL,
        expectation=Expectation(min_items=30_000, max_silence_days=30),
        parser_version=1,
        numbers=(r"ISO(?:/[A-Z]+)* (?:Guide )?\d.*", r"IWA \d.*"),
        summary_zh="ISO 全部标准、技术报告及在制草案的目录数据：编号、阶段、ICS 分类、技术委员会、替代关系。"
                   "含气动（ISO/TC 131）、压缩机与气动工具（ISO/TC 118）、办公设备（ISO/IEC JTC 1/SC 28）。",
        summary="Catalogue data of all ISO standards, reports and drafts: reference, stage, ICS codes, committee, what "
                "replaces what; among them fluid power (ISO/TC 131), compressors and pneumatic tools (ISO/TC 118), office "
                "equipment (ISO/IEC JTC 1/SC 28).",
        material_fields=MATERIAL,
        caveats=(
            "Catalogue data and links only; the texts of the standards are sold by ISO and its members.",
            "Some records state no title, only the reference.",
            "A record keeps its number from the first draft to the withdrawal; its reference changes with its stage.",
            "What a standard replaces is given by the publisher's record number, for an amendment by the amended reference.",
            "Records of standards that are withdrawn or long in force arrive with the first load and alert nobody.",
        ),
        caveats_zh=(
            "只收录目录数据和链接；标准正文由 ISO 及其成员机构销售。",
            "部分记录没有标题，只有编号。",
            "同一记录从首个草案到废止保持同一记录号，其标准编号随阶段变化。",
            "所替代的标准以发布机构的记录号给出；修改单则给出被修改的标准编号。",
            "已废止或早已实施的标准随首次采集入库，不触发预警。",
        ),
    )

    custom_settings: ClassVar[dict[str, object]] = {  # type: ignore[misc]
        "DOWNLOAD_MAXSIZE": 256 * 1024 * 1024,  # some fifty thousand records of about 1,500 bytes
        "DOWNLOAD_TIMEOUT": 600,
    }

    def notice(self, record: Any, url: str) -> Notice:
        """The notice of a deliverable."""
        record = self.record(record, _DELIVERABLE, url, "reference", "id")
        reference, number = line(record["reference"]), str(record["id"])
        titles, scopes = self._texts(record, "title", url), self._texts(record, "scope", url)
        lang = next((each for each in ("en", "fr") if titles[each] or scopes[each]), "en")
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.STANDARD, market="INT",
            title=f"{reference} {line(titles[lang])}".strip(), url=PAGE.format(number), lang=lang,
            published_on=self.day_in(record, "publicationDate"), summary=plain(scopes[lang]),
            category=self._category(record), ics_codes=codes(record["icsCode"]), stage=self._stage(record),
            identifiers=written(reference), relates_to=(*codes(record["replaces"]), *amended(reference)),
            raw=_DELIVERABLE.texts({name: kept for name, kept in record.items() if name not in ("title", "scope")}
                                   | {f"title.{each}": text for each, text in titles.items()}
                                   | {f"scope.{each}": text for each, text in scopes.items()}),
        )

    def _texts(self, record: dict[str, Any], field: str, url: str) -> dict[str, str]:
        """The texts of a field by language, English and French always there. Raises ShapeChanged when they stand under
        languages that nobody knows."""
        where = f"{field} of {record['reference']}"
        found: dict[str, str | None] = record.get(field) or {}
        unknown = _TEXTS.read(found, url, where)
        if unknown and not found.keys() & _TEXTS.known:
            raise field_missing(url, "en", where)
        self.warn_of_fields(unknown, where)
        return {each: text or "" for each, text in ({"en": None, "fr": None} | found).items()}

    def _category(self, record: dict[str, Any]) -> str:
        types = [line(record[field]) for field in ("deliverableType", "supplementType") if record[field]]
        said = (self.meaning("type", name, _DELIVERED, record["reference"], name) for name in types)
        return " | ".join(filter(None, (*said, line(record["ownerCommittee"]))))

    def _stage(self, record: dict[str, Any]) -> str:
        code = record["currentStage"]
        found = "" if code is None else stage_of(code)
        if code is not None and not found:
            self.warn(f"unknown stage {code}", record["reference"])
        return found


def codes(values: list[Any] | None) -> tuple[str, ...]:
    """The codes or numbers of a list as texts."""
    return tuple(filter(None, map(as_text, values or ())))
