"""What happens in the demo before the portal opens, told step by step: first load, news, alerts, bulletins."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape

from crawlers.cards import cards
from domain import clock
from domain.criteria import Criteria
from domain.organisation import Role
from domain.source import Grade, RunStatus
from domain.subscription import Topic
from storage import notices, organisations, runs, sources, subscriptions
from storage.notices import StoredNotice
from zone.bulletins.service import BulletinService
from zonewatch.crawls import crawl_in_child
from zonewatch.demo.cast import FIRMS, ISSUES, OPERATOR, Firm, Issue
from zonewatch.demo.mailbox import Mailbox
from zonewatch.demo.sites import SampleSites, is_sampled
from zonewatch.wiring import Installation
from zonewatch.worker import Worker
from zonewatch.zones import ZONES, appoint, appoint_operator, establish

FLOOR = 1
"""The sample sites hold a handful of notices; the cards' floors are those of the real publishers."""
TITLES = {card.slug: card.title_zh for card in cards() if is_sampled(card.slug)}
ASSOCIATIONS = {zone.slug: zone.association for zone in ZONES}
NO_SITE = "演示没有此来源的样例站点，因此不采集"
COUNTED = {"created": "新增", "revised": "变更", "withdrawn": "撤回"}
WELCOME = """[bold]zonewatch 出口质量安全信息平台 · 演示[/]
全部在本机运行：不连外网，不发真实邮件。样例站点按各发布机构的真实格式提供虚构的信息，标题都以【样例】开头；
原文链接指向发布机构的网站，那里没有这些样例。"""


class Stopped(Exception):
    """The visitor has seen enough."""


