"""Attacks on signing up, signing in and leaving: links that are opened by machines, tokens that are used elsewhere, forms
that are sent a thousand times, questions about who is known."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from waitress.server import create_server

from domain import clock
from domain.consent import VERSION
from domain.criteria import Criteria
from domain.mail_hosts import is_hoster
from storage import organisations
from storage.models import AttemptRow, EmailRow, PersonRow, SignInRow, SubscriptionRow
from storage.session import Database
from subscriptions.recover import forget
from subscriptions.tokens import Tokens
from tests.browser.portal import EDITOR, OPERATOR, SECRET, SUBSCRIBER, Portal, csrf, post, text
from webapp.network import network, network_of
from webapp.policy import ROUTES, Access
from zonewatch.cli.processes import behind

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
STRANGER = "stranger@firm.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FORM = {"sent": "1", "notices": "yes", "product": "ink_cartridge", "consent": VERSION}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    clock.fix(NOON)
    found = Portal(tmp_path)
    yield found
    found.db.close()


def subscribed(portal: Portal, email: str = SUBSCRIBER, **criteria: Any) -> int:
    """An active subscription of a person."""
    portal.subscriptions.subscribe(email, Criteria(**criteria or {"product_types": frozenset(("ink_cartridge",))}))
    return portal.subscriptions.confirm(portal.token("confirm")).id


def active(portal: Portal, email: str = SUBSCRIBER) -> list[int]:
    return [each.id for each in portal.subscriptions.of_person(portal.people[email])]


def one_click(portal: Portal, token: str, page: str = "/unsubscribe/", **form: str) -> int:
    """What a mail program's POST is answered: it has no cookie and no token of a form."""
    return int(portal.client().post(page + token, data={**ONE_CLICK, **form}).status_code)


def hears_of_outages(portal: Portal, email: str = SUBSCRIBER) -> bool:
    with portal.db.read() as session:
        return organisations.person(session, portal.people[email]).told_of_outages


def from_network(client: FlaskClient, address: str, page: str, **form: str) -> Any:
    """Press a button from another network."""
    return client.post(page, data={"csrf_token": csrf(client, page), **form}, environ_overrides={"REMOTE_ADDR": address})


def rows(db: Database, table: Any) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_case_51_a_gateway_that_opens_every_link_of_every_mail_changes_nothing(portal: Portal) -> None:
    subscription = subscribed(portal)
    client = portal.client()
    post(client, "/subscribe", email=STRANGER, **FORM)
    post(client, "/sign-in", email=SUBSCRIBER)
    portal.accounts.addresses.ask(portal.people[SUBSCRIBER], "second@cartridges.example")
    mails = portal.mails()
    leave = Tokens(SECRET).unsubscribe(portal.people[SUBSCRIBER], (subscription,))
    found = {link for mail in mails for link in re.findall(r"https?://[^/\s\"<]+(/[^\s\"<]*)", mail.text + mail.html)}
    stop = Tokens(SECRET).outages(portal.people[SUBSCRIBER])
    paths = sorted(found | {f"/unsubscribe/{leave}", f"/outages/stop/{stop}"})
    for start in ("/confirm/", "/sign-in/", "/my/address/"):
        assert sum(path.startswith(start) for path in paths) == 1
    before = portal.counts()
    gateway = portal.client()
    for path in paths:
        for method in ("GET", "HEAD"):
            assert gateway.open(path, method=method).status_code == 200
    assert portal.counts() == before
    assert hears_of_outages(portal)
    assert gateway.get("/my").status_code == 302, "nobody is signed in"
    (link,) = [path for path in paths if path.startswith("/sign-in/")]
    assert post(portal.client(), link).status_code == 302, "and the link is still good for whoever it was sent to"


