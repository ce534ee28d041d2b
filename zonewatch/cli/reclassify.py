"""The command that classifies stored notices anew: reclassify."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from domain.classification import Classification
from domain.decision import DECIDED, levels
from storage import changes, notices, tasks
from zonewatch.cli import installation, main
from zonewatch.cli.find import drain, or_ask
from zonewatch.wiring import Installation

if TYPE_CHECKING:
    from indexer.reclassify import Effect
    from storage.reclassified import Shift

screen = Console(stderr=True)
MOST_EVIDENCE = 3
"""Lines of evidence that are printed for a finding."""


@main.command()
@click.option("--apply", "applies", is_flag=True, help="Keep the new findings. Nobody is mailed because of it.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=0), help="Notices to list at most.")
@click.option("--json", "as_json", is_flag=True, help="Print counts and list as JSON.")
def reclassify(applies: bool, limit: int, as_json: bool) -> None:
    """Classify every stored notice with today's rules and vocabularies, and show what that changes; nothing is kept without
    --apply. What editors decided stands. Killed half-way, it goes on where it was when run again."""
    from indexer.reclassify import reclassify as classify_anew
    found = installation()
    with found.db.read() as session:
        total = notices.count(session)
    with Progress(console=screen, transient=True, disable=as_json) as progress:
        bar = progress.add_task("classifying", total=total)
        effect = classify_anew(found.db, apply=applies, limit=limit,
                               progress=lambda done: progress.update(bar, completed=done))
    if as_json:
        click.echo(json.dumps(_json(effect, applies), ensure_ascii=False, indent=1))
    else:
        _print(Console(), effect, applies)
    if applies:
        _let_the_index_follow(found)


def _let_the_index_follow(found: Installation) -> None:
    with found.db.read() as session:
        pending = changes.pending(session, changes.INDEX)
    if pending:
        or_ask(found, tasks.INDEX, lambda: drain(found), screen.print)


def _json(effect: Effect, applied: bool) -> dict[str, Any]:
    return {
        "applied": applied, "notices": effect.notices, "changed": effect.changed,
        "gained": dict(effect.gained.most_common()), "lost": dict(effect.lost.most_common()),
        "relevance": {"gained": effect.relevance_gained, "lost": effect.relevance_lost},
        "confidence_only": effect.confidence_only, "evidence_only": effect.reworded, "to_review": effect.waiting,
        "decisions_kept": effect.overruled, "list": [_shift_json(each) for each in effect.shifts]}


def _shift_json(shift: Shift) -> dict[str, Any]:
    notice = shift.stored.notice
    return {
        "id": shift.stored.id, "source": notice.source, "external_id": notice.external_id, "title": notice.title,
        "before": levels(shift.before), "after": levels(shift.after),
        "relevant": {"before": shift.before.is_relevant, "after": shift.after.is_relevant},
        "evidence": {"before": _evidence(shift, shift.before), "after": _evidence(shift, shift.after)}}


def _evidence(shift: Shift, found: Classification) -> list[dict[str, str]]:
    """The evidence for what differs, vetoes included."""
    return [{"subject": each.subject, "rule": each.rule, "where": each.where, "what": each.what}
            for each in found.evidence if each.subject in _differing(shift) or each.rule == DECIDED]


def _differing(shift: Shift) -> list[str]:
    before, after = levels(shift.before), levels(shift.after)
    return [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]


def _print(console: Console, effect: Effect, applied: bool) -> None:
    for line in _summary(effect, applied):
        console.print(line)
    if effect.gained or effect.lost:
        console.print(_table(effect.gained, effect.lost))
    for shift in effect.shifts:
        for line in _lines(shift):
            console.print(escape(line), soft_wrap=True)
    if effect.changed > len(effect.shifts):
        console.print(f"and {effect.changed - len(effect.shifts)} more; --limit lists them")


def _summary(effect: Effect, applied: bool) -> Iterator[str]:
    yield (f"{effect.notices} notices: {effect.changed} are found to be about something else or with another confidence, "
           f"{'kept' if applied else 'nothing is kept yet'}")
    yield (f"  {effect.relevance_gained} come into the scope of our industries, {effect.relevance_lost} leave it; "
           f"{effect.confidence_only} change in confidence or candidates alone, {effect.reworded} in evidence alone")
    if effect.waiting:
        yield f"  {effect.waiting} come into the review queue"
    if effect.overruled:
        yield f"  {effect.overruled} that editors decided are found otherwise; the decisions stand"


def _table(gained: Counter[str], lost: Counter[str]) -> Table:
    table = Table("product type or regulation", "gained", "lost")
    for name in sorted(gained | lost, key=lambda each: (-gained[each] - lost[each], each)):
        table.add_row(name, str(gained[name] or ""), str(lost[name] or ""))
    return table


def _lines(shift: Shift) -> Iterator[str]:
    notice, before, after = shift.stored.notice, levels(shift.before), levels(shift.after)
    yield f"{notice.source}:{notice.external_id}  (id {shift.stored.id}) {notice.title[:120]}"
    for name in _differing(shift):
        yield f"    {name}: {before.get(name, '–')} → {after.get(name, '–')}"
        found = shift.after if name in after else shift.before
        for each in [each for each in found.evidence if each.subject == name][:MOST_EVIDENCE]:
            yield f"        {each.rule} in {each.where}: {each.what}"
