"""Mails as a mail reader shows them: light and dark, on a phone and on a PC, every word to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from domain import clock
from domain.bulletin import Bulletin, BulletinState
from domain.classify import classify
from domain.criteria import Criteria
from domain.deadline import DeadlineKind
from domain.health import HealthState
from domain.notice import NoticeStatus
from domain.organisation import Person, Zone
from domain.source import Reason
from domain.subscription import Frequency, Subscription, SubscriptionState, Topic
from storage.digests import Run
from storage.emails import Due, Email, Letter
from storage.follows import Standing
from storage.health import Noted
from storage.notices import StoredNotice
from storage.outages import Outage
from storage.publishers import SourceName
from subscriptions.composer import Composer
from subscriptions.condition import Report
from subscriptions.followers import Telling, Word
from subscriptions.news import Digest, News, Told
from tests.browser import scene

pytestmark = pytest.mark.chromium
FAINT = """() => {
  const light = colour => { const [r, g, b] = colour.map(each => each / 255).map(
    each => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
  const values = text => text.match(/[\\d.]+/g).map(Number)
  const behind = element => { const found = values(getComputedStyle(element).backgroundColor)
    return found[3] !== 0 ? found : element.parentElement ? behind(element.parentElement) : [255, 255, 255] }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = []
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    if (!texts.currentNode.data.trim()) continue
    const [one, other] = [values(getComputedStyle(element).color), behind(element)].map(each => light(each.slice(0, 3)))
    if ((Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5) found.push(texts.currentNode.data)
  }
  return found }"""
"""The words whose contrast is below what WCAG asks of text."""
DAY = timedelta(days=1)
ASKED = Subscription(1, 1, Topic.NOTICES, "出口欧盟的墨盒与硒鼓", Criteria(), SubscriptionState.ACTIVE)


def letters() -> Iterator[tuple[str, Letter]]:
    """A mail of every look."""
    clock.fix(scene.NOW)
    composer = Composer("https://portal.example", "alerts@portal.example", "s" * 40)
    li = Person(1, "", "zh", False, "li@firm.example")
    told = tuple(
        Told(StoredNotice(number, each, classify(each), "event", 1, 1, status, None, None, 1, scene.NOW, scene.NOW, None),
             (ASKED,), (number,), before)
        for number, (each, status, before) in enumerate((
            (scene.RED, NoticeStatus.ACTIVE, None), (scene.INK, NoticeStatus.ACTIVE, scene.ROHS),
            (scene.GONE, NoticeStatus.WITHDRAWN, None)), 1))
    sources = {"eu_safety_gate": SourceName("EU Safety Gate", "欧盟通报", "European Commission", "欧盟委员会")}
    yield "alert", composer.alert(News(li, told, {}), sources)[0]
    yield "alert-many", composer.alert(News(li, told * 30, {}), sources)[0]
    run = Run(1, Frequency.DAILY, scene.NOW.date(), "Asia/Shanghai", scene.NOW, None)
    yield "digest", composer.alert(News(li, told, {}, (Digest(run, scene.NOW - DAY),)), sources)[0]
    yield "confirm", composer.confirm(1, li.email, "zh", ASKED)
    yield "sign-in", composer.sign_in(li, 1, "482913")
    yield "address", composer.address(1, li.email, "zh")
    yield "reachable", composer.reachable(1, li.email, "zh")
    alert = composer.alert(News(li, told, {}), sources)[0]
    near = told[2].stored, scene.NOW.date()
    words = [Word(Standing(near[0], near[0], near[1], None, scene.NOW), DeadlineKind.COMMENT, near[1] + step * DAY, step > 1,
                  near[1]) for step in range(3)]
    yield "reminder", composer.reminder(Telling(li, words), sources)
    due = Due(1, li.id, 1, "")
    zone = Zone(1, "zhuhai", "珠海打印耗材示范区", "Zhuhai", (), "Asia/Shanghai")
    bulletin = Bulletin(1, 1, "质量安全简报（2026 年第 11 期）", scene.COMMENT, BulletinState.PUBLISHED, (1,),
                        scene.NOW, scene.NOW)
    yield "bulletin", composer.bulletin(due, li, bulletin, zone, [each.stored for each in told], [ASKED])
    outage = Outage("eu_safety_gate", "https://gate.example", "EU", frozenset({"EU"}), HealthState.BLOCKED, Reason("ok"),
                    scene.NOW - 8 * DAY)
    yield "outage", composer.outage(due, li, [outage], sources)
    yield "back", composer.outage(due, li, [replace(outage, until=scene.NOW, caught_up=41, relevant=2)], sources)
    states = tuple(Noted(1, "eu_safety_gate", state, scene.NOW, Reason("ok"), scene.NOW, None)
                   for state in (HealthState.BLOCKED, HealthState.HEALTHY, HealthState.FAILING))
    yield "health", composer.report(li.email, "zh", Report(states[:1], states[1:2], states[2:], {}, 1), sources)
    yield "colleague", composer.colleague(due, li, "wang@firm.example", "该邮箱不存在", [ASKED])
    yield "short", composer.short(Email(1, alert, 1, scene.NOW), "zh", [each.stored for each in told], 3)
    yield "held", composer.held(li.email, 1, "eu_safety_gate", {"count": "60", "limit": "50"}, sources)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_word_can_be_read_and_nothing_is_wider_than_the_screen(browser: Browser, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, letter in letters():
        page.set_content(letter.html)
        assert page.evaluate(FAINT) == [], name
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(243, 246, 249)") == (scheme == "light"), "the colours follow the reader's"
    context.close()
    assert asked == [], "a mail loads nothing"
