"""What the running text at the end of a weekly report of Safety Gate says is withdrawn."""

from __future__ import annotations

import re

_CASE = r"(?<![\d/])(?:(?:[A-Z]{2,4}|A\d\d)/)?\d{3,6}\s?/\d{2}(?![\d/]|\s/)"
_SPEAKS_OF_ENDS = re.compile(r"\b(?:withdrawn|removed)\b")
_SENTENCE = re.compile(rf"(?<=\.)\s*(?=[A-Z]|{_CASE})|\n+")
_WORDS = re.compile(rf"(?P<case>{_CASE})"
                    r"|(?P<ended>\b(?:has|have|was|were)\b(?:\s+been)?(?:\s+\w+ly)?(?:\s+modified\s+and)?\s+"
                    r"(?:withdrawn(?!\s+from\s+(?:the\s+market|sale))|removed)\b)"
                    r"|(?P<other>\b(?:has|have|was|were)\b)")
_AND = re.compile(r"[^.:]*?(?:,|;|&|\band\b)\s*(?:notifications?|alerts?)?\s*", re.I)
_NOT_THE_ALERT = re.compile(r"\b(?:measures?|pictures?|images?|photos?|brands?|models?|batch|barcodes?|risk|link|text)\W*$")
_THE_ALERT = re.compile(r"(?:\b(?:notifications?|alerts?|and)|^)\W*$", re.I)


def speaks_of_ends(addendum: str) -> bool:
    """Whether a text says of anything that it is withdrawn or removed."""
    return _SPEAKS_OF_ENDS.search(addendum) is not None


def withdrawn(addendum: str) -> dict[str, str]:
    """Case numbers that a report's running text says are withdrawn, each with its sentence. Only those that stand before
    the verb as its subject: "A has been withdrawn as a duplication of B" says nothing about B."""
    found: dict[str, str] = {}
    for sentence in _SENTENCE.split(addendum):
        cases: list[str] = []
        spoken, last = False, 0
        for word in _WORDS.finditer(sentence):
            between = sentence[last:word.start()]
            last = word.end()
            if word["case"]:
                goes_on = not spoken and _AND.fullmatch(between)
                cases, spoken = [*(cases if goes_on else []), "".join(word["case"].split())], False
                continue
            if word["ended"] and _is_subject(between, spoken):
                found |= {case: " ".join(sentence.split()) for case in cases if case not in found}
            spoken = True
    return found


def _is_subject(between: str, spoken: bool) -> bool:
    """Whether the verb behind these words still speaks of the alerts named before them."""
    if spoken or ":" in between:
        return _THE_ALERT.search(between) is not None
    return _NOT_THE_ALERT.search(between) is None
