"""The alert mail: what it says, that it is harmless, and that no mail reader cuts it off."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

from domain.criteria import Criteria
from domain.notice import NoticeKind
from storage import decisions, organisations
from tests.builders import notice, store
from tests.features.alerts import COMPRESSORS, World, html, link, text

HOSTILE = ('Air compressor <img src="https://x.example/p.gif" onerror=alert(1)>\r\nBcc: v@x.example\u2028X: '
           "\u202egnp.\ud800<b>bold")
VALVE = notice(
    "SR/2/26", title="Solenoid valves for compressed air, 24 V DC", product="Solenoid valve", brand="AIRTEK", model="SV-24",
    kind=NoticeKind.RECALL, hazards=("electric_shock", "fire"), measures=("recall_end_users", "sales_ban"),
    notifying_country="DE", effective_on=date(2027, 7, 1), comment_deadline=date(2026, 12, 20))

SAID = """\
欧盟召回 电磁阀
触电、火灾；严重风险；从最终用户处召回、禁止销售；评议截止 2026-12-20（还剩 30 天）；2027-07-01 起生效
[红色预警] Solenoid valves for compressed air, 24 V DC
原文：https://publisher.example/1
级别理由：原产中国的本行业产品在目标市场被召回、被通报或在口岸被拦截
目标市场：欧盟
类别：召回
产品类别：电磁阀
产品（原文）：Solenoid valve · AIRTEK · SV-24
危害：触电、火灾
措施：从最终用户处召回、禁止销售
原产地：中国
通报国：德国
发布机构：欧盟委员会 · eu_safety_gate 来源
发布编号：SR/2/26
发布日期：2026-11-13
评议截止：2026-12-20（欧盟当地时间 24:00 前，即北京时间 12 月 21 日 07:00）（还剩 30 天）
生效日期：2027-07-01
命中订阅：电磁阀 · 欧盟（含成员国）
依据：电磁阀：标题中的“Solenoid valves”
"""


class Reader(HTMLParser):
    """What an HTML mail holds: tags with their attributes, and the text a person reads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_an_alert_says_in_chinese_what_the_publisher_states(here: World) -> None:
    here.follow(criteria=Criteria(product_types=frozenset({"solenoid_valve"}), markets=frozenset({"EU"})))
    (notice_id,) = store(here.db, VALVE)
    (mail,) = here.round()
    assert mail["Subject"] == "【红色预警】欧盟召回 电磁阀：触电、火灾"
    assert mail["From"] == "出口质量安全信息 <alerts@portal.example>"
    said = text(mail)
    for each in SAID.splitlines():
        assert f"{each}\n" in said, each
        assert each.partition("：")[2].partition("（")[0] in Reader(html(mail)).text + html(mail)
    assert f"详情：https://portal.example/notices/{notice_id}\n" in said


def test_what_the_publisher_does_not_state_is_left_out(here: World) -> None:
    here.follow()
    store(here.db, notice(origin="", risk_level="unknown", hazards=(), published_on=None, product="", category=""))
    (mail,) = here.round()
    for label in ("原产地：", "风险等级", "危害", "发布日期", "评议截止", "生效日期", "措施", "产品（原文）", "None"):
        assert label not in text(mail)


def test_a_horizontal_rule_is_told_by_its_name(here: World) -> None:
    here.follow(criteria=Criteria(regulations=frozenset({"eu_rohs"})))
    store(here.db, notice(title="Draft directive amending Annex III to Directive 2011/65/EU (RoHS)", product="",
                          kind=NoticeKind.TBT_NOTIFICATION, category="", summary="Exemption for lead."))
    (mail,) = here.round()
    assert mail["Subject"] == "【黄色预警】欧盟WTO/TBT通报 欧盟RoHS指令：人身伤害"
    assert "依据：欧盟RoHS指令：标题中的“2011/65/EU”" in text(mail)


def test_what_strangers_wrote_is_inert(here: World) -> None:
    here.follow()
    store(here.db, notice(title=HOSTILE, brand=HOSTILE, origin=HOSTILE, lang='"><script>', url="javascript:alert(1)"))
    (mail,) = here.round()
    assert mail["Bcc"] is None
    page = Reader(html(mail))
    assert not {tag for tag, _ in page.tags} & {"img", "script", "iframe", "form", "object", "link"}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "https://portal.example/").startswith("https://portal.example/")
    assert '<img src="https://x.example/p.gif" onerror=alert(1)> Bcc: v@x.example X: gnp.<b>bold' in page.text
    assert "javascript" not in text(mail)
    assert len([line for line in text(mail).splitlines() if line.startswith(("Bcc", "X:"))]) == 0
    assert not re.search(r"url\(|@import", html(mail))


def test_links_of_the_publisher_are_kept_as_written(here: World) -> None:
    here.follow()
    store(here.db, notice(url="https://eping.example/x?a=1&b=%22"))
    (mail,) = here.round()
    assert "原文：https://eping.example/x?a=1&b=%22\n" in text(mail)
    assert "https://eping.example/x?a=1&b=%22" in [each.get("href") for _, each in Reader(html(mail)).tags]


