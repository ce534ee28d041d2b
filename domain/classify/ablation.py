"""What each family of rules is worth: the classifier with one of them switched off, and matching without any rule."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from domain.classification import Classification, Confidence, Evidence
from domain.classify import conclude
from domain.classify.lexicon import lexicon
from domain.classify.phrases import Role
from domain.classify.reading import Found, Part, Reading, read
from domain.notice import Notice


class Family(StrEnum):
    """Families of rules that can be switched off, as a table of scores names them."""

    CATEGORIES = "source categories"
    CODES = "HS and ICS codes"
    TRAPS = "global false friends"
    NEGATIVES = "negative words of a type"
    CONTEXT = "context of weak terms"
    PHRASES = "longer phrase wins"
    BODY = "evidence of the body"
    PRECEDENCE = "ties between types"


_DROPPED = {Family.TRAPS: {Role.TRAP}, Family.NEGATIVES: {Role.NEGATIVE}}


def classify_without(family: Family, notice: Notice) -> Classification:
    """What the classifier finds when one family of rules says nothing. Without context every weak term is a strong one."""
    if family is Family.CATEGORIES:
        notice = replace(notice, category="", source="record")
    elif family is Family.CODES:
        notice = replace(notice, hs_codes=(), ics_codes=())
    reading = read(notice, longest=family is not Family.PHRASES)
    return conclude(_without(family, reading), ties=family is not Family.PRECEDENCE)


def _without(family: Family, reading: Reading) -> Reading:
    if family is Family.BODY:
        return replace(reading, body=Part(()))
    if family is Family.CONTEXT:
        return replace(reading, head=_believed(reading.head), body=_believed(reading.body))
    dropped = _DROPPED.get(family, set())
    head, body = (Part(found for found in part.finds() if found.mark.role not in dropped)
                  for part in (reading.head, reading.body))
    return replace(reading, head=head, body=body)


_STRONGER = frozenset((Role.WEAK, Role.QUALIFIED))


def _believed(part: Part) -> Part:
    """A part in which nothing needs a context."""
    return Part(_strong(found) if found.mark.role in _STRONGER else found for found in part.finds())


def _strong(found: Found) -> Found:
    return replace(found, mark=replace(found.mark, role=Role.STRONG))


class Plain(StrEnum):
    """Matching of the vocabulary without any rule, to compare with."""

    ANY = "any term anywhere"
    STRONG = "any unambiguous term anywhere"


_ROLES = {Plain.ANY: {Role.STRONG, Role.WEAK}, Plain.STRONG: {Role.STRONG}}


def classify_plainly(plain: Plain, notice: Notice) -> Classification:
    """What plain matching finds: every type with a term of the vocabulary as whole words in the text."""
    text = " | ".join((notice.title, notice.product, notice.summary))
    marks = {mark.subject: mark for hit in lexicon().find(text) for mark in hit.marks if mark.role in _ROLES[plain]}
    evidence = tuple(Evidence(name, "any_term", "anywhere", mark.term) for name, mark in marks.items())
    return Classification(dict.fromkeys(marks, Confidence.MEDIUM), evidence=evidence)
