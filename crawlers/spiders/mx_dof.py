"""Mexico's Diario Oficial de la Federación: what each day's editions hold, from the JSON behind its site."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, ClassVar

from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.daily import DailySpider
from crawlers.bases.json_api import LIST, TEXT, JsonApiSpider, Record
from crawlers.errors import NoAnswer, shape
from crawlers.text import day, line
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Reason, Source

NOTES = "https://sidof.segob.gob.mx/dof/sidof/notas"
PAGE = "https://www.dof.gob.mx/nota_detalle.php"
EDITIONS = ("NotasMatutinas", "NotasVespertinas", "NotasExtraordinarias")

_ANSWER = Record({"messageCode": int} | dict.fromkeys(EDITIONS, LIST), {"response": TEXT})
_NOTE = Record(
    {"codNota": int | None, "fecha": TEXT},
    dict.fromkeys(("titulo", "codSeccion", "nombreCodOrgaUno", "codOrgaDos", "nombreCodOrgaDos"), TEXT),
    ("codDiario", "codOrgaUno", "pagina", "paginaHasta", "orden", "estado", "tipoNota",  # places in print, and inner states
     "existeHtml", "existeDoc", "existeImagen", "existePdf"))
_NOM = re.compile(r"\b(?:PROY-)?(?:NOM|NMX)(?:-[A-Z]+)?(?:-EM)?-\d+(?:/\d+)?-[A-Z0-9/-]+-\d{4}\b")
_DRAFT = re.compile(r"^proyecto de\b|\bPROY-NO?MX?-", re.I)
_RULE = re.compile(r"\bnorma oficial mexicana\b|\bNOM-\d|\breglas? de carácter general\b|\breglamento\b|\bley\b", re.I)
_NOM_ITSELF = re.compile(r"\bnorma oficial mexicana\b", re.I)
_STANDARD = re.compile(r"\bnormas? mexicanas?\b|\bNMX-", re.I)
_REMEDY = re.compile(r"antidumping|antisubvención|cuotas? compensatorias?|\bdumping\b|discriminación de precios"
                     r"|prácticas desleales|salvaguardia", re.I)
_FROM_CHINA = re.compile(r"\boriginari[ao]s de\b[^.;]{0,80}\bChina\b", re.I)


class MxDof(DailySpider, JsonApiSpider):
    """One answer a day, with its three editions."""

    fields = _NOTE
    card: ClassVar[Source] = Source(
        slug="mx_dof",
        title="Diario Oficial de la Federación: official gazette of Mexico",
        title_zh="墨西哥联邦官方公报（DOF）",
        publisher=Publisher("Secretaría de Gobernación (Mexico)", "墨西哥内政部", "https://www.dof.gob.mx/", "MX"),
        market="MX",
        url="https://www.dof.gob.mx/",
        hosts=("sidof.segob.gob.mx",),
        licence="Official texts of Mexico; no licence is stated at the interface",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=60, max_silence_days=10),
        parser_version=1,
        numbers=(r"(?:PROY-)?(?:NOM|NMX)-.+-20(?:2[6-9]|[3-9]\d)",),  # it goes back no more than 30 days
        grade=Grade.DOCUMENTED,
        summary_zh="墨西哥每日公报的目录（西班牙文）：官方标准 NOM（强制性技术法规）及其草案、"
                   "墨西哥标准 NMX、反倾销与反补贴决定等。",
        summary="The contents of Mexico's daily gazette, in Spanish: official standards (NOM, which are mandatory) and "
                "their drafts, Mexican standards (NMX), anti-dumping and countervailing decisions, and all else.",
        delay=2.0,
        caveats=(
            "Written after what others report of the interface; it has not been read by us.",
            "Everything in the gazette is listed, most of it no product rule: tenders, appointments, exchange rates.",
            "Titles only: products, substances, comment periods and days of coming into force stand in the text.",
            "The first load goes back 30 days. Later runs read the last ten days again, and older ones no more.",
            "The interface may answer with an empty day when it fails: an empty day is asked for again for 20 days.",
            "Whether a notice is a rule, a standard or a trade remedy is read from its title.",
        ),
        caveats_zh=(
            "按他人对该接口的描述编写，我们尚未读取过。",
            "列出公报全部内容，其中大部分不是产品法规，例如招标、任命、汇率。",
            "只有标题：所涉产品、物质、评议期和生效日写在正文中。",
            "首次采集回溯 30 天；此后每次重读最近十天，更早的不再读取。",
            "该接口出错时可能返回空白的一天：空白的日期会在 20 天内反复查询。",
            "是法规、标准还是贸易救济，依标题判断。",
        ),
    )
    custom_settings: ClassVar[dict[str, object]] = {  # type: ignore[misc]
        "DEFAULT_REQUEST_HEADERS": {"Accept": "*/*", "Accept-Language": "es"},  # asked for JSON by name it answers 406
    }

    def day_url(self, day: date) -> str:
        """The notes of a day."""
        return f"{NOTES}/{day:%d-%m-%Y}"

    def read_day(self, response: Response, day: str) -> Output:
        """The notes of the three editions; rows without a title are headings of the printed contents."""
        answer = self.answer(response, _ANSWER)
        if answer["messageCode"] != 200:
            why = f"{answer['messageCode']}: {line(answer.get('response'))}"
            raise NoAnswer(Reason("no_answer", {"url": response.url, "why": why}))
        rows = [row for name in EDITIONS for row in answer[name] or ()]
        titled = [row for row in rows if not isinstance(row, dict) or row.get("titulo") not in (None, "")]
        if rows and not titled:
            raise shape(response.url, f"none of its {len(rows)} notes has a title")
        found = self.each(response, titled, lambda row: self._notice(row, day, response.url))
        yield self.page(response, found, unit=day if found.notices else "")

    def _notice(self, value: Any, asked: str, url: str) -> Notice:
        note = self.record(value, _NOTE, url, "codNota")
        number, title = note["codNota"], line(note["titulo"])
        published = day(note["fecha"], "%d-%m-%Y")
        if not number or published is None:
            raise InvalidValue(f"note {number!r} is of {note['fecha']!r}")
        if str(published) != asked:
            raise InvalidValue(f"note {number} is of {published}, {asked} was asked for")
        kind = kind_of(title)
        offices = (note.get(field) for field in ("nombreCodOrgaUno", "nombreCodOrgaDos", "codOrgaDos"))
        return Notice(
            source=self.card.slug, external_id=str(number), kind=kind, market="MX", title=title,
            url=f"{PAGE}?codigo={number}&fecha={published:%d/%m/%Y}", lang="es", published_on=published,
            category=" | ".join(dict.fromkeys(filter(None, map(line, offices)))),
            notifying_country="MX", origin="CN" if _FROM_CHINA.search(title) else "",
            stage="proposed" if kind is not NoticeKind.OTHER and _DRAFT.search(title) else "",
            identifiers=tuple(_NOM.findall(title)), raw=_NOTE.texts(note),
        )


def kind_of(title: str) -> NoticeKind:
    """What a title says a note is; most are none of our kinds."""
    if _REMEDY.search(title):
        return NoticeKind.TRADE_REMEDY
    if _STANDARD.search(title) and not _NOM_ITSELF.search(title):
        return NoticeKind.STANDARD
    return NoticeKind.TECHNICAL_REGULATION if _RULE.search(title) else NoticeKind.OTHER
