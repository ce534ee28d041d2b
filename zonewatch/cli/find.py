"""Commands that find: index, search, estimate, classify."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from domain import criteria as criteria_module
from domain.classification import Classification
from domain.criteria import Criteria, Scope
from domain.errors import Conflict, InvalidValue
from domain.market import MARKETS
from domain.notice import NoticeKind
from domain.product_type import PRODUCT_TYPES
from storage import changes, locks, tasks
from storage.notices import StoredNotice
from zonewatch.cli import installation, main
from zonewatch.wiring import Installation
from zonewatch.worker import LOCK, Worker

screen = Console(stderr=True)


@main.command()
@click.option("--rebuild", is_flag=True, help="Classify and index everything anew in a new generation.")
def index(rebuild: bool) -> None:
    """Bring what changed into the search index."""
    found = installation()
    if rebuild:
        or_ask(found, tasks.REBUILD, lambda: _rebuild(found))
    else:
        or_ask(found, tasks.INDEX, lambda: drain(found))


def or_ask(found: Installation, kind: str, work: Callable[[], str], say: Callable[[str], None] = click.echo) -> None:
    """Do the work here and say what was done, or ask the running worker for it."""
    try:
        with locks.exclusive(found.db, LOCK):
            say(work())
    except Conflict:
        with found.db.write() as session:
            number = tasks.ask(session, kind, "command line")
        say(f"a worker is running: asked it (task {number})")


def _rebuild(found: Installation) -> str:
    from indexer.sync import rebuild
    with Progress(console=screen) as progress:
        bar = progress.add_task("indexing", total=None)
        count = rebuild(found.db, found.index, lambda done: progress.update(bar, completed=done), found.spelling)
    return f"{count} notices indexed"


def drain(found: Installation) -> str:
    """Index what is pending."""
    from indexer.sync import sync
    total = 0
    with found.db.read() as session:
        waiting = changes.pending(session, changes.INDEX)
    with Progress(console=screen) as progress:
        bar = progress.add_task("indexing", total=waiting)
        while done := sync(found.db, found.index, spelling=found.spelling):
            total += done
            progress.update(bar, completed=total)
    return f"{total} changes indexed"


@main.command("match")
def match_now() -> None:
    """Match changed notices with subscriptions and write the mails that are due."""
    found = installation()

    def work() -> str:
        worker = Worker(found)
        matched = written = 0
        while done := worker.match():
            matched += done
        worker.tell_operator()
        while done := worker.compose():
            written += done
        return f"{matched} changes matched, {written} mails written"

    or_ask(found, tasks.MATCH, work)


@main.command()
def send() -> None:
    """Send the mails that wait."""
    found = installation()
    if found.mail is None:
        raise Conflict("there is no mail server: set ZONEWATCH_MAIL_URL")

    def work() -> str:
        worker = Worker(found)
        worker.recover()
        sent = 0
        while done := worker.deliver():
            sent += done
        return f"{sent} mails sent"

    or_ask(found, tasks.SEND, work)


_NARROWING = (
    click.argument("query"),
    click.option("--product", multiple=True, type=click.Choice(sorted(PRODUCT_TYPES)), metavar="ID",
                 help="Product type id."),
    click.option("--market", multiple=True, type=click.Choice(sorted(MARKETS), case_sensitive=False), metavar="ID",
                 help="Market id, such as EU."),
    click.option("--kind", multiple=True, type=click.Choice([kind.value for kind in NoticeKind]), metavar="ID",
                 help="Notice kind id."),
    click.option("--scope", type=click.Choice([scope.value for scope in Scope]), default=Scope.RELEVANT.value),
)


def _asks(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes a query and options that narrow it."""
    for each in reversed(_NARROWING):  # decorators run from the last to the first
        command = each(command)
    return command


@main.command()
@_asks
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=0))
@click.option("--json", "as_json", is_flag=True, help="Print total, criteria, hits and facets.")
def search(query: str, product: Sequence[str], market: Sequence[str], kind: Sequence[str], scope: str, limit: int,
           as_json: bool) -> None:
    """Search the notices; Chinese queries find foreign texts. Options narrow what the query asks for."""
    found = installation()
    understood = found.search.understand(query, Criteria(scope=Scope(scope)))
    results = found.search.search(_narrow(understood.criteria, product, market, kind), limit=limit)
    if as_json:
        click.echo(json.dumps({
            "total": results.total, "seconds": results.seconds, "criteria": criteria_module.to_json(results.criteria),
            "corrections": [{"typed": each.typed, "taken": each.zh} for each in understood.corrections],
            "hits": [_stored_json(hit.stored) for hit in results.hits], "facets": results.facets},
            ensure_ascii=False, indent=1))
        return
    for each in understood.corrections:
        click.echo(f'{each.typed} → {each.zh} (in quotation marks it is searched for as it stands)')
    table = Table("date", "market", "kind", "product types", "title", title=f"{results.total} notices")
    for hit in results.hits:
        notice = hit.stored.notice
        table.add_row(str(notice.event_date or ""), notice.market, notice.kind.value,
                      ", ".join(sorted(hit.stored.classification.sure_product_types())), notice.title)
    Console().print(table)


