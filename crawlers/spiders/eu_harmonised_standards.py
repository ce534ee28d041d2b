"""Summary lists of harmonised standards in the EU: files of which no format is known."""

from __future__ import annotations

from typing import ClassVar

from crawlers.bases.card_only import CardOnly, card_only
from domain.source import Publisher, Source


class EuHarmonisedStandards(CardOnly):
    """Named only."""

    card: ClassVar[Source] = card_only(
        slug="eu_harmonised_standards",
        title="Harmonised standards of the EU: summary lists by directive",
        title_zh="欧盟协调标准：各指令的汇总清单",
        publisher=Publisher("European Commission, DG GROW", "欧盟委员会内部市场总司",
                            "https://single-market-economy.ec.europa.eu/", "EU"),
        market="EU",
        url="https://single-market-economy.ec.europa.eu/single-market/goods/"
            "european-standards/harmonised-standards/machinery-md_en",
        licence="Commission Decision 2011/833/EU on the reuse of Commission documents; the standards themselves are "
                "those of CEN and CENELEC, and are sold",
        summary_zh="给予符合性推定的欧洲标准编号，按指令汇总：机械、承压设备、简单压力容器、低电压、电磁兼容、RoHS 等。",
        summary="References of European standards that give presumption of conformity, by directive: machinery, pressure "
                "equipment, simple pressure vessels, low voltage, electromagnetic compatibility, RoHS and others.",
        caveats=(
            "It is not crawled: each page links to a PDF and a workbook, of which nobody has shown us one.",
            "The lists are found from https://single-market-economy.ec.europa.eu/single-market/goods/european-standards/"
            "harmonised-standards_en.",
            "The decisions that cite the standards are law, the lists are not; the source eu_eurlex has the decisions.",
            "Of the standards themselves nothing but number and title may be shown.",
        ),
        caveats_zh=(
            "不采集：各页面链接到 PDF 和工作簿，没有见过其格式。",
            "清单见 https://single-market-economy.ec.europa.eu/single-market/goods/european-standards/"
            "harmonised-standards_en 。",
            "有法律效力的是引用标准的实施决定，不是清单；实施决定见来源 eu_eurlex。",
            "标准本身受版权保护，只能展示编号和名称。",
        ),
    )
