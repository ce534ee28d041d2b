"""Suggestions while typing, in a real browser: by keyboard, with an input method, without scripts, within the policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from domain import clock
from tests.browser import scene
from tests.browser.conftest import Served
from tests.browser.test_browser import complaints

pytestmark = pytest.mark.chromium
WIDTHS = {"desktop": 1280, "phone": 390}


@pytest.fixture(autouse=True)
def _the_day_of_the_scene(served: Served) -> None:
    clock.fix(scene.NOW)


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said = complaints(page)
    page.goto("/")
    yield page
    context.close()
    assert said == []


def box(page: Page) -> Locator:
    return page.get_by_role("combobox")


def options(page: Page) -> Locator:
    return page.get_by_role("option")


def test_arrows_choose_enter_opens_and_the_box_says_which_is_chosen(page: Page) -> None:
    box(page).press_sequentially("mohe")
    expect(options(page).first).to_contain_text("墨盒")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    box(page).press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    chosen = options(page).first.get_attribute("id")
    expect(box(page)).to_have_attribute("aria-activedescendant", str(chosen))
    box(page).press("ArrowUp")
    assert box(page).get_attribute("aria-activedescendant") is None
    box(page).press("ArrowDown")
    box(page).press("Enter")
    page.wait_for_url("**/?product=ink_cartridge")
    expect(page.get_by_role("link", name="Tintenpatronen")).to_be_visible()


def test_escape_closes_and_enter_then_searches_for_what_was_typed(page: Page) -> None:
    box(page).press_sequentially("mohe")
    expect(options(page).first).to_be_visible()
    box(page).press("Escape")
    expect(options(page)).to_have_count(0)
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    expect(box(page)).to_have_value("mohe")
    box(page).press("Enter")
    page.wait_for_url("**/?q=mohe")


def test_nothing_is_asked_for_while_an_input_method_composes(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/suggest" in request.url else None)
    method = page.context.new_cdp_session(page)
    box(page).focus()
    for letters in ("m", "mo", "mo'h", "mo'he"):
        at = len(letters)
        method.send("Input.imeSetComposition", {"text": letters, "selectionStart": at, "selectionEnd": at})
        page.wait_for_timeout(200)
    assert asked == []
    method.send("Input.insertText", {"text": "墨盒"})
    expect(options(page).first).to_contain_text("墨盒")
    assert len(asked) == 1


def test_fast_typing_asks_once_and_an_old_answer_never_replaces_a_newer_one(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/suggest" in request.url else None)
    box(page).press_sequentially("tinten", delay=10)
    expect(options(page).first).to_contain_text("墨盒")
    assert len(asked) == 1


def test_an_empty_box_shows_what_this_browser_searched_for_until_it_is_cleared(page: Page) -> None:
    for text in ("空压机", "墨盒"):
        box(page).fill(text)
        box(page).press("Enter")
        page.wait_for_url("**/?q=*")
    page.goto("/")
    box(page).click()
    expect(options(page)).to_have_count(3)
    expect(options(page).nth(0)).to_contain_text("墨盒")
    expect(options(page).nth(1)).to_contain_text("空压机")
    options(page).nth(1).click()
    page.wait_for_url("**/?q=*")
    expect(box(page)).to_have_value("空压机")
    page.goto("/")
    box(page).click()
    page.get_by_role("option", name="清除记录").click()
    expect(options(page)).to_have_count(0)
    page.goto("/")
    box(page).click()
    expect(options(page)).to_have_count(0)
    assert page.evaluate("localStorage.length") == 0


def test_a_term_of_another_language_stands_beside_the_chinese_name(page: Page) -> None:
    box(page).press_sequentially("tintenpat")
    expect(options(page).first).to_contain_text("墨盒")
    expect(options(page).first).to_contain_text("Tintenpatrone")
    expect(options(page).first).to_contain_text("产品类别")


def test_without_scripts_the_box_searches(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator("#q").fill("mohe")
    page.locator("#q").press("Enter")
    expect(page.get_by_text("按拼音理解为")).to_be_visible()
    context.close()


@pytest.mark.parametrize("name", WIDTHS)
def test_the_list_fits_the_screen(browser: Browser, served: Served, screenshots: Path | None, name: str) -> None:
    context = browser.new_context(base_url=served.url, viewport={"width": WIDTHS[name], "height": 800})
    page = context.new_page()
    said = complaints(page)
    page.goto("/?q=compresser+mohe")
    if screenshots:
        page.screenshot(path=screenshots / f"corrections-{name}.png")
    box(page).fill("")
    box(page).press_sequentially("ink")
    expect(options(page)).to_have_count(8)
    box(page).press("ArrowDown")
    if screenshots:
        page.screenshot(path=screenshots / f"suggest-{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    context.close()
    assert said == []
