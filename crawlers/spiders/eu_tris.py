"""TRIS: drafts of national technical rules in the EU, on pages of which only the labels are known."""

from __future__ import annotations

from typing import ClassVar

from crawlers.bases.card_only import CardOnly, card_only
from domain.source import Publisher, Source


class EuTris(CardOnly):
    """Named only."""

    card: ClassVar[Source] = card_only(
        slug="eu_tris",
        title="TRIS: draft technical rules of EU member states, Directive (EU) 2015/1535",
        title_zh="欧盟 TRIS：成员国技术法规草案通报（指令 (EU) 2015/1535）",
        publisher=Publisher("European Commission, DG GROW", "欧盟委员会内部市场总司",
                            "https://technical-regulation-information-system.ec.europa.eu/", "EU"),
        market="EU",
        url="https://technical-regulation-information-system.ec.europa.eu/en/search",
        licence="Commission Decision 2011/833/EU on the reuse of Commission documents",
        summary_zh="欧盟成员国、欧洲经济区国家、瑞士和土耳其的国家技术法规草案及其停滞期，"
                   "相当于欧盟内部的 TBT 通报。",
        summary="Drafts of national technical rules of EU and EEA states, Switzerland and Türkiye with their standstill "
                "periods: what TBT notifications are within the EU.",
        caveats=(
            "It is not crawled: the labels of its pages are known, their markup is not; the search holds no list.",
            "Drafts are found at https://technical-regulation-information-system.ec.europa.eu/en/search; each bears a "
            "number such as 2026/0111/DK.",
            "A draft may be adopted when its standstill has ended; that is not to say that it was.",
            "Drafts that concern trade with others reach us as TBT notifications of the EU and its members.",
        ),
        caveats_zh=(
            "不采集：只知道页面上的栏目名称，没有见过其网页结构，检索页也不含列表。",
            "草案可在 https://technical-regulation-information-system.ec.europa.eu/en/search 检索，编号形如 2026/0111/DK。",
            "停滞期结束后草案可以通过，并不表示已经通过。",
            "涉及对外贸易的草案会以欧盟及其成员国的 TBT 通报出现在本平台。",
        ),
    )