def test_case_52_one_click_is_answered_as_the_table_says(portal: Portal) -> None:
    mine = subscribed(portal)
    theirs = subscribed(portal, EDITOR)
    person, tokens = portal.people[SUBSCRIBER], Tokens(SECRET)
    good = tokens.unsubscribe(person, (mine,))
    asks = portal.client().get(f"/unsubscribe/{good}")
    assert (asks.status_code, active(portal)) == (200, [mine])
    assert "csrf_token" in asks.text
    assert one_click(portal, tokens.unsubscribe(person, (theirs,))) == 200, "a token names only what is its person's"
    assert active(portal, EDITOR) == [theirs]
    sign_in = tokens.sign_in(1, SUBSCRIBER)
    clock.fix(clock.now() + timedelta(days=400))
    for wrong in ("wrong", good[:-1] + ("A" if good[-1] != "A" else "B"), Tokens("another").unsubscribe(person, (mine,)),
                  tokens.confirm(mine, SUBSCRIBER, "zh"), sign_in):
        assert one_click(portal, wrong) == 401, wrong
    assert active(portal) == [mine]
    for _ in range(3):
        assert one_click(portal, good) == 200, "an old mail's way out works, and again"
    assert active(portal) == []


def test_case_52_one_click_in_a_mail_about_outages_ends_these_mails_and_no_subscription(portal: Portal) -> None:
    mine = subscribed(portal)
    person, tokens = portal.people[SUBSCRIBER], Tokens(SECRET)
    good, page = tokens.outages(person), "/outages/stop/"
    asks = portal.client().get(page + good)
    assert (asks.status_code, "csrf_token" in asks.text, hears_of_outages(portal)) == (200, True, True)
    for wrong in ("wrong", good[:-1] + ("A" if good[-1] != "A" else "B"), Tokens("another").outages(person),
                  tokens.unsubscribe(person, (mine,)), tokens.silence(person, ()), tokens.sign_in(1, SUBSCRIBER)):
        assert one_click(portal, wrong, page) == 401, wrong
    assert one_click(portal, good) == 401, "it ends no subscription"
    assert portal.client().post(page + good, data={"List-Unsubscribe": "no"}).status_code == 400, "a form without its token"
    assert hears_of_outages(portal)
    assert one_click(portal, tokens.outages(10_000), page) == 200, "of nobody nothing is said"
    clock.fix(clock.now() + timedelta(days=400))
    for _ in range(3):
        assert one_click(portal, good, page) == 200, "an old mail's way out works, and again"
    assert (hears_of_outages(portal), hears_of_outages(portal, EDITOR), active(portal)) == (False, True, [mine])


