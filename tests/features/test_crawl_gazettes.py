"""Gazettes: what is read and settled is not asked for again, what may still grow is, and an empty day is tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.replay import SOURCES, Answer, Gateway, crawl

NOW, NEXT_DAY, LATER = "2026-11-21T18:00:00+00:00", "2026-11-22T18:00:00+00:00", "2026-12-03T18:00:00+00:00"
EMPTY = b'{"messageCode": 200, "response": "OK", "NotasMatutinas": [], "NotasVespertinas": [], "NotasExtraordinarias": []}'
NOTES = "https://sidof.segob.gob.mx/dof/sidof/notas/"


@pytest.fixture
def days() -> Iterator[Gateway]:
    """A gazette of which only the 20th of November holds something."""
    full = json.loads((SOURCES / "mx_dof" / "days.full.json").read_bytes()) | {"NotasExtraordinarias": []}
    gateway = Gateway(_Days(Answer(json.dumps(full).encode())))
    yield gateway
    gateway.close()


class _Days(dict[str, Any]):
    def __init__(self, full: Answer) -> None:
        super().__init__()
        self.full = full

    def get(self, url: str, default: Any = None) -> Any:
        if url.endswith("/robots.txt"):
            return None
        return self.full if url.endswith("/20-11-2026") else Answer(EMPTY)


def test_a_first_load_goes_back_further_than_later_runs(tmp_path: Path, days: Gateway) -> None:
    first = crawl(tmp_path, "mx_dof", days.url, floor=1, now=NOW)
    assert (first["created"], len(days.addresses())) == (5, 31)
    again = crawl(tmp_path, "mx_dof", days.url, floor=1, now=NEXT_DAY)
    assert (again["created"], again["revised"], again["unchanged"]) == (0, 0, 5)
    assert len(days.addresses()) == 21


def test_a_settled_day_is_left_alone_and_an_empty_one_is_not(tmp_path: Path, days: Gateway) -> None:
    crawl(tmp_path, "mx_dof", days.url, floor=1, now=NOW)
    days.addresses()
    crawl(tmp_path, "mx_dof", days.url, floor=0, now=LATER)
    asked = days.addresses()
    assert f"{NOTES}20-11-2026" not in asked
    assert f"{NOTES}19-11-2026" in asked


def test_regulations_that_are_read_are_not_asked_for_again(tmp_path: Path) -> None:
    case = json.loads((SOURCES / "ca_gazette" / "issues.json").read_text(encoding="utf-8"))
    kinds = {".xml": "application/xml", ".html": "text/html"}
    gateway = Gateway({url: Answer((SOURCES / "ca_gazette" / name).read_bytes(), kinds[Path(name).suffix])
                       for url, name in case["answers"].items()})
    first = crawl(tmp_path, "ca_gazette", gateway.url, floor=0, now=NOW)
    gateway.addresses()
    again = crawl(tmp_path, "ca_gazette", gateway.url, floor=0, now=NEXT_DAY)
    gateway.close()
    assert (first["created"], again["created"], again["revised"]) == (6, 0, 0)
    documents = [url.rpartition("/")[2] for url in gateway.addresses() if "/html/" in url and "index-" not in url]
    assert documents == ["si-tr99-eng.html"], "only the one that was lost"
