"""RappelConso: France's recalls of consumer products, from the open-data portal of its economy ministry."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import LIST, TEXT, JsonApiSpider, Record
from crawlers.text import iso_day, line, links, plain, stated
from domain import clock
from domain.errors import InvalidValue
from domain.hazard import HAZARDS
from domain.measure import in_order
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Reason, Source

RECORDS = "https://data.economie.gouv.fr/api/explore/v2.1/catalog/datasets/rappelconso-v2-gtin-espaces/records"
PAGE_SIZE = 100
FIRST_YEAR = 2021
SETTLES, LOOK_BACK = timedelta(days=30), timedelta(days=30)
"""How long after its end a year is still asked for, and how far before the newest known notice a run looks again."""

_ANSWER = Record({"total_count": int, "results": list})
_NOTICE = Record(
    {"id": int, "numero_version": int, "identification_produits": LIST}
    | dict.fromkeys(("numero_fiche", "date_publication"), str)
    | dict.fromkeys((
        "nature_juridique_rappel", "categorie_produit", "sous_categorie_produit", "marque_produit", "modeles_ou_references",
        "conditionnements", "date_debut_commercialisation", "date_date_fin_commercialisation", "temperature_conservation",
        "marque_salubrite", "informations_complementaires", "zone_geographique_de_vente", "distributeurs", "motif_rappel",
        "risques_encourus", "preconisations_sanitaires", "description_complementaire_risque",
        "conduites_a_tenir_par_le_consommateur", "numero_contact", "modalites_de_compensation",
        "date_de_fin_de_la_procedure_de_rappel", "informations_complementaires_publiques",
        "lien_vers_la_liste_des_produits", "lien_vers_la_liste_des_distributeurs", "lien_vers_affichette_pdf",
        "lien_vers_la_fiche_rappel", "rappel_guid", "libelle"), TEXT),
    {}, ("liens_vers_les_images",))  # pictures are third parties'
_HAZARDS = {
    "blessures": "injuries", "risque chimique": "chemical", "brûlures": "burns", "incendie": "fire",
    "choc électrique": "electric_shock", "dommage à la vue": "sight", "étouffement": "choking", "suffocation": "suffocation",
    "asphyxie": "asphyxiation", "strangulation": "strangulation", "noyade": "drowning", "coupures": "cuts",
    "explosion": "explosion", "risque pour l'environnement": "environment", "environnement": "environment",
    "dommage auditif": "hearing", "risque microbiologique": "microbiological"}
_GERMS = re.compile(r"listeria|salmonell|escherichia|microbiolog|toxine|histamine|moisissure")
_STEPS = (("remboursement", "refund"), ("echange", "replace"), ("échange", "replace"), ("réparation", "repair"),
          ("détruire le produit", "dispose"))
_EU_CASE = re.compile(r"(?:[a-z]{2,4}|a\d\d)/\d{3,6}/\d{2}", re.I)
_NO_BRAND = frozenset(("", "sans marque", "aucune"))


class FrRappelconso(JsonApiSpider):
    """A window a year, since no more than 10,000 records of a window can be had, each read page by page, the newest first.
    A year whose end is well past and that was read whole is left alone; of the current one the last weeks are read."""

    fields = _NOTICE
    card: ClassVar[Source] = Source(
        slug="fr_rappelconso",
        title="RappelConso: recalls of consumer products in France",
        title_zh="法国 RappelConso 消费品召回",
        publisher=Publisher("DGCCRF with DGAL and DGEC (France)", "法国竞争、消费与反欺诈总局（DGCCRF）等",
                            "https://www.economie.gouv.fr/dgccrf", "FR"),
        market="FR",
        url="https://rappel.conso.gouv.fr/",
        hosts=("data.economie.gouv.fr",),
        licence="Licence Ouverte 2.0 / Open Licence (Etalab), to be used with attribution; pictures are third parties'",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=100, max_silence_days=7),
        parser_version=1,
        summary_zh="法国消费品召回（食品、家电、工具、汽车等）：品牌、型号、批号、危害、补偿方式，2021 年至今，法文。",
        summary="Recalls of consumer products in France since 2021 (food, appliances, tools, vehicles and others): brand, "
                "model, batch, risk and remedy, in French.",
        caveats=(
            "About half of the recalls are of food; they are kept too.",
            "The open data are in lower case throughout, brands and numbers included; long texts are cut by the publisher.",
            "Recalls taken over from Safety Gate bear its number in lower case; the number as Safety Gate writes it is "
            "among the identifiers.",
            "A new version of a recall comes with a new date; a recall that vanishes without one, or changes more than 30 "
            "days after its date, is seen only by a full crawl.",
            "The open data name no country of origin.",
            "Pictures are left out on purpose.",
        ),
        caveats_zh=(
            "约一半为食品召回，一并收录。",
            "开放数据全部为小写字母（包括品牌和编号）；过长的文字已被发布机构截断。",
            "转自 Safety Gate 的召回以小写形式沿用其编号；按 Safety Gate 写法的编号列在识别编号中。",
            "召回的新版本会带新的日期；没有新日期而消失的召回，或发布 30 天以后才改动的，只有完整采集才能发现。",
            "开放数据不含原产地。",
            "有意不收录图片。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The years to read, the newest first."""
        today, since = clock.today(), self.job.options.since
        for year in range(today.year, max(FIRST_YEAR, since.year if since else FIRST_YEAR) - 1, -1):
            settled = date(year, 12, 31) + SETTLES < today
            if settled and not since and str(year) in self.job.units:
                self.job.account.known += 1
            else:
                yield self._ask_page(year, 0, entry=year == today.year, archive=settled)

    def _ask_page(self, year: int, offset: int, *, entry: bool = False, archive: bool) -> Request:
        query = urlencode({
            "where": f"date_publication>='{year}-01-01' and date_publication<'{year + 1}-01-01'",
            "order_by": "date_publication desc", "limit": PAGE_SIZE, "offset": offset})
        return self.ask(f"{RECORDS}?{query}", self.read_page, entry=entry, archive=archive, year=year, offset=offset)

    def read_page(self, response: Response, year: int, offset: int) -> Output:
        """A page of a year, and the next one while there is something to find."""
        answer = self.answer(response, _ANSWER)
        results, total, account = answer["results"], answer["total_count"], self.job.account
        newest = self.job.run.newest_on
        if not total and newest and newest.year == year:
            account.emptied = Reason("emptied", {"url": response.url, "newest": newest.isoformat()})
        records = self.each(response, results, lambda record: self._notice(record, year, response.url))
        end, whole = offset + len(results), not (account.losses or account.bad or self.job.options.since)
        if results and end < total:
            yield self.page(response, records)
            if not self._is_old(records.notices, year):
                following = self._ask_page(year, end, archive=response.meta["archive"])
                yield following.replace(priority=1)  # a year is read to its end before the next is begun
            return
        account.stated = (account.stated or 0) + total
        account.got += end
        yield self.page(response, records, unit=str(year) if whole and results and end >= total else "")

    def _is_old(self, notices: list[Notice], year: int) -> bool:
        """Whether all of a page is dated before what a run still looks at."""
        newest, oldest = self.job.run.newest_on, self.job.options.since
        if oldest is None and newest and str(year) in self.job.units:
            oldest = newest - LOOK_BACK
        dates = [notice.published_on for notice in notices if notice.published_on]
        return bool(oldest and dates and max(dates) < oldest)

    def _notice(self, value: Any, year: int, url: str) -> Notice:
        record = self.record(value, _NOTICE, url, "numero_fiche", "id")
        number, published = record["numero_fiche"].strip(), iso_day(record["date_publication"])
        if published is None or published.year != year:
            raise InvalidValue(f"date_publication of {number} is {record['date_publication']!r}, {year} was asked for")
        raw = _NOTICE.texts(record)
        text = {name: broken(value) for name, value in raw.items()}.get
        brand = "" if text("marque_produit", "").strip() in _NO_BRAND else stated(text("marque_produit"))
        product = stated(text("libelle"))
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.RECALL, market="FR", lang="fr",
            title=" – ".join(dict.fromkeys(filter(None, (product or line(text("modeles_ou_references")), brand)))),
            url=text("lien_vers_la_fiche_rappel", ""), published_on=published,
            summary="\n".join(plain(text(name)) for name in (
                "motif_rappel", "description_complementaire_risque", "informations_complementaires_publiques")
                if text(name)),
            product=product, brand=brand, model=stated(text("modeles_ou_references")),
            category=" | ".join(filter(None, (line(text("categorie_produit")), line(text("sous_categorie_produit"))))),
            notifying_country="FR", hazards=self._hazards(text("risques_encourus", ""), number),
            measures=measures(text("modalites_de_compensation", ""), text("conduites_a_tenir_par_le_consommateur", "")),
            identifiers=(*eu_cases(number), *barcodes(record["identification_produits"] or ()),
                         *filter(None, (text("rappel_guid"),))),
            documents=links(*(text(f"lien_vers_{name}") for name in (
                "affichette_pdf", "la_liste_des_produits", "la_liste_des_distributeurs"))), raw=raw,
        )

    def _hazards(self, text: str, number: str) -> tuple[str, ...]:
        """Ids of the hazards in "blessures|brûlures"; germs and toxins of food are named one by one."""
        found = set()
        for risk in filter(None, map(line, re.split(r"[|,\n]", text))):
            name = _HAZARDS.get(risk.replace("’", "'")) or ("microbiological" if _GERMS.search(risk) else "other")
            found.add(name)
        return tuple(name for name in HAZARDS if name in found)


def broken(text: str) -> str:
    """A text with its line breaks, for which a currency sign stands."""
    return text.replace("¤", "\n")


def measures(*texts: str) -> tuple[str, ...]:
    """Ids of what is done about the product: it is recalled, and what its buyer gets or is to do."""
    return in_order(("recall_end_users", *(name for word, name in _STEPS for text in texts if word in text)))


def eu_cases(number: str) -> tuple[str, ...]:
    """The number of the Safety Gate alert that a recall was taken over from, as Safety Gate writes it."""
    return (number.upper(),) if _EU_CASE.fullmatch(number) else ()


def barcodes(values: Iterable[object]) -> tuple[str, ...]:
    """The barcodes (GTIN) among batch numbers and dates, told by their length and check digit."""
    words = (word.strip() for value in values if isinstance(value, str) for word in value.split("|"))
    return tuple(dict.fromkeys(word for word in words if _is_barcode(word)))


def _is_barcode(word: str) -> bool:
    if len(word) not in (8, 12, 13, 14) or not (word.isascii() and word.isdigit()) or not word.strip("0"):
        return False
    return sum(int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(reversed(word))) % 10 == 0
