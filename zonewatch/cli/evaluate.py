"""The command that scores the classifier on labelled records: evaluate."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from domain.classify.ablation import Family, Plain, classify_plainly, classify_without
from domain.classify.evaluate import Fault, Record, Report, Score, evaluate, record_of
from domain.errors import InvalidValue
from domain.product_type import PRODUCT_TYPES
from zonewatch.cli import main
from zonewatch.cli.find import json_records

FLOOR_PRECISION, FLOOR_RECALL = 0.99, 0.97
"""What types must reach on labelled records."""
Reports = dict[str, Report]
_EXCERPT = 110


@main.command("evaluate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--floor-precision", default=FLOOR_PRECISION, show_default=True, type=click.FloatRange(0, 1),
              help="Least precision of product types.")
@click.option("--floor-recall", default=FLOOR_RECALL, show_default=True, type=click.FloatRange(0, 1),
              help="Least recall of product types.")
@click.option("--ablation", is_flag=True, help="Also score without each family of rules, and plain matching.")
@click.option("--json", "as_json", is_flag=True, help="Print the scores and errors as JSON.")
def evaluate_records(folder: Path, floor_precision: float, floor_recall: float, ablation: bool, as_json: bool) -> None:
    """Score the classifier on the labelled records (*.jsonl) of DIR; every error comes with its evidence.

    Exit status 1 when product types are under a floor, a global false friend is accepted, or a record that expects not to
    be published would be.
    """
    records = labelled(folder)
    report = evaluate(records)
    compared = _compared(records) if ablation else {}
    if as_json:
        click.echo(json.dumps(_json(report, compared), ensure_ascii=False, indent=1))
    else:
        _print(report, compared)
    shortfalls = report.shortfalls(floor_precision, floor_recall)
    for line in shortfalls:
        click.echo(f"zonewatch: {line}", err=True)
    if shortfalls:
        sys.exit(1)


def labelled(folder: Path) -> list[Record]:
    """The records of every *.jsonl in a folder, by the name of the file. Raises InvalidValue."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise InvalidValue(f"{folder.name} holds no *.jsonl")
    return [record for file in files for record in _records(file)]


def _records(path: Path) -> Iterable[Record]:
    with path.open(encoding="utf-8") as file:
        for number, values in json_records(file):
            try:
                yield record_of(values)
            except (InvalidValue, ValueError) as error:
                raise InvalidValue(f"{path.name} line {number}: {error}") from None


def _compared(records: Sequence[Record]) -> Reports:
    """The scores without each family of rules, and those of plain matching."""
    found = {f"without {family}": evaluate(records, partial(classify_without, family)) for family in Family}
    return found | {plain.value: evaluate(records, partial(classify_plainly, plain)) for plain in Plain}


def _print(report: Report, compared: Reports) -> None:
    screen = Console(width=None if sys.stdout.isatty() else 140, soft_wrap=True)
    screen.print(_scores(report))
    screen.print(_types(report))
    screen.print(f"hard negatives: {report.negatives}, accepted: {_ids(report.accepted)}")
    screen.print(f"global false friends: {report.false_friends}, accepted: {_ids(report.false_friends_accepted)}")
    screen.print(f"not to be believed: {report.unbelieved}, published: {_ids(report.published)}")
    screen.print(f"errors: {len(report.faults)}")
    for fault in report.faults:
        screen.print(*_fault(fault), sep="\n")
    if compared:
        screen.print(_ablation({"all rules": report} | compared))


def _scores(report: Report) -> Table:
    title = f"{report.records} records ({report.ambiguous} ambiguous ones left out)"
    table = Table("", "precision", "recall", "found", "false", "missed", title=title, title_justify="left")
    rows = {"relevance": report.relevance, "product types": report.types, "regulations": report.regulations}
    for name, score in rows.items():
        table.add_row(name, *_numbers(score), str(score.hits), str(score.false), str(score.missed))
    return table


def _types(report: Report) -> Table:
    table = Table("product type", "precision", "recall", "support", title="by product type", title_justify="left")
    for name in (each for each in PRODUCT_TYPES if each in report.by_type):
        score = report.by_type[name]
        table.add_row(name, *_numbers(score), str(score.support))
    return table


def _ablation(reports: Reports) -> Table:
    table = Table("", "type precision", "type recall", "relevance precision", "relevance recall", "false friends accepted",
                  title="what each family of rules is worth", title_justify="left")
    for name, report in reports.items():
        table.add_row(name, *_numbers(report.types), *_numbers(report.relevance), str(len(report.false_friends_accepted)))
    return table


def _numbers(score: Score) -> tuple[str, str]:
    return f"{score.precision:.3f}", f"{score.recall:.3f}"


def _ids(records: Sequence[Record]) -> str:
    return f"{len(records)} {' '.join(record.id for record in records)}".rstrip()


def _fault(fault: Fault) -> Iterable[str]:
    record = fault.record
    text = f"{record.notice.title} {record.notice.summary}"
    yield escape(f"  {record.id} {'missed' if fault.missing else 'false'} {fault.subject}: {text[:_EXCERPT]}")
    for line in fault.evidence:
        yield escape(f"      {line.rule} · {line.where} · {line.what}")
    if not fault.evidence:
        yield "      nothing spoke for it"


def _json(report: Report, compared: Reports) -> dict[str, Any]:
    return {
        **_json_scores(report), "records": report.records, "ambiguous": report.ambiguous,
        "by_type": {name: _json_score(report.by_type[name]) for name in PRODUCT_TYPES if name in report.by_type},
        "hard_negatives": {"count": report.negatives, "accepted": _json_ids(report.accepted)},
        "global_false_friends": {"count": report.false_friends, "accepted": _json_ids(report.false_friends_accepted)},
        "not_to_be_believed": {"count": report.unbelieved, "published": _json_ids(report.published)},
        "errors": [_json_fault(fault) for fault in report.faults],
        "ablation": {name: _json_scores(each) for name, each in compared.items()}}


def _json_ids(records: Sequence[Record]) -> list[str]:
    return [record.id for record in records]


def _json_scores(report: Report) -> dict[str, Any]:
    return {"relevance": _json_score(report.relevance), "types": _json_score(report.types),
            "regulations": _json_score(report.regulations)}


def _json_score(score: Score) -> dict[str, float | int]:
    return {"precision": round(score.precision, 4), "recall": round(score.recall, 4), "support": score.support,
            "false": score.false, "missed": score.missed}


def _json_fault(fault: Fault) -> dict[str, Any]:
    return {"id": fault.record.id, "subject": fault.subject, "error": "missed" if fault.missing else "false",
            "evidence": [{"rule": line.rule, "where": line.where, "what": line.what} for line in fault.evidence]}
