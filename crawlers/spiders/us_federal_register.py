"""The Federal Register: rules, proposed rules and notices of US agencies, from its API."""

from __future__ import annotations

from typing import ClassVar

from crawlers.bases.federal_register import FederalRegisterSpider
from domain.source import Expectation, Listing, Publisher, Source


class UsFederalRegister(FederalRegisterSpider):
    """All documents of the kinds that are taken."""

    card: ClassVar[Source] = Source(
        slug="us_federal_register",
        title="US Federal Register: rules, proposed rules and notices",
        title_zh="美国联邦公报：规章、规章草案与公告",
        publisher=Publisher("Office of the Federal Register (NARA) with GPO", "美国联邦公报办公室（国家档案与文件管理局）",
                            "https://www.federalregister.gov/", "US"),
        market="US",
        url="https://www.federalregister.gov/documents/current",
        hosts=("www.federalregister.gov",),
        licence="US government work, public domain; the website is an informational edition, govinfo.gov has the legal one",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=1_000, max_silence_days=7),
        parser_version=2,
        # of 2016 and later: the first volume and the first investigations of that year
        numbers=(r"(?:FR Doc\.? )?20(?:1[6-9]|[2-9]\d)-\d{5}", r"(?:8[1-9]|9\d|\d{3}) FR \d+", r"337-TA-(?:9[89]\d|\d{4})"),
        summary_zh="美国联邦机构的最终规章、规章草案和公告，附评议截止与生效日期；"
                   "含 337 调查、反倾销反补贴、能效与化学品法规。",
        summary="Final rules, proposed rules and notices of US federal agencies with comment deadlines and effective dates; "
                "among them section 337 cases, anti-dumping and countervailing duties, efficiency standards, chemicals.",
        caveats=(
            "Rules, proposed rules and notices of all agencies since 2016 are taken; presidential documents are left out.",
            "Documents that the publisher has not categorised are left out.",
            "A proposed rule is a draft, not law in force.",
            "Title and abstract are read, not the full text; many notices have no abstract.",
            "Changes of documents more than one to three months old are seen only by a full crawl.",
            "Trade remedies and section 337 cases are told from other notices by docket numbers and words.",
        ),
        caveats_zh=(
            "收录 2016 年以来所有机构的规章、规章草案和公告；不收录总统文件。",
            "不收录发布机构未分类的文件。",
            "规章草案（Proposed Rule）不是现行法规。",
            "只读取标题和摘要，不读全文；许多公告没有摘要。",
            "发布超过一至三个月的文件，其改动只有完整采集才能发现。",
            "贸易救济和 337 调查依案号和用语从其他公告中识别。",
        ),
    )
