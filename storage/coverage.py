"""What notices are known by, for the check of which numbers the store holds."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.coverage import Bearer
from storage.models import NoticeRow

BATCH = 2_000


def bearers(session: Session) -> Iterator[Bearer]:
    """All notices, in the order in which they were first stored; they are read as they are asked for. Only what is looked
    at leaves the database: whole notices are many times larger."""
    query = select(NoticeRow.source, NoticeRow.external_id, NoticeRow.data["title"].as_string(),
                   NoticeRow.data["identifiers"]).order_by(NoticeRow.id)
    for source, external_id, title, identifiers in session.execute(query.execution_options(yield_per=BATCH)):
        yield Bearer(source, external_id, title, tuple(identifiers or ()))
