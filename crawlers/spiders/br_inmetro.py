"""Acts of Brazil's Inmetro, out of section 1 of the official gazette, whose pages carry the day's acts as JSON."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.daily import DailySpider
from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.errors import field_missing, html_instead, is_html, not_parsable, shape
from crawlers.text import day, line, plain
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

READING = "https://www.in.gov.br/leiturajornal"
ACT = "https://www.in.gov.br/web/dou/-/"
INMETRO = re.compile(r"instituto nacional de metrologia", re.I)

_DAY = Record({"jsonArray": list, "dateUrl": str}, {"typeNormDay": dict | None, "section": TEXT}, ("idPortletInstance",))
_ACT = Record(
    dict.fromkeys(("urlTitle", "title", "pubDate", "content", "artType", "hierarchyStr"), TEXT),
    dict.fromkeys(("titulo", "subTitulo", "editionNumber", "pubName"), TEXT),
    ("numberPage", "hierarchyLevelSize", "pubOrder", "hierarchyList"))  # places in print; the parts of hierarchyStr
_RULES = re.compile(r"^(?:portaria|resolução|instrução normativa|regulamento)", re.I)
_DRAFT = re.compile(r"\bconsulta pública\b", re.I)
_APPROVAL = re.compile(r"\b(?:aprovar|modificar|cancelar|alterar) (?:o|os|a|as) (?:modelos?|famílias? de modelos?)\b"
                       r"|\baprovação de modelo\b", re.I)
_NUMBER = re.compile(r"\bn[º°o.]*\s*([\d.]+),? de \d{1,2}[º°]? de \w+ de (\d{4})", re.I)


class BrInmetro(DailySpider, JsonApiSpider):
    """One page a day; of its acts those of Inmetro."""

    fields = _ACT
    card: ClassVar[Source] = Source(
        slug="br_inmetro",
        title="Inmetro: acts in Brazil's official gazette (Diário Oficial da União, section 1)",
        title_zh="巴西国家计量质量与技术院（Inmetro）在联邦公报上发布的文件",
        publisher=Publisher("Inmetro (Brazil)", "巴西国家计量、质量与技术院（Inmetro）", "https://www.gov.br/inmetro/",
                            "BR"),
        market="BR",
        url="https://www.in.gov.br/leiturajornal?secao=do1",
        hosts=("www.in.gov.br",),
        licence="Official texts of Brazil, not protected by copyright (Lei 9.610/1998, art. 8)",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=3, max_silence_days=14),
        parser_version=1,
        # it goes back no more than 30 days
        numbers=(r"Portaria Inmetro (?:n[º°] ?)?\d+/20(?:2[6-9]|[3-9]\d)",),
        grade=Grade.DOCUMENTED,
        summary_zh="巴西 Inmetro 发布的 Portaria（技术法规、合格评定要求、能效标签）及公开征求意见，葡萄牙文。",
        summary="Ordinances (portarias) of Inmetro: technical regulations, rules of conformity assessment, energy labels, "
                "and public consultations; in Portuguese.",
        delay=2.0,
        caveats=(
            "Written after what others report of the gazette's pages; it has not been read by us.",
            "Acts of Inmetro in section 1 only; extra editions and acts of other authorities are left out.",
            "Many acts approve single models of measuring instruments: they are kept as “other”.",
            "The gazette shows the beginning of a text, not the whole: products and dates may stand only in the act.",
            "The first load goes back 30 days. Later runs read the last ten days again, and older ones no more.",
            "Recalls of Brazil (Senacon) are published elsewhere and are not in here.",
        ),
        caveats_zh=(
            "按他人对公报网页的描述编写，我们尚未读取过。",
            "只取公报第一部分中 Inmetro 的文件；不含号外和其他机关的文件。",
            "许多文件只批准个别计量器具型号，归为“其他”。",
            "公报列表只显示正文开头：所涉产品、期限和日期可能只写在文件中。",
            "首次采集回溯 30 天；此后每次重读最近十天，更早的不再读取。",
            "巴西的召回（Senacon）在别处发布，不在此列。",
        ),
    )

    def day_url(self, day: date) -> str:
        """The page of a day."""
        return f"{READING}?{urlencode({'data': f'{day:%d-%m-%Y}', 'secao': 'do1'})}"

    def read_day(self, response: Response, day: str) -> Output:
        """The acts of a day; there are none on days without a gazette."""
        found = self._embedded(response)
        acts = found["jsonArray"]
        if acts and found["dateUrl"] != f"{date.fromisoformat(day):%d-%m-%Y}":
            raise shape(response.url, f"it holds the acts of {found['dateUrl']}")
        ours = [act for act in acts if self._is_ours_to_read(act, response.url)]
        notices = self.each(response, ours, lambda act: self._notice(act, day, response.url))
        yield self.page(response, notices, unit=day if acts else "")

    @staticmethod
    def _is_ours_to_read(act: Any, url: str) -> bool:
        """Whether an act is Inmetro's. Raises ShapeChanged for one that does not say whose it is, as all do."""
        if not isinstance(act, dict) or "hierarchyStr" not in act:
            raise field_missing(url, "hierarchyStr", "an act")
        return INMETRO.search(str(act["hierarchyStr"])) is not None

    def _embedded(self, response: Response) -> dict[str, Any]:
        """The JSON that a page carries for its own script."""
        if not is_html(response):
            raise not_parsable(response.url, "HTML", "it is no web page")
        soup = BeautifulSoup(self.text(response, "HTML"), "lxml", parse_only=SoupStrainer("script", id="params"))
        script = soup.find("script")
        if script is None:
            raise html_instead(response.url, response.body)
        try:
            found = json.loads(script.get_text())
        except (ValueError, RecursionError) as error:
            raise not_parsable(response.url, "JSON", error) from None
        return self.frame(found, _DAY, response.url, "the page")

    def _notice(self, value: Any, asked: str, url: str) -> Notice:
        act = self.record(value, _ACT, url, "urlTitle")
        name, title, text = line(act["urlTitle"]), line(act["title"]), plain(act["content"])
        published = day(act["pubDate"], "%d/%m/%Y")
        if not name or str(published) != asked:
            raise InvalidValue(f"act {name!r} is of {act['pubDate']!r}, {asked} was asked for")
        kind, stage = kind_of(line(act["artType"]) or title, f"{title} {text}")
        return Notice(
            source=self.card.slug, external_id=name, kind=kind, market="BR", title=title or name, url=ACT + name, lang="pt",
            published_on=published, summary=text, notifying_country="BR", stage=stage,
            category=" | ".join(filter(None, (line(act["artType"]), line(act["hierarchyStr"])))),
            identifiers=tuple(f"Portaria Inmetro {number.strip('.')}/{year}" for number, year in _NUMBER.findall(title)
                              if title.casefold().startswith("portaria")),
            raw=_ACT.texts(act),
        )


def kind_of(sort: str, text: str) -> tuple[NoticeKind, str]:
    """The kind of an act and its stage: a rule, a draft of one, or neither."""
    if _DRAFT.search(text):
        return NoticeKind.TECHNICAL_REGULATION, "proposed"
    is_rule = _RULES.search(sort) and not _APPROVAL.search(text)
    return (NoticeKind.TECHNICAL_REGULATION if is_rule else NoticeKind.OTHER), ""
