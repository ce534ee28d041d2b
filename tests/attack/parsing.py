"""What the attacks on parsers share: rows of a publisher, a crawl behind a gateway, what is stored after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from domain.notice import Notice
from storage import notices as stored_notices
from tests.attack.wire import Serving, crawl
from tests.databases import database
from tests.publishers import ca_dump
from tests.replay import Answer, Gateway

CA, EU, KR, UK = "ca_recalls", "eu_safety_gate", "kr_kats_recalls", "uk_legislation"
WTO, CPSC = "wto_tbt_notifications", "us_cpsc_recalls"


def ca_rows(*changes: dict[str, Any]) -> Answer:
    """The Canadian dump with a row for each of these changes."""
    rows = json.loads(ca_dump(*range(1, len(changes) + 1)).body)
    return Answer(json.dumps([row | change for row, change in zip(rows, changes, strict=True)]).encode())


def run(serve: Serving, folder: Path, slug: str, answers: dict[str, Any],
        **options: Any) -> tuple[dict[str, Any], list[Notice]]:
    """A real crawl behind a gateway: its report, and the notices that are stored after it."""
    gateway = serve(Gateway, answers)
    report = crawl(folder, None, slug, gateway=gateway.url, **{"floor": 1} | options)
    return report, kept(folder)


def kept(folder: Path) -> list[Notice]:
    """The notices that are stored, by id."""
    with database(folder).read() as session:
        found = [each.notice for batch in stored_notices.everything(session) for each in batch]
    return sorted(found, key=lambda each: each.external_id)
