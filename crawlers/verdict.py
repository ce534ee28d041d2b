"""How a run ended, from its account."""

from __future__ import annotations

from crawlers.errors import ShapeChanged
from crawlers.job import Account, Loss
from domain.source import Reason, RunStatus

Verdict = tuple[RunStatus, Reason]


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
    return RunStatus.OK, Reason("ok")


def _fatal(account: Account) -> Loss | None:
    """The loss that decides the run: a changed shape, a lost entry page, or any when nothing at all was read."""
    shapes = (loss for loss in account.losses if isinstance(loss.error, ShapeChanged))
    entries = (loss for loss in account.losses if loss.entry)
    return next(shapes, None) or next(entries, None) or (
        account.losses[0] if account.losses and not account.tally.seen else None)


def _pages_lost(account: Account) -> Reason:
    first = account.losses[0]
    return Reason("pages_lost", {
        "lost": str(len(account.losses)), "asked": str(account.asked), "url": first.url,
        "why": first.error.reason.text("en"), "why_zh": first.error.reason.text("zh")})
