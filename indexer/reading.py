"""A stretch of typed text as terms: slips of the keyboard corrected, pinyin read, everything in its place in the text.

A word is touched only where it is unknown: no term, no part of an identifier, and in few notices or none. What is meant is
looked for among our own terms first, then among the words of the notices, the most frequent first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from indexer.identifiers import identifiers
from indexer.lexicon import Meaning, Sense, lexicon
from indexer.pinyin import is_pinyin, parts, romanised, spellings, syllables
from indexer.spelling import HANDFUL, LONGEST_WORD, Vocabulary
from indexer.tables import WordTable
from indexer.terms import Found, Unit, Units, units

_INITIALS_HANDFUL = 20
"""Likewise for two initials, which stand in model numbers everywhere."""
_SHORTEST = 4
"""Letters of a word that is corrected."""
_SHORTEST_PINYIN = 6
"""Likewise for pinyin: shorter ones are a letter from each other."""
_LONG = 9
"""Letters of a word in which two slips are forgiven."""
_LONGEST_CODE = 5
"""Capitals up to this length name a model or a firm."""


@dataclass(frozen=True, slots=True)
class Change:
    """A word at ``start`` to ``end`` of the text that was read as another one, or as pinyin (``pinyin``)."""

    start: int
    end: int
    taken: str
    pinyin: bool = False


@dataclass(slots=True)
class Reading:
    """The units of a text, corrected ones with their place as typed; what stands in them, in ``pinyin`` too; what was
    corrected; and what pinyin might have meant that was not taken (each a weak sense)."""

    found: Units
    hits: list[Found[Meaning]]
    changes: list[Change]
    pinyin: list[Found[Meaning]] = field(default_factory=list)
    offers: list[Found[Meaning]] = field(default_factory=list)


def read(text: str, known: Vocabulary, alone: bool) -> Reading:
    """Read a stretch of text; ``alone`` says that the whole query is one word, which then may be an acronym in small
    letters."""
    found = units(text)
    codes = frozenset(at for at, unit in enumerate(found)
                      if unit.end - unit.start <= _LONGEST_CODE and text[unit.start:unit.end].isupper())
    hits = _hits(text, found, alone)
    weak = _covered(hit for hit in hits if hit.meaning.sense is Sense.WEAK)
    sure = _covered(hit for hit in hits if hit.meaning.sense is not Sense.WEAK)
    found, changes = _corrected(found, sure | codes, weak - sure, known)
    reading = Reading(found, _hits(text, found, alone), changes)
    _read_pinyin(text, reading, known, alone)
    return reading


def _hits(text: str, found: Units, alone: bool) -> list[Found[Meaning]]:
    hits = [hit for hit in lexicon().find(found) if _is_meant(hit.meaning, _typed(text, found, hit), alone)]
    return [*hits, *identifiers(text, found)]


def _typed(text: str, found: Units, hit: Found[Meaning]) -> str:
    return text[found[hit.first].start:found[hit.end - 1].end]


_PLAIN_WORDS = frozenset(("reach", "saber", "pops"))


def _is_meant(meaning: Meaning, typed: str, alone: bool) -> bool:
    """Whether capitals are as they must be: REACH is a law, reach is a word; US is a market, us is not. A bare number
    names a rule (337) only if nothing else was typed."""
    written = meaning.written
    if written.isdigit():
        return alone
    if not written or typed == written or typed.isupper():
        return True
    if meaning.sense is Sense.MARKET:
        return len(written) > 2
    return alone or (len(written) > 3 and written.lower() not in _PLAIN_WORDS)


def _covered(hits: Iterable[Found[Meaning]]) -> frozenset[int]:
    return frozenset(at for hit in hits for at in range(hit.first, hit.end))


# Corrections


def _corrected(found: Units, sure: frozenset[int], weak: frozenset[int],
               known: Vocabulary) -> tuple[Units, list[Change]]:
    after, changes = Units(), list[Change]()
    for at, unit in enumerate(found):
        if at in sure or not _is_word(found, at):
            after.append(unit)
        elif len(cut := _terms_glued(unit)) > 1 and known.count(unit.text) <= HANDFUL:
            after.extend(_split(unit, cut))
        elif (taken := _meant_by(found, at, known, at in weak)) is None:
            after.append(unit)
        else:
            after.append(unit._replace(text=taken))
            changes.append(Change(unit.start, unit.end, taken))
    return after, changes


def _is_word(found: Units, at: int) -> bool:
    """Whether a unit is a word of letters that is no part of a model number."""
    unit, after = found[at], found[at + 1] if at + 1 < len(found) else None
    return (unit.text.isalpha() and not unit.is_cjk and len(unit.text) <= LONGEST_WORD
            and not (at and _is_joined(unit.gap) and found[at - 1].text.isdigit())
            and not (after and _is_joined(after.gap) and after.text.isdigit()))


def _is_joined(gap: str) -> bool:
    return not gap or gap in "-_/.:"


def _terms_glued(unit: Unit) -> list[str]:
    """The terms that a word of pinyin is glued of, where every letter has its place in the text."""
    return parts(unit.text) if unit.end - unit.start == len(unit.text) else []


def _split(unit: Unit, cut: Sequence[str]) -> Iterator[Unit]:
    start, gap = unit.start, unit.gap
    for each in cut:
        yield Unit(each, start, start + len(each), gap)
        start, gap = start + len(each), ""


def _meant_by(found: Units, at: int, known: Vocabulary, is_weak: bool) -> str | None:
    """The word in the place of an unknown one; None to leave it. One that few notices bear, or a weak term, gives way only
    where the other makes a term with its neighbours: tonner cartridge, air compresor. What may be Chinese in Latin letters
    is no slip in a word of another language."""
    word = found[at].text
    if not known or len(word) < _SHORTEST or word in spellings():
        return None
    bearing, ours = known.count(word), _terms_near(word, known)
    if bearing or is_weak:
        fits = (each for each in ours if each != word and _completes(found, at, each))
        return next(fits, None) if is_weak or bearing <= HANDFUL else None
    theirs = [] if is_pinyin(word) else [each for each in known.candidates(word) if known.count(each) >= HANDFUL]
    if ours or theirs:
        return (ours or sorted(theirs, key=known.count, reverse=True))[0]
    return next(iter(_terms_near(word, known, 2)), None) if len(word) >= _LONG else None


def _terms_near(word: str, known: Vocabulary, distance: int = 1) -> list[str]:
    found = (each for each in _our_words().near(word, distance)
             if len(word) >= _SHORTEST_PINYIN or each not in spellings() or known.count(each))
    return sorted(found, key=known.count, reverse=True)


def _completes(found: Units, at: int, taken: str) -> bool:
    changed = Units([*found[:at], found[at]._replace(text=taken), *found[at + 1:]])
    return any(hit.first <= at < hit.end and hit.end - hit.first > 1
               and hit.meaning.sense in (Sense.PRODUCT_TYPE, Sense.REGULATION) for hit in lexicon().find(changed))


def prepare() -> None:
    """Compile all terms now, not under the first reader's query."""
    for compiled in (lexicon, romanised, syllables, _our_words):
        compiled()


