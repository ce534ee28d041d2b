"""What the page of a notice shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.criteria import Criteria
from domain.relations import Deadline, deadline
from storage import grade_overrides, notices, publishers, relations
from storage.grade_overrides import Override
from storage.notices import StoredNotice
from storage.publishers import SourceName
from storage.session import Database
from webapp.i18n import lang
from webapp.notices.evidence import Finding, decision_text, product_findings, regulation_findings
from webapp.notices.grades import standing
from webapp.notices.history import Version, history
from webapp.notices.values import Row, rows
from webapp.search.forms import address, params


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Everything the template needs. ``siblings`` are other notices about the same event, ``case`` the steps of the case it
    belongs to, itself among them (none when it stands alone), ``deadline`` until when that case takes comments now.
    ``zone_grades`` is all that zones did about its grade, newest first."""

    stored: StoredNotice
    source: str
    publisher: str
    rows: Sequence[Row]
    products: Sequence[Finding]
    regulations: Sequence[Finding]
    versions: Sequence[Version]
    siblings: Sequence[StoredNotice]
    case: Sequence[StoredNotice]
    deadline: Deadline | None
    zone_grades: Sequence[Override]

    @property
    def given(self) -> Sequence[Override]:
        """The grades that zones gave it instead of the system's."""
        return standing(self.zone_grades)

    @property
    def indexed_after(self) -> timedelta | None:
        """How long after it was first seen the notice could be found."""
        return self.stored.indexed_at - self.stored.first_seen_at if self.stored.indexed_at else None

    @property
    def decision(self) -> str:
        """What an editor decided about it, and why; empty when none did."""
        return decision_text(self.stored.classification)

    @property
    def subscribe_url(self) -> str:
        """Where a reader can ask for more of the kind: the same products (else rules) in the same market."""
        found = self.stored.classification
        products = found.sure_product_types()
        return address("/subscribe", params(Criteria(
            product_types=products, regulations=frozenset() if products else found.sure_horizontal(),
            markets=frozenset((self.stored.notice.market,)))))


def notice_page(db: Database, notice_id: int) -> NoticePage:
    """Put the page together. Raises NotFound."""
    with db.read() as session:
        stored = notices.by_id(session, notice_id)
        versions = notices.versions(session, notice_id)
        siblings = [each for each in notices.of_event(session, stored.event) if each.id != notice_id]
        case = relations.case_of(session, stored)
        zone_grades = grade_overrides.history(session, notice_id)
        name = publishers.names(session).get(stored.notice.source)
    found = stored.classification
    return NoticePage(stored, *_names(name, stored.notice.source), list(rows(stored.notice)), product_findings(found),
                      regulation_findings(found), history(versions), siblings,
                      case if len(case) > 1 else [], deadline([each.notice for each in case]), zone_grades)


def _names(name: SourceName | None, slug: str) -> tuple[str, str]:
    """Title of the source and name of its publisher."""
    if name is None:
        return slug, ""
    return (name.title, name.publisher) if lang() == "en" else (name.title_zh, name.publisher_zh)