def test_what_changed_is_told_as_old_and_new_with_what_a_grade_hangs_on(here: World) -> None:
    here.follow()
    store(here.db, notice())
    here.round()
    here.wait()
    store(here.db, notice(hazards=("fire", "burns"), origin="VN", brand="AIRTEK", measures=("sales_ban",)))
    (mail,) = here.round()
    assert mail["Subject"] == "【黄色预警·有变更】欧盟通报 空气压缩机：火灾、烧伤/烫伤"
    assert ("内容有变更：\n  品牌：未注明 → AIRTEK\n  危害：人身伤害 → 火灾、烧伤/烫伤\n  措施：未注明 → 禁止销售\n"
            "  原产地：中国 → 越南\n") in text(mail)
    assert "人身伤害 → 火灾、烧伤/烫伤" in Reader(html(mail)).text
    assert text(mail).startswith("有 1 条信息的内容有变更。\n")


def test_a_mail_in_english_is_all_english(here: World) -> None:
    here.follow(criteria=Criteria(product_types=frozenset({"solenoid_valve"})), lang="en")
    here.follow(criteria=Criteria(words=("solenoid valves",)), lang="en")
    store(here.db, VALVE)
    (mail,) = here.round()
    assert mail["Subject"] == "[Red alert] European Union: Recall – Solenoid valve: Electric shock, Fire"
    assert mail["From"] == "Export quality and safety information <alerts@portal.example>"
    assert not re.search("[\u3000-\u9fff\uff00-\uffef]", text(mail) + html(mail))
    assert ("Comments until: 20 Dec 2026 (until the end of the day, European Union, that is 07:00 on 21 Dec, Beijing time)"
            " (days left: 30)") in text(mail)


def test_retries_and_later_mails_keep_their_identity(here: World) -> None:
    here.follow()
    store(here.db, notice("1"))
    here.mailbox.on_data = lambda _: "451 later"
    here.round()
    here.mailbox.on_data = lambda _: None
    here.wait(timedelta(minutes=1))
    assert here.send().sent == 1
    (first,) = here.mailbox.mails
    assert re.fullmatch(r"<[0-9a-f]{40}@portal\.example>", first["Message-ID"])
    assert first["Auto-Submitted"] == "auto-generated"
    here.wait()
    store(here.db, notice("2"))
    (second,) = here.round()
    assert second["Message-ID"] != first["Message-ID"]


def test_a_confirmation_says_what_is_asked_and_what_happens_if_it_is_ignored(here: World) -> None:
    here.service.subscribe("li@firm.example", COMPRESSORS)
    here.send()
    (mail,) = here.mailbox.mails
    for part in (text(mail), Reader(html(mail)).text):
        assert "空气压缩机" in part
        assert link(mail, "confirm") in part
        assert "该订阅不会生效，7 天后自动删除" in part


def test_only_mail_that_comes_again_and_again_offers_the_way_out_in_its_headers(here: World) -> None:
    here.service.subscribe("li@firm.example", COMPRESSORS)
    here.send()
    here.service.confirm(link(here.mailbox.mails[0], "confirm"))
    here.accounts.sign_in.ask("li@firm.example")
    here.send()
    store(here.db, notice())
    here.round()
    confirm, sign_in, alert = here.mailbox.mails
    for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"):
        assert confirm[name] is None
        assert sign_in[name] is None
        assert alert[name]
    assert {mail["Auto-Submitted"] for mail in here.mailbox.mails} == {"auto-generated"}


def test_what_an_editor_decided_is_the_reason_of_later_mails(here: World) -> None:
    here.follow(criteria=Criteria(product_types=frozenset({"silencer"})))
    [number] = store(here.db, VALVE)
    assert here.round() == []
    with here.db.write() as session:
        editor = organisations.find_or_create_person(session, "editor@association.example")
    with here.db.read() as session:
        stamp = decisions.dossier(session, number).stamp
    decisions.decide(here.db, number, editor, stamp, ["silencer"], [], "names_it")
    assert here.round() == [], "a decision is no news"
    store(here.db, replace(VALVE, measures=("recall_end_users",)))
    [mail] = here.round()
    assert "依据：消声器：编辑判定" in text(mail)


def test_an_addendum_that_states_no_deadline_says_until_when_its_case_takes_comments(here: World) -> None:
    here.follow()
    case = notice("G/TBT/N/EU/9000", kind=NoticeKind.TBT_NOTIFICATION, comment_deadline=date(2026, 12, 20))
    store(here.db, case)
    here.round()
    here.wait()
    store(here.db, replace(case, external_id="G/TBT/N/EU/9000/Add.1", comment_deadline=None, relates_to=("G/TBT/N/EU/9000",),
                           title="Air compressors: the annex"))
    (mail,) = here.round()
    until = "2026-12-20（欧盟当地时间 24:00 前，即北京时间 12 月 21 日 07:00）"
    assert f"评议截止：{until}（见 G/TBT/N/EU/9000）（还剩 30 天）\n" in text(mail)
    assert "评议截止 2026-12-20（还剩 30 天）" in text(mail)
    assert not [part for part in mail.walk() if part.get_content_type() == "text/calendar"], "it goes with what states it"
    here.wait(timedelta(days=31))
    store(here.db, replace(case, external_id="G/TBT/N/EU/9000/Add.2", comment_deadline=None, relates_to=("G/TBT/N/EU/9000",),
                           title="Air compressors: adopted"))
    (mail,) = here.round()
    assert "评议截止" not in text(mail), "what has passed is of no use"
