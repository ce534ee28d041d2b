"""The Canada Gazette: proposed and made regulations and notices, issue by issue."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urldefrag, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.feed import RSS_FORM, FeedSpider
from crawlers.bases.html_list import text_of
from crawlers.errors import NoAnswer, html_instead, is_html, not_parsable, page_title, shape
from crawlers.fields import Fields
from crawlers.text import bounded, iso_day, line
from domain import clock
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Reason, Source

FEEDS = {1: "https://gazette.gc.ca/rss/p1-eng.xml", 2: "https://gazette.gc.ca/rss/p2-eng.xml"}
REACH = timedelta(days=60)
LONGEST_SHOWN = 3_000

_ISSUE = re.compile(r"/rp-pr/p(?P<part>[12])/\d{4}/(?P<folder>(?P<day>\d{4}-\d\d-\d\d)[^/]*)/html/(?P<file>[^/#?]+)")
_REGULATION = re.compile(r"/(?:reg|sor-dors|si-tr)\d+-eng\.html$")
_REGISTERED = re.compile(r"\bRegistration\s+((?:SOR|SI)/\d{4}-\d+)\b")
_PC = re.compile(r"\bP\.C\. \d{4}-\d+")
_COMMENT = re.compile(r"\bwithin (\d{1,3}) days after the (?:date of )?publication\b", re.I)
_REMEDY = re.compile(r"\bdump(?:ing|ed)\b|\bsubsidi[sz]|\bcountervailing\b|\bsafeguard (?:inquiry|measure)", re.I)
_SLIPS = ((re.compile(r"-eng\.php(?=$|#)"), "-eng.html"),
          (re.compile(r"(-eng\.html)(?:@|(?=[a-z]{2,4}\d+$))"), r"\1#"))  # "commis-eng.html@cs7", "commis-eng.htmlcs10"
_NOTHING = re.compile(r"no regulatory text was registered", re.I)
_SOFT_404 = re.compile(r"\b(?:page|file) not found\b|^(?:error )?404\b|couldn.t find", re.I)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an issue's contents: where it leads, what it says, the section and the department it stands under."""

    url: str
    title: str
    section: str
    department: str


