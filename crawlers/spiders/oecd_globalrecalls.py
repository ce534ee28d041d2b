"""The OECD's portal of product recalls: all rights reserved, and robots turned away."""

from __future__ import annotations

from typing import ClassVar

from crawlers.bases.card_only import CardOnly, card_only
from domain.source import Publisher, Source, SourceTier


class OecdGlobalrecalls(CardOnly):
    """Named only; the recalls that it gathers are read from the authorities themselves."""

    card: ClassVar[Source] = card_only(
        slug="oecd_globalrecalls",
        title="OECD GlobalRecalls: global portal on product recalls",
        title_zh="经合组织全球产品召回门户（GlobalRecalls）",
        publisher=Publisher("Organisation for Economic Co-operation and Development (OECD)", "经济合作与发展组织（OECD）",
                            "https://www.oecd.org/", "INT"),
        market="INT",
        url="https://globalrecalls.oecd.org/",
        licence="© OECD, all rights reserved (stated in its feed); no open licence",
        tier=SourceTier.SECONDARY,
        summary_zh="汇集约 50 个主管机关的非食品消费品召回，可按产品和国家检索。",
        summary="Recalls of non-food consumer products of about 50 authorities, searchable by product and country.",
        caveats=(
            "It is not crawled: its robots.txt asks all robots to stay away, and its feed reserves all rights.",
            "Look it up by hand at https://globalrecalls.oecd.org/ to check whether a product was recalled elsewhere.",
            "It gathers what authorities publish themselves; those of our own list of sources are read there, sooner and in "
            "full.",
            "It shows old recalls again as new ones, and Canadian ones twice: trust the date of the authority.",
        ),
        caveats_zh=(
            "不采集：其 robots.txt 要求所有程序不要访问，其订阅源声明保留一切权利。",
            "需要核对某产品是否在别国被召回时，请在 https://globalrecalls.oecd.org/ 手工查询。",
            "它转载各主管机关自己发布的召回；本平台来源清单中的机关，我们直接读取，更早也更完整。",
            "它会把旧召回当作新信息重新列出，加拿大的召回会出现两次：请以主管机关的日期为准。",
        ),
    )
