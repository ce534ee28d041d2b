"""Tokens, values and texts in a form that the server neither cuts nor folds: what it compares, it compares whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

MARK = "zz"
LONGEST = 60
"""Signs of a token: written out, four letters a sign, two of them still fit the server's keys of 511 bytes."""
LONGEST_VALUE = 110
"""Signs of a value: written out, it fits such a key alone."""
LONGEST_TEXT = 60_000
"""Tokens of one text: the server reads no further than 65,536."""
OVERLAP = 2
"""Tokens that a part of a longer text shares with the part before: the server looks for phrases three tokens at a time."""

_PLAIN = re.compile(rf"(?!{MARK})[a-z0-9_]+")
_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_TO_DIGITS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")


@lru_cache(maxsize=200_000)
def encoded(text: str, longest: int = LONGEST) -> str:
    """A token in small letters, digits and underscores, different for different tokens: as it is when it is so already,
    else its UTF-16 in letters, and a hash when it is very long."""
    if len(text) <= longest and _PLAIN.fullmatch(text):
        return text
    data = text.encode("utf-16-be", "surrogatepass")
    if len(data) > 2 * longest:
        return f"{MARK}z{in_letters(sha256(data).hexdigest())}"
    return MARK + in_letters(data.hex())


def value(text: str) -> str:
    """A value, likewise; it is counted, and may be longer before all that is left of it is a hash."""
    return encoded(text, LONGEST_VALUE)


def in_letters(digits: str) -> str:
    """Hexadecimal digits as letters from a to p."""
    return digits.translate(_TO_LETTERS)


def decoded(text: str) -> str:
    """The token or value that was encoded; a hash stays one."""
    if not text.startswith(MARK) or text.startswith(f"{MARK}z"):
        return text
    return bytes.fromhex(text.removeprefix(MARK).translate(_TO_DIGITS)).decode("utf-16-be", "surrogatepass")


def phrase(tokens: Iterable[str]) -> str:
    """Tokens in a row."""
    return " ".join(map(encoded, tokens))


def text(tokens: Sequence[str]) -> str | dict[str, str]:
    """Tokens as a field of a document, in parts when the server would not read them to the end."""
    if len(tokens) <= LONGEST_TEXT:
        return phrase(tokens)
    step = LONGEST_TEXT - OVERLAP
    return {str(number): phrase(tokens[number * step:number * step + LONGEST_TEXT])
            for number in range(-(-(len(tokens) - OVERLAP) // step))}


def whole_text(kept: str | Mapping[str, str]) -> str:
    """The tokens of a document that was sent, blanks around each."""
    if isinstance(kept, str):
        return f" {kept} "
    parts = [kept[number] for number in sorted(kept, key=int)]
    rest = (part.split(" ", OVERLAP)[OVERLAP] for part in parts[1:])
    return f" {' '.join((parts[0], *rest))} "
