"""Names that notices are cited by, years and ratings in typed text, however they are punctuated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.cas import cas_numbers
from indexer.lexicon import Meaning, Sense
from indexer.terms import Found, Units

_WIDE = {0x3000: 0x20, **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}}
"""Full-width signs as plain ones, each in its place."""

_BODIES = (r"(?:ISO|IEC|CISPR|DIN|EN|BS|GB|JB|QB|HG|SN|JIS|ANSI|ASTM|NFPA|SAE|UL|CSA|NF|UNE|UNI|KS|NBR|GOST|ГОСТ|VDMA|"
           r"(?-i:IS|AS))(?:/[A-Z]{1,5})?")
_IDENTIFIER = re.compile(
    rf"(?<![A-Z0-9])(?:(?:{_BODIES}[ -])*{_BODIES}[ -]?(?:[A-Z] ?)?\d[\d.]*\d(?:[:/–-]\w+)*"
    r"|G[ /]TBT[ /]N[ /][A-Z]{2,5}[ /]\d+(?:[ /](?:Add|Corr|Rev|Suppl)\.? ?\d+)*"
    r"|(?=[\w/.:-]*\d)[A-Z0-9]+(?:[/.:-][A-Z0-9]+)+)", re.IGNORECASE | re.ASCII)
_INTRODUCED = re.compile(
    r"(?<![A-Z0-9])(?:CAS(?: ?RN)?(?: ?(?:No\b\.?|号|编号|#))?"
    r"|Inv(?:estigation|\.)? ?No\b\.?|FR ?Doc\b\.?(?: ?No\b\.?)?)[:： ]*"
    r"(?P<number>[A-Z0-9]+(?:[/.-][A-Z0-9]+)+)", re.IGNORECASE | re.ASCII)
"""A number behind the name of its list; texts put other words there."""
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?年(?:度)?")

_TARIFF = re.compile(r"(?<![A-Z0-9])HS ?(?:编码|code|No\b\.?)?[:： ]*(?P<number>\d{4}(?:[. ]?\d{2}){0,3})(?!\d)",
                     re.IGNORECASE | re.ASCII)
_UNITS = ("VDC", "VAC", "V", "KV", "MA", "A", "KW", "W", "HZ", "BAR", "MBAR", "MPA", "KPA", "PA", "PSI", "MM", "CM", "UM",
          "ΜM", "M", "INCH", "℃", "°C", "RPM", "R/MIN", "L/MIN", "KG", "G", "MG", "ML", "CC", "L", "DB", "NM", "N", "CFM",
          "DPI", "PPM", "伏", "瓦", "安", "公斤", "兆帕", "千帕", "毫米", "厘米", "英寸", "寸", "毫升", "升", "克", "转")
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = r"\d+(?:[.,]\d+)?"
_RATING = re.compile(
    rf"(?<![A-Z0-9./-])(?:[AD]C ?)?{_NUMBER}(?: ?[-~–/x×] ?{_NUMBER})? ?(?:{_UNIT})(?:[/ ]?[AD]C)?"
    rf"(?:/{_NUMBER} ?(?:{_UNIT}))?(?![A-Z0-9]|[/.-][A-Z0-9])"
    rf"|(?<![A-Z0-9./-])(?:{_NUMBER}(?:[*×x]{_NUMBER})+|DN ?\d+|(?:NPT|RC|PT|G) ?\d/\d)(?![A-Z0-9]|[/.-][A-Z0-9])",
    re.IGNORECASE | re.ASCII)
_AMPERES = re.compile(r"\d+ ?A", re.IGNORECASE | re.ASCII)


def identifiers(text: str, found: Units) -> Iterator[Found[Meaning]]:
    """What no vocabulary lists. The value of an identifier is what to look for."""
    text = text.translate(_WIDE)
    for match in _IDENTIFIER.finditer(text):
        yield from _found(found, match, Meaning(Sense.IDENTIFIER, (_bare(match.group()),)))
    for match in _INTRODUCED.finditer(text):
        if any(letter.isdigit() for letter in match["number"]):
            yield from _found(found, match, Meaning(Sense.IDENTIFIER, (match["number"],)))
    for match in _TARIFF.finditer(text):
        yield from _found(found, match, Meaning(Sense.IDENTIFIER, (match["number"],)))
    for match in _YEAR.finditer(text):
        yield from _found(found, match, Meaning(Sense.YEAR, (match[1],)))
    for match in _RATING.finditer(text):
        yield from _found(found, match, Meaning(Sense.RATING, (match.group(),)))


def _found(units: Units, match: re.Match[str], meaning: Meaning) -> Iterator[Found[Meaning]]:
    inside = [number for number, unit in enumerate(units) if match.start() <= unit.start < match.end()]
    if inside and units[inside[0]].start == match.start() and units[inside[-1]].end == match.end():
        yield Found(inside[0], inside[-1] + 1, meaning)


def _bare(typed: str) -> str:
    """The number as texts have it: CAS1163-19-5 without the name of its list, JISB8373 in its parts."""
    digits = typed.upper().removeprefix("CAS")
    if digits != typed and cas_numbers(digits):
        return digits
    return _JIS.sub(r"JIS \1 \2", typed)


_JIS = re.compile(r"^JIS ?([A-Z]) ?(\d)", re.IGNORECASE)


def is_cartridge_code(rating: str) -> bool:
    """Whether a rating may name a model of cartridge instead: 285A, 12A."""
    return _AMPERES.fullmatch(rating) is not None
