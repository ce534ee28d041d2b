"""What sources are called, read once a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import g

from storage import publishers
from webapp.i18n import lang
from webapp.services import services


@dataclass(frozen=True, slots=True)
class SourceNames:
    """By slug, in the reader's language: the titles of all sources, and who publishes each."""

    titles: Mapping[str, str]
    publishers: Mapping[str, str]


def source_names() -> SourceNames:
    """The names of all sources."""
    if "source_names" not in g:
        with services().db.read() as session:
            names = publishers.names(session).items()
        english = lang() == "en"
        g.source_names = SourceNames({slug: each.title if english else each.title_zh for slug, each in names},
                                     {slug: each.publisher if english else each.publisher_zh for slug, each in names})
    found: SourceNames = g.source_names
    return found


def source_titles() -> Mapping[str, str]:
    """The titles alone."""
    return source_names().titles
