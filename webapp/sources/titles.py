"""What sources are called, read once a request."""

from __future__ import annotations

from flask import g

from storage import publishers
from webapp.i18n import lang
from webapp.services import services


def source_titles() -> dict[str, str]:
    """Titles of all sources by slug in the reader's language."""
    if "source_titles" not in g:
        with services().db.read() as session:
            g.source_titles = {slug: name.title if lang() == "en" else name.title_zh
                               for slug, name in publishers.names(session).items()}
    found: dict[str, str] = g.source_titles
    return found