def test_case_52_a_network_presses_a_thousand_buttons_a_minute_at_most(portal: Portal) -> None:
    token = Tokens(SECRET).unsubscribe(portal.people[SUBSCRIBER], (subscribed(portal),))
    client = portal.client()
    answers = Counter(client.post(f"/unsubscribe/{token}", data=ONE_CLICK).status_code for _ in range(1010))
    assert answers == {200: 1000, 429: 10}
    refused = client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    assert refused.headers["Retry-After"] == "60"
    assert client.post(f"/unsubscribe/{token}", data=ONE_CLICK,
                       environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
    clock.fix(clock.now() + timedelta(seconds=61))
    assert one_click(portal, token) == 200


def test_case_52_mails_that_were_asked_for_offer_no_one_click(portal: Portal) -> None:
    portal.subscriptions.subscribe(STRANGER, Criteria())
    portal.accounts.sign_in.ask(SUBSCRIBER)
    portal.accounts.addresses.ask(portal.people[SUBSCRIBER], "second@cartridges.example")
    assert [mail.headers for mail in portal.mails()] == [{}, {}, {}]


def test_case_53_a_token_serves_its_own_purpose_only(portal: Portal) -> None:
    mine, theirs = subscribed(portal), subscribed(portal, EDITOR)
    tokens, person = Tokens(SECRET), portal.people[SUBSCRIBER]
    made = {"/unsubscribe/": tokens.unsubscribe(person, (mine,)), "/confirm/": tokens.confirm(mine, SUBSCRIBER, "zh"),
            "/sign-in/": portal.sign_in_path(SUBSCRIBER).rpartition("/")[2],
            "/my/address/": tokens.address(person, "second@cartridges.example"),
            "/outages/stop/": tokens.outages(person), "/follow/stop/": tokens.silence(person, ())}
    before = portal.counts()
    client = portal.client()
    form = csrf(client, "/sign-in")
    for page in made:
        for purpose, token in made.items():
            if purpose != page:
                assert client.get(page + token).status_code == 410
                assert client.post(page + token, data={"csrf_token": form}).status_code == 410
    after = portal.counts()
    assert after == before
    assert hears_of_outages(portal)
    assert client.get("/my").status_code == 302
    answer = client.post(f"/unsubscribe/{made['/unsubscribe/']}", data={"csrf_token": form, "id": str(theirs)})
    assert answer.status_code == 410, "a way out of one list is none out of another"
    assert active(portal, EDITOR) == [theirs]


def test_case_54_a_stranger_who_is_signed_up_a_thousand_times_gets_three_mails_an_hour(portal: Portal) -> None:
    client = portal.client()
    token = csrf(client, "/subscribe")
    answers: Counter[int] = Counter()
    for number in range(1000):
        network = {"REMOTE_ADDR": f"198.51.{number // 250}.{number % 250}"}
        email = ("stranger@firm.example", "Stranger@firm.example", "stranger+x@firm.example")[number % 3]
        page = ("/subscribe", "/sign-in")[number % 2]
        answers[client.post(page, data={**FORM, "csrf_token": token, "email": email},
                            environ_overrides=network).status_code] += 1
    assert answers == {200: 3, 302: 3, 429: 994}
    assert len(portal.mails()) == 3
    assert rows(portal.db, SubscriptionRow) == 1, "one subscription waits, and one confirmation starts it"


def test_case_54_one_network_asks_for_twenty_mails_an_hour_and_a_hundred_a_day(portal: Portal) -> None:
    client, sent, number = portal.client(), [], 0
    for _ in range(6):
        answers: Counter[int] = Counter()
        for _ in range(25):
            number += 1
            page = ("/subscribe", "/sign-in")[number % 2]
            network = f"2001:db8:1:2:{number:x}::1"  # each from an address of its own in the one network they were given
            answers[from_network(client, network, page, email=f"p{number}@d{number}.example", **FORM).status_code] += 1
        sent.append(answers[200] + answers[302])
        clock.fix(clock.now() + timedelta(hours=1, seconds=1))
    assert sent == [20, 20, 20, 20, 20, 0]
    assert from_network(client, "2001:db8:1:3::1", "/sign-in", email="x@y.example").status_code == 302


def test_case_54_a_firm_gets_a_hundred_mails_an_hour_and_a_mail_hoster_more(portal: Portal) -> None:
    def asked(host: str) -> Counter[int]:
        client = portal.client()
        token = csrf(client, "/sign-in")
        return Counter(client.post("/sign-in", data={"csrf_token": token, "email": f"p{number}@{host}"}, environ_overrides={
            "REMOTE_ADDR": f"203.0.113.{number}"}).status_code for number in range(110))
    assert asked("firm.example") == {302: 100, 429: 10}
    assert asked("qq.com") == {302: 110}
    assert all(map(is_hoster, ("163.com", "126.com", "gmail.com", "QQ.com")))


def test_case_54_a_refused_request_says_when_to_come_again_and_nothing_about_the_address(portal: Portal) -> None:
    pages = []
    for email in (SUBSCRIBER, STRANGER):
        for page in ("/sign-in", "/subscribe"):
            client = portal.client()
            answers = [post(client, page, email=email, **FORM) for _ in range(4)]
            assert answers[-1].status_code == 429
            assert answers[-1].headers["Retry-After"] == "3600"
            assert "60 分钟后再试" in answers[-1].text
            clean = re.sub(r'name="csrf_token" value="[^"]+"', "", answers[-1].text)
            pages.append((page, clean.replace(email, "X")))
        clock.fix(clock.now() + timedelta(hours=2))
    assert pages[:2] == pages[2:]


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """What the database is told meanwhile; whether a savepoint is kept or given up is one step either way."""
    found: list[str] = []

    def note(*given: Any) -> None:
        found.append(re.sub(r"RELEASE|ROLLBACK TO", "END OF", " ".join(given[2].split())))

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def steps(portal: Portal, email: str) -> tuple[list[str], list[str]]:
    """What is done and answered when an address asks, and its browser types six wrong codes and one too late."""
    client, said = portal.client(), []
    with statements(portal.db) as done:
        said.append(str(post(client, "/sign-in", email=email).location))
        said.append(client.get("/sign-in/code").text)
        token = csrf(client, "/sign-in/code")
        said += [client.post("/sign-in/code", data={"csrf_token": token, "code": "wrong"}).text for _ in range(6)]
        clock.fix(clock.now() + timedelta(minutes=10))
        said.append(client.post("/sign-in/code", data={"csrf_token": token, "code": "wrong"}).text)
    return done, [re.sub(r'name="csrf_token" value="[^"]+"', "", each).replace(email, "X") for each in said]


def test_case_54_the_same_is_done_and_said_for_an_address_that_is_known_and_for_one_that_is_not(portal: Portal) -> None:
    portal.subscriptions.subscribe("waiting@firm.example", Criteria())
    known, stranger, waiting = (steps(portal, email) for email in (SUBSCRIBER, STRANGER, "waiting@firm.example"))
    assert known[1] == stranger[1] == waiting[1], "what is said"
    assert known[0] == stranger[0] == waiting[0], "what is done, statement by statement"
    assert rows(portal.db, SignInRow) == 3
    assert len([mail for mail in portal.mails() if mail.address in (SUBSCRIBER, STRANGER)]) == 1


def test_case_54_whether_somebody_used_their_mail_is_not_seen_by_whoever_asked_for_it(portal: Portal) -> None:
    nosy = {email: portal.client() for email in (SUBSCRIBER, STRANGER)}
    for email, client in nosy.items():
        post(client, "/sign-in", email=email)
    (mail,) = portal.mails()
    link = re.search(r"/sign-in/[\w.~-]+", mail.text)
    assert link
    post(portal.client(), link[0])  # the owner used it
    for client in nosy.values():
        assert "还可以试 4 次" in text(post(client, "/sign-in/code", code="wrong").text)
    for email in nosy:
        post(portal.client(), "/sign-in", email=email)  # and this ended it once more
    for client in nosy.values():
        assert "还可以试 3 次" in text(post(client, "/sign-in/code", code="wrong").text)


def test_case_54_what_is_counted_is_hashed_and_forgotten_in_two_days(portal: Portal) -> None:
    from_network(portal.client(), "192.0.2.7", "/sign-in", email=STRANGER)
    with portal.db.read() as session:
        kept = repr([(row.what, row.key) for row in session.scalars(select(AttemptRow))])
    for secret in ("stranger", "firm.example", "192.0.2"):
        assert secret not in kept
    clock.fix(clock.now() + timedelta(days=2, seconds=1))
    forget(portal.db)
    assert rows(portal.db, AttemptRow) == rows(portal.db, SignInRow) == 0


def test_case_54_a_network_is_an_address_or_what_a_household_is_given() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:ffff::9") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") != network_of("192.0.2.8")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("no address") == "no address"


