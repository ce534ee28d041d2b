"""How a run ended, from its account."""

from __future__ import annotations

from crawlers.errors import NotParsable, ShapeChanged
from crawlers.job import Account, Loss
from domain.source import Reason, RunStatus

Verdict = tuple[RunStatus, Reason]

UNREADABLE_SHARE = 0.05
"""The share of pages lost to their shape from which on the source has changed, and not a few old pages are spoilt."""


def verdict(account: Account, floor: int | None, finished: bool = True) -> Verdict:
    """Status and reason, the gravest first. ``floor`` is None when the run was asked for a part only; ``finished`` is
    false when it was stopped from outside."""
    if not finished:
        return RunStatus.FAILED, Reason("interrupted")
    if account.error:
        return RunStatus.FAILED, Reason("error", {"what": account.error})
    if fatal := _fatal(account):
        return fatal.error.status, fatal.error.reason
    if account.losses:
        return RunStatus.INCOMPLETE, _pages_lost(account)
    if account.stated is not None and account.got < account.stated:
        return RunStatus.INCOMPLETE, Reason("listing_short", {"got": str(account.got), "stated": str(account.stated)})
    if floor is not None and account.tally.seen < floor:
        return RunStatus.INCOMPLETE, Reason("below_floor", {"got": str(account.tally.seen), "floor": str(floor)})
    if account.emptied:
        return RunStatus.INCOMPLETE, account.emptied
    if account.bad:
        first = account.bad[0]
        return RunStatus.INCOMPLETE, Reason("records_lost", {"count": str(len(account.bad)), "first": first.record,
                                                             "why": first.why})
    return RunStatus.OK, Reason("ok")


def _fatal(account: Account) -> Loss | None:
    """The loss that decides the run: a lost entry page, a changed shape, or any when nothing at all was read."""
    entries = (loss for loss in account.losses if loss.entry)
    return next(entries, None) or _changed_shape(account) or (
        account.losses[0] if account.losses and not account.tally.seen else None)


def _changed_shape(account: Account) -> Loss | None:
    """The first page lost to its shape, unless they are few among those asked. Old pages alone are measured against the
    whole archive, read pages included: one that stays unreadable is asked for in every run, with few others."""
    lost = [loss for loss in account.losses if isinstance(loss.error, ShapeChanged | NotParsable)]
    pages = account.asked + (account.known if all(loss.archive for loss in lost) else 0)
    return lost[0] if lost and len(lost) >= UNREADABLE_SHARE * pages else None


def _pages_lost(account: Account) -> Reason:
    first = account.losses[0]
    return Reason("pages_lost", {
        "lost": str(len(account.losses)), "asked": str(account.asked), "url": first.url,
        "why": first.error.reason.text("en"), "why_zh": first.error.reason.text("zh")})
