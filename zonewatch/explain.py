"""The way of a notice from bytes to index and mails in plain lines, and where it stopped if it did not go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.decision import levels
from domain.source import RunKind
from storage import changes, index_state
from storage.captures import CaptureRef, CaptureStore
from storage.index_state import Generation
from storage.lineage import ChangeStep, Lineage, MailStep, MatchStep, RunStep, VersionStep, find, lineage
from storage.notices import StoredNotice
from storage.session import Database


@dataclass(frozen=True, slots=True)
class Section:
    """A step of the way and what is to be said of it."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way of a notice for people (``sections``) and programs (``json``)."""

    sections: tuple[Section, ...]
    json: dict[str, Any]


def explain(db: Database, store: CaptureStore, name: str) -> Explanation:
    """The way of the notice that a name means. Raises NotFound, or InvalidValue when it means several. Only reads."""
    with db.read() as session:
        way = lineage(session, find(session, name))
        generation = index_state.current(session)
    kept = {each.capture.sha256: store.has(each.capture.sha256) for each in way.versions if each.capture}
    return Explanation(tuple(_sections(way, kept, generation)), _json(way, kept, generation))


def _sections(way: Lineage, kept: dict[str, bool], generation: Generation | None) -> Iterator[Section]:
    notice, card = way.stored.notice, way.card
    yield Section("notice", (
        f"{notice.source}:{notice.external_id} (id {way.stored.id}), {way.stored.status.value}", notice.title, notice.url))
    yield Section("source", (
        f"{card['title']}; {card['publisher']['name']}", f"{card['url']}; {card['listing']} listing, {card['grade']}"))
    for each in way.versions:
        yield Section(f"version {each.version.version}", tuple(_version(each, kept)))
    yield Section("classification", tuple(_classification(way)))
    yield Section("relations", tuple(_relations(way)))
    for consumer in changes.CONSUMERS:
        yield Section(consumer, tuple(_changes(way, consumer)))
    where = f"generation {generation.name}, commit {generation.commit_no}" if generation else "there is no index yet"
    yield Section("found by search", (f"since {_moment(way.stored.indexed_at)}; {where}" if way.stored.indexed_at
                                      else f"not yet; {where}",))
    yield Section("mails", tuple(line for each in way.matches for line in _match(way, each)) or ("none",))
    yield Section("end of the way", tuple(_end(way)))


def _version(step: VersionStep, kept: dict[str, bool]) -> Iterator[str]:
    version = step.version
    changed = f"changed: {', '.join(version.changed)}" if version.changed else "first reading"
    yield f"{_moment(version.seen_at)}, {changed}; {'material' if version.material else 'not material'}"
    yield _run(step.run)
    yield _capture(step.capture, kept) if step.capture else "no capture is noted"


def _run(run: RunStep) -> str:
    kind = "read anew from captures by" if run.kind is RunKind.REPARSE else "crawled by"
    why = f" ({run.reason.text()})" if run.reason.text() else ""
    silent = "" if run.alerting else "; may not alert"
    return f"{kind} run {run.id} of {_moment(run.started_at)}: {run.status.value}{why}, parser {run.parser_version}{silent}"


def _capture(capture: CaptureRef, kept: dict[str, bool]) -> str:
    there = "kept" if kept[capture.sha256] else "no longer kept"
    return (f"capture {capture.id} of {_moment(capture.fetched_at)}: {capture.url} answered {capture.status}, "
            f"{capture.size} bytes, sha256 {capture.sha256}, bytes {there}, read by {capture.reader or 'an unknown reader'}")


def _classification(way: Lineage) -> Iterator[str]:
    found = way.stored.classification
    for name, level in (*found.product_types.items(), *found.horizontal.items()):
        yield f"{name}: {level.value}"
    for each in found.evidence:
        yield f"  {each.subject}: {each.rule} in {each.where}: {each.what}"
    if overruled := way.stored.overruled:
        said = ", ".join(f"{name} {level}" for name, level in levels(overruled).items()) or "nothing of ours"
        yield f"decided by an editor; the classifier found {said}"
    ours = "of our industries" if found.is_relevant else "not of our industries"
    yield f"{ours}; classifier {way.classifier_version}; grade {way.stored.grade.grade.value}"


def _relations(way: Lineage) -> Iterator[str]:
    """The one place where relations to other notices are told."""
    yield f"event {way.stored.event}"
    for each in way.related:
        yield f"same event: {_named(each)}"
    for each in way.case if len(way.case) > 1 else ():
        yield f"step of its case: {each.notice.event_date or 'undated'} {each.notice.stage or '-'} {_named(each)}"


def _named(stored: StoredNotice) -> str:
    return f"{stored.notice.source}:{stored.notice.external_id} (id {stored.id}) {stored.notice.title}"


def _changes(way: Lineage, consumer: str) -> Iterator[str]:
    found = [each for each in way.changes if each.consumer == consumer]
    for each in found:
        yield f"version {each.version}, {_moment(each.created_at)}: {_state(way, each)}"
    if not found:
        yield "no change is noted any more: those that are done are removed after a month"


def _state(way: Lineage, change: ChangeStep) -> str:
    silent = "" if change.alert or change.consumer != changes.MATCH else f"; silent: {_why_silent(way, change)}"
    if change.done_at:
        return f"taken {_moment(change.done_at)}{silent}"
    return f"waits{silent or _why_waiting(change)}"


def _why_waiting(change: ChangeStep) -> str:
    if change.consumer == changes.MATCH and change.run and change.run.holds_back:
        said = "is held: look at what it brought, then release it" if change.run.ended_at else "has not ended"
        return f": run {change.run.id} {said}"
    return " for a worker"