@cache
def _our_words() -> WordTable:
    """The words of our terms and their pinyin, for two slips too."""
    return WordTable.of(dict.fromkeys((*lexicon().words(), *spellings()), 1), depth=2)


# Pinyin


def _read_pinyin(text: str, reading: Reading, known: Vocabulary, alone: bool) -> None:
    """Add what pinyin means where no term or identifier stands. A word that notices bear stays one, and so do initials
    in capitals, which name a firm or a body: then it is an offer."""
    sure = _covered(reading.hits)
    for hit in romanised().find(reading.found):
        if sure.isdisjoint(range(hit.first, hit.end)) and all(
                _is_word(reading.found, at) and len(reading.found[at].text) > 1 for at in range(hit.first, hit.end)):
            meant = Found(hit.first, hit.end, hit.meaning.meaning)
            if _is_taken(text, reading.found[hit.first:hit.end], hit.meaning.whole, known):
                reading.hits.append(meant)
                reading.pinyin.append(meant)
            elif alone and meant.meaning.sense is Sense.PRODUCT_TYPE:
                reading.offers.append(Found(hit.first, hit.end, replace(meant.meaning, sense=Sense.WEAK)))


def _is_taken(text: str, typed: Sequence[Unit], whole: bool, known: Vocabulary) -> bool:
    if not whole and (not known or text[typed[0].start:typed[0].end].isupper()):
        return False
    return len(typed) > 1 or known.count(typed[0].text) <= (_INITIALS_HANDFUL if len(typed[0].text) == 2 else HANDFUL)
