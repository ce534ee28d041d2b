"""The one source of time. ``ZONEWATCH_NOW`` fixes it for replays (read by zonewatch.settings)."""

from __future__ import annotations

from datetime import UTC, date, datetime

_fixed: datetime | None = None


def fix(moment: datetime | None) -> None:
    """Let every later call answer ``moment``; None lets time run again. Raises ValueError without a time zone."""
    global _fixed
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"a fixed time needs a time zone: {moment.isoformat()}")
    _fixed = moment.astimezone(UTC) if moment else None


def now() -> datetime:
    """The current time in UTC."""
    return _fixed or datetime.now(UTC)


def today() -> date:
    """The current date in UTC."""
    return now().date()