@contextmanager
def deaf() -> Iterator[None]:
    """Child processes that begin meanwhile do not hear Ctrl-C, which a terminal sends to all: the demo ends them itself."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Story:
    """The steps, over a fresh installation whose sources are the sample sites."""

    def __init__(self, found: Installation, sites: SampleSites, mailbox: Mailbox, screen: Console,
                 stop: threading.Event) -> None:
        self.found, self.sites, self.mailbox, self.stop, self.screen = found, sites, mailbox, stop, screen

    def tell(self) -> None:
        """All of them. Raises Stopped when the visitor wants it to end."""
        self._say(WELCOME)
        for step in (self._prepare, self._first_load, self._news, self._alerts, self._bulletins):
            step()
            if self.stop.is_set():
                raise Stopped

    def _say(self, text: str) -> None:
        self.screen.print(text)

    def _prepare(self) -> None:
        self._say("\n[bold]第 1 步　准备：两个示范区、三家企业、各自的订阅[/]")
        sources.save_cards(self.found.db, cards())
        for card in cards():
            if card.slug in TITLES:
                sources.set_floor(self.found.db, card.slug, FLOOR, "demo")
            elif card.grade is not Grade.CARD_ONLY:
                sources.pause(self.found.db, card.slug, NO_SITE, "demo")
        establish(self.found.db)
        appoint_operator(self.found.db, OPERATOR)
        for issue in ISSUES:
            appoint(self.found.db, issue.editor, issue.zone, Role.EDITOR)
        for firm in FIRMS:
            self._enrol(firm)
            self._say(f"  {firm.name}（{firm.makes}）")
            for label in firm.wishes:
                self._say(f"    订阅：{label}")

    def _enrol(self, firm: Firm) -> None:
        """A firm of a zone, with its wishes and the zone's bulletins; all confirmed."""
        person_id = appoint(self.found.db, firm.email, firm.zone, Role.MEMBER, firm.name)
        wishes = [(Topic.NOTICES, label, criteria) for label, criteria in firm.wishes.items()]
        with self.found.db.write() as session:
            zone_id = organisations.zone(session, firm.zone).id
            for topic, label, criteria in (*wishes, (Topic.BULLETINS, f"{ASSOCIATIONS[firm.zone]}简报", Criteria())):
                subscriptions.activate(session, subscriptions.create(session, person_id, topic, label, criteria, zone_id))

    def _first_load(self) -> None:
        self._say("\n[bold]第 2 步　首次采集：建立底库[/]")
        self._crawl()
        self._work()
        known = self._known()
        ours = sum(each.classification.is_relevant for each in known)
        self._say(f"  共 {len(known)} 条，其中 {ours} 条与打印耗材、气动元件有关。\n"
                  f"  首次入库的都是旧信息，只建库，不发预警：邮箱收到 {len(self.mailbox.mails)} 封。")

    def _news(self) -> None:
        self._say("\n[bold]第 3 步　第二天：发布机构有了新信息[/]")
        self.sites.day, since = 2, clock.now()
        self._crawl()
        news = [each for each in self._known() if each.changed_at >= since]
        counts = {grade: sum(each.grade.grade.value == grade for each in news) for grade in ("red", "yellow", "plain")}
        self._say(f"  新增、变更或撤回共 {len(news)} 条。按产品类别和法规判定：[red]红色预警 {counts['red']} 条[/]，"
                  f"[yellow]黄色预警 {counts['yellow']} 条[/]；\n"
                  f"  其余 {counts['plain']} 条（如玩具、电子烟弹）与两个行业无可靠关联，门户默认不显示。")

    def _alerts(self) -> None:
        self._say("\n[bold]第 4 步　匹配订阅，发出预警邮件[/]")
        self._work()
        for firm in FIRMS:
            self._say(f"  {firm.name}")
            for mail in self.mailbox.of(firm.email):
                self._say(f"    → {escape(str(mail['Subject']))}")
        self._say("  每人一封，同一条信息只出现一次；没有订阅的产品和市场不会收到，所以三家的邮件各不相同。")

    def _bulletins(self) -> None:
        self._say("\n[bold]第 5 步　行业协会发布简报，寄给订阅简报的企业[/]")
        for issue in ISSUES:
            self._publish(issue)
            self._say(f"  {ASSOCIATIONS[issue.zone]}：{issue.title}（{len(issue.picked)} 条信息）")
        self._work()

    def _publish(self, issue: Issue) -> None:
        service = BulletinService(self.found.db)
        with self.found.db.read() as session:
            picked = [runs.by_external_ids(session, slug, {name})[name] for slug, name in issue.picked]
            zone_id = organisations.zone(session, issue.zone).id
            author = organisations.person_by_email(session, issue.editor)
        assert author, "the editor was appointed by _prepare"
        number = service.create(author.id, zone_id, issue.title, issue.comment, picked)
        service.publish(author.id, number)

    def _crawl(self) -> None:
        """All sources, each told as it ends. Raises Stopped when the visitor wants it to end."""
        with ThreadPoolExecutor(self.found.settings.crawls) as pool:
            for future in as_completed([pool.submit(self._crawl_one, slug) for slug in TITLES]):
                if report := future.result():
                    self._say(self._line(report))
        if self.stop.is_set():
            raise Stopped

    def _crawl_one(self, slug: str) -> dict[str, Any] | None:
        if self.stop.is_set():
            return None
        with deaf():
            report = crawl_in_child(self.found, slug, (), self.stop)
        return None if self.stop.is_set() else report

    def _line(self, report: dict[str, Any]) -> str:
        title = TITLES[report["slug"]]
        if report["status"] != RunStatus.OK.value:
            with self.found.db.read() as session:
                last = runs.latest(session, report["slug"], 1)
            return f"  [red]×[/] {title}：{escape(last[0].reason.text('zh') if last else report['reason'])}"
        counts = [f"{word} {report[name]} 条" for name, word in COUNTED.items() if report[name]]
        return f"  [green]✓[/] {title}：{'，'.join(counts) or '没有变化'}"

    def _known(self) -> list[StoredNotice]:
        with self.found.db.read() as session:
            return [each for batch in notices.everything(session) for each in batch]

    def _work(self) -> None:
        """What the worker does with news, until nothing is left to do. It looks after the sources once the story is told."""
        worker = Worker(self.found)
        stages = (worker.index, worker.match, worker.compose, worker.deliver)
        while not self.stop.is_set() and any([stage() for stage in stages]):
            pass