class CaGazette(FeedSpider):
    """Two feeds of issues → the contents of each issue of the last 60 days → the page of each regulation not read yet."""

    card: ClassVar[Source] = Source(
        slug="ca_gazette",
        title="Canada Gazette, Parts I and II",
        title_zh="加拿大公报第一、第二部分",
        publisher=Publisher("Government of Canada (Public Services and Procurement Canada)",
                            "加拿大政府（公共服务与采购部）", "https://gazette.gc.ca/", "CA"),
        market="CA",
        url="https://gazette.gc.ca/accueil-home-eng.html",
        hosts=("gazette.gc.ca",),
        licence="Crown copyright; the Reproduction of Federal Law Order allows copies of federal law, not as official",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=100, max_silence_days=21),
        parser_version=1,
        numbers=(r"(?:SOR|SI)/20(?:2[6-9]|[3-9]\d)-\d+",),  # it goes back no more than 60 days
        grade=Grade.DOCUMENTED,
        summary_zh="加拿大公报：第一部分为法规草案（附评议期）和政府公告，第二部分为已制定的法规（SOR）和法定文书（SI）。",
        summary="Part I holds proposed regulations with their comment period and government notices, Part II regulations "
                "that were made (SOR) and statutory instruments (SI).",
        delay=2.0,
        caveats=(
            "Written after what others report of the gazette's pages; it has not been read by us.",
            "Issues of the last 60 days are read; older ones, acts (Part III) and the French edition are left out.",
            "The comment deadline is counted from the words “within N days after the date of publication”.",
            "Of a regulation the beginning of its page is shown; of a notice only its title.",
            "The day of coming into force stands in the text only.",
            "All notices are listed, most of them no product rule: appointments, commissions, trademarks.",
        ),
        caveats_zh=(
            "按他人对公报网页的描述编写，我们尚未读取过。",
            "读取最近 60 天的各期；更早的各期、法律（第三部分）和法文版不收录。",
            "评议截止日按“within N days after the date of publication”推算。",
            "法规显示其网页开头部分，公告只有标题。",
            "生效日期只写在正文中。",
            "列出全部公告，其中大部分不是产品法规，例如任命、委员会、商标。",
        ),
    )
    form = RSS_FORM
    namespaces: ClassVar[dict[str, str]] = {"http://purl.org/dc/elements/1.1/": "dc"}
    head = Fields(("title", "link", "item"), ("lastBuildDate", "pubDate"), (
        "description", "language", "copyright", "image", "ttl", "generator", "docs", "managingEditor", "webMaster",
        "category"))
    fields = Fields(("title", "link"), ("pubDate", "description", "guid"), ("category", "author", "dc:date", "dc:creator"))

    async def start(self) -> AsyncIterator[Request]:
        """Both feeds."""
        for part, url in FEEDS.items():
            yield self.ask(url, self.read_feed, entry=True, part=part)

    def read_feed(self, response: Response, part: int) -> Output:
        """The issues to read; entries that lead to no issue (the quarterly index) and consolidations (-c1) are none."""
        feed = self.feed(response)
        self._check(feed, response.url, 1)
        issues = [(link, found) for link in (str(entry.core.get("link", "")).strip() for entry in feed.entries)
                  if (found := _ISSUE.search(link)) and int(found["part"]) == part]
        if not issues:
            raise shape(response.url, "none of its entries leads to an issue")
        since = self.job.options.since or clock.today() - REACH
        for link, found in issues:
            published = iso_day(found["day"])
            if published and published >= since and not found["folder"].endswith("-c1"):
                yield from self._ask_issue(link, found)

    def _ask_issue(self, link: str, found: re.Match[str]) -> Iterator[Request]:
        if found["file"].startswith("index-"):
            yield self.ask(link, self.read_issue, day=found["day"])
        elif link not in self.job.units:  # an extra edition: its only document
            yield self.ask(link, self.read_document, unit=link, day=found["day"], title="", section="Extra edition",
                           department="")

    def read_issue(self, response: Response, day: str) -> Output:
        """The contents of an issue: notices as they stand there, regulations from pages of their own."""
        main = self._main(response)
        items = list(contents(main, response.url))
        if not items and not _NOTHING.search(main.get_text(" ")):
            raise shape(response.url, "the contents list nothing")
        notices = [item for item in items if not _REGULATION.search(item.url)]
        yield self.page(response, self.each(response, notices, lambda item: self._notice(item, day, "")))
        for item in items:
            if item not in notices and item.url not in self.job.units:
                yield self.ask(item.url, self.read_document, unit=item.url, day=day, title=item.title, section=item.section,
                               department=item.department)

    def read_document(self, response: Response, day: str, title: str, section: str, department: str) -> Output:
        """A regulation, or an extra edition."""
        main = self._main(response)
        heading = main.find("h1")
        item = Item(response.url, title or line(heading.get_text(" ") if heading else ""), section, department)
        text = "\n".join(filter(None, map(line, main.get_text("\n").split("\n"))))
        yield self.page(response, self.each(response, [item], lambda each: self._notice(each, day, text)), unit=response.url)

    def _main(self, response: Response) -> Tag:
        if not is_html(response):
            raise not_parsable(response.url, "HTML", "it is no web page")
        title = page_title(response.body)
        if _SOFT_404.search(title):
            raise NoAnswer(Reason("no_answer", {"url": response.url, "why": f"a page titled {title!r}"}))
        main = BeautifulSoup(self.text(response, "HTML"), "lxml").find("main")
        if main is None:
            raise html_instead(response.url, response.body)
        return main

    def _notice(self, item: Item, day: str, text: str) -> Notice:
        published, found = iso_day(day), _ISSUE.search(item.url)
        if published is None or found is None or not item.title:
            raise InvalidValue(f"{item.url} ({item.title!r}) is no document of an issue")
        registered = "".join(_REGISTERED.findall(text)[:1])
        proposed = "proposed regulation" in item.section.casefold()
        days = _COMMENT.search(text) if proposed else None
        fragment = urldefrag(item.url).fragment
        return Notice(
            source=self.card.slug, kind=kind_of(item, proposed or registered.startswith("SOR")), market="CA",
            external_id=registered or f"p{found['part']}/{found['folder']}/{found['file']}{fragment and f'#{fragment}'}",
            title=item.title, url=item.url, lang="en", published_on=published, summary=bounded(text, LONGEST_SHOWN),
            category=" | ".join(filter(None, (f"Part {'I' * int(found['part'])}", item.section, item.department))),
            notifying_country="CA", stage="proposed" if proposed else "",
            comment_deadline=published + timedelta(days=int(days[1])) if days else None,
            identifiers=(registered, *_PC.findall(text[:LONGEST_SHOWN])),
            raw={"url": item.url, "title": item.title, "section": item.section, "department": item.department, "issue": day},
        )


def kind_of(item: Item, is_rule: bool) -> NoticeKind:
    """A rule, or what the title of a notice tells."""
    if is_rule:
        return NoticeKind.TECHNICAL_REGULATION
    return NoticeKind.TRADE_REMEDY if _REMEDY.search(item.title) else NoticeKind.OTHER


def contents(main: Tag, url: str) -> Iterator[Item]:
    """The lines of an issue's contents, each once; links to a whole section, to notes or elsewhere are none."""
    section, department, headings, seen = "", "", set[str](), set[str]()
    for tag in main.find_all(("h2", "h3", "a")):
        text = text_of(tag)
        if tag.name in ("h2", "h3"):
            section, department = (text, "") if tag.name == "h2" else (section, text)
            headings.add(text)
            continue
        target = mended(urljoin(url, str(tag.get("href", "")).strip()))
        leads_on = urlsplit(target).netloc == urlsplit(url).netloc and urldefrag(target).url != urldefrag(url).url
        if text and text not in headings and leads_on and _ISSUE.search(target) and target not in seen:
            seen.add(target)
            yield Item(target, text, section, department)


def mended(url: str) -> str:
    """An address without the slips of the contents pages: an old ending, an anchor without its sign."""
    for slip, right in _SLIPS:
        url = slip.sub(right, url)
    return url
