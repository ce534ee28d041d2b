"""What the review queue and the form of a decision show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.classification import Confidence
from domain.criteria import Criteria
from domain.decision import Review, candidates
from domain.product_type import INDUSTRIES, PRODUCT_TYPES, types_of_industry
from domain.regulation import REGULATIONS
from indexer.highlight import Segment, highlight
from storage import decisions, notices, publishers, reviews
from storage.decisions import Dossier
from storage.notices import StoredNotice
from storage.publishers import SourceName
from storage.reviews import Waiting
from storage.session import Database
from webapp import labels
from webapp.i18n import gettext, lang
from webapp.notices.evidence import Finding, product_findings, regulation_findings
from webapp.review.forms import QueueForm, Verdict
from webapp.search.forms import Param, address

PAGE_SIZE = 10
LONGEST_TEXT = 6_000
BEFORE, EXCERPT = 90, 360
"""Signs of a summary that are looked through, those before the first find, and those shown."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be ticked or chosen."""

    value: str
    text: str
    chosen: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that the classifier found, to be ticked: ``field`` is the name of its box."""

    field: str
    finding: Finding
    chosen: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A notice with everything that deciding about it takes. ``others`` and ``rules`` are the choices beyond what was found;
    ``back`` is where to go afterwards."""

    dossier: Dossier
    source: str
    publisher: str
    why: Review | None
    title: Sequence[Segment]
    excerpt: Sequence[Segment]
    found: Sequence[Candidate]
    others: Sequence[tuple[str, Sequence[Choice]]]
    rules: Sequence[Choice]
    form: Verdict
    back: str

    @property
    def stored(self) -> StoredNotice:
        """The notice."""
        return self.dossier.stored

    @property
    def opens_others(self) -> bool:
        """Whether something beyond what was found is ticked."""
        return any(choice.chosen for _, choices in self.others for choice in choices)

    @property
    def opens_rules(self) -> bool:
        """The same for regulations."""
        return any(choice.chosen for choice in self.rules)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue under a filter: ``total`` notices wait that it lets through, ``everything`` wait at all."""

    form: QueueForm
    cards: Sequence[Card]
    total: int
    everything: int
    page: int
    pages: int
    filters: Sequence[tuple[str, str, Sequence[Choice]]]

    def url(self, page: int) -> str:
        """The address of a page under the same filter."""
        return _address(self.form, page)


def queue_page(db: Database, form: QueueForm) -> QueuePage:
    """Put the page together; beyond the last page stands the last."""
    with db.read() as session:
        waiting = reviews.queue(session)
        chosen = [each for each in waiting if _lets_through(form, each)]
        pages = max(1, -(-len(chosen) // PAGE_SIZE))
        form = replace(form, page=min(form.page, pages))
        start = (form.page - 1) * PAGE_SIZE
        shown = chosen[start:start + PAGE_SIZE]
        stored = notices.by_ids(session, [each.notice_id for each in shown])
        dossiers = decisions.dossiers(session, [stored[each.notice_id] for each in shown if each.notice_id in stored])
        names = publishers.names(session)
    backs = _backs(form, [each.notice_id for each in chosen], start)
    why = {each.notice_id: each.why for each in shown}
    cards = [_card(each, names, why[each.stored.id], Verdict(), backs[each.stored.id]) for each in dossiers]
    return QueuePage(form, cards, len(chosen), len(waiting), form.page, pages, _filters(form, waiting, names))


def card(db: Database, notice_id: int, form: Verdict) -> Card:
    """One notice with its form, filled as it was sent. Raises NotFound."""
    with db.read() as session:
        found = decisions.dossier(session, notice_id)
        names = publishers.names(session)
        why = reviews.why(session, notice_id)
    return _card(found, names, why, form, form.back or f"/notices/{notice_id}")


def _address(form: QueueForm, page: int, at: int = 0) -> str:
    pairs: list[Param] = [*form.pairs, *([("page", str(page))] if page > 1 else []), *([("at", str(at))] if at else [])]
    return address("/review", pairs) + (f"#n{at}" if at else "")


def _backs(form: QueueForm, ids: Sequence[int], start: int) -> dict[int, str]:
    """Where to go from each notice of a page: to the same page, at the notice that follows, or else the one before."""
    backs = {}
    for place, notice_id in enumerate(ids[start:start + PAGE_SIZE], start):
        around = ids[place + 1:place + 2] or ids[place - 1:place] if place else ids[1:2]
        backs[notice_id] = _address(form, form.page, around[0] if around else 0)
    return backs


def _lets_through(form: QueueForm, each: Waiting) -> bool:
    """Whether a filter shows a notice; product, rule and confidence are those of one and the same finding."""
    if (form.source and each.source != form.source) or (form.why and each.why != form.why):
        return False
    return not (form.subject or form.confidence) or any(
        form.subject in ("", name) and form.confidence in ("", level) for name, level in _asked(each).items())


def _asked(each: Waiting) -> Mapping[str, str]:
    """The findings that a notice waits because of."""
    if each.why is not Review.CANDIDATE:
        return each.levels
    return {name: level for name, level in each.levels.items() if level in (Confidence.LOW, Confidence.REVIEW)}


def _filters(form: QueueForm, waiting: Sequence[Waiting], names: Mapping[str, SourceName],
             ) -> list[tuple[str, str, Sequence[Choice]]]:
    """What can be chosen: name and title of a field, and its values with how many wait."""
    asked = [_asked(each) for each in waiting]

    def choices(name: str, values: Iterable[str], text: Callable[[str], str]) -> list[Choice]:
        found = [Choice(value, text(value), value == getattr(form, name), count) for value, count in
                 Counter(values).most_common()]
        gone = getattr(form, name)
        return found if not gone or any(each.chosen for each in found) else [Choice(gone, text(gone), True), *found]

    return [
        ("subject", gettext("产品类别或法规"), choices("subject", (name for each in asked for name in each), _name)),
        ("confidence", gettext("可信度"), choices(
            "confidence", (level for each in asked for level in set(each.values())), labels.worded(labels.CONFIDENCES))),
        ("source", gettext("信息来源"), choices("source", (each.source for each in waiting),
                                            lambda slug: _title(names, slug))),
        ("why", gettext("原因"), choices("why", (each.why.value for each in waiting), labels.worded(labels.REVIEWS)))]


def _name(subject: str) -> str:
    return labels.product_type(subject) if subject in PRODUCT_TYPES else labels.regulation(subject)


def _title(names: Mapping[str, SourceName], slug: str) -> str:
    return slug if slug not in names else names[slug].title if lang() == "en" else names[slug].title_zh


def _card(dossier: Dossier, names: Mapping[str, SourceName], why: Review | None, form: Verdict, back: str) -> Card:
    notice, found = dossier.stored.notice, dossier.found
    ticked = _ticked(dossier, form)
    candidates_first = sorted(
        [Candidate("product", each, each.id in ticked) for each in product_findings(found, Confidence.REVIEW)]
        + [Candidate("regulation", each, each.id in ticked) for each in regulation_findings(found, Confidence.REVIEW)],
        key=lambda each: each.finding.confidence.at_least(Confidence.MEDIUM))
    known = {each.finding.id for each in candidates_first}
    others = [(labels.industry(industry), _choices(
        [each.id for each in types_of_industry(industry) if each.id not in known], ticked)) for industry in INDUSTRIES]
    rules = _choices([name for name, rule in REGULATIONS.items() if rule.applies_to and name not in known], ticked)
    name = names.get(notice.source)
    publisher = "" if name is None else name.publisher if lang() == "en" else name.publisher_zh
    marked = Criteria(product_types=frozenset(found.product_types), regulations=frozenset(found.horizontal))
    return Card(dossier, _title(names, notice.source), publisher, why, highlight(notice.title, marked, lang()),
                _excerpt(highlight(notice.summary[:LONGEST_TEXT], marked, lang())), candidates_first, others, rules, form,
                back)


def _ticked(dossier: Dossier, form: Verdict) -> Collection[str]:
    """What is ticked at first: what was sent, else what was decided, else what the classifier is sure of."""
    if form.verdict:
        return form.product_types | form.regulations
    if dossier.standing:
        return {*dossier.standing.product_types, *dossier.standing.regulations}
    unsure = candidates(dossier.found)
    return {name for name in (*dossier.found.product_types, *dossier.found.horizontal) if name not in unsure}


def _choices(values: Sequence[str], ticked: Collection[str]) -> list[Choice]:
    return [Choice(value, _name(value), value in ticked) for value in values]


def _excerpt(segments: Sequence[Segment]) -> list[Segment]:
    """The text around its first find, else its beginning."""
    first = next((place for place, each in enumerate(segments) if each.marked), 0)
    found: list[Segment] = []
    if first:
        before = "".join(each.text for each in segments[:first])
        found.append(Segment(before if len(before) <= BEFORE else f"…{before[-BEFORE:]}"))
    left = EXCERPT
    for each in segments[first:]:
        found.append(each if len(each.text) <= left else replace(each, text=f"{each.text[:left]}…"))
        left -= len(each.text)
        if left < 0:
            break
    return found
