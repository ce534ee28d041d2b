"""Versions of a notice with what changed between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.notice import Notice, NoticeStatus
from storage.notices import NoticeVersion
from webapp import labels
from webapp.i18n import gettext
from webapp.notices.values import value_text

LONGEST = 600
"""Signs of a value that the history shows."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed; ``before`` or ``after`` is empty where it stated nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One reading: when, whether it changed what matters, and what; ``capture_id`` is where it was read from."""

    number: int
    seen_at: datetime
    material: bool
    withdrawn: bool
    changes: Sequence[Change]
    capture_id: int | None


def history(versions: Sequence[NoticeVersion]) -> list[Version]:
    """The history, newest first, from versions newest first."""
    return [_version(version, versions[at + 1] if at + 1 < len(versions) else None)
            for at, version in enumerate(versions)]


def _version(version: NoticeVersion, older: NoticeVersion | None) -> Version:
    changes = [_change(name, older, version) for name in version.changed] if older else []
    return Version(version.version, version.seen_at, version.material, version.status is NoticeStatus.WITHDRAWN,
                   changes, version.capture_id)


def _change(name: str, older: NoticeVersion, newer: NoticeVersion) -> Change:
    if name == "status":
        return Change(gettext(labels.FIELDS[name]), gettext(labels.STATUSES[older.status.value]),
                      gettext(labels.STATUSES[newer.status.value]))
    label = gettext("原始数据：%(name)s", name=name.removeprefix("raw.")) if name.startswith("raw.") else gettext(
        labels.FIELDS.get(name, name))
    return Change(label, _text(name, older.notice), _text(name, newer.notice))


def _text(name: str, notice: Notice) -> str:
    """The value of a field in the reader's language where we have words for it."""
    if name.startswith("raw."):
        return _cut(notice.raw.get(name.removeprefix("raw."), ""))
    value = getattr(notice, name, "")
    if isinstance(value, date):
        return value.isoformat()
    values = value if isinstance(value, tuple) else (str(value or ""),)
    return _cut(gettext("、").join(value_text(name, each) for each in values))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
