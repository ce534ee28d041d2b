"""Attack cases 24 and 27 to 34: what a broken or restless publisher makes of notices and alerts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from domain import clock
from domain.health import HealthState
from storage import sources
from storage.models import ChangeRow, NoticeRow
from tests.attack.parsing import CA, CPSC, EU, KR, WTO, ca_rows, kept
from tests.attack.wire import Serving, crawl, notices
from tests.databases import database
from tests.publishers import (
    CA_DUMP,
    CPSC_YEARS,
    EU_INDEX,
    ca_dump,
    cpsc_answer,
    cpsc_recall,
    cpsc_url,
    eu_index,
    eu_report,
    eu_report_url,
    kr_page,
    kr_url,
    wto_page,
    wto_url,
)
from tests.replay import Answer, Gateway


def alerting(folder: Path) -> list[str]:
    """The ids of the notices that matching will be told to alert on, once for every time."""
    with database(folder).read() as session:
        changes = select(NoticeRow.external_id).join(ChangeRow, ChangeRow.subject_id == NoticeRow.id)
        return list(session.scalars(changes.where(ChangeRow.consumer == "match", ChangeRow.alert.is_(True))
                                    .order_by(ChangeRow.id)))


# -- 24: who may be asked ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("place", ["https://www.dongfa.net/spam", "https://tbt.xzfsj.cn/", "http://recalls-rappels.canada.ca.evil.cn/"])
def test_case_24_a_copy_on_another_host_is_no_evidence(serve: Serving, tmp_path: Path, place: str) -> None:
    gateway = serve(Gateway, {CA_DUMP: Answer(b"", status=302, headers={"Location": place}), place: ca_dump(1)})
    report = crawl(tmp_path, None, gateway=gateway.url, floor=1)
    assert (report["status"], report["reason"], notices(tmp_path)) == ("failed", "off_site", {})
    assert gateway.addresses() == [CA_DUMP]


def test_case_24_a_record_that_leads_to_another_site_is_told(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_rows({"URL": "https://www.dongfa.net/casino"}, {})})
    report = crawl(tmp_path, None, gateway=gateway.url, floor=1)
    assert report["warnings"] == {"a record leads to another site: www.dongfa.net": 1}


# -- 27 to 30: what broke, what came all at once, what came back -------------------------------------------------------

def changed(answer: Answer, before: str, after: str) -> Answer:
    body = answer.body.decode()
    assert before in body
    return replace(answer, body=body.replace(before, after).encode())


KR_ONE = kr_page(1, 1, "2026-11-19")
NEW = {
    CA: {CA_DUMP: changed(ca_dump(1), '"Archived"', '"Column 30": "x", "Archived"')},
    EU: {EU_INDEX: eu_index(1001),
         eu_report_url(1001): changed(eu_report(1001, "SR/1/26"), "<type>", "<colour>x</colour><type>")},
    WTO: {wto_url(1): changed(wto_page(1, USA="2026-11-19"), '"area"', '"colour": "x", "area"')},
    KR: {kr_url(1): changed(changed(KR_ONE, "</th></tr>", "</th><th>colour</th></tr>"), "</td></tr>",
                            "</td><td>x</td></tr>")},
}


@pytest.mark.parametrize("slug", NEW)
def test_case_27_a_new_field_is_told_and_kept_and_breaks_nothing(serve: Serving, tmp_path: Path, slug: str) -> None:
    report = crawl(tmp_path, None, slug, gateway=serve(Gateway, NEW[slug]).url, floor=1)
    assert (report["status"], report["created"]) == ("ok", 1), report["why"]
    assert any(warning.startswith("unknown field") for warning in report["warnings"])
    (found,) = kept(tmp_path)
    assert "x" in found.raw.values()


def eu_week(**fields: str) -> Answer:
    """A report of ten alerts with further elements in each."""
    more = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())
    return changed(eu_report(1001, *(f"SR/{number:02}/26" for number in range(10))), "<type>", f"{more}<type>")


def wto_list(**fields: str) -> Answer:
    """A page of ten notifications with further fields in each."""
    page = json.loads(wto_page(10, **{f"M{number}": f"2026-11-{number}" for number in range(10, 20)}).body)
    return Answer(json.dumps(page | {"items": [item | fields for item in page["items"]]}).encode())


RENAMED = {
    "companyRecallCode": (EU, {EU_INDEX: eu_index(1001), eu_report_url(1001): eu_week(productionDates="x", recallNo="7")}),
    "productionDates": (EU, {EU_INDEX: eu_index(1001), eu_report_url(1001): eu_week(companyRecallCode="7", made="x")}),
    "dolLink": (WTO, {wto_url(1): wto_list(proposedEntryIntoForceDate="", notifiedDocumentLink="", paper="x")}),
}


@pytest.mark.parametrize("field", RENAMED)
def test_case_27_an_optional_field_that_got_another_name_fails_the_page(
        serve: Serving, tmp_path: Path, field: str) -> None:
    slug, answers = RENAMED[field]
    report = crawl(tmp_path, None, slug, gateway=serve(Gateway, answers).url, floor=1)
    assert (report["status"], report["reason"], kept(tmp_path)) == ("failed", "field_missing", [])
    assert f"the field “{field}” is missing (in no record, while " in report["why"]


def test_case_27_a_new_field_beside_all_known_ones_breaks_no_long_page(serve: Serving, tmp_path: Path) -> None:
    answers = {EU_INDEX: eu_index(1001),
               eu_report_url(1001): eu_week(companyRecallCode="7", productionDates="2026", colour="x")}
    report = crawl(tmp_path, None, EU, gateway=serve(Gateway, answers).url, floor=1)
    assert (report["status"], report["created"], report["warnings"]) == ("ok", 10, {"unknown field 'colour'": 10})


def test_case_27_a_new_category_is_told_and_guessed_by_nobody(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {kr_url(1): changed(KR_ONE, "자발적리콜", "새로운리콜")})
    report = crawl(tmp_path, None, KR, gateway=gateway.url, floor=1)
    assert (report["status"], report["warnings"]) == ("ok", {"unknown kind of recall '새로운리콜'": 1})
    assert kept(tmp_path)[0].measures == ("other",)


@pytest.mark.parametrize(("spoilt", "reason"), [
    (changed(ca_dump(1, 2), '"Title"', '"Titel"'), "field_missing"), (Answer(b"[]"), "below_floor"),
    (Answer(b"{}"), "shape"), (Answer(b'{"rows": []}'), "shape"), (Answer(b"[[], 5, null, []]"), "shape")])
def test_case_27_a_changed_shape_fails_loudly_and_retracts_nothing(serve: Serving, tmp_path: Path, spoilt: Answer,
                                                                  reason: str) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1, 2)})
    crawl(tmp_path, None, gateway=gateway.url, floor=2)
    gateway.answers[CA_DUMP] = spoilt
    for _ in range(3):
        report = crawl(tmp_path, None, gateway=gateway.url, floor=2)
        assert (report["status"] in ("failed", "incomplete"), report["reason"], report["withdrawn"]) == (True, reason, 0)
    assert notices(tmp_path) == {"1": "active", "2": "active"}


def test_case_28_none_or_ten_times_as_many_alert_nobody(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(*range(30))})
    crawl(tmp_path, None, gateway=gateway.url, floor=20)
    gateway.answers[CA_DUMP] = ca_dump()
    report = crawl(tmp_path, None, gateway=gateway.url, floor=20)
    assert (report["status"], report["reason"], report["withdrawn"]) == ("incomplete", "below_floor", 0)
    gateway.answers[CA_DUMP] = ca_dump(*range(331))
    report = crawl(tmp_path, None, gateway=gateway.url, floor=20)
    assert (report["status"], report["reason"], report["created"]) == ("held", "breaker", 301)
    assert "301" in report["why"]


def test_case_28_ten_times_as_many_on_a_slow_day_are_held_and_honest_weeks_are_not(serve: Serving, tmp_path: Path) -> None:
    """About twenty alerts a week; weeks that were missed come together, and one may be three times as full."""
    gateway = serve(Gateway, {})

    def publish(last: int, **sizes: int) -> dict[str, Any]:
        gateway.answers[EU_INDEX] = eu_index(*range(1001, last + 1))
        for week in range(1001, last + 1):
            size = sizes.get(f"of_{week}", 20)
            gateway.answers[eu_report_url(week)] = eu_report(week, *(f"SR/{week}{number:03}/26" for number in range(size)))
        return crawl(tmp_path, None, EU, gateway=gateway.url, floor=1)

    assert publish(1004)["status"] == "ok"
    report = publish(1011, of_1011=60)
    assert (report["status"], report["created"]) == ("ok", 180)
    report = publish(1012, of_1011=60, of_1012=140)
    assert (report["status"], report["reason"]) == ("held", "breaker_day")
    assert "140 notices of a single day (2026-11-12) would alert, the limit is 80" in report["why"]


def test_case_29_an_archive_with_fresh_dates_is_indexed_and_alerts_nobody(serve: Serving, tmp_path: Path) -> None:
    this, old = CPSC_YEARS[-1], 2003
    gateway = serve(Gateway, {cpsc_url(year): cpsc_answer() for year in CPSC_YEARS})
    gateway.answers[cpsc_url(this)] = cpsc_answer(cpsc_recall(1, f"{this}-01-02"))
    crawl(tmp_path, None, CPSC, gateway=gateway.url, floor=1)
    today = f"{this}-01-03T00:00:00"
    gateway.answers[cpsc_url(old)] = cpsc_answer(*(cpsc_recall(number, f"{old}-05-06", LastPublishDate=today)
                                                   for number in range(100, 180)))
    gateway.answers[cpsc_url(this)] = cpsc_answer(cpsc_recall(1, f"{this}-01-02"), cpsc_recall(2, f"{this}-01-03"))
    report = crawl(tmp_path, None, CPSC, gateway=gateway.url, floor=1, full=True)
    assert (report["status"], report["created"]) == ("ok", 81), report["why"]
    assert alerting(tmp_path) == ["2"]


def test_case_30_gone_and_back_within_hours_is_one_alert_and_no_withdrawal(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1, 2)})
    crawl(tmp_path, None, gateway=gateway.url, floor=1)
    for numbers in ((1, 2, 3), (1, 2), (1, 2, 3), (1, 2)):
        gateway.answers[CA_DUMP] = ca_dump(*numbers)
        assert crawl(tmp_path, None, gateway=gateway.url, floor=1)["withdrawn"] == 0
    assert alerting(tmp_path) == ["3"]
    assert crawl(tmp_path, None, gateway=gateway.url, floor=1, full=True)["withdrawn"] == 1
    assert notices(tmp_path) == {"1": "active", "2": "active", "3": "withdrawn"}, "marked, never deleted"


# -- 31 to 34: the same thing twice, what follows it, when, and silence -----------------------------------------------

def test_case_31_a_record_that_stands_twice_is_one_notice(serve: Serving, tmp_path: Path) -> None:
    twice = json.loads(ca_dump(1, 2).body)
    french = twice[0] | {"Title": "Rappel de compresseurs", "URL": twice[0]["URL"].replace("/en/", "/fr/")}
    gateway = serve(Gateway, {CA_DUMP: Answer(json.dumps([*twice, french]).encode()), EU_INDEX: eu_index(1001, 1002), **{
        eu_report_url(number): eu_report(number, "SR/1/26", "SR/1/26") for number in (1001, 1002)}})
    assert crawl(tmp_path, None, gateway=gateway.url, floor=1)["created"] == 2
    assert crawl(tmp_path, None, EU, gateway=gateway.url, floor=1)["created"] == 1
    assert [each.external_id for each in kept(tmp_path)] == ["1", "2", "SR/1/26"]


def test_case_31_the_same_recall_from_two_publishers_is_one_event(serve: Serving, tmp_path: Path) -> None:
    year = CPSC_YEARS[-1]
    ours = cpsc_recall(1, f"{year}-01-02") | {"Title": "Beispiel Recalls X1 Label Printers Due to Fire Hazard",
                                              "Products": [cpsc_recall(1, f"{year}-01-02")["Products"][0]
                                                           | {"Name": "Beispiel X1 Label Printers"}]}
    theirs = {"Title": "Beispiel X1 Label Printers recalled due to fire hazard", "Product": "Label Printers",
              "Last updated": f"{year}-01-09"}
    gateway = serve(Gateway, {cpsc_url(each): cpsc_answer() for each in CPSC_YEARS} | {
        cpsc_url(year): cpsc_answer(ours), CA_DUMP: ca_rows(theirs)})
    for slug in (CPSC, CA):
        assert crawl(tmp_path, None, slug, gateway=gateway.url, floor=1)["created"] == 1
    with database(tmp_path).read() as session:
        assert len(set(session.scalars(select(NoticeRow.event)))) == 1


@pytest.mark.parametrize("follows", ["Add.1", "Corr.2", "Rev.1", "Suppl.1", "Rev.1/Add.2"])
def test_case_32_what_follows_a_notification_names_it_and_says_its_own_deadline(serve: Serving, tmp_path: Path,
                                                                               follows: str) -> None:
    page = json.loads(wto_page(2, EU="2026-11-19", CHE="2026-11-18").body)
    first, base = page["items"]
    base["documentSymbol"] = "G/TBT/N/EU/9999"
    first |= {"documentSymbol": f"G/TBT/N/EU/9999/{follows}", "commentDeadlineDate": "2027-01-31T00:00:00"}
    gateway = serve(Gateway, {wto_url(1): Answer(json.dumps(page).encode())})
    report = crawl(tmp_path, None, WTO, gateway=gateway.url, floor=1)
    assert report["created"] == 2, report["why"]
    parent, follower = kept(tmp_path)
    assert (parent.relates_to, follower.relates_to) == ((), (parent.external_id,))
    assert str(follower.comment_deadline) == "2027-01-31"


DEADLINES = {None: None, "": None, "60 days from circulation": None, "2026-02-31T00:00:00": None, "31/12/2026": None,
             "令和8年12月1日": None, "2569-01-01": "2569-01-01", "2020-01-31T00:00:00": "2020-01-31", "20261201": None,
             "2026-12-01T23:59:59+09:00": "2026-12-01", "0000-00-00": None, "2026-12-01 or later": None}


@pytest.mark.parametrize(("stated", "read"), DEADLINES.items())
def test_case_33_a_deadline_is_as_stated_in_the_declared_form_or_not_stated(
        serve: Serving, tmp_path: Path, stated: str | None, read: str | None) -> None:
    page = json.loads(wto_page(1, EU="2026-11-19").body)
    page["items"][0]["commentDeadlineDate"] = stated
    report = crawl(tmp_path, None, WTO, gateway=serve(Gateway, {wto_url(1): Answer(json.dumps(page).encode())}).url, floor=1)
    (found,) = kept(tmp_path)
    assert (report["status"], found.comment_deadline and str(found.comment_deadline)) == ("ok", read)
    unread = bool(stated and not read)
    assert report["warnings"] == ({"no date in 'commentDeadlineDate'": 1} if unread else {})
    assert ("commentDeadlineDate" in found.raw) == bool(stated), "the words stay where no date is read from them"


def test_case_33_a_page_says_not_stated_where_no_date_is() -> None:
    from webapp.present import day

    app = Flask(__name__)
    with app.test_request_context("/"):
        assert day(None) == "未注明"


def test_case_34_a_page_that_answers_well_and_never_moves_is_told_as_silent(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1, 2)})
    for day, state in (("2026-11-20", HealthState.HEALTHY), ("2026-12-20", HealthState.SILENT)):
        now = f"{day}T04:00:00+00:00"
        report = crawl(tmp_path, None, gateway=gateway.url, floor=1, now=now)
        assert report["status"] == "ok"
        clock.fix(datetime.fromisoformat(now))
        with database(tmp_path).read() as session:
            health = sources.view(session, CA).health
        assert health.state is state
    assert "nothing newer than 2026-11-18" in health.reason.text()
