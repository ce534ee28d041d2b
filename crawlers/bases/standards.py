"""What standards bodies share: the harmonized stage codes of ISO and IEC, and how references are built."""

from __future__ import annotations

import re

from domain.notice import MATERIAL_FIELDS

MATERIAL = MATERIAL_FIELDS | {"stage"}
"""Of a standard, its stage is news: a draft, its publication, its revision, its end."""

_STEPS = {"6060": "published", "9092": "to_be_revised", "9093": "confirmed", "9592": "confirmed", "9599": "withdrawn"}
_PHASES = {"00": "preparatory", "10": "preparatory", "20": "preparatory", "30": "committee_draft", "40": "enquiry",
           "50": "approval", "60": "approval", "90": "under_review", "95": "under_review"}
_GIVEN_UP = "98"
_DRAFT = re.compile(r"(?<=ISO|IEC)[/ ](?:PWI|NP|AWI|WD|CD|CDV|DIS|FDIS|PRF)(?= )")
_SUPPLEMENT = re.compile(r"(?P<base>.+?:\d{4}(?:-\d\d)?)[/+].+")


def stage_of(code: int) -> str:
    """The stage of a document by its harmonized code (6060 for 60.60): 60.00 is still being published, 90 and 95 are reviews
    of what is in force until 95.99, and what ends in 98 was given up. Nothing for a code that is none."""
    digits = f"{code:04d}"
    if digits[:2] in _PHASES and digits[2:] == _GIVEN_UP:
        return "withdrawn"
    return _STEPS.get(digits) or (_PHASES.get(digits[:2], "") if len(digits) == 4 else "")


def written(reference: str) -> tuple[str, ...]:
    """A reference as it is written, and without the stage of a draft, as people search: ISO/DIS 15552, ISO 15552."""
    return tuple(dict.fromkeys(filter(None, (reference, _DRAFT.sub("", reference)))))


def amended(reference: str) -> tuple[str, ...]:
    """The standard that an amendment or a corrigendum belongs to: ISO 6432:2015/Amd 1:2019 → ISO 6432:2015."""
    found = _SUPPLEMENT.fullmatch(reference)
    return (found["base"],) if found else ()
