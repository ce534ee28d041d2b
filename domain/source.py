"""Source card: one endpoint we watch, its publisher, its rhythm, and the floor on what it must yield."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from domain.notice import MATERIAL_FIELDS


class Listing(StrEnum):
    """How a source lists its notices; only a full listing can show that something is gone."""

    FULL = "full"
    WINDOW = "window"
    APPEND = "append"


class Grade(StrEnum):
    """How far what a source yields has been seen to be right. PROVEN: its spider has read real captured bytes. DOCUMENTED:
    it follows documentation alone. CARD_ONLY: there is no spider; the card says why, and where to look instead."""

    PROVEN = "proven"
    DOCUMENTED = "documented"
    CARD_ONLY = "card_only"


class SourceTier(StrEnum):
    """How far a source may be believed; the ids of ``source_tiers`` in the vocabulary."""

    OFFICIAL = "official"
    MIRROR = "mirror"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"

    @property
    def stands_alone(self) -> bool:
        """Whether what such a source says may be shown without the agency's own number and page."""
        return self in (SourceTier.OFFICIAL, SourceTier.MIRROR)


class RunStatus(StrEnum):
    """How one crawl of a source stands or ended."""

    RUNNING = "running"
    OK = "ok"
    INCOMPLETE = "incomplete"
    BLOCKED = "blocked"
    FAILED = "failed"
    HELD = "held"


class RunKind(StrEnum):
    """What a run read: the source itself, or what was captured of it before."""

    CRAWL = "crawl"
    REPARSE = "reparse"


@dataclass(frozen=True, slots=True)
class Publisher:
    """The authority behind a source."""

    name: str
    name_zh: str
    url: str
    country: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """The floor of a source: a complete run sees at least ``min_items`` notices, and something new comes at least
    every ``max_silence_days``."""

    min_items: int
    max_silence_days: int


