"""Section 337 cases of the US International Trade Commission: its notices in the Federal Register."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from crawlers.bases.federal_register import FederalRegisterSpider
from crawlers.bases.spans import Span
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

_SUBJECT = re.compile(r"(?:In the Matter of )?Certain (.+?)(?=;|\s+(?:Notice|Commission|Institution)\b|$)", re.I)


class UsItc337(FederalRegisterSpider):
    """The Commission's documents that speak of section 337."""

    card: ClassVar[Source] = Source(
        slug="us_itc_337",
        title="USITC section 337 investigations (notices in the Federal Register)",
        title_zh="美国国际贸易委员会 337 调查（联邦公报公告）",
        publisher=Publisher("U.S. International Trade Commission", "美国国际贸易委员会", "https://www.usitc.gov/", "US"),
        market="US",
        url="https://www.federalregister.gov/agencies/international-trade-commission",
        hosts=("www.federalregister.gov",),
        licence="US government work, public domain; the website is an informational edition, govinfo.gov has the legal one",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=20, max_silence_days=30),
        parser_version=1,
        # those instituted before 2016 had their notices before our first day
        numbers=(r"337-TA-(?:9[89]\d|\d{4})",),
        summary_zh="337 调查各阶段的公告：申请、立案、初裁、复审、终裁、排除令与禁止令、终止，2016 年至今。",
        summary="Notices of each step of section 337 cases since 2016: complaint, institution, initial determination, "
                "review, final determination, exclusion and cease and desist orders, termination.",
        rhythm=timedelta(hours=12),
        caveats=(
            "Each step of a case is a notice of its own; the investigation number among its identifiers joins them.",
            "Title and abstract are read, not the full text: patents and respondents stand only in the document.",
            "The Commission's docket (EDIS) has filings days before the Federal Register has the notice; it is not read.",
            "Duty cases of the Commission are left out; the same notices stand under the US Federal Register too.",
            "The step is told from the title; where the title names none, it is left open.",
        ),
        caveats_zh=(
            "案件每一步是一条单独的信息，以标识号中的调查编号（337-TA-…）相连。",
            "只读取标题和摘要，不读全文：专利号和被申请人只在文件中。",
            "委员会案卷系统（EDIS）比联邦公报早数日，本来源不读取。",
            "不收录委员会的双反案件；同样的公告也在美国联邦公报来源中。",
            "阶段由标题判断；标题未说明的留空。",
        ),
    )
    conditions = (("conditions[agencies][]", "international-trade-commission"), ("conditions[term]", '"section 337"'))

    def notice(self, value: Any, span: Span, url: str) -> Notice:
        """The notice of a document, with the goods that a case is about."""
        notice = super().notice(value, span, url)
        subject = _SUBJECT.match(notice.title) if notice.kind is NoticeKind.IP_EXCLUSION else None
        return replace(notice, product=subject[1].strip() if subject else "")
