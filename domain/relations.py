"""How notices belong together: several publishers tell of one **event**; the steps of one **case** follow each other.

An event is known by a number that publishers share, or else, for recalls, by maker, product and date. A case is known by
the number that all its steps bear: a notification with its addenda and revisions, an investigation from its institution to
its orders, a document with its corrections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.market import MARKETS, country_name, holds_in
from domain.notice import Notice, NoticeKind
from domain.text import normalise

EVENT, MAKER, CASE = "event:", "maker:", "case:"
"""What a name of ``names`` begins with: the same name is the same event; the same maker may be; the same case is one."""
COMMON = 40
"""Recalls of a maker beyond which its name says too little."""

_SYMBOL = re.compile(r"G/TBT/N/[A-Z]{2,4}/\d+(?:/[A-Za-z]+\.\d+)*")
_SHARED = (
    re.compile(r"(?:A1[12]|INFO|SR|OR)/\d{4,5}/\d{2}"),  # Safety Gate; France, Germany and others repeat it
    _SYMBOL,  # the WTO; national enquiry points repeat it
)
_STANDARD = re.compile(r"ISO/IEC(?:TR|TS|PAS|GUIDE)?\d+(?:-\d+)*:\d{4}")
"""An edition that two bodies publish together, and that the catalogues of both list."""
_FEDERAL_REGISTER = re.compile(r"(?:19|20)\d\d-\d{4,6}|E\d-\d{3,6}")
_INVESTIGATION = re.compile(r"(?:337|701|731|201)-TA-\d+")
_CAPTION = re.compile(r"\bCertain\b.*?(?=\s*(?:;|,? (?:Notice|Commission|Request|Institution|Issuance|Final|Decision"
                      r"|Termination|Receipt|Determination)\b|$))")


def names(notice: Notice) -> frozenset[str]:
    """The names under which a notice is found by those that belong to it."""
    return frozenset((*_events(notice), *_makers(notice), *(CASE + name for name in cases(notice))))


def _numbers(notice: Notice) -> Iterator[str]:
    for number in (notice.external_id, *notice.identifiers):
        yield "".join(number.split())


def _events(notice: Notice) -> Iterator[str]:
    for number in _numbers(notice):
        if any(form.fullmatch(number.upper()) for form in _SHARED[:1]) or _SYMBOL.fullmatch(number):
            yield EVENT + number.upper()
        elif notice.kind is NoticeKind.STANDARD and _STANDARD.fullmatch(number):
            yield EVENT + number
        elif notice.market == "US" and _FEDERAL_REGISTER.fullmatch(number):
            yield EVENT + "FR " + number


def cases(notice: Notice) -> frozenset[str]:
    """The numbers of the cases that a notice is a step of. That others may follow it says nothing here: they name it by
    ``own_case``."""
    own = [*filter(None, map(_case, _numbers(notice)))] or [*filter(None, (_caption(notice),))]
    others = (_case("".join(other.split())) or own_case(notice.source, other) for other in notice.relates_to)
    return frozenset((*own, *others))


def _case(number: str) -> str:
    """The case of a number that tells it: a notification's without its addenda, an investigation's."""
    if _SYMBOL.fullmatch(number):
        return "/".join(number.split("/")[:5])
    return number if _INVESTIGATION.fullmatch(number) else ""


def _caption(notice: Notice) -> str:
    """The caption of a section 337 case whose notice names no number: "Certain Toner Supply Containers … (II)"."""
    found = _CAPTION.search(notice.title) if notice.kind is NoticeKind.IP_EXCLUSION else None
    return f"337 {normalise(found[0])}" if found else ""


def own_case(source: str, external_id: str) -> str:
    """The case that begins with a notice of a source."""
    return f"{source}:{external_id}"


# -- recalls that share no number ------------------------------------------------------------------------------------------
NEAR = timedelta(days=60)
"""How far apart in time two publishers may tell of one recall."""
_SHARE, _WORDS = 0.8, 3
_JOINT_NEAR, _JOINT_SHARE, _JOINT_WORDS = timedelta(days=14), 0.6, 2
"""How much the names of two recalls must share; less when one of them speaks of the other's country, and soon after."""
_WORD = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"\b(?:due to|because of)\b|;", re.I)
_EMPTY = frozenset((
    "a", "about", "additional", "adult", "also", "an", "and", "at", "baby", "because", "brand", "branded", "by", "certain",
    "child", "children", "co", "company", "corp", "corporation", "due", "electric", "expand", "expanded", "for", "from",
    "gmbh", "hazard", "hazardous", "in", "inc", "include", "infant", "international", "kid", "kids", "limited", "lithium",
    "llc", "lot", "ltd", "magnetic", "mini", "model", "multi", "of", "on", "or", "portable", "potential", "product",
    "reannounce", "recall", "recalled", "risk", "series", "set", "sold", "the", "to", "type", "update", "usa", "usb",
    "various", "window", "wireless", "with"))
