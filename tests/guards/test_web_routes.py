"""What review forgets in the portal: every route × role, the token of every form, GET that only reads, headers."""

from __future__ import annotations

import inspect
import re
from collections import Counter

import pytest
from flask import Flask
from werkzeug.routing import Rule

from subscriptions.tokens import Tokens
from tests.browser.portal import EDITOR, FIRM_EDITOR, OPERATOR, SECRET, SUBSCRIBER, Portal, csrf
from webapp import create_app
from webapp.policy import ROUTES, Access
from webapp.security import CONTENT_SECURITY_POLICY

pytestmark = pytest.mark.usefixtures("day_of_the_scene")

WHO: dict[str, str | None] = {"stranger": None, "subscriber": SUBSCRIBER, "firm_editor": FIRM_EDITOR, "editor": EDITOR,
                              "operator": OPERATOR}
OPEN_TO = {
    Access.PUBLIC: set(WHO), Access.SUBSCRIBER: {"subscriber", "firm_editor", "editor", "operator"},
    Access.EDITOR: {"editor"}, Access.STAFF: {"editor", "operator"}, Access.OPERATOR: {"operator"},
}
"""Who may open what: said here once more, so that a change of the rule is a change of two places."""


def rules() -> list[Rule]:
    """The rules of the portal, without starting it (its services are never called)."""
    app: Flask = create_app(type("Nothing", (), {"secret_key": "x", "base_url": ""}))  # type: ignore[arg-type]
    return list(app.url_map.iter_rules())


def address(rule: Rule, portal: Portal) -> str:
    """An address that the rule answers with something to see."""
    token = {"alerts.confirm": portal.ids["confirm"], "alerts.unsubscribe": portal.ids["unsubscribe"],
             "alerts.told": portal.ids["told"], "security.address": portal.ids["address"],
             "security.add_address": portal.ids["address"],
             "alerts.outages": portal.ids["outages"],
             "follows.silence": Tokens(SECRET).silence(portal.people[SUBSCRIBER], ()),
             "follows.calendar": Tokens(SECRET).calendar(portal.people[SUBSCRIBER], 0)}.get(
        rule.endpoint.removesuffix("_now"), portal.ids["sign_in"])
    if rule.endpoint in ("personal.address", "personal.confirm_address"):
        token = Tokens(SECRET).reachable(portal.people[SUBSCRIBER], SUBSCRIBER)
    notice_id = portal.ids["tbt" if rule.endpoint.startswith("follows.") else "red"]
    values = {"colleague_id": 1, "notice_id": notice_id,
              "bulletin_id": portal.ids["draft"], "slug": "ca_recalls", "token": token,
              "subscription_id": 1, "sign_in_id": 1, "filename": "style.css", "run_id": portal.ids["failed_run"],
              "capture_id": portal.ids["failed_capture"], "product_type": "air_compressor",
              "zone_id": portal.zones["zhuhai"]}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), rule.rule)


def unsafe(rule: Rule) -> bool:
    return "POST" in (rule.methods or ())


def test_every_route_stands_in_the_table_and_the_table_holds_no_other() -> None:
    assert {rule.endpoint for rule in rules()} == ROUTES.keys()


def test_no_two_routes_answer_the_same_request() -> None:
    answered = Counter((rule.rule, method) for rule in rules() for method in (rule.methods or set()) & {"GET", "POST"})
    assert [request for request, count in answered.items() if count > 1] == []


def test_methods_are_get_and_post_only() -> None:
    for rule in rules():
        assert (rule.methods or set()) - {"HEAD", "OPTIONS"} in ({"GET"}, {"POST"}), rule


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.endpoint)
def test_a_route_opens_to_those_it_is_for_and_to_nobody_else(portal: Portal, rule: Rule, who: str) -> None:
    """A POST without the form's token does nothing, so it is safe to knock: 403 is no entrance, 400 is "no token"."""
    client = portal.client(WHO[who])
    answer = client.open(address(rule, portal), method="POST" if unsafe(rule) else "GET")
    allowed = who in OPEN_TO[ROUTES[rule.endpoint]]
    if unsafe(rule):
        assert answer.status_code == (400 if allowed else 403)
    elif allowed:
        hidden = (rule.endpoint in ("personal.colleague", "sharing.compare")
                  or (who != "editor" and rule.endpoint == "bulletins.show")
                  or (who != "subscriber" and rule.endpoint == "editing.show"))
        assert answer.status_code in (200, 404 if hidden else 200)
    elif WHO[who] is None:
        assert answer.status_code == 302
        assert answer.location.startswith("/sign-in?next=/")
    else:
        assert answer.status_code == 403


def test_a_route_outside_the_table_is_closed_to_everybody(portal: Portal) -> None:
    app = create_app(portal.app.extensions["zonewatch"])
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert app.test_client().get("/forgotten").status_code == 403


