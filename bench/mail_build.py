"""Building alert mails, against the everyday way: Jinja for the whole, css_inline, EmailMessage, for each recipient.

    python -m bench.mail_build

From what a person is to be told to the bytes for the mail server; what is told is read from the store before. Both sides
use the same templates, and get notices as the store gives them, each reader's read anew. Recipients have subscriptions of
their own, a third of them named by themselves; each notice is told to about a hundred of them, and its first rendering
counts. Both must be read alike by the standard parser: text equal, HTML the same
elements with the same attributes and text. A ratio is the peer's mean processor time over ours. Last line: JSON.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import css_inline

from bench import plain_mail
from domain import classification as classifications
from domain import clock
from domain import notice as notices
from domain.classification import Classification
from domain.classify import classify
from domain.criteria import Criteria
from domain.notice import Notice, NoticeKind, NoticeStatus
from domain.organisation import Person
from domain.subscription import Subscription, SubscriptionState, Topic
from storage.emails import Email, Letter, Purpose
from storage.notices import StoredNotice
from storage.publishers import SourceName
from subscriptions.alert import SHAPES
from subscriptions.calendar import attached, comment_entries
from subscriptions.composer import Composer
from subscriptions.describe import describe
from subscriptions.mime import wire
from subscriptions.news import News, Told
from subscriptions.times import HERE
from subscriptions.tokens import Tokens

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
BASE_URL = "https://portal.example"
SOURCES = {"eu_safety_gate": SourceName("EU Safety Gate alerts", "欧盟 Safety Gate 通报", "European Commission",
                                        "欧盟委员会")}
SENDER, SECRET = "Alerts <alerts@portal.example>", "s" * 40
RECIPIENTS = 600
READERS = 100
"""Recipients of one notice."""
SAMPLES = 100
GOAL = 10.0
"""How many times faster a digest of twenty notices must be built."""
Kept = tuple[dict[str, Any], dict[str, Any]]
"""A notice and its classification as the store keeps them."""
PRODUCTS = ("Air compressor", "Solenoid valve", "Ink cartridge", "Toner cartridge", "Pneumatic cylinder")
ASKED = tuple(Criteria(**each) for each in (  # type: ignore[arg-type]
    {}, {"markets": frozenset({"EU"})}, {"product_types": frozenset({"air_compressor", "solenoid_valve"})},
    {"product_types": frozenset({"ink_cartridge", "toner_cartridge"})}, {"words": ("vessel",)},
    {"origins": frozenset({"CN"})}))


def invented() -> Iterator[tuple[Notice, Classification]]:
    """Notices of the length of real ones."""
    some = random.Random(2026)
    for number in range(RECIPIENTS * 20 // READERS):
        name = some.choice(PRODUCTS)
        each = Notice(
            "eu_safety_gate", f"SR/{number:05}/26", some.choice(tuple(NoticeKind)), "EU",
            f"{name} – portable, model {number}, sold in a cardboard box with a printed label and a manual",
            f"{BASE_URL}/alert/{number}?lang=en&id={number}", published_on=date(2026, 11, 13), product=name,
            brand="Examplair", model=f"EX-{number}", category="Machinery", origin="CN", risk_level="serious",
            notifying_country="DE", hazards=("injuries", "fire"), measures=("withdrawal", "recall_end_users"),
            identifiers=(f"SR/{number:05}/26",),
            summary="The pressure vessel is not sufficiently resistant and the safety valve opens too late. " * 4,
            comment_deadline=date(2026, 12, 20), effective_on=date(2027, 7, 1), raw={"caseNumber": f"SR/{number:05}/26"})
        yield each, classify(each)


def news_of(recipient: int, count: int, kept: Sequence[Kept]) -> News:
    """What a recipient is to be told, every notice made anew from what the store keeps."""
    some = random.Random(recipient)
    asked = tuple(
        Subscription(recipient * 10 + at, recipient, Topic.NOTICES, label, criteria, SubscriptionState.ACTIVE)
        for at, criteria in enumerate(some.sample(ASKED, some.choice((1, 1, 2, 3))))
        for label in [f"客户 {recipient} 的关注" if some.random() < 1 / 3 else describe(criteria)])
    told = []
    for at in range(count):
        number = (recipient * 7 + at) % len(kept)
        data, found = kept[number]
        stored = StoredNotice(number + 1, notices.from_json(data), classifications.from_json(found), f"event {number}", 1, 1,
                              NoticeStatus.ACTIVE, None, None, 1, NOW, NOW, NOW)
        told.append(Told(stored, asked[:1 + at % len(asked)], (number + 1,)))
    return News(Person(recipient, "", "zh", False, f"user{recipient}@firm.example"), tuple(told), {})


def product() -> Callable[[News], bytes]:
    """Ours."""
    composer = Composer(BASE_URL, SENDER, SECRET)
    return lambda news: wire(Email(1, composer.alert(news, SOURCES)[0], 0, NOW))


def peer(cte: str | None = None) -> Callable[[News], bytes]:
    """Theirs; it signs the same links, writes the same headers and attaches the same file. The library chooses the encoding
    unless told."""
    tokens, inliner = Tokens(SECRET), css_inline.CSSInliner(keep_style_tags=True)

    def build(news: News) -> bytes:
        person = news.person
        message_id = f"<{sha256(f'{person.id}'.encode()).hexdigest()[:40]}@portal.example>"
        leave = f"{BASE_URL}/unsubscribe/{tokens.unsubscribe(person.id, tuple(each.id for each in news.subscriptions))}"
        found = plain_mail.whole(news, SOURCES, SHAPES[0], BASE_URL, leave, f"{BASE_URL}/mails/{tokens.mail(message_id)}")
        headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                   "List-Id": "<alert.portal.example>"}
        closing = comment_entries([each.stored for each in news.told[:SHAPES[0][0]]], HERE)
        letter = Letter(person.id, person.email, Purpose.ALERT, message_id, SENDER, found.subject, found.text,
                        inliner.inline(found.html), None, headers, attached(closing, BASE_URL, person.lang, HERE))
        return plain_mail.message(Email(1, letter, 0, NOW), cte).as_bytes()
    return build


class Page(HTMLParser):
    """What a page says: elements with their attributes, and text. A parser of HTML 5 adds the bodies of tables, which say
    nothing."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[object] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "tbody":
            self.said.append((tag, sorted((name, value or "") for name, value in attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data.split()


def said(raw: bytes) -> tuple[str, list[object]]:
    """Text and HTML of a mail, as the standard parser reads them. (The subject is left out: the library loses a blank where
    it folds a Chinese one.)"""
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    return text.get_content(), Page(html.get_content()).said


def check(count: int, kept: Sequence[Kept]) -> None:
    """Both sides say the same."""
    ours, theirs = product(), peer()
    for recipient in range(SAMPLES):
        assert said(ours(news_of(recipient, count, kept))) == said(theirs(news_of(recipient, count, kept))), recipient


def timed(build: Callable[[News], bytes], count: int, kept: Sequence[Kept], recipients: int) -> tuple[float, float]:
    """Mean milliseconds of processor time of a mail, and its mean length in kB."""
    spent, size = 0.0, 0
    for recipient in range(recipients):
        news = news_of(recipient, count, kept)
        started = time.process_time()
        size += len(build(news))
        spent += time.process_time() - started
    return spent / recipients * 1e3, size / recipients / 1e3


def run() -> tuple[dict[str, float], dict[str, float]]:
    """Ratios and figures."""
    clock.fix(NOW)
    kept = [(notices.to_json(each), classifications.to_json(found)) for each, found in invented()]
    ratios, figures = dict[str, float](), dict[str, float]()
    for count in (1, 20):
        told = kept[:RECIPIENTS * count // READERS]
        check(count, told)
        ours = timed(product(), count, told, RECIPIENTS)
        theirs, base64 = (timed(peer(cte), count, told, RECIPIENTS // 4) for cte in (None, "base64"))
        name = f"{count} notice{'s' if count > 1 else ''}"
        ratios[f"{name}, built: peer over ours"] = round(theirs[0] / ours[0], 1)
        figures |= {f"{name}, ms a mail": round(ours[0], 3), f"{name}, ms a mail of the peer": round(theirs[0], 3),
                    f"{name}, ms a mail of the peer told to use base64": round(base64[0], 3),
                    f"{name}, kB a mail": round(ours[1], 1), f"{name}, mails a second": round(1e3 / ours[0])}
    clock.fix(None)
    return ratios, figures


def main() -> int:
    ratios, figures = run()
    print("\n".join(f"{name:<55} {value}" for name, value in (figures | ratios).items()))
    print(json.dumps({"bench": "mail-build", "ratios": ratios, "figures": figures}, ensure_ascii=False))
    return 0 if all(value >= GOAL for value in ratios.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
