"""API keys of sources: sealed with the installation's own key, so that a copy of the database does not give them away."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from domain.errors import InvalidValue, NotFound
from storage import audit
from storage.models import SourceRow
from storage.sealed import Box
from storage.session import Database

_FORM = re.compile(r"[\x21-\x7e]{4,500}")


def keep(db: Database, slug: str, key: str, secret: str, actor: str) -> None:
    """Keep the API key of a source, or forget it when ``key`` is empty. Raises NotFound, or InvalidValue for what can be no
    key: it goes into a header as it is."""
    if key and not _FORM.fullmatch(key):
        raise InvalidValue("an API key is 4 to 500 letters, digits and signs without blanks")
    with db.write() as session:
        row = session.get(SourceRow, slug)
        if row is None:
            raise NotFound(f"there is no source {slug!r}")
        row.api_key = _box(secret).seal(key) if key else None
        audit.add(session, actor, "set_api_key" if key else "remove_api_key", f"source:{slug}")


def key_of(session: Session, slug: str, secret: str) -> str:
    """The API key kept for a source; empty when there is none, or when the installation's key is another one than that it
    was sealed with."""
    row = session.get(SourceRow, slug)
    return _box(secret).opened(row.api_key or "") if row else ""


def _box(secret: str) -> Box:
    return Box(secret, "keys of sources")
