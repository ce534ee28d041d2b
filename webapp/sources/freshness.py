"""How timely a source is: each notice with its moments, and how long the steps between them take."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response

from storage.freshness import Freshness, Lapse, Spread
from webapp.csv_file import download
from webapp.i18n import N_, gettext

SHOWN = 200
"""Notices that the page lists; the file has all."""
STEPS = (("to_seen", N_("发布 → 采集"), N_("自发布机构所注日期零时（UTC）起算，是上限：发布机构不注明时刻")),
         ("to_indexed", N_("采集 → 可检索"), ""), ("to_mailed", N_("采集 → 邮件送交"), N_("只计需要发送预警的信息")))
"""The steps by field of Freshness and of Lapse, with their names and what to know of them."""
def rows(found: Freshness) -> list[tuple[str, str, Spread | None]]:
    """The steps with their names, what to know of them, and how long they take."""
    return [(gettext(name), gettext(hint) if hint else "", getattr(found, field)) for field, name, hint in STEPS]


def file_of(slug: str, lapses: list[Lapse]) -> Response:
    """The log as a file: moments in UTC, steps in seconds."""
    head = ("external_id", "title", "published_on", "first_seen_at", "indexed_at", "mailed_at", "published_to_seen_s",
            "seen_to_indexed_s", "seen_to_mailed_s")
    return download(f"freshness-{slug}.csv", head, (
        (each.external_id, each.title, each.published_on, _moment(each.seen_at), _moment(each.indexed_at),
         _moment(each.mailed_at), _seconds(each.to_seen), _seconds(each.to_indexed), _seconds(each.to_mailed))
        for each in lapses))


def _moment(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else ""


def _seconds(value: timedelta | None) -> str:
    return f"{value.total_seconds():.1f}" if value is not None else ""
