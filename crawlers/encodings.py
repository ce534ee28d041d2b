"""What the bytes of an answer say as text. Publishers label their encodings wrongly; nobody guesses here: a label is
believed where the bytes bear it out, another one that holds is told as such, and what no label explains is no text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, resolve_encoding

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"),
          (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_WIDE = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How markup in UTF-16 begins that bears no mark."""
_SEVERAL = frozenset(("gb18030", "hz", "big5hkscs", "cp949", "cp932", "euc_jp", "iso2022_jp", "shift_jisx0213", "johab"))
"""Encodings of several bytes a sign, which text in another one rarely obeys."""
_SINGLE = re.compile(r"cp125\d|cp874|koi8[-_][ru]|iso8859[-_]\d+|mac_roman|cp866")
_UNLIKELY = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\x80-\x9f]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_ESCAPED = (b"\x1b", b"~{")
_ESCAPE = re.compile(r"\x1b[$(]")
_PRIVATE_SHARE = 0.01

LOST = "signs were lost before this was published (U+FFFD)"
TWICE = "UTF-8 was taken for Latin-1 before this was published"
_SCARS = {LOST: (b"\xef\xbf\xbd", b"\\ufffd"), TWICE: (b"\xc3\x83\xc2", b"\xc3\x82\xc2", b"\xc3\xa2\xe2\x82\xac")}


class NoText(ValueError):
    """The bytes are no text in any encoding that is stated for them."""


@dataclass(frozen=True, slots=True)
class Text:
    """An answer as text, the encoding it is in, and the labels it bears that are not true."""

    content: str
    encoding: str
    untrue: tuple[str, ...] = ()

    @property
    def utf8(self) -> bytes:
        """The text for parsers, which would believe a label."""
        return self.content.encode("utf-8")


def read(body: bytes, content_type: str = "") -> Text:
    """The text of an answer, by its mark (BOM), else as UTF-8 where the bytes are that, else by the labels in its header
    and in itself. Raises NoText when none of them holds, or when two do and the texts differ."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return Text(_by_mark(body[len(mark):], name), name)
    labels = _labels(body, content_type)
    wide = next((name for start, name in _WIDE if body.startswith(start)), "")
    encoding = wide or ("" if _is_escaped(body, labels) else "utf-8")
    found = _decoded(body, encoding) if encoding else None
    if found is not None:
        return Text(found, encoding, () if found.isascii() else _untrue(labels, encoding))
    return _by_labels(body, labels)


def scars(body: bytes) -> list[str]:
    """What went wrong with a text in UTF-8 before it reached us; it cannot be mended, only told."""
    return [what for what, signs in _SCARS.items() if any(sign in body for sign in signs)]


def _by_mark(body: bytes, name: str) -> str:
    found = _decoded(body, name)
    if found is None:
        raise NoText(f"the bytes are no text in {name}, which their mark says")
    return found


def _labels(body: bytes, content_type: str) -> dict[str, str]:
    """Encodings by the labels that stand for them, that of the header first; a label that we do not know stands for
    none."""
    stated = http_content_type_encoding(content_type) if content_type else None
    labels = filter(None, (stated, html_body_declared_encoding(body[:4096])))
    return {label: (resolve_encoding(label) or "").lower() for label in labels}


def _is_escaped(body: bytes, labels: dict[str, str]) -> bool:
    """Whether bytes that look like ASCII are said to be an encoding that switches by escapes, and hold some."""
    return bool({"iso2022_jp", "hz"} & set(labels.values())) and any(sign in body for sign in _ESCAPED)


def _untrue(labels: dict[str, str], encoding: str) -> tuple[str, ...]:
    family = encoding.removesuffix("-le").removesuffix("-be")
    return tuple(label for label, name in labels.items() if not name.startswith(family))


def _by_labels(body: bytes, labels: dict[str, str]) -> Text:
    texts = {name: text for name in labels.values() if (text := _decoded(body, name)) is not None}
    telling = {name: text for name, text in texts.items() if name in _SEVERAL} or texts
    if not telling:
        stated = " or ".join(labels) or "utf-8, and no encoding is stated"
        raise NoText(f"the bytes are no text in {stated}")
    if len(set(telling.values())) > 1:
        raise NoText(f"the bytes are said to be {' and '.join(labels)}, and could be either")
    encoding, text = next(iter(telling.items()))
    return Text(text, encoding, tuple(label for label, name in labels.items() if name != encoding))


def _decoded(body: bytes, name: str) -> str | None:
    """The bytes as text of an encoding, or nothing where they are none, or hold what no text of it would."""
    if not (name.startswith(("utf-8", "utf-16", "utf-32")) or name in _SEVERAL or _SINGLE.fullmatch(name)):
        return None
    try:
        found = body.decode(name)
    except UnicodeDecodeError:
        return None
    if name.startswith("utf-8"):  # plain controls are for the parsers to refuse; these are another encoding
        return None if _ESCAPE.search(found) or found.count("\0") * 4 > len(found) else found
    odd = len(_PRIVATE.findall(found)) > _PRIVATE_SHARE * sum(not sign.isascii() for sign in found)
    return None if odd or _UNLIKELY.search(found) else found
