"""Phrases that a text does not hold although the server would find it for them.

The server knows which tokens stand side by side somewhere in a text, and which of every three at most one apart. For
a phrase of three or more tokens that is not enough: "a b x b c a" has a b, b c and a near c, but not a b c. Such a false
phrase has a shortest part that is false while all shorter ones are true: that part is a trap. A text has few, they are
written beside it as words, and a query excludes the traps that its phrases could fall into.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise

from domain.criteria import BOUNDARY
from indexer.backends.meilisearch.texts import MARK, in_letters

SHORTEST, LONGEST = 3, 8
"""Tokens of traps. Whether a text holds a phrase of more tokens than the longest must be looked up."""
MOST = 2_000
"""Traps of one text. In one that has more every phrase must be looked up."""

Phrase = tuple[str, ...]


def traps(tokens: Sequence[str]) -> set[Phrase] | None:
    """The traps of a text; None when there are too many."""
    found: set[Phrase] = set()
    times = Counter(tokens)
    starts = [place for place, token in enumerate(tokens) if times[token] > 1 and token != BOUNDARY]
    for length in range(SHORTEST - 2, LONGEST - 1):
        repeated = _repeated(tokens, starts, length)
        for inner, places in repeated.items():
            beside = {(_at(tokens, place - 1), _at(tokens, place + length)) for place in places}
            lefts, rights = ({pair[side] for pair in beside} - {BOUNDARY} for side in (0, 1))
            if len(found) + len(lefts) * len(rights) > MOST:
                return None
            found.update((left, *inner, right) for left in lefts for right in rights if (left, right) not in beside)
        starts = sorted(place for places in repeated.values() for place in places)
    near = _near(tokens) if found else set()
    return {each for each in found if len(each) > SHORTEST or (each[0], each[-1]) in near}


def parts(phrase: Phrase) -> Iterator[Phrase]:
    """Every trap that a phrase could fall into."""
    for length in range(SHORTEST, min(LONGEST, len(phrase)) + 1):
        for start in range(len(phrase) - length + 1):
            yield phrase[start:start + length]


def word(trap: Phrase) -> str:
    """A trap as a word, unlike any encoded token."""
    return f"{MARK}q{in_letters(blake2b(BOUNDARY.join(trap).encode(), digest_size=8).hexdigest())}"


def _repeated(tokens: Sequence[str], starts: Sequence[int], length: int) -> dict[Phrase, list[int]]:
    """What stands in more than one place of a text, and where; whatever repeats begins with something shorter that does."""
    places: dict[Phrase, list[int]] = defaultdict(list)
    for start in starts:
        if start + length <= len(tokens) and tokens[start + length - 1] != BOUNDARY:
            places[tuple(tokens[start:start + length])].append(start)
    return {inner: found for inner, found in places.items() if len(found) > 1}


def _at(tokens: Sequence[str], place: int) -> str:
    return tokens[place] if 0 <= place < len(tokens) else BOUNDARY


def _near(tokens: Sequence[str]) -> set[Phrase]:
    """Pairs with at most one token between them, and neighbours the other way round: what the server counts as near."""
    neighbours = list(pairwise(tokens))
    return {*neighbours, *((right, left) for left, right in neighbours), *zip(tokens, tokens[2:], strict=False)}