def test_case_54_whoever_guesses_at_one_address_has_ten_mails_of_five_tries_a_day(portal: Portal) -> None:
    client = portal.client()
    token, mails = csrf(client, "/sign-in"), 0
    for number in range(200):
        clock.fix(NOON + number * timedelta(minutes=7))
        network = {"REMOTE_ADDR": f"198.51.100.{number}"}
        answer = client.post("/sign-in", data={"csrf_token": token, "email": SUBSCRIBER}, environ_overrides=network)
        mails += answer.status_code == 302
    assert mails == 10


def test_case_55_whoever_does_not_confirm_gets_that_one_mail_and_is_forgotten_in_a_week(portal: Portal) -> None:
    post(portal.client(), "/subscribe", email=STRANGER, **FORM)
    assert [mail.address for mail in portal.mails()] == [STRANGER]
    for _ in range(7):
        post(portal.client(), "/sign-in", email=STRANGER)
        clock.fix(clock.now() + timedelta(days=1))
        forget(portal.db)
    assert portal.mails() == []
    clock.fix(clock.now() + timedelta(seconds=1))
    forget(portal.db)
    with portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(PersonRow).where(
            PersonRow.id.not_in(portal.people.values()))) == 0
        assert session.scalar(select(func.count()).select_from(EmailRow).where(EmailRow.address == STRANGER)) == 0
        assert organisations.person_by_email(session, STRANGER) is None
    assert rows(portal.db, SubscriptionRow) == 0