@dataclass(frozen=True, slots=True)
class Source:
    """The card of a source. ``hosts`` are the only hosts its spider may ask; ``rhythm`` is the time between two runs;
    ``delay`` the seconds between an answer of a host and the next request to it; ``parser_version`` grows with every change
    of the parser that changes what it yields; ``caveats`` tell readers, sentence by sentence in both languages, what the
    source does not hold or what we leave out on purpose; ``numbers`` are regular expressions, each of a whole number as
    people cite it, of the documents that it holds when it is read (see domain.coverage).
    """

    slug: str
    title: str
    title_zh: str
    publisher: Publisher
    market: str
    url: str
    hosts: tuple[str, ...]
    licence: str
    listing: Listing
    expectation: Expectation
    parser_version: int
    summary_zh: str
    summary: str
    grade: Grade = Grade.PROVEN
    tier: SourceTier = SourceTier.OFFICIAL
    rhythm: timedelta = timedelta(days=1)
    delay: float = 1.0
    archive_after: timedelta = timedelta(days=90)
    material_fields: frozenset[str] = MATERIAL_FIELDS
    needs_key: bool = False
    caveats: tuple[str, ...] = ()
    caveats_zh: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a run ended as it did: a stable code (see REASONS) and the facts that fill its sentence."""

    code: str
    facts: dict[str, str] = field(default_factory=dict)

    def text(self, lang: str = "en") -> str:
        """The reason as a sentence in ``zh`` or ``en``."""
        english, chinese = REASONS[self.code]
        return (chinese if lang.startswith("zh") else english).format_map(self.facts)


REASONS: dict[str, tuple[str, str]] = {
    "ok": ("", ""),
    "below_floor": ("below its floor: saw {got} notices, expects at least {floor}",
                    "低于下限：本次只见到 {got} 条，应不少于 {floor} 条"),
    "listing_short": ("got {got} of the {stated} that the publisher states", "发布机构称共 {stated} 条，只取到 {got} 条"),
    "emptied": ("{url} holds nothing any more, though one notice of it is dated {newest}",
                "{url} 已无任何信息，而此前曾收到日期为 {newest} 的信息"),
    "pages_lost": ("{lost} of {asked} pages could not be read; the first: {why}",
                   "{asked} 个页面中有 {lost} 个读取失败，首个：{why_zh}"),
    "records_lost": ("{count} records could not be read; first: {first}: {why}",
                     "有 {count} 条记录无法读取，首条：{first}：{why}"),
    "timed_out": ("{url} did not answer in time", "{url} 超时未应答"),
    "cut_off": ("the answer of {url} broke off before its end", "{url} 的应答在中途断开"),
    "closed": ("{url} closed the connection without an answer", "{url} 未作应答就断开了连接"),
    "redirect_loop": ("{url} redirects without end", "{url} 不断跳转，没有终点"),
    "unreachable": ("{url} could not be reached: {why}", "无法连接 {url}：{why}"),
    "off_site": ("{url} led to {target}, which is no address of this source", "{url} 跳转到 {target}，不属于该来源的地址"),
    "insecure_redirect": ("{url} led to {target}, which is not encrypted", "{url} 跳转到未加密的地址 {target}"),
    "refused_address": ("{url} was not asked: {address} is refused ({rule})",
                        "未访问 {url}：{address} 不予连接（{rule_zh}）"),
    "unverified_tls": ("{url} could not prove who it is (unverified TLS): {why}",
                       "{url} 无法证明其身份（TLS 证书未通过验证）：{why}"),
    "too_large": ("the answer of {url} is larger than is taken: {why}", "{url} 的应答超出接收上限：{why}"),
    "unpacking": ("the answer of {url} could not be unpacked ({coding})", "{url} 的应答无法解压（{coding}）"),
    "no_answer": ("no usable answer from {url}: {why}", "{url} 没有给出可用的应答：{why}"),
    "http_status": ("{url} answered with HTTP status {status}", "{url} 返回 HTTP 状态码 {status}"),
    "html_instead": ("{url} answered with an HTML page instead of data (“{title}”): blocked or out of order",
                     "{url} 返回的是网页（“{title}”）而不是数据：可能被拦截或对方故障"),
    "not_parsable": ("{url} did not answer with readable {format}: {why}", "{url} 返回的内容不是可读的 {format}：{why}"),
    "shape": ("{url} has changed its shape: {what}", "{url} 的数据结构已改变：{what}"),
    "field_missing": ("{url} has changed its shape: the field “{field}” is missing ({where})",
                      "{url} 的数据结构已改变：缺少字段“{field}”（{where}）"),
    "robots": ("robots.txt of {host} forbids {url}", "{host} 的 robots.txt 不允许访问 {url}"),
    "interrupted": ("the run was cut off before its end (the process died)", "采集进程中途被终止，未完成"),
    "breaker": ("held: {count} notices would alert, the limit is {limit}; check, then release the run",
                "已暂停推送：将触发预警的信息有 {count} 条，上限 {limit} 条；请核对后放行"),
    "breaker_day": ("held: {count} notices of a single day ({day}) would alert, the limit is {limit}; check, then release "
                    "the run", "已暂停推送：同一天（{day}）将触发预警的信息有 {count} 条，上限 {limit} 条；请核对后放行"),
    "error": ("error in our own code: {what}", "本系统程序出错：{what}"),
    "silent": ("nothing newer than {newest}; something new is expected at least every {days} days",
               "最新一条为 {newest}；通常每 {days} 天内应有新信息"),
    "not_crawled": ("{why}", "{why_zh}"),
    "overdue": ("a crawl is due every {hours} hours, but none has begun: the scheduler does not seem to run",
                "应每 {hours} 小时采集一次，但到期后一直没有开始：调度进程可能没有运行"),
    "unfinished": ("a crawl is due every {hours} hours, but the last one has not ended: it hangs, or its process died",
                   "应每 {hours} 小时采集一次，但上一次开始后一直没有结束：可能卡住，或进程已终止"),
    "paused": ("{why}", "{why}"),
    "no_reader": ("{url} was captured for “{reader}”, which the parser does not have in that form any more",
                  "{url} 的原始记录应由“{reader}”读取，现在的解析程序已无此步骤"),
    "missing_key": ("an API key is needed: set {setting}", "需要 API 密钥：请设置 {setting}"),
}
