"""The portal in a real browser: the road of a reader, and every page at the width of an office PC and of a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from domain import clock
from tests.browser import scene
from tests.browser.conftest import Served
from tests.browser.portal import EDITOR, OPERATOR, SUBSCRIBER

pytestmark = pytest.mark.chromium
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 760}


@pytest.fixture(autouse=True)
def _the_day_of_the_scene(served: Served) -> None:
    clock.fix(scene.NOW)


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(base_url=served.url, viewport=DESKTOP)
    page = context.new_page()
    said = complaints(page)
    yield page
    context.close()
    assert said == []


def complaints(page: Page) -> list[str]:
    """What the browser complains about from now on: script errors and what the content security policy blocked."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def sign_in(page: Page, served: Served, email: str) -> None:
    page.goto(served.portal.sign_in_path(email))
    page.get_by_role("button", name="确认登录").click()
    expect(page.get_by_text("已登录")).to_be_visible()


def test_a_reader_searches_opens_a_notice_and_subscribes(page: Page, served: Served) -> None:
    page.goto("/")
    page.get_by_label("输入产品、法规、国家或文件编号").fill("墨盒")
    page.get_by_role("button", name="检索").click()
    expect(page.get_by_role("link", name="Tintenpatronen")).to_be_visible()
    expect(page.get_by_role("link", name="インクカートリッジ")).to_be_visible()
    assert page.get_by_text("Tattoo ink").count() == 0

    page.get_by_role("link", name="Tintenpatronen").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rückruf von Tintenpatronen")
    page.get_by_role("link", name="订阅同类信息").click()
    page.get_by_label("电子邮箱").fill("new@firm.example")
    page.get_by_label("我已阅读并同意").check()
    page.get_by_role("button", name="订阅", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("还差一步：请到邮箱确认")

    page.goto(f"/confirm/{served.portal.token('confirm')}")
    page.get_by_role("button", name="确认订阅").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("订阅已生效")


def test_a_subscriber_changes_what_a_subscription_asks_for(page: Page, served: Served) -> None:
    sign_in(page, served, SUBSCRIBER)
    page.goto("/my")
    mine = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="出口欧盟的墨盒与硒鼓"))
    mine.get_by_role("link", name="修改条件").click()
    expect(page.get_by_label("名称")).to_have_value("出口欧盟的墨盒与硒鼓")
    page.get_by_label("日本", exact=True).check()
    page.get_by_role("button", name="更新条件").click()
    expect(page.get_by_text("如果早已订阅，最近 100 天会收到")).to_be_visible()
    expect(page.get_by_label("日本", exact=True)).to_be_checked()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("新的条件从现在起生效")
    expect(mine.get_by_text("日本")).to_be_visible()


def test_filters_narrow_the_list_and_can_be_taken_off(page: Page) -> None:
    page.goto("/?q=空压机")
    before = page.locator("#found").inner_text()
    page.get_by_role("link", name="法国").click()
    expect(page.locator("#found")).not_to_have_text(before)
    expect(page.get_by_role("link", name="Compresseur d'air")).to_be_visible()
    page.get_by_role("link", name="去掉条件：法国").click()
    expect(page.locator("#found")).to_have_text(before)
    expect(page.get_by_label("输入产品、法规、国家或文件编号")).to_have_value("空压机")


def test_an_industry_is_chosen_whole_and_one_of_its_types_taken_off(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="打印耗材").first.click()
    expect(page.get_by_role("link", name="去掉条件：打印耗材", exact=True)).to_be_visible()
    page.get_by_role("navigation", name="筛选").get_by_role("link", name="墨盒").click()
    expect(page.get_by_role("link", name="去掉条件：硒鼓/碳粉盒", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="去掉条件：墨盒", exact=True)).to_have_count(0)


def test_a_search_is_taken_away_as_a_file(page: Page) -> None:
    page.goto("/?q=空压机")
    for name, ending in (("CSV", ".csv"), ("Excel", ".xlsx")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.suggested_filename.endswith(ending)


def test_filters_are_folded_on_a_phone_and_open_on_a_wide_screen(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("navigation", name="筛选")).to_be_visible()
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("navigation", name="筛选")).to_be_hidden()
    page.get_by_text("筛选", exact=True).click()
    expect(page.get_by_role("navigation", name="筛选")).to_be_visible()


def test_without_scripts_everything_can_be_reached(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=served.url, viewport=DESKTOP, java_script_enabled=False)
    page = context.new_page()
    page.goto("/?q=空压机")
    page.get_by_role("link", name="法国").click()
    page.get_by_role("link", name="Compresseur d'air").click()
    page.get_by_role("link", name="订阅同类信息").click()
    page.get_by_label("电子邮箱").fill("noscript@firm.example")
    page.get_by_label("我已阅读并同意").check()
    page.get_by_role("button", name="订阅", exact=True).click()
    assert "还差一步" in page.content()
    context.close()


def test_an_editor_writes_and_publishes_a_bulletin(page: Page, served: Served) -> None:
    sign_in(page, served, EDITOR)
    page.goto("/bulletins/new")
    page.get_by_label("标题").fill("空压机召回提示")
    page.get_by_role("button", name="保存草稿并挑选信息").click()
    page.get_by_role("link", name="检索并加入信息").click()
    page.get_by_label("输入产品、法规、国家或文件编号").fill("空压机 德国")
    page.get_by_role("button", name="检索").click()
    page.get_by_role("button", name="加入").first.click()
    expect(page.get_by_text("已加入简报草稿")).to_be_visible()
    page.get_by_role("link", name="返回简报").click()
    page.get_by_role("link", name="发布…").click()
    expect(page.get_by_text("1 人")).to_be_visible()
    page.get_by_role("button", name="确认发布").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("空压机召回提示")


