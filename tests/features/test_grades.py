"""Grades over time and zones: the calendar moves them without a mail, and a zone's readers are told its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain import clock
from domain.criteria import Criteria, Scope, facts, matches
from domain.errors import Conflict, InvalidValue, NotFound
from domain.grade import Grade
from domain.notice import Notice, NoticeKind
from domain.organisation import OrganisationKind, Role
from domain.source import SourceTier
from domain.subscription import Subscription, Topic
from indexer.service import SearchService
from indexer.sync import rebuild, sync
from storage import bulletins, changes, grade_overrides, notices, organisations, regraded
from storage.models import AuditRow, SubscriptionRow
from storage.regraded import regrade
from storage.session import Database
from tests.browser.portal import EDITOR, FIRM_EDITOR, OPERATOR, OTHER_EDITOR, SUBSCRIBER, Portal, post
from tests.browser.portal import text as read
from tests.builders import notice, source, store
from tests.conftest import Installed
from tests.databases import database
from tests.engines import EACH, ENGINES
from tests.features.alerts import COMPRESSORS, LI, NOON, World, html, text, told
from zonewatch.settings import Settings
from zonewatch.wiring import Installation
from zonewatch.worker import Worker

HAN = "han@firm.example"
RED = Criteria(product_types=COMPRESSORS.product_types, grades=frozenset({"red"}))
DAY = timedelta(days=1)


def rule(external_id: str, **stated: Any) -> Notice:
    """A measure on air compressors that was published long ago and states nothing else."""
    return notice(external_id, **{"kind": NoticeKind.TECHNICAL_REGULATION, "origin": "", "published_on": date(2020, 1, 1),
                                  "hazards": (), "risk_level": ""} | stated)


def at(day: date) -> None:
    clock.fix(datetime(day.year, day.month, day.day, 4, tzinfo=UTC))


# -- the index holds the grade of a day -------------------------------------------------------------------------------------
LEAP = date(2028, 2, 29)
MEASURES = [rule(f"R{days}", effective_on=LEAP + days * DAY) for days in (-400, -3, -1, 0, 1, 2, 90, 91, 365, 400)]
DRAFTS = [notice(f"D{days}", kind=NoticeKind.TBT_NOTIFICATION, title="Rule on toys", product="", category="",
                 summary="Directive 2011/65/EU", published_on=date(2020, 1, 1), comment_deadline=LEAP + days * DAY)
          for days in (-1, 0, 14, 15)]
OTHERS = [notice("red"), notice("yellow", origin=""), notice("toy", title="Toy", product="Toy", summary="", category="")]


def wrong(db: Database, service: SearchService) -> dict[str, tuple[int, int]]:
    """Numbers of the grade facet, and totals of a search by grade, that are not those of the oracle today."""
    with db.read() as session:
        stored = [each for batch in notices.everything(session) for each in batch]
    found = [facts(each.notice, each.classification, each.grade) for each in stored]
    everything = Criteria(scope=Scope.ALL)
    shown, meant = service.search(everything).facets["grade"], Counter(each.grade for each in found)
    numbers = {f"facet {each}": (shown.get(each, 0), meant[each]) for each in Grade}
    for each in Grade:
        asked = Criteria(grades=frozenset({each.value}), scope=Scope.ALL)
        numbers[f"total {each}"] = service.search(asked).total, sum(matches(asked, fact) for fact in found)
    return {name: pair for name, pair in numbers.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("engine", EACH)
def test_after_the_stage_the_facet_counts_what_the_rules_say_today(tmp_path: Path, engine: str) -> None:
    """29 February, days that nobody worked, a clock that was put back, and a jump of years."""
    db, index = database(tmp_path), ENGINES[engine](tmp_path / "index")
    at(date(2028, 2, 28))
    store(db, *MEASURES, *DRAFTS, *OTHERS)
    service = SearchService(db, index)
    sync(db, index)
    assert wrong(db, service) == {}
    for day in (LEAP, LEAP + DAY, LEAP + 4 * DAY, LEAP - 2 * DAY, date(2031, 1, 1)):
        at(day)
        assert regrade(db) > 0
        sync(db, index)
        assert wrong(db, service) == {}, day
        assert regrade(db) == 0, "a second run finds nothing to do"
        assert sync(db, index) == 0
    db.close()


def kept(db: Database) -> dict[str, str | None]:
    with db.read() as session:
        rows = session.connection().exec_driver_sql("SELECT external_id, grade FROM notices")
        return {external_id: grade for external_id, grade in rows}


def test_a_notice_keeps_the_grade_that_the_index_holds_of_it(tmp_path: Path) -> None:
    db, index = database(tmp_path), ENGINES["tantivy"](tmp_path / "index")
    at(date(2026, 11, 20))
    store(db, rule("R", effective_on=date(2027, 3, 1)))
    assert (regrade(db), kept(db)) == (0, {"R": None}), "what is not indexed waits for that"
    sync(db, index)
    assert kept(db) == {"R": "yellow"}
    store(db, rule("R", effective_on=date(2026, 12, 1)))
    sync(db, index)
    assert kept(db) == {"R": "red"}
    at(date(2026, 12, 2))
    rebuild(db, index)
    assert (kept(db), regrade(db)) == ({"R": "yellow"}, 0)
    db.close()


def test_a_stage_that_dies_between_two_batches_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, index = database(tmp_path), ENGINES["tantivy"](tmp_path / "index")
    at(date(2026, 11, 20))
    store(db, *(rule(f"R{number}", effective_on=date(2027, 3, 1)) for number in range(7)))
    sync(db, index)
    at(date(2027, 2, 1))
    monkeypatch.setattr(regraded, "BATCH", 3)
    add, calls = changes.rows, []

    def dying(*change: Any) -> list[dict[str, Any]]:
        calls.append(change)
        if len(calls) == 5:
            raise MemoryError
        return add(*change)

    monkeypatch.setattr(changes, "rows", dying)
    with pytest.raises(MemoryError):
        regrade(db)
    assert Counter(kept(db).values()) == {"red": 3, "yellow": 4}, "a batch is kept with its changes or not at all"
    assert regrade(db) == 4
    assert sync(db, index) == 7
    db.close()


@pytest.mark.postgres
def test_a_notice_that_a_crawl_is_writing_is_waited_for(tmp_path: Path) -> None:
    from threading import Timer
    db, index = database(tmp_path), ENGINES["tantivy"](tmp_path / "index")
    at(date(2026, 11, 20))
    [notice_id] = store(db, rule("R", effective_on=date(2027, 3, 1)))
    sync(db, index)
    at(date(2027, 2, 1))
    held = db.engine.connect()
    held.exec_driver_sql(f"SELECT id FROM notices WHERE id = {notice_id} FOR UPDATE")
    Timer(0.5, held.close).start()
    assert regrade(db) == 1
    db.close()


def test_a_grade_that_the_calendar_alone_changed_mails_nobody(here: World, tmp_path: Path) -> None:
    index = ENGINES["tantivy"](tmp_path / "index")
    here.load()
    here.follow(criteria=RED)
    here.follow(HAN)
    store(here.db, rule("R", effective_on=clock.now().date() + 91 * DAY, published_on=NOON.date()))
    sync(here.db, index)
    (mail,) = here.round()
    assert (mail["To"], "黄色预警" in text(mail), "措施将在一年内生效" in text(mail)) == (HAN, True, True)
    for grade, days in (("red", 1), ("red", 90), ("yellow", 1), ("plain", 365)):
        here.wait(days * DAY)
        regrade(here.db)
        sync(here.db, index)
        assert kept(here.db)["R"] == grade
        assert here.round() == []
    with here.db.read() as session:
        assert changes.pending(session, changes.MATCH) == 0


def test_a_material_change_is_told_by_the_grade_of_its_day(here: World) -> None:
    here.load()
    here.follow(criteria=RED)
    effective = clock.now().date() + 91 * DAY
    store(here.db, rule("R", effective_on=effective, published_on=NOON.date()))
    assert here.round() == []
    here.wait(5 * DAY)
    store(here.db, rule("R", effective_on=effective, published_on=NOON.date(), hazards=("fire",)))
    (mail,) = here.round()
    assert "措施将在 90 天内生效" in text(mail)


def test_the_worker_grades_anew_on_another_day_and_after_days_down(installed: Installed) -> None:
    here = Installation(Settings(installed.environment, installed.folder / ".env"))
    at(date(2026, 11, 20))
    store(here.db, rule("R", effective_on=date(2027, 2, 19)), rule("S", effective_on=date(2026, 11, 21)))
    worker = Worker(here)

    def drained(worker: Worker) -> dict[str, str | None]:
        while worker.round():
            pass
        return kept(here.db)

    assert drained(worker) == {"R": "yellow", "S": "red"}
    assert worker.grade() == 0, "not twice a day"
    at(date(2026, 11, 21))
    assert drained(worker) == {"R": "red", "S": "red"}
    at(date(2026, 11, 20))
    assert drained(worker) == {"R": "yellow", "S": "red"}, "the clock was put back"
    at(date(2026, 11, 23))
    assert drained(Worker(here)) == {"R": "red", "S": "yellow"}, "two days down, another process"
    here.db.close()


def test_a_source_that_does_not_stand_alone_is_never_red(tmp_path: Path) -> None:
    db, index = database(tmp_path), ENGINES["tantivy"](tmp_path / "index")
    at(date(2026, 11, 20))
    press = source("eu_press", tier=SourceTier.SECONDARY)
    told_by = {"eu_press": "yellow", "eu_safety_gate": "red", "eu_mirror": "red"}
    store(db, notice("1", source="eu_press"), card=press)
    store(db, notice("1"))
    store(db, notice("1", source="eu_mirror"), card=source("eu_mirror", tier=SourceTier.MIRROR))
    sync(db, index)
    found = SearchService(db, index).search(Criteria()).hits
    assert {hit.stored.notice.source: hit.stored.grade.grade.value for hit in found} == told_by
    with db.read() as session:
        ids = [hit.stored.id for hit in found]
        assert {each.notice.source: each.grade.grade.value for each in notices.by_ids(session, ids).values()} == told_by
        assert {each.notice.source: each.grade.grade.value for each in notices.newest_relevant(session, 9)} == told_by
        assert {each.notice.source for one in ids if (each := notices.by_id(session, one)).grade.grade == "red"} == {
            "eu_safety_gate", "eu_mirror"}
    db.close()


# -- grades of a zone ------------------------------------------------------------------------------------------------------
class Zones:
    """Two zones with their associations, an editor, and a firm each in which a reader is."""

    def __init__(self, db: Database) -> None:
        self.db = db
        with db.write() as session:
            self.editor = organisations.find_or_create_person(session, "editor@association.example", name="林编辑")
            self.ids = {slug: self._zone(session, slug, name) for slug, name in (("zhuhai", "珠海"), ("fenghua", "奉化"))}

    def _zone(self, session: Any, slug: str, name: str) -> int:
        zone_id = organisations.ensure_zone(session, slug, f"{name}示范区", f"{slug.title()} zone")
        organisations.ensure_organisation(session, zone_id, OrganisationKind.ASSOCIATION, f"{name}协会")
        return zone_id

    def join(self, email: str, slug: str) -> None:
        with self.db.write() as session:
            firm = organisations.ensure_organisation(session, self.ids[slug], OrganisationKind.ENTERPRISE, f"Firm in {slug}")
            organisations.add_member(session, organisations.find_or_create_person(session, email), firm, Role.MEMBER)

    def put(self, subscription: Subscription, slug: str) -> None:
        """Let a subscription belong to a zone."""
        with self.db.write() as session:
            session.get_one(SubscriptionRow, subscription.id).zone_id = self.ids[slug]

    def give(self, slug: str, notice_id: int, grade: Grade | None, reason: str = "our_firms: 三家企业出口") -> None:
        zone_id = self.ids[slug]
        with self.db.read() as session:
            before = grade_overrides.history(session, notice_id)
        stamp = max((each.id for each in before if each.zone_id == zone_id), default=0)
        if grade is None:
            grade_overrides.give_up(self.db, zone_id, notice_id, self.editor, stamp, reason)
        else:
            grade_overrides.give(self.db, zone_id, notice_id, self.editor, stamp, grade, reason)


@pytest.fixture
def zones(here: World) -> Zones:
    return Zones(here.db)


def test_readers_of_a_zone_are_matched_and_told_by_its_grade_and_others_by_the_systems(here: World, zones: Zones) -> None:
    here.load()
    for email in (LI, HAN, "wu@firm.example"):
        here.follow(email, RED)
    zones.join(LI, "zhuhai")
    zones.join(HAN, "fenghua")
    [notice_id] = store(here.db, notice("N", origin=""))
    zones.give("zhuhai", notice_id, Grade.RED)
    (mail,) = here.round()
    assert mail["To"] == LI
    assert str(mail["Subject"]).startswith("【红色预警】")
    assert "级别理由：珠海协会判定：本园区企业生产或出口此类产品：三家企业出口" in text(mail)
    assert "珠海协会判定" in html(mail)


def test_a_zone_may_rate_lower_and_its_mail_orders_by_that(here: World, zones: Zones) -> None:
    here.load()
    here.follow(LI, RED)
    here.follow(HAN)
    zones.join(LI, "zhuhai")
    zones.join(HAN, "zhuhai")
    ids = store(here.db, notice("A", title="Air compressor A"), notice("B", title="Air compressor B", origin=""))
    zones.give("zhuhai", ids[0], Grade.PLAIN, "not_made_here")
    (mail,) = here.round()
    assert mail["To"] == HAN
    assert told(mail) == ["Air compressor B", "Air compressor A"]
    reason = "级别理由：珠海协会判定：本园区不生产此类产品"
    assert re.search(rf"^\[信息推送\] Air compressor A\n.*\n{reason}$", text(mail), re.MULTILINE)


def test_the_zone_of_a_subscription_goes_before_that_of_the_person(here: World, zones: Zones) -> None:
    here.load()
    zones.join(LI, "zhuhai")
    zones.put(here.follow(LI, RED), "fenghua")
    [first] = store(here.db, notice("N", origin=""))
    zones.give("zhuhai", first, Grade.RED)
    assert here.round() == []
    [second] = store(here.db, notice("M", origin=""))
    zones.give("fenghua", second, Grade.RED)
    (mail,) = here.round()
    assert "奉化协会判定" in text(mail)


def test_where_zones_differ_the_most_urgent_grade_is_told(here: World, zones: Zones) -> None:
    here.load()
    zones.put(here.follow(LI, COMPRESSORS), "zhuhai")
    zones.put(here.follow(LI, Criteria()), "fenghua")
    [notice_id] = store(here.db, notice("N", origin=""))
    zones.give("zhuhai", notice_id, Grade.PLAIN)
    zones.give("fenghua", notice_id, Grade.RED)
    (mail,) = here.round()
    assert "[红色预警] " in text(mail)
    assert "奉化协会判定" in text(mail)


def test_giving_and_giving_up_a_grade_mails_nobody_and_leaves_the_index_alone(here: World, zones: Zones) -> None:
    here.load()
    here.follow(LI, RED)
    zones.join(LI, "zhuhai")
    [notice_id] = store(here.db, notice("N", origin=""))
    assert here.round() == []
    with here.db.read() as session:
        before = changes.pending(session, changes.INDEX)
    zones.give("zhuhai", notice_id, Grade.RED)
    zones.give("zhuhai", notice_id, None, "mistaken_grade")
    zones.give("zhuhai", notice_id, Grade.RED)
    here.wait(DAY)
    assert here.round() == []
    with here.db.read() as session:
        assert changes.pending(session, changes.INDEX) == before
        assert len(grade_overrides.history(session, notice_id)) == 3, "only ever added to"
        assert notices.by_id(session, notice_id).grade.grade is Grade.YELLOW
        noted = [(row.action, row.details["grade"]) for row in session.query(AuditRow).order_by(AuditRow.id)
                 if row.subject == f"notice:{notice_id}"]
    assert noted == [("grade_notice", "red"), ("ungrade_notice", None), ("grade_notice", "red")]


def test_a_grade_that_was_given_up_counts_no_more(here: World, zones: Zones) -> None:
    here.load()
    here.follow(LI, RED)
    zones.join(LI, "zhuhai")
    [notice_id] = store(here.db, notice("N", origin=""))
    zones.give("zhuhai", notice_id, Grade.RED)
    zones.give("zhuhai", notice_id, None, "settled")
    assert here.round() == []


def test_a_bulletin_of_a_zone_shows_its_grades(here: World, zones: Zones) -> None:
    here.load()
    zhuhai = zones.ids["zhuhai"]
    here.follow(LI, Criteria(), topic=Topic.BULLETINS, zone_id=zhuhai)
    [notice_id] = store(here.db, notice("N", origin=""))
    zones.give("zhuhai", notice_id, Grade.RED)
    with here.db.write() as session:
        bulletin_id = bulletins.create(session, zhuhai, zones.editor, "本周")
        bulletins.set_items(session, [zhuhai], bulletin_id, [notice_id])
        bulletins.publish(session, [zhuhai], bulletin_id)
        changes.add(session, changes.BULLETIN, bulletin_id, alert=True, consumers=(changes.MATCH,))
    (mail,) = here.round()
    assert "[红色预警] " in text(mail)


def test_two_editors_do_not_grade_over_each_other(here: World, zones: Zones) -> None:
    [notice_id] = store(here.db, notice("N"))
    zhuhai = zones.ids["zhuhai"]
    with pytest.raises(InvalidValue):
        grade_overrides.give(here.db, zhuhai, notice_id, zones.editor, 0, Grade.RED, " ")
    with pytest.raises(Conflict):
        grade_overrides.give_up(here.db, zhuhai, notice_id, zones.editor, 0, "settled")
    with pytest.raises(NotFound):
        grade_overrides.give(here.db, zhuhai, notice_id + 9, zones.editor, 0, Grade.RED, "x")
    zones.give("zhuhai", notice_id, Grade.RED)
    zones.give("fenghua", notice_id, Grade.PLAIN)
    with pytest.raises(Conflict):
        grade_overrides.give(here.db, zhuhai, notice_id, zones.editor, 0, Grade.PLAIN, "not_made_here")
    with here.db.read() as session:
        assert {zone: each.grade for zone, each in grade_overrides.of_notice(session, notice_id).items()} == {
            zhuhai: Grade.RED, zones.ids["fenghua"]: Grade.PLAIN}
        assert grade_overrides.of_zone(session, zhuhai, [notice_id, 99])[notice_id].grade is Grade.RED


# -- on the page ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    clock.fix(NOON)
    found = Portal(tmp_path)
    found.ids["N"] = found.store(notice("N", origin=""))[0]
    yield found
    found.db.close()


def give(portal: Portal, who: str, zone: str, **form: str) -> Any:
    page = f"/notices/{portal.ids['N']}"
    return post(portal.client(who), page, f"{page}/grade", zone=str(portal.zones[zone]), stamp="0",
                **{"grade": "red", "reason": "our_firms"} | form)


def test_everybody_sees_the_systems_grade_and_below_it_what_a_zone_says(portal: Portal) -> None:
    assert give(portal, EDITOR, "zhuhai", note="三家企业 <b>出口</b>").status_code == 302
    page = portal.client().get(f"/notices/{portal.ids['N']}")
    shown = read(page.text)
    assert "黄色预警：本行业产品在目标市场被召回、被通报或在口岸被拦截，原产地不是中国或未注明。 " \
           "红色预警 珠海耗材协会判定为红色预警：本园区企业生产或出口此类产品：三家企业 <b>出口</b>。" in shown
    assert "editor@" not in page.text, "the reason is public, the editor's name is not"
    english = read(portal.client().get(f"/notices/{portal.ids['N']}?lang=en").text)
    assert "The association of the Zhuhai printer consumables zone rates it Red alert: firms of our zone" in english
    assert portal.client().get("/?grade=red").text.count("hit-red") == 0, "search keeps to the system's"


def test_an_editor_grades_for_their_own_zone_only(portal: Portal) -> None:
    page = f"/notices/{portal.ids['N']}"
    for who in (EDITOR, OTHER_EDITOR, FIRM_EDITOR, OPERATOR, SUBSCRIBER):
        assert ("本园区的级别" in portal.client(who).get(page).text) is (who in (EDITOR, OTHER_EDITOR)), who
    assert give(portal, EDITOR, "fenghua").status_code == 404
    with portal.db.read() as session:
        assert grade_overrides.history(session, portal.ids["N"]) == []


def test_a_grade_without_a_reason_is_sent_back_with_what_was_said(portal: Portal) -> None:
    for form, why in (({"reason": ""}, "请选择或填写理由"), ({"grade": "blue"}, "请选择级别"),
                      ({"note": "长" * 301}, "理由不能超过 300 个字")):
        answer = give(portal, EDITOR, "zhuhai", **form)
        assert (answer.status_code, why in answer.text, 'role="alert"' in answer.text) == (400, True, True)
    assert 'value="看这里"' in give(portal, EDITOR, "zhuhai", grade="blue", note="看这里").text


def test_an_editor_takes_a_grade_back_and_sees_its_history(portal: Portal) -> None:
    page = f"/notices/{portal.ids['N']}"
    assert give(portal, EDITOR, "zhuhai").status_code == 302
    assert give(portal, EDITOR, "zhuhai").status_code == 409, "another window was faster"
    editor = portal.client(EDITOR)
    with portal.db.read() as session:
        [given] = grade_overrides.history(session, portal.ids["N"])
    form = {"zone": str(portal.zones["zhuhai"]), "stamp": str(given.id)}
    assert post(editor, page, f"{page}/grade/end", **form).status_code == 400
    assert post(editor, page, f"{page}/grade/end", reason="settled", **form).status_code == 302
    shown = read(editor.get(page).text)
    assert "恢复为系统的级别，理由：事情已处理完毕 editor@association.example" in shown
    assert "判定为" not in read(portal.client().get(page).text)
