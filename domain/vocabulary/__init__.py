"""The controlled vocabularies: one TOML file a subject, read once. Hand-kept; each file explains its keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any


@cache
def load(name: str) -> Mapping[str, Any]:
    """The file ``<name>.toml`` of this package. Shared by all callers: read it, never change it."""
    with resources.files(__name__).joinpath(f"{name}.toml").open("rb") as file:
        return MappingProxyType(tomllib.load(file))


@dataclass(frozen=True, slots=True)
class Label:
    """One entry of a controlled list: its id, how people read it, and the words publishers write for it."""

    id: str
    zh: str
    en: str
    source: tuple[str, ...] = ()
    note: str = ""

    def name(self, lang: str = "zh") -> str:
        """The label in Chinese for ``zh`` and its variants, else in English."""
        return self.zh if lang.startswith("zh") else self.en


def labels(file: str, table: str) -> Mapping[str, Label]:
    """The entries of one list by id, in the order of the file."""
    return MappingProxyType({
        row["id"]: Label(row["id"], row["zh"], row["en"], tuple(row.get("source", ())), row.get("note", ""))
        for row in load(file)[table]
    })
