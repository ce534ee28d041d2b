"""Korea's recalls of consumer products, in the list that the City of Seoul shows of those of the national agency."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar

from crawlers.bases.html_list import HtmlListSpider, Row
from crawlers.fields import Fields
from crawlers.text import day, line
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source, SourceTier

LIST = "https://sftc.seoul.go.kr/fe/si/recallDmstc/NR_list.do"
DETAIL = "https://sftc.seoul.go.kr/fe/si/recallDmstc/NR_view.do"

_UID = re.compile(r"viewDtail\((\d+)\)")
_MEASURES = {"자발적리콜": ("recall_end_users",), "명령에따른리콜": ("recall_end_users",)}
"""Voluntary and ordered recalls."""


class KrKatsRecalls(HtmlListSpider):
    """Pages of ten, in the order of the numbers given at registration: by its date of announcement a recall may stand up to
    three months too low."""

    card: ClassVar[Source] = Source(
        slug="kr_kats_recalls",
        title="KATS recalls of consumer products (list of the City of Seoul)",
        title_zh="韩国国家技术标准院（KATS）消费品召回（首尔市镜像列表）",
        publisher=Publisher("Korean Agency for Technology and Standards (KATS)", "韩国国家技术标准院（KATS）",
                            "https://www.safetykorea.kr/", "KR"),
        market="KR",
        url=LIST,
        hosts=("sftc.seoul.go.kr",),
        licence="Public data of the Republic of Korea; terms not stated on the page. Source: Product Safety Information "
                "Center (제품안전정보센터), shown by the Seoul Metropolitan Government",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=50, max_silence_days=90),
        parser_version=1,
        tier=SourceTier.MIRROR,
        summary_zh="韩国境内消费品、电气用品和儿童用品的自愿召回与责令召回，近三年，韩文。",
        summary="Voluntary and ordered recalls of consumer products, electrical appliances and children's products in South "
                "Korea over the last three years, in Korean.",
        caveats=(
            "The site answers with empty pages deep in its list: of about 1,240 recalls it states, about 770 can be had. A "
            "walk through the whole list therefore ends as “incomplete”; older recalls are missing here.",
            "After the first load, which is made twice, a run reads the recalls announced in the last 180 days; changes of "
            "older ones are seen only by a full crawl.",
            "The list names no hazard, no origin and no batch.",
            "The field “brand” holds the firm that recalls: maker, importer, seller or their lawyers.",
            "Recalls abroad that KATS also shows (국외리콜) are left out.",
        ),
        caveats_zh=(
            "该网站翻到列表深处会返回空白页：其注明约 1240 条召回，约 770 条可以取到。"
            "因此完整翻阅的结果是“不完整”，较早的召回此处缺失。",
            "首次采集做两遍；"
            "此后每次读取最近 180 天公布的召回，更早条目的变更只有完整采集才能发现。",
            "列表不含危害、原产地和批号。",
            "“品牌”一栏是实施召回的企业：制造商、进口商、销售商或其律师。",
            "有意不收录 KATS 转载的国外召回（국외리콜）。",
        ),
    )
    look_back = timedelta(days=180)
    disorder = timedelta(days=100)  # 83 in three years of the list
    columns = Fields(("번호", "제품명", "모델명", "사업자명", "리콜종류", "공표일"), (),
                     ("번호",))  # the place in the list, which moves
    title = "국내 리콜정보"
    total = re.compile(r"전체\s*(?P<rows>[\d,]+)\s*건\s*\((?P<page>\d+)\s*/\s*\d+\s*page\)")

    def page_url(self, number: int) -> str:
        """A page of the list."""
        return f"{LIST}?pageIndex={number}"

    def notice(self, row: Row, url: str) -> Notice:
        """The notice of a row."""
        uids = set(_UID.findall(str(row.element)))
        if len(uids) != 1:
            raise InvalidValue(f"the row leads to {len(uids)} recalls: {' | '.join(row.cells.values())}"[:200])
        uid = uids.pop()
        product, model, sort = (line(row.cells[name]) for name in ("제품명", "모델명", "리콜종류"))
        published = self.sure_day(row.cells, "공표일", uid, lambda text: day(text, "%Y.%m.%d"))
        return Notice(
            source=self.card.slug, external_id=uid, kind=NoticeKind.RECALL, market="KR",
            title=" – ".join(dict.fromkeys(filter(None, (product, model)))), url=f"{DETAIL}?recallUid={uid}", lang="ko",
            published_on=published, product=product, model=model, brand=line(row.cells["사업자명"]), category=sort,
            notifying_country="KR",
            measures=self.meaning("kind of recall", sort, _MEASURES, uid, ("other",) if sort else ()),
            raw=self.columns.raw(row.cells) | {"recallUid": uid},
        )
