"""Mails as a mail reader shows them: light and dark, on a phone and on a PC, every word to be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from domain import clock
from domain.classify import classify
from domain.criteria import Criteria
from domain.notice import NoticeStatus
from domain.organisation import Person
from domain.subscription import Subscription, SubscriptionState, Topic
from storage.emails import Email, Letter
from storage.notices import StoredNotice
from storage.publishers import SourceName
from subscriptions.composer import Composer
from subscriptions.news import News, Told
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
    yield "confirm", composer.confirm(1, li.email, "zh", ASKED)
    yield "sign-in", composer.sign_in(li, 1, "482913")
    yield "address", composer.address(1, li.email, "zh")
    yield "reachable", composer.reachable(1, li.email, "zh")
    alert = composer.alert(News(li, told, {}), sources)[0]
    yield "short", composer.short(Email(1, alert, 1, scene.NOW), "zh", [each.stored for each in told], 3)
    yield "held", composer.held(li.email, 1, "eu_safety_gate", {"count": "60", "limit": "50"})


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