@pytest.mark.parametrize("address", [
    "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "\\\\evil.example", "///evil.example",
    "/\t/evil.example", "/%09/evil.example", "/%2f/evil.example", "/%2F%2Fevil.example", "%2f%2fevil.example",
    "/%5cevil.example", "/%255cevil.example", "/%252fevil.example", "/%0d%0aSet-Cookie:x=1", "javascript:alert(1)",
    " //evil.example", "evil.example", "/／evil.example/../..//evil.example?", "", "/" + "a" * 3000])
def test_case_56_nobody_is_led_away(portal: Portal, address: str) -> None:
    client = portal.client()
    page = client.get("/sign-in", query_string={"next": address}).text
    post(client, "/sign-in", email=SUBSCRIBER, next=address)
    location = post(client, portal.sign_in_path(SUBSCRIBER)).location
    assert location == "/my" or location.startswith("/%EF%BC%8Fevil"), "an own path at most"
    assert 'name="next" value=""' in page or "／" in page


def test_case_56_a_reader_is_led_where_they_were_going(portal: Portal) -> None:
    for wanted in ("/?q=%E5%A2%A8%E7%9B%92&market=DE", "/products/ink_cartridge", "/?q=a%5Cb%2Fc%0Ad"):
        client = portal.client()
        post(client, "/sign-in", email=SUBSCRIBER, next=wanted)
        assert post(client, portal.sign_in_path(SUBSCRIBER)).location == wanted
        clock.fix(clock.now() + timedelta(minutes=21))


def test_case_56_no_route_leads_to_an_address_of_others(portal: Portal) -> None:
    """No tracker: nothing takes the address of another site and goes there."""
    client = portal.client(OPERATOR)
    for rule in portal.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            for name in ("next", "url", "to", "back"):
                location = client.get(rule.rule, query_string={name: "https://evil.example/"}).location
                assert location is None or location.startswith("/"), rule.rule


@pytest.mark.parametrize(("proxy", "counted"), [("127.0.0.1", "198.51.100.7"), ("10.0.0.1", "127.0.0.1"), ("", "127.0.0.1")])
def test_case_54_only_the_proxy_says_who_asks(portal: Portal, monkeypatch: pytest.MonkeyPatch, proxy: str,
                                                counted: str) -> None:
    """Whoever comes past it, or writes a header of their own in front of it, is counted where they are."""
    portal.app.add_url_rule("/static/who", "static.who", lambda: network())
    monkeypatch.setitem(ROUTES, "static.who", Access.PUBLIC)
    server = create_server(portal.app, host="127.0.0.1", port=0, **behind(proxy))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    asked = urllib.request.Request(f"http://127.0.0.1:{server.effective_port}/static/who",
                                   headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.7"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked) as answer:
        assert answer.read().decode() == counted
    server.close()
    thread.join(5)