"""Words that tell no maker and no product from another."""
_SPEAKS_OF = {"US": ("CPSC", "United States", "U.S."), "GB": ("OPSS", "United Kingdom"), "AU": ("ACCC", "Australia")}


def _words(text: str) -> Iterator[str]:
    """The words of a name that tell it from others, plurals as one."""
    for found in _WORD.finditer(normalise(text)):
        word = found[0]
        word = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        if word not in _EMPTY:
            yield word


def _names_of(notice: Notice) -> tuple[str, str, str]:
    return _CLAUSE.split(notice.title)[0], notice.product, notice.brand


def _makers(notice: Notice) -> Iterator[str]:
    if notice.kind is NoticeKind.RECALL and notice.event_date:
        for text in _names_of(notice):
            if len(first := next(_words(text), "")) > 1:
                yield MAKER + first


def same_matter(one: Notice, other: Notice) -> bool:
    """Whether two recalls of one maker, in different markets, are of one product at one time. A pair that says of itself
    that it is a joint one ("Joint recall with the US CPSC", "sold in Canada") needs to share less."""
    if one.market == other.market:
        return False
    left, right = (frozenset(_words(" ".join(_names_of(each)))) for each in (one, other))
    shared = len(left & right)
    share = shared / max(1, min(len(left), len(right)))
    if apart(one, other) <= NEAR and shared >= _WORDS and share >= _SHARE:
        return True
    joint = apart(one, other) <= _JOINT_NEAR and shared >= _JOINT_WORDS and share >= _JOINT_SHARE
    return joint and (_speaks_of(one, other.market) or _speaks_of(other, one.market))


def apart(one: Notice, other: Notice) -> timedelta:
    """The time between two notices; for ever where one has no date."""
    if one.event_date and other.event_date:
        return abs(one.event_date - other.event_date)
    return timedelta.max


def _speaks_of(notice: Notice, market: str) -> bool:
    wanted = _SPEAKS_OF.get(market) or (country_name(market, "en"),)
    return any(word in text for text in (notice.summary, *notice.raw.values()) for word in wanted)


# -- what follows from belonging together ---------------------------------------------------------------------------------
def covering(market: str) -> list[str]:
    """The groups of markets whose rules hold in a market: what was told for them was told for it."""
    return sorted(name for name, found in MARKETS.items() if found.is_group and name != market and holds_in(name, market))


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when comments are taken in a case as it stands now, and the number of the step that says so."""

    day: date
    stated_by: str


def deadline(steps: Sequence[Notice]) -> Deadline | None:
    """The comment deadline of a case: that of the newest step that states one. Nothing is computed from other dates."""
    stated = [step for step in in_order(steps) if step.comment_deadline]
    return Deadline(stated[-1].comment_deadline, stated[-1].external_id) if stated and stated[-1].comment_deadline else None


def in_order(steps: Iterable[Notice]) -> list[Notice]:
    """The steps of a case as they came: by date, those of one day by number."""
    return sorted(steps, key=lambda step: (step.event_date or date.min, step.external_id))