def _why_silent(way: Lineage, change: ChangeStep) -> str:
    """Which of the never-for-alert rules (ADR 4) it was."""
    step = next((each for each in way.versions if each.version.version == change.version), None)
    if change.run and change.run.kind is RunKind.REPARSE:
        return "captures read anew alert nobody"
    if change.run and not change.run.alerting:
        return f"run {change.run.id} is of a first load, or the first under parser {change.run.parser_version}"
    if step and not step.version.material:
        return "nothing that matters changed"
    return "an old notice published again"


def _match(way: Lineage, match: MatchStep) -> Iterator[str]:
    by = "" if match.notice_id == way.stored.id else f", by notice {match.notice_id} about the same event"
    yield (f"subscription {match.subscription_id} ({match.label}) of {masked(match.address)} met at version "
           f"{match.version}, {_moment(match.created_at)}{by}")
    if match.edited_at:
        yield f"  its criteria were changed {_moment(match.edited_at)}"
    yield f"  {_mail(match)}"


def _mail(match: MatchStep) -> str:
    mail = match.mail
    if mail is None:
        waits = "waits to be told, if it is still asked for" if match.edited_at else "waits to be told"
        return f"not told: {match.dropped_why}" if match.dropped_why else waits
    sent = f", accepted by the server {_moment(mail.sent_at)}" if mail.sent_at else ""
    error = f", last error: {mail.last_error}" if mail.last_error else ""
    return (f"mail {mail.id} {mail.message_id}: {mail.state}, written {_moment(mail.created_at)}{sent}, "
            f"{mail.attempts} attempts{error}{'' if mail.has_body else '; its text is no longer kept'}")


def _end(way: Lineage) -> Iterator[str]:
    """How far it came, for each of the two ways."""
    waiting = {each.consumer: each for each in reversed(way.changes) if not each.done_at}
    if index := waiting.get(changes.INDEX):
        yield f"index: version {index.version} waits for a worker"
    else:
        yield "index: up to date"
    alert = waiting.get(changes.MATCH)
    if alert and alert.alert:
        yield f"alerts: version {alert.version} waits{_why_waiting(alert)}"
    elif way.matches:
        yield f"alerts: {_of_mails(each.mail for each in way.matches)}"
    elif any(each.alert for each in way.changes):
        yield "alerts: no subscription that was active then asks for it"
    else:
        yield f"alerts: none may be sent: {_why_no_alert(way)}"


def _of_mails(mails: Iterable[MailStep | None]) -> str:
    states = [mail.state if mail else "untold" for mail in mails]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _why_no_alert(way: Lineage) -> str:
    silent = next((each for each in way.changes if each.consumer == changes.MATCH), None)
    return _why_silent(way, silent) if silent else "what was noted of it is removed"


def masked(address: str) -> str:
    """A mail address of which nobody but its owner knows the rest: q***@firm.example."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}***{at}{host}" if at else f"{address[:1]}***"


def _moment(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "–"


def _json(way: Lineage, kept: dict[str, bool], generation: Generation | None) -> dict[str, Any]:
    notice, found = way.stored.notice, way.stored.classification
    return {
        "notice": {"id": way.stored.id, "source": notice.source, "external_id": notice.external_id, "title": notice.title,
                   "url": notice.url, "status": way.stored.status.value},
        "source": way.card,
        "versions": [_version_json(each, kept) for each in way.versions],
        "classification": {
            "product_types": {name: level.value for name, level in found.product_types.items()},
            "horizontal": {name: level.value for name, level in found.horizontal.items()},
            "evidence": [{"subject": each.subject, "rule": each.rule, "where": each.where, "what": each.what}
                         for each in found.evidence],
            "classifier_version": way.classifier_version, "grade": way.stored.grade.grade.value},
        "relations": list(_relations(way)),
        "changes": [{"consumer": each.consumer, "version": each.version, "alert": each.alert,
                     "run": each.run.id if each.run else None, "created_at": _iso(each.created_at),
                     "done_at": _iso(each.done_at), "state": _state(way, each)} for each in way.changes],
        "index": {"indexed_at": _iso(way.stored.indexed_at), "generation": generation.name if generation else None,
                  "commit": generation.commit_no if generation else None},
        "matches": [_match_json(each) for each in way.matches],
        "end": list(_end(way)),
    }


def _version_json(step: VersionStep, kept: dict[str, bool]) -> dict[str, Any]:
    version, run, capture = step.version, step.run, step.capture
    return {
        "version": version.version, "seen_at": _iso(version.seen_at), "material": version.material,
        "changed": list(version.changed), "status": version.status.value, "parser_version": version.parser_version,
        "run": {"id": run.id, "kind": run.kind.value, "status": run.status.value, "reason": run.reason.text(),
                "started_at": _iso(run.started_at), "ended_at": _iso(run.ended_at), "alerting": run.alerting},
        "capture": {"id": capture.id, "url": capture.url, "fetched_at": _iso(capture.fetched_at), "status": capture.status,
                    "sha256": capture.sha256, "size": capture.size, "reader": capture.reader,
                    "kept": kept[capture.sha256]} if capture else None}


def _match_json(match: MatchStep) -> dict[str, Any]:
    mail = match.mail
    return {
        "subscription": match.subscription_id, "label": match.label, "address": masked(match.address),
        "notice": match.notice_id, "version": match.version, "created_at": _iso(match.created_at),
        "dropped_why": match.dropped_why, "edited_at": _iso(match.edited_at),
        "mail": {"id": mail.id, "message_id": mail.message_id, "state": mail.state, "attempts": mail.attempts,
                 "created_at": _iso(mail.created_at), "sent_at": _iso(mail.sent_at), "last_error": mail.last_error,
                 "has_body": mail.has_body}
        if mail else None}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
