"""The demo's story: first load, a firm subscribes, news comes, the alert arrives, a bulletin is published, the portal."""

from __future__ import annotations

import os
import shutil
import threading
import webbrowser
from pathlib import Path

from rich.console import Console

from crawlers.cards import cards
from domain.clock import today
from domain.criteria import Criteria
from domain.organisation import Role
from domain.subscription import Topic
from storage import notices, organisations, sources, subscriptions
from zone.bulletins.service import BulletinService
from zonewatch.crawls import crawl_many
from zonewatch.demo.mailbox import Mailbox
from zonewatch.demo.sites import SampleSites
from zonewatch.settings import DEFAULTS, PREFIX, Settings
from zonewatch.up import Supervisor
from zonewatch.wiring import Installation
from zonewatch.worker import Worker
from zonewatch.zones import ZONES, appoint, appoint_operator, establish

FOLDER = Path("var/demo")
EDITOR = "editor@association.example"
OPERATOR = "operator@zonewatch.example"
FIRMS = (
    ("fenghua", "奉化示范气动有限公司", "quality@pneumatics.example", "电磁阀与气缸",
     Criteria(product_types=frozenset(("solenoid_valve", "pneumatic_cylinder")))),
    ("zhuhai", "珠海示范耗材有限公司", "quality@cartridges.example", "墨盒与硒鼓",
     Criteria(product_types=frozenset(("ink_cartridge", "toner_cartridge")))),
)
COMMENT = "本期提醒：目标市场对电磁阀的绝缘与阻燃要求趋严，请出口企业核对线圈材料与 CE、RoHS 文件。"
FLOOR = 1
"""The sample sites hold a handful of notices; the cards' floors are those of the real publishers."""


class Show:
    """Runs the demo until stopped."""

    def __init__(self, port: int, mailbox_port: int, *, open_browser: bool) -> None:
        self.portal = f"http://127.0.0.1:{port}"
        self.mailbox_port, self.open_browser = mailbox_port, open_browser
        self.screen = Console()

    def run(self, stop: threading.Event) -> None:
        """The whole story; then the portal until ``stop``."""
        sites, mailbox = SampleSites(), Mailbox(self.mailbox_port)
        try:
            found = self._installation(sites, mailbox)
            self._tell(found, sites, mailbox)
            self._serve(mailbox, stop)
        finally:
            sites.close()
            mailbox.close()

    def _installation(self, sites: SampleSites, mailbox: Mailbox) -> Installation:
        """A fresh installation; the child processes learn of it by the environment."""
        shutil.rmtree(FOLDER, ignore_errors=True)
        chosen = {"DATA_DIR": str(FOLDER.absolute()), "GATEWAY_URL": sites.url, "CRAWL_DELAY": "0",
                  "MAIL_URL": mailbox.smtp_url, "MAIL_FROM": "zonewatch 预警 <alerts@zonewatch.example>",
                  "OPERATOR_EMAIL": OPERATOR, "BASE_URL": self.portal}
        # Everything else is set to nothing, so that no .env beside us leads the demo into a live database.
        os.environ.update({PREFIX + name: chosen.get(name, "") for name in DEFAULTS})
        return Installation(Settings())

    def _tell(self, found: Installation, sites: SampleSites, mailbox: Mailbox) -> None:
        self._prepare(found)
        self._crawl(found, "首次采集（首次入库只建库，不发预警）")
        self._work(found)
        sites.day = 2
        self._crawl(found, "新的一天：各发布机构有新信息")
        self._work(found)
        self._publish_bulletin(found)
        self._work(found)
        self.screen.print(f"[bold]邮箱[/]：收到 {len(mailbox.mails)} 封")
        for mail in mailbox.mails:
            self.screen.print(f"  → {mail['To']}：{mail['Subject']}")

    def _prepare(self, found: Installation) -> None:
        sources.save_cards(found.db, cards())
        for card in cards():
            sources.set_floor(found.db, card.slug, FLOOR, "demo")
        establish(found.db)
        appoint_operator(found.db, found.settings.text("OPERATOR_EMAIL"))
        for zone in ZONES:
            appoint(found.db, EDITOR, zone.slug, Role.EDITOR)
        for slug, firm, address, label, criteria in FIRMS:
            person_id = appoint(found.db, address, slug, Role.MEMBER, firm)
            with found.db.write() as session:
                zone_id = organisations.zone(session, slug).id
                for topic, name, wanted in ((Topic.NOTICES, label, criteria), (Topic.BULLETINS, "简报", Criteria())):
                    subscriptions.activate(session, subscriptions.create(session, person_id, topic, name, wanted, zone_id))

    def _crawl(self, found: Installation, title: str) -> None:
        self.screen.print(f"[bold]{title}[/]")
        for report in crawl_many(found, [card.slug for card in cards()]):
            self.screen.print(f"  {report['slug']}：{report['status']}，新增 {report['created']}，变更 {report['revised']}，"
                              f"撤回 {report['withdrawn']}，{report['seconds']} 秒 {report['reason']}")

    def _work(self, found: Installation) -> None:
        """What the worker does all day, until nothing is left to do."""
        worker = Worker(found)
        while worker.round():
            pass

    def _publish_bulletin(self, found: Installation) -> None:
        service = BulletinService(found.db)
        with found.db.read() as session:
            picked = [each.id for each in notices.newest_relevant(session, 20)
                      if "solenoid_valve" in each.classification.sure_product_types()][:3]
            zone_id = organisations.zone(session, "fenghua").id
            author = organisations.person_by_email(session, EDITOR)
        assert author, "the editor was appointed by _prepare"
        number = service.create(author.id, zone_id, f"气动元件质量安全简报 {today():%Y年%m月%d日}", COMMENT, picked)
        service.publish(author.id, number)
        self.screen.print("[bold]简报[/]：协会已发布一期")

    def _serve(self, mailbox: Mailbox, stop: threading.Event) -> None:
        self.screen.print(f"\n[bold green]门户[/]  {self.portal}/\n[bold green]邮箱[/]  {mailbox.page_url}\n"
                          f"编辑登录：在 {self.portal}/sign-in 输入 {EDITOR}，链接会到演示邮箱；"
                          f"运维：{OPERATOR}\n"
                          "Ctrl-C 结束")
        if self.open_browser:
            threading.Timer(3, webbrowser.open, [self.portal]).start()
        Supervisor().run(stop)
