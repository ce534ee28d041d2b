"""Texts of strangers in mails, addresses, and the words we write ourselves."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import organisation
from domain.criteria import Criteria, Scope
from domain.errors import InvalidValue
from domain.organisation import checked_email, mailbox
from storage.emails import Email, Letter, Purpose
from subscriptions.describe import describe
from subscriptions.inert import lines, one_line, web_link
from subscriptions.mime import wire
from subscriptions.phrases import TEMPLATES, english, say

HOSTILE = "标题\r\nBcc: victim@x.example\u2028X: 1\u2029Y\x85Z\x0b\x00\u202etxt\u200b\ud800 é\U0001f525"


def test_a_text_of_strangers_is_one_clean_line() -> None:
    assert one_line(HOSTILE) == "标题 Bcc: victim@x.example X: 1 Y Ztxt é\U0001f525".replace("Ztxt", "Z txt")


@given(st.text(st.characters()))
def test_no_text_brings_a_line_break_or_an_unencodable_letter(text: str) -> None:
    cleaned = one_line(text)
    assert len(cleaned.splitlines()) <= 1
    cleaned.encode()
    assert all(len(line.splitlines()) <= 1 for line in lines(text))


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert one_line("x" * 600, 10) == "xxxxxxxxx…"


@pytest.mark.parametrize("url", ["https://eping.example/a?b=1&c=%20#d", "http://例子.example/路径", "https://x.example:8443/"])
def test_a_plain_web_link_is_kept(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "//evil.example/",
    "/path", "", "https:evil.example", "https://good.example\\@10.0.0.1/", "https://good.example@evil.example/", "https://", "https://[x",
    "https://x.example/ onclick=1", "https://x.example/\u202e", 'https://x.example/"', "file:///etc/passwd"])
def test_any_other_address_is_no_link(url: str) -> None:
    assert web_link(url) == ""


@pytest.mark.parametrize(("typed", "kept"), [
    (" li@Firm.EXAMPLE ", "li@firm.example"), ("Li.Lei@firm.example", "Li.Lei@firm.example"),
    ("ｌｉ＠ｆｉｒｍ．ｅｘａｍｐｌｅ", "li@firm.example"), ("li@firm。example", "li@firm.example"),
    ("li+x@firm.example", "li+x@firm.example"), ("李雷@firm.example", "李雷@firm.example"),
    ("li@例子.example", "li@xn--fsqu00a.example")])
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert checked_email(typed) == kept


@pytest.mark.parametrize("typed", [
    "", "li", "li@", "@firm.example", "li@firm", "li@127.0.0.1", "li@[127.0.0.1]", "li@@firm.example", "li lei@firm.example",
    "li@firm..example", "li@-firm.example", ".li@firm.example", "li.@firm.example", "li@firm.example\nBcc: x@y.example",
    "a@b.example,c@d.example", "li\r@firm.example", "<li@firm.example>", '"li lei"@firm.example', "x" * 65 + "@firm.example",
    "li@" + "x" * 64 + ".example", "li@" + "x." * 120 + "example", "li\u202e@firm.example", "li\ud800@firm.example"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidValue, match="邮箱地址"):
        checked_email(typed)


def test_letter_case_and_a_tag_lead_to_the_same_mailbox() -> None:
    assert {mailbox(each) for each in ("Li@firm.example", "li@firm.example", "li+cn@firm.example")} == {"li@firm.example"}
    assert mailbox("+x@firm.example") == "+x@firm.example"


@pytest.mark.parametrize("subject", [HOSTILE, "题" * 500, "\U0001f525" * 80, "שלום " * 60, "\ud83d\ude00", "=?utf-8?q?x?="])
def test_any_subject_becomes_one_clean_header(subject: str) -> None:
    letter = Letter(1, "li@firm.example", Purpose.ALERT, "<1@x.example>", f"{HOSTILE} <alerts@x.example>", subject, "t",
                    "<p>", headers={"List-Id": HOSTILE})
    sent = wire(Email(1, letter, 0, datetime(2026, 11, 20, tzinfo=UTC)))
    head = sent.partition(b"\r\n\r\n")[0]
    read = message_from_bytes(sent, policy=policy.default)
    assert read["Bcc"] is None
    assert read["X"] is None
    assert read.keys() == ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id", "MIME-Version",
                           "Content-Type"]
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert read["To"] == "li@firm.example"


def test_criteria_are_described_in_words() -> None:
    criteria = Criteria(product_types=frozenset({"solenoid_valve"}), markets=frozenset({"EU"}))
    assert describe(criteria) == "电磁阀 · 欧盟（含成员国）"
    assert describe(criteria, "en") == "Solenoid valve · European Union (with its members)"
    groups = Criteria(any_words=(("lead", "铅"), ("toy",)), origins=frozenset({"CN", ""}))
    assert describe(groups) == "本行业全部信息 · “lead” 或 “铅” · “toy” · 原产地 中国、未注明"
    assert describe(Criteria()) == "本行业全部信息"
    assert describe(Criteria(years=frozenset(("2026", "")))) == "本行业全部信息 · 未注明日期、2026"
    full = Criteria(regulations=frozenset({"eu_rohs"}), words=("lead", "铅"), excluded=("toy",), kinds=frozenset({"recall"}),
                    origins=frozenset({"CN"}), hazards=frozenset({"fire"}), grades=frozenset({"red"}),
                    years=frozenset({"2026"}), scope=Scope.ALL)
    assert describe(full) == ("欧盟RoHS指令 · “lead”、“铅” · 召回 · 原产地 中国 · 火灾 · 红色预警 · 2026 · "
                              "不含 “toy” · 全部来源")


def test_many_values_are_counted_and_unknown_ones_shown_as_they_are() -> None:
    markets = Criteria(markets=frozenset({"EU", "US", "CA", "JP"}))
    assert describe(markets, most=2).endswith("等 4 项")
    assert describe(Criteria(product_types=frozenset({"gone_type"}))) == "gone_type"


def _literals(code: str) -> Iterator[str]:
    """The texts in Python code that are no documentation."""
    tree = ast.parse(code)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def _phrases() -> set[str]:
    """Every Chinese phrase of templates and code; those of tokens.py bring their English themselves."""
    rooms = [path for path in TEMPLATES.parent.rglob("*.py") if path.name != "tokens.py"]
    found = {text for path in rooms for text in _literals(path.read_text("utf-8"))
             if re.search("[\u4e00-\u9fff“、；：（]", text)}
    for path in (*TEMPLATES.rglob("*.txt"), *TEMPLATES.rglob("*.html")):
        found.update(re.findall(r'_\("([^"]+)"', path.read_text("utf-8")))
    return found


def test_every_phrase_has_its_english_and_no_english_is_left_over() -> None:
    of_addresses = {text for text in _literals(inspect.getsource(organisation)) if text.startswith("邮箱地址")}
    assert _phrases() | of_addresses == english().keys()


def test_every_english_phrase_takes_the_same_facts_as_the_chinese() -> None:
    for chinese, text in english().items():
        assert set(re.findall(r"{\w+}", chinese)) == set(re.findall(r"{\w+}", text)), chinese


def test_facts_that_look_like_places_are_left_alone() -> None:
    assert say("“{word}”", "zh", word="{word}") == "“{word}”"


def test_templates_hold_no_image_script_or_form_and_one_style_sheet() -> None:
    for path in Path(TEMPLATES).rglob("*.html"):
        page = path.read_text("utf-8")
        assert not re.search(r"<(img|script|form|link|iframe|object|video|audio)\b|url\(|@import|\son\w+=", page), path
        assert page.count("<style") == (path == TEMPLATES / "base.html"), path