def test_an_editor_decides_by_keyboard_alone_and_undoes_it(page: Page, served: Served) -> None:
    sign_in(page, served, EDITOR)
    page.get_by_role("link", name="待判定").click()
    page.get_by_role("listitem").filter(has_text="Desk set for schools").locator("summary").first.focus()
    page.keyboard.press("Enter")
    for _ in range(5):  # two boxes, two folded lists, the reason
        page.keyboard.press("Tab")
    page.keyboard.type("词义不同")
    page.keyboard.press("Tab")
    page.keyboard.type("钢笔墨水芯")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    following = page.get_by_role("listitem").filter(has_text="Valve for workshop")
    expect(following.get_by_role("button", name="保存判定")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("已判定：与本行业无关。")
    expect(page.get_by_role("heading", name="Desk set for schools")).to_have_count(0)
    page.get_by_role("link", name="撤销此判定").click()
    page.get_by_label("理由（必填）").first.select_option(label="判定有误")
    page.get_by_role("button", name="撤销此判定").click()
    expect(page.get_by_role("status")).to_contain_text("已撤销判定")
    expect(page.get_by_role("heading", name="Desk set for schools")).to_be_visible()


PAGES = {
    "": {
        "search-start": "/", "search-second-page": "/?page=2", "search-ink": "/?q=墨盒",
        "search-compressor": "/?q=空压机&market=DE&market=FR", "search-rohs": "/?q=RoHS", "search-offer": "/?q=压缩机",
        "search-nothing": "/?q=墨盒&year=2019&kind=recall", "search-all": "/?q=tattoo ink&scope=all",
        "search-gap": "/?market=JP", "search-deadline": "/?sort=deadline&scope=all", "search-industry": "/?q=打印耗材",
        "notice-red": "/notices/{red}", "notice-yellow": "/notices/{rohs}", "notice-tbt": "/notices/{tbt}",
        "notice-withdrawn": "/notices/{gone}", "notice-plain": "/notices/{tattoo}", "notice-long": "/notices/{ink}",
        "notice-nasty": "/notices/{nasty}", "notice-german": "/notices/{german}", "capture": "/notices/{red}/capture",
        "subscribe": "/subscribe", "subscribe-ink": "/subscribe?product=ink_cartridge&market=EU",
        "confirm": "/confirm/{confirm}", "unsubscribe": "/unsubscribe/{unsubscribe}", "told": "/mails/{told}",
        "outages": "/outages/stop/{outages}", "search-foreign": "/?q=外壳毛刺",
        "bulletins": "/bulletins", "privacy": "/privacy",
        "bulletin": "/bulletins/{bulletin}", "sources": "/sources", "source-failing": "/sources/ca_recalls",
        "source-good": "/sources/eu_safety_gate", "sign-in": "/sign-in", "sign-in-arrive": "/sign-in/{sign_in}",
        "sign-in-paper": "/sign-in/paper", "address": "/my/address/{address}",
        "products": "/products", "product": "/products/air_compressor", "product-nothing": "/products/silencer",
        "not-found": "/notices/999999", "link-broken": "/confirm/broken",
    },
    SUBSCRIBER: {"my": "/my", "forbidden": "/admin", "security": "/my/security", "data": "/my/data", "why": "/my/why/{red}",
                 "notice-follow": "/notices/{tbt}", "edit": "/my/{mine}/edit"},
    EDITOR: {
        "bulletins-editor": "/bulletins", "bulletin-new": "/bulletins/new?notice={ink}",
        "bulletin-edit": "/bulletins/{draft}/edit", "bulletin-pick": "/bulletins/{draft}/pick?q=空压机",
        "bulletin-preview": "/bulletins/{draft}", "bulletin-publish": "/bulletins/{draft}/publish",
        "notice-editor": "/notices/{red}", "review": "/review", "review-one": "/review/{unsure}?back=/review",
        "review-decided": "/review/{decided}", "members": "/members", "readers": "/bulletins/readers/{zone}",
        "notice-decided": "/notices/{decided}",
    },
    OPERATOR: {
        "admin": "/admin", "explain": "/admin/explain?notice={red}&address=quality@cartridges.example",
        "source-operator": "/sources/wto_tbt_notifications", "source-paused": "/sources/fr_rappelconso",
    },
}
"""Every page by who sees it."""


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("width", "viewport"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_every_page_fits_its_screen_and_breaks_no_rule_of_the_browser(
        browser: Browser, served: Served, screenshots: Path | None, lang: str, width: str, viewport: dict[str, int]) -> None:
    for email, wanted in PAGES.items():
        context = browser.new_context(base_url=served.url, viewport=viewport, is_mobile=width == "phone")  # type: ignore[arg-type]
        page = context.new_page()
        if email:
            sign_in(page, served, email)
        context.add_cookies([{"name": "lang", "value": lang, "url": served.url}])
        said = complaints(page)
        for name, path in wanted.items():
            page.goto(path.format(**served.portal.ids))
            assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[lang]
            if screenshots:
                page.screenshot(path=screenshots / f"{width}-{lang}-{name}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is {wide} px wider than a {width}"
        assert [each for each in said if "status of 4" not in each] == []
        context.close()