@pytest.mark.parametrize("rule", [rule for rule in rules() if unsafe(rule)], ids=lambda rule: rule.endpoint)
def test_an_unsafe_request_needs_the_token_of_this_session(portal: Portal, rule: Rule) -> None:
    who = {Access.EDITOR: EDITOR, Access.STAFF: EDITOR, Access.OPERATOR: OPERATOR}.get(ROUTES[rule.endpoint], SUBSCRIBER)
    foreign = csrf(portal.client(EDITOR), "/sign-in")
    client = portal.client(who)
    before = portal.counts()
    client.get("/sign-in")
    for data in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": foreign}):
        answer = client.post(address(rule, portal), data=data)
        assert answer.status_code == 400
        assert "表单已失效" in answer.text
    assert portal.counts() == before


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("rule", [rule for rule in rules() if not unsafe(rule)], ids=lambda rule: rule.endpoint)
def test_get_never_changes_anything(portal: Portal, rule: Rule, who: str) -> None:
    client = portal.client(WHO[who])
    before = portal.counts()
    for query in ("", "?lang=en", "?q=墨盒&scope=all&page=2", "?zone=zhuhai", "?email=x@y.example&product=ink_cartridge"):
        client.get(address(rule, portal) + query)
        client.head(address(rule, portal) + query)
    assert portal.counts() == before


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.endpoint)
def test_every_answer_is_hardened(portal: Portal, rule: Rule) -> None:
    answer = portal.client(OPERATOR).open(address(rule, portal), method="POST" if unsafe(rule) else "GET")
    policy = answer.headers["Content-Security-Policy"]
    if rule.endpoint not in ("notices.capture_body", "sources.capture_body"):
        assert policy == CONTENT_SECURITY_POLICY
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("rule", [rule for rule in rules() if not unsafe(rule)], ids=lambda rule: rule.endpoint)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_whole_html_without_inline_scripts_or_styles(portal: Portal, rule: Rule, lang: str) -> None:
    who = {"bulletins": EDITOR, "editing": SUBSCRIBER}.get(rule.endpoint.partition(".")[0], OPERATOR)
    answer = portal.client(who).get(address(rule, portal), query_string={"lang": lang})
    if answer.mimetype != "text/html":
        return
    assert not re.search(r"<script(?![^>]* src=)|<style|<[^>]*\s(?:style|on\w+)=", answer.text)
    assert answer.text.count("<h1") == 1, "one heading says what the page is"
    for control in re.findall(r'<(?:input(?![^>]*type="(?:hidden|checkbox|radio)")|select|textarea)\b[^>]*>', answer.text):
        name = re.search(r'id="([^"]+)"', control)
        assert name, control
        assert f'<label for="{name[1]}"' in answer.text, control
    assert not re.findall(r"<img(?![^>]* alt=)", answer.text)
    for form in re.findall(r'<form[^>]*method="post".*?</form>', answer.text, re.DOTALL):
        assert 'name="csrf_token"' in form
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("path", "method", "code"), [
    ("/nowhere", "GET", 404), ("/", "POST", 405), ("/my/1/end", "GET", 405), ("/admin", "GET", 302),
    ("/%2e%2e/etc/passwd", "GET", 404), ("/static/../services.py", "GET", 404), ("/notices/1/capture/body", "DELETE", 405)])
def test_what_cannot_be_answered_gets_a_page_of_ours(portal: Portal, path: str, method: str, code: int) -> None:
    for lang in ("zh", "en"):
        answer = portal.client().open(path, method=method, query_string={"lang": lang})
        assert answer.status_code == code
        assert not re.search(r"Werkzeug|Flask|Traceback|Python/\d", answer.text + str(answer.headers))
        if code in (404, 405):
            assert ("Back to search" if lang == "en" else "返回检索页") in answer.text


def test_no_address_makes_a_page_link_away(portal: Portal) -> None:
    for path in ("//evil.example/x", "/\\evil.example", "///evil.example"):
        answer = portal.client().get("/", environ_overrides={"PATH_INFO": path})
        assert not re.search(r'(?:href|action)="(?://|/\\|http)', answer.text)


def test_an_error_of_ours_shows_no_trace(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(portal.app.extensions["zonewatch"])
    app.view_functions["sources.index"] = lambda: 1 / 0
    answer = app.test_client().get("/sources")
    assert answer.status_code == 500
    assert "错误已记录" in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_a_body_too_large_is_refused(portal: Portal) -> None:
    client = portal.client()
    answer = client.post("/subscribe", data={"csrf_token": csrf(client, "/subscribe"), "label": "x" * 300_000})
    assert answer.status_code == 413
    assert "返回检索页" in answer.text


def test_views_hold_no_workflow(portal: Portal) -> None:
    """A view is at most 15 lines, its docstring included."""
    for endpoint, view in portal.app.view_functions.items():
        if endpoint != "static":
            assert len(inspect.getsource(view).splitlines()) <= 16, endpoint
