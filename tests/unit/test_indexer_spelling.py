"""The words of the notices, those a slip away from another, and the files that keep them."""

from __future__ import annotations

import logging
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import spelling, sync
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from indexer.spelling import Learned, SpellingFiles
from indexer.tables import WordTable, changes
from tests.builders import notice, store
from tests.databases import database

LETTERS = "abcé電"
WORDS = st.text(LETTERS, min_size=1, max_size=6)


def one_change_away(word: str, letters: str) -> Iterator[str]:
    """Every text that a person may type by one slip, made one by one."""
    for at in range(len(word) + 1):
        yield from (word[:at] + letter + word[at:] for letter in letters)
    for at in range(len(word)):
        yield word[:at] + word[at + 1:]
        yield from (word[:at] + letter + word[at + 1:] for letter in letters)
        yield word[:at] + word[at:at + 2][::-1] + word[at + 2:]


@settings(max_examples=300)
@given(st.sets(WORDS, max_size=40), WORDS)
def test_the_words_near_one_are_all_of_the_vocabulary_within_one_change(vocabulary: set[str], word: str) -> None:
    table = WordTable.of(dict.fromkeys(vocabulary, 1))
    assert set(table.near(word)) == vocabulary & {word, *one_change_away(word, LETTERS)}


@settings(max_examples=100)
@given(st.sets(WORDS, max_size=30), WORDS)
def test_a_deeper_table_finds_all_words_within_two_changes(vocabulary: set[str], word: str) -> None:
    near = {word, *one_change_away(word, LETTERS)}
    reach = near | {far for each in near for far in one_change_away(each, LETTERS)}
    found = set(WordTable.of(dict.fromkeys(vocabulary, 1), depth=2).near(word, 2))
    assert found == {each for each in vocabulary if changes(word, each) <= 2}
    assert found <= reach


def test_every_slip_in_a_word_is_found_again() -> None:
    words = ["solenoid", "cartridge", "pneumatikzylinder", "électrovanne", "клапан"]
    table = WordTable.of({word: 3 for word in words})
    for word in words:
        assert all(word in table.near(typed) for typed in one_change_away(word, string.ascii_lowercase) if typed)


def test_a_table_counts_its_words() -> None:
    table = WordTable.of({"valve": 7, "valves": 2})
    assert (table.count("valve"), table.count("valves"), table.count("valv"), table.count("")) == (7, 2, 0, 0)
    assert table.counts() == {"valve": 7, "valves": 2}
    assert WordTable.of({}).near("valve") == []


def learned(**counts: int) -> Learned:
    return Learned(Counter(counts), {"g tbt n eu 1234": "G/TBT/N/EU/1234", "iso 15552 2018": "ISO 15552:2018"})


@pytest.fixture
def files(tmp_path: Path) -> SpellingFiles:
    return SpellingFiles(tmp_path / "spelling")


def test_what_is_kept_is_read_again(files: SpellingFiles) -> None:
    files.write("g", learned(solenoid=12, électro=1))
    assert files.read("g").count("solenoid") == 12
    assert files.read("g").candidates("solenod") == ["solenoid"]
    assert files.read("g").numbers_like("g/tbt/n/eu/12", 5) == ["G/TBT/N/EU/1234"]
    assert files.read("g").numbers_like("ISO15", 5) == ["ISO 15552:2018"]
    assert files.read("g").numbers_like("(", 5) == []
    files.write("g", learned(valve=1))
    assert not files.read("g").count("solenoid"), "the newer one"


def packed_otherwise(whole: bytes) -> bytes:
    """The same archive, said to be packed in a way that nobody knows."""
    method = whole.index(b"PK\1\2") + 10
    return whole[:method] + b"\x63" + whole[method + 1:]


def test_a_lost_or_damaged_file_costs_corrections_and_a_line_in_the_log(
        files: SpellingFiles, caplog: pytest.LogCaptureFixture) -> None:
    assert not files.read("never")
    files.write("g", learned(solenoid=12))
    kept = files.folder / "g.npz"
    whole = kept.read_bytes()
    for damaged in (b"", whole[:len(whole) // 2], b"\0" * 300, whole[:100] + bytes(40) + whole[140:],
                    packed_otherwise(whole)):
        kept.write_bytes(damaged)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert not files.read("g")
        assert "g.npz cannot be read" in caplog.text
    kept.write_bytes(whole)
    assert files.read("g")


def test_a_disk_that_cannot_be_written_does_not_stop_the_index(
        files: SpellingFiles, caplog: pytest.LogCaptureFixture) -> None:
    files.folder.write_text("a file where a folder should be")
    files.write("g", learned(solenoid=1))
    assert "were not kept" in caplog.text


def test_the_index_teaches_the_words_and_forgets_them_with_its_generation(tmp_path: Path) -> None:
    db, index, files = database(tmp_path), TantivyIndex(tmp_path / "index"), SpellingFiles(tmp_path / "spelling")
    service = SearchService(db, index, files)
    assert not service.understand("compressro").corrections, "before the first index nothing is known"
    store(db, notice("SR/1", title="Gizmotron compressor"))
    sync.sync(db, index, spelling=files)
    assert service.understand("gizmotrin").criteria.words == ("gizmotrin",), "one notice does not make a word"
    store(db, *(notice(f"SR/{number}", title="Gizmotron compressor 气缸 12V") for number in range(2, 9)))
    while sync.sync(db, index, spelling=files):
        pass
    assert service.understand("gizmotrin").criteria.words == ("gizmotron",), "words of later notices are known too"
    assert service.words().numbers_like("sr8", 3) == ["SR/8"]
    for _ in range(3):
        sync.rebuild(db, index, spelling=files)
    kept = {path.name for path in index.folder.iterdir() if path.is_dir()}
    assert {path.stem for path in files.folder.iterdir()} == kept
    assert service.understand("gizmotrin").criteria.words == ("gizmotron",)
    assert service.words().numbers_like("sr8", 3) == ["SR/8"]


def test_words_that_came_later_are_merged_when_they_are_many(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, index, files = database(tmp_path), TantivyIndex(tmp_path / "index"), SpellingFiles(tmp_path / "spelling")
    store(db, notice("1", title="Air compressor"))
    sync.sync(db, index, spelling=files)
    for number, word in enumerate(("zumbador", "plotrix"), 2):
        store(db, *(notice(f"{number}-{copy}", title=f"{word} air compressor") for copy in range(6)))
        while sync.sync(db, index, spelling=files):
            pass
        monkeypatch.setattr(spelling, "LATER_BYTES", 10)
    assert [path.suffix for path in files.folder.iterdir()] == [".npz"]
    service = SearchService(db, index, files)
    assert service.understand("plotrx zumbadro").criteria.words == ("plotrix", "zumbador")