@main.command()
@_asks
@click.option("--json", "as_json", is_flag=True, help="Print criteria, alerts, days and examples.")
def estimate(query: str, product: Sequence[str], market: Sequence[str], kind: Sequence[str], scope: str,
             as_json: bool) -> None:
    """Say how many alerts a subscription to QUERY would have brought in the last 100 days, by the matcher itself."""
    from subscriptions.describe import describe
    from subscriptions.estimate import SPAN
    from subscriptions.estimate import estimate as estimated
    found = installation()
    criteria = _narrow(found.search.understand(query, Criteria(scope=Scope(scope))).criteria, product, market, kind)
    answer = estimated(found.db, criteria)
    if as_json:
        click.echo(json.dumps({
            "criteria": criteria_module.to_json(criteria), "span_days": SPAN.days, "alerts": answer.alerts,
            "days": answer.days, "needs_digest": answer.needs_digest, "is_too_broad": answer.is_too_broad,
            "examples": [_stored_json(each) for each in answer.examples]}, ensure_ascii=False, indent=1))
        return
    verdict = ("too broad: refused" if answer.is_too_broad else "in digests only" if answer.needs_digest
               else "may be told at once")
    click.echo(f"{describe(criteria)}\n{answer.alerts} alerts on {answer.days} days within {SPAN.days} days; {verdict}")
    for each in answer.examples:
        click.echo(f"  {each.notice.event_date}  {each.notice.market}  {each.notice.title}")


def _narrow(typed: Criteria, product: Sequence[str], market: Sequence[str], kind: Sequence[str]) -> Criteria:
    return replace(typed, product_types=_narrowed(typed.product_types, product), kinds=_narrowed(typed.kinds, kind),
                   markets=_narrowed(typed.markets, market))


def _narrowed(typed: frozenset[str], chosen: Sequence[str]) -> frozenset[str]:
    """What is both typed and chosen; where they have nothing in common, what was chosen stands."""
    return typed & frozenset(chosen) or frozenset(chosen) or typed


def _stored_json(stored: StoredNotice) -> dict[str, Any]:
    notice, found = stored.notice, stored.classification
    return {
        "source": notice.source, "external_id": notice.external_id, "kind": notice.kind.value, "market": notice.market,
        "published_at": notice.event_date.isoformat() if notice.event_date else None, "title": notice.title,
        "url": notice.url,
        "product_types": [{"id": name, "confidence": level.value} for name, level in found.product_types.items()],
        "horizontal": list(found.horizontal)}


@main.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON a record.")
def classify(file: TextIO, as_json: bool) -> None:
    """Classify the records of FILE (JSON lines: text, lang, market, source, kind, category, codes; - is standard input)."""
    from domain.classify import classify as classified
    from domain.classify.record import notice_from
    for number, record in json_records(file):
        answer = _answer(record.get("id", number), classified(notice_from(record)))
        click.echo(json.dumps(answer, ensure_ascii=False) if as_json else
                   f"{answer['id']}\t{', '.join(answer['product_types']) or '–'}\t{', '.join(answer['horizontal'])}")


def json_records(file: Iterable[str]) -> Iterable[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines with the numbers of their lines. Raises InvalidValue."""
    name = Path(getattr(file, "name", "input")).name
    for number, line in enumerate(utf8_lines(file, name), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise InvalidValue(f"{name} line {number} is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise InvalidValue(f"{name} line {number} is no JSON object")
        yield number, record


def utf8_lines(file: Iterable[str], name: str) -> Iterable[str]:
    """The lines of a file. Raises InvalidValue when they are not UTF-8; ``name`` is what the message calls it."""
    try:
        yield from file
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{name} is not UTF-8: {error}") from None


def _answer(identity: object, found: Classification) -> dict[str, Any]:
    """Findings that are shown (low and better); what is only for review stays in the evidence."""
    shown = {name: level for name, level in {**found.product_types, **found.horizontal}.items() if level.rank > 0}
    return {
        "id": identity, "product_types": [name for name in found.product_types if name in shown],
        "horizontal": [name for name in found.horizontal if name in shown],
        "confidence": {name: level.value for name, level in shown.items()},
        "evidence": [{"subject": each.subject, "rule": each.rule, "where": each.where, "what": each.what}
                     for each in found.evidence]}
