"""Taiwan's bureau of standards: announcements on a site whose pages nobody has shown us."""

from __future__ import annotations

from typing import ClassVar

from crawlers.bases.card_only import CardOnly, card_only
from domain.source import Publisher, Source


class TwBsmi(CardOnly):
    """Named only."""

    card: ClassVar[Source] = card_only(
        slug="tw_bsmi",
        title="BSMI: commodity inspection announcements of Taiwan",
        title_zh="台湾标准检验局（BSMI）商品检验公告",
        publisher=Publisher("Bureau of Standards, Metrology and Inspection (Taiwan)", "台湾经济主管部门标准检验局（BSMI）",
                            "https://www.bsmi.gov.tw/", "TW"),
        market="TW",
        url="https://www.bsmi.gov.tw/wSite/lp?ctNode=8644",
        licence="Not known: no terms of use have been seen",
        summary_zh="应施检验商品的品目和检验标准公告（含资讯类产品的 CNS 标准及有害物质 CNS 15663 要求）、"
                   "不合格与召回商品信息，繁体中文。",
        summary="Announcements of goods subject to inspection and of the standards that hold for them (CNS standards for "
                "office machines, CNS 15663 on hazardous substances), and of goods that failed; in Traditional Chinese.",
        caveats=(
            "It is not crawled: only addresses are known, and no page of theirs has been seen.",
            "Announcements are listed at https://www.bsmi.gov.tw/wSite/lp?ctNode=8644; each page bears a number of its own "
            "(xItem).",
            "The laws behind them, such as the Commodity Inspection Act, are in the source tw_moj_law.",
            "Drafts reach us earlier as TBT notifications that Taiwan (TPKM) sends to the WTO.",
        ),
        caveats_zh=(
            "不采集：只知道网址，没有见过其网页内容。",
            "公告列表见 https://www.bsmi.gov.tw/wSite/lp?ctNode=8644 ；每个页面有自己的编号（xItem）。",
            "其上位法（如商品检验法）见来源 tw_moj_law。",
            "草案会更早以台湾（TPKM）向 WTO 提交的 TBT 通报出现在本平台。",
        ),
    )
