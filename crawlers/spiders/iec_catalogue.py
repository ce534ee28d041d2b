"""IEC publications: the catalogue records that the relaton project collects, one YAML file a publication on GitHub."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from typing import Any, ClassVar
from urllib.parse import quote

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.bases.standards import MATERIAL, amended, written
from crawlers.errors import not_parsable, shape
from crawlers.text import line, plain
from domain import clock
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source, SourceTier

TREES = "https://api.github.com/repos/relaton/relaton-data-iec/git/trees/"
FILES = "https://raw.githubusercontent.com/relaton/relaton-data-iec/main/"
FOLDER = "data"
MOST = 2_000
"""Files that a run reads, the newest publications first: at this pace a first load takes about sixteen runs."""

_TREE = Record({"tree": list, "truncated": bool}, {}, ("sha", "url"))
_ENTRY = Record({"path": str, "type": str}, {"sha": str, "size": int}, ("mode", "url"))
_TEXT = Record({"content": str, "language": list}, {"type": str}, ("script", "format"))
_PUBLICATION = Record(
    {"title": _TEXT, "link": Record({"content": str, "type": str}),
     "docid": Record({"id": str, "type": str}, {"primary": str}), "docstatus": dict, "ext": dict},
    {"date": Record({"type": str}, {"value": str, "from": str, "to": str}), "abstract": _TEXT},
    ("id", "schema-version", "fetched", "type", "docnumber", "contributor", "edition", "revdate", "language", "script",
     "copyright", "place", "keyword", "relation"))  # of these the IEC's records hold what the others say, or nothing
_STATUS = Record({"stage": dict})
_STAGE = Record({"value": str})
_EXT = Record({"doctype": dict}, {"ics": Record({"code": str}, {"text": TEXT}), "editorialgroup": dict},
              ("schema-version", "structuredidentifier", "price_code", "flavor"))
_GROUP = Record({}, {"technical_committee": Record({"name": str}, {}, ("number", "type"))})
_STAGES = {"PUBLISHED": "published", "REVISED": "withdrawn", "REPLACED": "withdrawn", "WITHDRAWN": "withdrawn"}
_YEAR = re.compile(r"_((?:18|19|20)\d\d)(?=[_+.])")
_VARIANT = re.compile(r" (?:RLV|CSV|EXV|CMV|SER|PRV)$")


class IecCatalogue(JsonApiSpider):
    """The list of files, then each file that is not what it was when it was read."""

    fields = _PUBLICATION
    card: ClassVar[Source] = Source(
        slug="iec_catalogue",
        title="IEC publications (records collected by the relaton project)",
        title_zh="IEC 出版物目录（relaton 项目汇集的记录）",
        publisher=Publisher("International Electrotechnical Commission (IEC)", "国际电工委员会（IEC）",
                            "https://webstore.iec.ch/", "INT"),
        market="INT",
        url="https://github.com/relaton/relaton-data-iec",
        hosts=("api.github.com", "raw.githubusercontent.com"),
        licence="Catalogue data of the IEC as collected by the relaton project, which states no terms for them. The texts "
                "of standards are copyrighted and not part of it.",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=1_000, max_silence_days=60),
        parser_version=1,
        numbers=(r"(?:ISO/)?IEC(?:/[A-Z]+)* (?:Guide )?\d.*", r"CISPR \d.*"),
        tier=SourceTier.MIRROR,
        summary_zh="IEC 标准及与 ISO 联合发布标准的目录数据：编号、名称、状态、ICS 分类、技术委员会。"
                   "含办公设备安全、碳粉盒与墨盒印量测定、工业过程控制阀。",
        summary="Catalogue data of IEC standards and of those published with ISO: number, title, status, ICS codes, "
                "committee; among them safety of office equipment, yield of toner and ink cartridges, control valves.",
        material_fields=MATERIAL,
        caveats=(
            "The records are collected from the IEC's catalogue by the relaton project; the IEC's own page prevails.",
            "Two thousand files are read a day, the newest publications first: the first load takes more than two weeks.",
            "“Withdrawn” also covers what was revised or replaced; the records do not say by what.",
            "Drafts are not listed. Redline (RLV) and consolidated (CSV) versions are records of their own.",
            "Standards published together with ISO are found in ISO's own data too.",
            "Catalogue data and links only; the IEC sells the texts.",
        ),
        caveats_zh=(
            "记录由 relaton 项目从 IEC 目录汇集；以 IEC 自己的网页为准。",
            "每天读取两千个文件，从最新的出版物开始：首次采集需两周以上。",
            "“废止”也包括已被修订或替代的标准；记录没有写明替代者。",
            "不含草案。红线版（RLV）和合订版（CSV）是单独的记录。",
            "与 ISO 联合发布的标准在 ISO 的数据中也有。",
            "只收录目录数据和链接；标准正文由 IEC 销售。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The list of all files."""
        yield self.ask(f"{TREES}main?recursive=1", self.read_tree, entry=True, under="")

    def read_tree(self, response: Response, under: str) -> Output:
        """The files to read; of a list that was cut short, the folder with them is asked for by itself."""
        answer = self.answer(response, _TREE)
        entries = [self.record(each, _ENTRY, response.url, "path") for each in answer["tree"]]
        if answer["truncated"]:
            yield self._ask_folder(entries, response.url, under)
            return
        files = {under + entry["path"]: entry for entry in entries if entry["type"] == "blob"}
        wanted = {path: mark(entry, response.url) for path, entry in files.items()
                  if path.startswith(f"{FOLDER}/") and path.endswith(".yaml")}
        yield from self._ask_files(wanted)

    def _ask_folder(self, entries: list[dict[str, Any]], url: str, under: str) -> Request:
        known = [entry.get("sha") for entry in entries if (entry["type"], entry["path"]) == ("tree", FOLDER)]
        if under or not known or not known[0]:
            raise shape(url, f"the list is cut short, and does not name the folder {FOLDER!r}")
        return self.ask(TREES + known[0], self.read_tree, entry=True, under=f"{FOLDER}/")

    def _ask_files(self, wanted: dict[str, str]) -> Output:
        since, asked, this_year = self.job.options.since, 0, clock.today().year
        for path in sorted(wanted, key=year_of, reverse=True):
            unit = f"{path} {wanted[path]}"
            if self.is_read(unit):
                self.job.account.known += 1
            elif asked < MOST and (since is None or year_of(path) >= since.year):
                asked += 1
                yield self.ask(FILES + quote(path), self.read_file, unit=unit, archive=year_of(path) < this_year - 1)

    def read_file(self, response: Response) -> Output:
        """One publication."""
        records = self.each(response, [self._yaml(response)], lambda value: self._notice(value, response.url))
        yield self.page(response, records, unit=response.meta["unit"])

    def _yaml(self, response: Response) -> Any:
        import yaml  # few runs read one, and the import costs every start

        self._refuse_html(response)
        try:
            return yaml.load(self.text(response, "YAML"), Loader=yaml.CBaseLoader)  # which makes texts only
        except (yaml.YAMLError, RecursionError) as error:
            raise not_parsable(response.url, "YAML", error) from None

    def _notice(self, value: Any, url: str) -> Notice:
        record = self.record(value, _PUBLICATION, url, "id")
        number = next((line(each["id"]) for each in record["docid"] if each.get("primary") == "true"), "")
        pages = [each["content"] for each in record["link"] if each["type"] == "src"]
        if not number or not pages:
            raise InvalidValue(f"{url} states no number or no address")
        ext, titles = self.record(record["ext"], _EXT, url), by_language(record["title"], "main")
        lang = "en" if "en" in titles else next(iter(titles), "en")
        dates = {each["type"]: each.get("value") or each.get("from") for each in record.get("date") or ()}
        committees, codes = self._committees(ext, url), [each["code"] for each in ext.get("ics") or ()]
        state, sort = self._state(record, url), str(ext["doctype"].get("type") or "")
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.STANDARD, market="INT",
            title=f"{number} {titles.get(lang, '')}".strip(), url=pages[0], lang=lang,
            published_on=self.day_in(dates, "published"), updated_on=self.day_in(dates, "obsoleted"),
            summary=plain(by_language(record.get("abstract") or (), "").get(lang)),
            category=" | ".join(filter(None, (sort.replace("-", " "), *committees))), ics_codes=tuple(codes),
            stage=self.meaning("status", state, _STAGES, number, ""), identifiers=written(number),
            relates_to=belongs_to(number),
            raw=_PUBLICATION.texts({name: held for name, held in record.items() if name not in ("docstatus", "ext")}) | {
                name: text for name, text in (("docstatus", state), ("doctype", sort), ("ics", "; ".join(codes)),
                                              ("technical_committee", "; ".join(committees))) if text},
        )

    def _state(self, record: dict[str, Any], url: str) -> str:
        stage = self.record(record["docstatus"], _STATUS, url)["stage"]
        return str(self.record(stage, _STAGE, url)["value"])

    def _committees(self, ext: dict[str, Any], url: str) -> list[str]:
        group = self.record(ext.get("editorialgroup") or {}, _GROUP, url)
        return [line(each["name"]) for each in group.get("technical_committee") or ()]


def mark(entry: dict[str, Any], url: str) -> str:
    """What a file is as of the list: another content has another one."""
    found = entry.get("sha") or entry.get("size")
    if not found:
        raise shape(url, f"it does not say what {entry['path']} is")
    return str(found)


def year_of(path: str) -> int:
    """The last year in the name of a file, which is that of the publication or its amendment; 0 when there is none."""
    return max(map(int, _YEAR.findall(path)), default=0)


def by_language(texts: Iterable[dict[str, Any]], kind: str) -> dict[str, str]:
    """Texts by the first of their languages: those of a kind, or all; the first one of a language."""
    found: dict[str, str] = {}
    for each in texts:
        if each["language"] and (not kind or each.get("type") == kind):
            found.setdefault(str(each["language"][0]), line(each["content"]) if kind else each["content"])
    return found


def belongs_to(number: str) -> tuple[str, ...]:
    """The publication that an amendment, a corrigendum, a redline or a consolidated version belongs to."""
    base = _VARIANT.sub("", number)
    return amended(base) or ((base,) if base != number else ())
