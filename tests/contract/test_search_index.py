"""What every search engine behind indexer.port must do; domain.criteria.matches is the oracle."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import clock
from domain.classification import Classification, Confidence
from domain.criteria import Criteria, Scope, matches, subjects
from domain.deadline import DeadlineState, deadline_states
from domain.errors import Conflict
from domain.market import related
from domain.notice import NoticeKind
from indexer.document import Document, of_notice
from indexer.port import IndexMissing, SearchIndex
from indexer.query import FACETS, industries
from storage.index_state import Generation
from tests.builders import notice
from tests.engines import EACH, ENGINES

ALL = Scope.ALL


@pytest.fixture(params=EACH, scope="module")
def backend(request: pytest.FixtureRequest) -> Callable[[Path], SearchIndex]:
    return ENGINES[request.param]


@pytest.fixture
def index(backend: Callable[[Path], SearchIndex], tmp_path: Path) -> SearchIndex:
    return backend(tmp_path / "index")


def doc(notice_id: int, found: Classification = Classification(), in_title: Sequence[str] = (),  # noqa: B008
        **changes: Any) -> Document:
    stated = notice(f"SR/{notice_id:05}/26", **changes)
    return replace(of_notice(notice_id, stated, found), title_subjects=frozenset(in_title))


def about(**product_types: Confidence) -> Classification:
    return Classification(product_types)


def built(index: SearchIndex, *documents: Document) -> Generation:
    name = index.new_name()
    assert index.build(name, [documents]) == len(documents)
    return Generation(name, 1)


def ids(index: SearchIndex, state: Generation, **wanted: Any) -> list[int]:
    return list(index.search(state, Criteria(**({"scope": ALL} | wanted)), limit=1000).ids)


# The set of hits is the one that domain.criteria defines

TEXTS = ("Ink cartridge", "ink-cartridges for printers", "Tintenpatrone für Drucker", "Cartouche d'encre", "墨盒", "墨水匣",
         "インクカートリッジ", "잉크 카트리지", "Air compressor – Portable", "12V电磁阀", "電磁閥", "气缸盖",
         "Pneumatic cylinder", "ISO 15552", "ISO15552:2018", "Directive 2011/65/EU", "G/TBT/N/EU/9101",
         "Électrovanne", "x" * 300, "valve 1/4\"",
         "(){}[]^~*?:\\\"+-!&& || AND OR NOT", "Sprinter", "tattoo ink", "")
WORDS = (*TEXTS, "ink", "cartridge", "墨", "盒", "电磁阀", "气缸", "15552", "2011/65", "TBT", "electrovanne",
         "printers Tintenpatrone", "valve", "printer", "\udc00", "x" * 299, "AND", "title:ink", "*", "in")
TYPES = ("ink_cartridge", "toner_cartridge", "solenoid_valve")
RULES = ("eu_rohs", "uk_rohs")
MARKETS = ("EU", "CA", "US", "DE", "NO", "SG")
YEARS = ("2024", "2026", "")
SOURCES = ("eu_safety_gate", "ca_recalls")
KINDS = (NoticeKind.RECALL, NoticeKind.STANDARD, NoticeKind.FOREIGN_NOTIFICATION)
HAZARDS = ("burns", "injuries")


def invented(count: int, seed: int = 26) -> list[Document]:
    some = random.Random(seed)

    def levels(names: Sequence[str], share: float) -> dict[str, Confidence]:
        return {name: some.choice(list(Confidence)) for name in names if some.random() < share}

    def one(notice_id: int) -> Document:
        day = date(2026, 1, 1) - timedelta(days=some.randrange(900))
        return doc(
            notice_id, Classification(levels(TYPES, 0.2), levels(RULES, 0.1)), in_title=some.sample(TYPES, 1),
            source=some.choice(SOURCES), title=" ".join(some.choices(TEXTS, k=2)).strip() or "untitled",
            product=some.choice(TEXTS), brand=some.choice(TEXTS), category="", summary=" ".join(some.choices(TEXTS, k=3)),
            identifiers=(some.choice(TEXTS),), market=some.choice(MARKETS), kind=some.choice(KINDS),
            origin=some.choice(("CN", "")), hazards=tuple(some.sample(HAZARDS, some.randrange(3))),
            published_on=some.choice((day, day, None)),
            comment_deadline=some.choice((None, clock.today() + timedelta(days=some.randrange(-30, 30)))))

    return [one(number) for number in range(1, count + 1)]


Corpus = tuple[SearchIndex, Generation, list[Document]]


@pytest.fixture(scope="module")
def corpus(backend: Callable[[Path], SearchIndex], tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    documents = invented(300)
    index = backend(tmp_path_factory.mktemp("corpus"))
    return index, built(index, *documents), documents


def some_of(values: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(values), min_size=1, max_size=2))


any_criteria = st.builds(
    Criteria, product_types=some_of((*TYPES, "no_such_type")), regulations=some_of(RULES),
    markets=some_of((*MARKETS, "ASEAN", "IT", "GCC", "no_such_market")),
    kinds=some_of([str(kind) for kind in KINDS]), origins=some_of(("CN", "")), hazards=some_of(HAZARDS),
    grades=some_of(("red", "yellow", "plain")), sources=some_of(SOURCES), years=some_of(YEARS),
    deadlines=some_of((*DeadlineState, "no_such_state")),
    words=st.lists(st.sampled_from(WORDS), max_size=2).map(tuple),
    any_words=st.lists(st.lists(st.sampled_from(WORDS), max_size=3).map(tuple), max_size=2).map(tuple),
    excluded=st.lists(st.sampled_from(WORDS), max_size=1).map(tuple), scope=st.sampled_from(Scope))


def expected(documents: list[Document], criteria: Criteria) -> set[int]:
    return {each.id for each in documents if matches(criteria, each.facts)}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(criteria=any_criteria, sort=st.sampled_from(("relevance", "date", "deadline")))
def test_finds_exactly_what_the_criteria_mean(corpus: Corpus, criteria: Criteria, sort: Any) -> None:
    index, state, documents = corpus
    page = index.search(state, criteria, sort, limit=1000)
    assert set(page.ids) == expected(documents, criteria)
    assert page.total == len(page.ids)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(criteria=any_criteria)
def test_facets_count_as_if_nothing_were_chosen_in_them(corpus: Corpus, criteria: Criteria) -> None:
    index, state, documents = corpus
    found = index.search(state, criteria).facets
    assert found.keys() == FACETS.keys()
    for facet, fields in FACETS.items():
        under = replace(criteria, **dict.fromkeys(fields, frozenset()))
        among = [each for each in documents if matches(under, each.facts)]
        assert found[facet] == counted(among, facet, criteria), facet


def counted(among: Sequence[Document], facet: str, criteria: Criteria) -> Mapping[str, int]:
    """Markets stand for each other; every other value stands for itself."""
    if facet != "market":
        return Counter(value for each in among for value in values(each, facet, criteria.scope) if value)
    published = {each.facts.market for each in among}
    named = published | {"EU", "ASEAN"} | criteria.markets
    return {name: count for name in named if (count := sum(name in related(each.facts.market) for each in among))}


def values(document: Document, facet: str, scope: Scope) -> frozenset[str]:
    found = document.facts
    if facet == "industry":
        return industries(found, scope)
    if facet == "hazard":
        return found.hazards
    if facet == "deadline":
        return deadline_states(found.comment_deadline)
    if facet in ("product_type", "regulation"):
        return subjects(found.product_types if facet == "product_type" else found.regulations, scope)
    return frozenset((getattr(found, facet),))


def test_a_facet_count_is_the_total_of_choosing_that_value(corpus: Corpus) -> None:
    index, state, _ = corpus
    base = Criteria(product_types=frozenset({"ink_cartridge"}), markets=frozenset({"EU"}), scope=ALL)
    facets = index.search(state, base).facets
    assert facets["market"]["EU"] > facets["market"]["DE"]
    for market, count in facets["market"].items():
        assert index.search(state, replace(base, markets=frozenset({market}))).total == count
    for rule, count in facets["regulation"].items():
        chosen = replace(base, product_types=frozenset(), regulations=frozenset({rule}))
        assert index.search(state, chosen).total == count


def test_pages_in_turn_hold_every_hit_once(corpus: Corpus) -> None:
    index, state, documents = corpus
    for sort in ("relevance", "date", "deadline"):
        pages = [index.search(state, Criteria(scope=ALL), sort, offset, 40).ids for offset in range(0, 320, 40)]  # type: ignore[arg-type]
        found = [each for page in pages for each in page]
        assert sorted(found) == [each.id for each in documents]


# Phrases, where an engine is tempted to be nearly right: few words, often repeated

LETTERS = ("a", "b", "c", "气缸", "ю")
phrases = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=19).map(" ".join)


def repeating(count: int, seed: int = 5) -> list[Document]:
    some = random.Random(seed)
    plain = {"title": "x", "product": "", "brand": "", "category": "", "identifiers": ()}
    return [doc(number, **plain | {"summary": " ".join(some.choices(LETTERS, k=some.randrange(2, 50))),
                                   "model": " ".join(some.choices(LETTERS, k=some.randrange(2, 6)))})
            for number in range(1, count + 1)]


@pytest.fixture(scope="module")
def repeats(backend: Callable[[Path], SearchIndex], tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    documents = repeating(500)
    index = backend(tmp_path_factory.mktemp("repeats"))
    return index, built(index, *documents), documents


def test_every_phrase_of_a_text_is_found_and_none_that_is_nearly_one(repeats: Corpus) -> None:
    index, state, documents = repeats
    some = random.Random(8)
    for length in (3, 5, 8, 9, 12, 16, 17):
        for each in some.sample([each for each in documents if len(each.facts.tokens) > 2 * length], 12):
            start = some.randrange(len(each.facts.tokens) - length)
            row = [token for token in each.facts.tokens[start:start + length] if token in LETTERS]
            changed = [*row[:len(row) // 2], some.choice(LETTERS), *row[len(row) // 2 + 1:]]
            for wanted in (row, changed):
                said = (" ".join(wanted),)
                for criteria in (Criteria(words=said, scope=ALL), Criteria(excluded=said, scope=ALL)):
                    assert set(index.search(state, criteria, limit=1000).ids) == expected(documents, criteria)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(phrases, max_size=13).map(tuple), excluded=st.lists(phrases, max_size=2).map(tuple),
       groups=st.lists(st.lists(phrases, min_size=1, max_size=4).map(tuple), max_size=2).map(tuple))
def test_a_phrase_stands_in_a_row_or_is_not_there(
        repeats: Corpus, words: tuple[str, ...], excluded: tuple[str, ...], groups: tuple[tuple[str, ...], ...]) -> None:
    index, state, documents = repeats
    for few, any_words in ((words, ()), (words[:1], groups), ((), groups)):
        criteria = Criteria(words=few, any_words=any_words, excluded=excluded, scope=ALL)
        page = index.search(state, criteria, limit=1000)
        assert set(page.ids) == expected(documents, criteria)
        assert page.total == len(page.ids)


def test_a_long_text_is_searched_to_its_end(index: SearchIndex) -> None:
    words = [f"w{number}" for number in range(70_000)]
    state = built(index, doc(1, summary=" ".join(words)), doc(2, summary=" ".join(words[:-1])))
    assert ids(index, state, words=(words[-1],)) == [1]
    for start in (0, 29_990, 59_990):
        for length in (2, 3, 12):
            assert sorted(ids(index, state, words=(" ".join(words[start:start + length]),))) == [1, 2]
    assert ids(index, state, words=("w5 w7",)) == []


def test_a_text_of_nothing_but_repetitions(index: SearchIndex) -> None:
    some = random.Random(1)
    mixed = [some.choice("abcdefghijklmnopqrst") for _ in range(5_000)]
    absent = next(phrase for phrase in (tuple(some.choices(mixed, k=5)) for _ in range(999))
                  if phrase not in set(zip(*(mixed[at:] for at in range(5)), strict=False)))
    state = built(index, doc(1, title="b", summary=" ".join(mixed)), doc(2, title="b a " * 900))
    assert ids(index, state, words=(" ".join(mixed[70:75]),)) == [1]
    assert ids(index, state, words=(" ".join(absent),)) == []
    assert ids(index, state, words=("b",), excluded=(" ".join(mixed[70:75]),)) == [2]


def test_a_great_many_excluded_words(index: SearchIndex) -> None:
    state = built(index, doc(1, title="w7 w8"), doc(2, title="w400"), doc(3, title="w401 w3"), doc(4, title="w5 x"))
    assert ids(index, state, excluded=tuple(f"w{number}" for number in range(401))) == []
    assert sorted(ids(index, state, excluded=tuple(f"w{number} w{number + 1}" for number in range(401)))) == [2, 3, 4]


def test_excluding_a_phrase_of_most_of_a_large_index(index: SearchIndex) -> None:
    texts = ["a b c", "a b x b c a y c", "a b"] + ["x a b c"] * 2_500
    state = built(index, *(doc(number, title=text) for number, text in enumerate(texts, 1)))
    assert sorted(ids(index, state, excluded=("a b c",))) == [2, 3]
    assert index.search(state, Criteria(words=("a b",), excluded=("x a b c",), scope=ALL)).facets["market"] == {"EU": 3}


# Values are compared as they are

VALUES = ("", " ", "EU", "eu", "Eu ", "e\u0301", "\u00e9", "\"", "a\"b'\\", "TO", "x" * 90,
          "zz", "zzq", "2024", "2024.0", "*", "\u6c14\u7f38")


@pytest.fixture(scope="module")
def odd(backend: Callable[[Path], SearchIndex], tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    facts = doc(1).facts
    documents = [replace(doc(number), facts=replace(facts, market=value, source=value, hazards=frozenset({value})))
                 for number, value in enumerate(VALUES, 1)]
    index = backend(tmp_path_factory.mktemp("odd"))
    return index, built(index, *documents), documents


@pytest.mark.parametrize("value", VALUES)
def test_no_two_values_are_taken_for_one(odd: Corpus, value: str) -> None:
    index, state, documents = odd
    for field in ("markets", "sources", "hazards"):
        criteria = Criteria(**{field: frozenset({value})}, scope=ALL)
        assert set(index.search(state, criteria).ids) == expected(documents, criteria)


def test_each_value_is_counted_as_it_is(odd: Corpus) -> None:
    index, state, _ = odd
    assert set(index.search(state, Criteria(scope=ALL)).facets["market"]) == set(VALUES) - {""}


# Words


def test_chinese_finds_both_scripts_and_letters_in_full_width(index: SearchIndex) -> None:
    titles = ("電磁閥", "12V电磁阀", "磁电阀", "１２Ｖ 电磁阀")
    state = built(index, *(doc(number, title=title) for number, title in enumerate(titles, 1)))
    assert sorted(ids(index, state, words=("电磁阀",))) == [1, 2, 4]
    assert sorted(ids(index, state, words=("12v電磁閥",))) == [2, 4]


def test_a_phrase_stays_within_one_field(index: SearchIndex) -> None:
    state = built(index, doc(1, title="Air cylinder", product="head"), doc(2, title="Air", product="cylinder head"))
    assert ids(index, state, words=("cylinder head",)) == [2]
    assert sorted(ids(index, state, words=("cylinder", "head"))) == [1, 2]


def test_whole_words_only(index: SearchIndex) -> None:
    state = built(index, doc(1, title="Mercedes Sprinter"), doc(2, title="Printer"))
    assert ids(index, state, words=("printer",)) == [2]


@pytest.mark.parametrize("sign", ["(", "[", "\"", "\\", "*", "+", "AND ", "title:", "~", "墨(", "a:b^2 "])
def test_ten_kilobytes_of_query_syntax_are_literal(index: SearchIndex, sign: str) -> None:
    typed = sign * (10_240 // len(sign))
    state = built(index, doc(1, title=typed), doc(2, title="Air compressor"))
    found = ids(index, state, words=(typed,))
    assert 1 in found
    assert (2 in found) == (not sign.strip("([\"\\*+~"))  # signs alone are no word: every text holds them


def test_ten_kilobytes_of_different_words(index: SearchIndex) -> None:
    typed = [f"w{number}" for number in range(1500)]
    state = built(index, doc(1, title=" ".join(typed)), doc(2, title=" ".join(reversed(typed))))
    assert sorted(ids(index, state, words=tuple(typed))) == [1, 2]
    assert ids(index, state, words=(" ".join(typed),)) == [1]


def test_words_longer_than_an_engine_likes_are_still_compared_whole(index: SearchIndex) -> None:
    state = built(index, doc(1, title="y" * 100_000), doc(2, title="y" * 100_001))
    assert ids(index, state, words=("y" * 100_001,)) == [2]
    assert ids(index, state, excluded=("y" * 100_001,)) == [1]


def test_excluding_mere_signs_leaves_nothing(index: SearchIndex) -> None:
    assert ids(index, built(index, doc(1)), excluded=("!",)) == []


def test_of_each_group_one_word_must_stand_there(index: SearchIndex) -> None:
    titles = ("Toner recall", "Toner ban", "Ink recall", "Toner standard", "电磁阀 recall", "Recall")
    state = built(index, *(doc(number, title=title, product="", brand="", category="")
                           for number, title in enumerate(titles, 1)))
    subjects, acts = ("toner", "electrovalve", "电磁阀"), ("recall", "ban")
    assert sorted(ids(index, state, any_words=(subjects,))) == [1, 2, 4, 5]
    assert sorted(ids(index, state, any_words=(subjects, acts))) == [1, 2, 5]
    assert sorted(ids(index, state, any_words=(subjects, acts), excluded=("ban",))) == [1, 5]
    for order in ("relevance", "date", "deadline"):
        found = index.search(state, Criteria(any_words=(("阀", "ink"),), scope=ALL), order)  # type: ignore[arg-type]
        assert (found.total, sorted(found.ids), found.facets["market"]) == (2, [3, 5], {"EU": 2})
    assert ids(index, state, any_words=(("zumbador", "plotrix"),)) == []
    assert sorted(ids(index, state, any_words=(("!!", "ink"), acts))) == [1, 2, 3, 5, 6]


def test_words_of_a_group_that_most_notices_hold(index: SearchIndex) -> None:
    texts = ["a b c", "a b x b c a", "y"] + ["x a b c", "q w e"] * 1_500
    state = built(index, *(doc(number, title=text) for number, text in enumerate(texts, 1)))
    groups = (("a b c", "y"), ("x", "q", "y"))
    for order in ("relevance", "date"):
        assert index.search(state, Criteria(any_words=groups, scope=ALL), order).total == 1_501  # type: ignore[arg-type]
    assert ids(index, state, any_words=groups, words=("y",)) == [3]
    pages = [index.search(state, Criteria(any_words=groups, scope=ALL), "date", offset, 500).ids
             for offset in range(0, 2_000, 500)]
    assert len({each for page in pages for each in page}) == sum(map(len, pages)) == 1_501


# Markets stand for what holds there


def test_a_group_of_markets_finds_its_members_and_a_member_its_group(index: SearchIndex) -> None:
    markets = ("EU", "DE", "FR", "NO", "CH", "GB", "RU", "EAEU", "INT", "US")
    state = built(index, *(doc(number, market=market) for number, market in enumerate(markets, 1)))

    def found(*wanted: str) -> set[str]:
        return {markets[number - 1] for number in ids(index, state, markets=frozenset(wanted))}

    assert found("EU") == {"EU", "DE", "FR", "NO"}
    assert found("DE") == {"DE", "EU"}
    assert found("IT") == {"EU"}
    assert found("DE", "KZ") == {"DE", "EU", "EAEU"}
    assert found("US") == {"US"}
    assert found("INT") == {"INT"}
    facets = index.search(state, Criteria(markets=frozenset(("IT",)), scope=ALL)).facets["market"]
    assert (facets["EU"], facets["DE"], facets["IT"], facets["EAEU"], facets["US"]) == (4, 2, 1, 2, 1)


# Order


def test_the_newer_of_equals_comes_first(index: SearchIndex) -> None:
    days = [date(2020, 5, 1), None, date(2026, 11, 13), date(2026, 11, 12), date(1999, 1, 1)]
    state = built(index, *(doc(number, about(ink_cartridge=Confidence.HIGH), published_on=day)
                           for number, day in enumerate(days, 1)))
    assert ids(index, state, product_types=frozenset({"ink_cartridge"})) == [3, 4, 1, 5, 2]
    assert ids(index, state, words=("compressor",)) == [3, 4, 1, 5, 2]
    assert ids(index, state) == [3, 4, 1, 5, 2]


def test_sure_findings_come_before_fresh_ones_and_titles_before_bodies(index: SearchIndex) -> None:
    new, old = date(2026, 11, 13), date(2001, 1, 1)
    state = built(
        index, doc(1, about(ink_cartridge=Confidence.LOW), published_on=new),
        doc(2, about(ink_cartridge=Confidence.MEDIUM), published_on=new),
        doc(3, about(ink_cartridge=Confidence.MEDIUM), in_title=["ink_cartridge"], published_on=old),
        doc(4, about(ink_cartridge=Confidence.HIGH), published_on=old),
        doc(5, about(ink_cartridge=Confidence.HIGH), in_title=["ink_cartridge"], published_on=old),
        doc(6, about(ink_cartridge=Confidence.REVIEW), published_on=new))
    assert ids(index, state, product_types=frozenset({"ink_cartridge"})) == [5, 4, 3, 2, 1]


def test_words_in_the_title_come_before_words_in_the_body(index: SearchIndex) -> None:
    state = built(index, doc(1, title="Portable tool", summary="A nozzle, another nozzle."), doc(2, title="Nozzle"))
    assert ids(index, state, words=("nozzle",)) == [2, 1]


def test_what_bears_the_words_as_its_number_comes_first(index: SearchIndex) -> None:
    new, old = date(2026, 11, 13), date(2001, 1, 1)
    state = built(index, doc(1, title="ISO 15552 cylinders", published_on=new),
                  doc(2, about(ink_cartridge=Confidence.HIGH), title="ISO 15552-1", published_on=new),
                  doc(3, title="Pneumatics", identifiers=("ISO15552",), published_on=old))
    assert ids(index, state, words=("iso 15552",))[0] == 3


def test_by_deadline_what_ends_first_comes_first_then_what_has_ended_last(index: SearchIndex) -> None:
    today = clock.today()
    ends = [None, today - timedelta(days=3), today + timedelta(days=30), today, today - timedelta(days=90), None]
    state = built(index, *(doc(number, comment_deadline=end, published_on=date(2026, 1, number))
                           for number, end in enumerate(ends, 1)))
    assert list(index.search(state, Criteria(scope=ALL), "deadline").ids) == [4, 3, 2, 5, 6, 1]
    assert [index.search(state, Criteria(scope=ALL), "deadline", offset, 2).ids for offset in (1, 3)] == [(3, 2), (5, 6)]


def test_tiers_of_relevance_are_paged_through_in_order(index: SearchIndex) -> None:
    levels = list(Confidence)[:3]
    state = built(index, *(doc(number, about(ink_cartridge=levels[number % 3]), in_title=["ink_cartridge"] * (number % 2),
                               title="Ink" if number % 4 else "Other", summary="ink") for number in range(1, 40)))
    for wanted in ({}, {"words": ("ink",)}):
        criteria = Criteria(product_types=frozenset({"ink_cartridge"}), scope=ALL, **wanted)  # type: ignore[arg-type]
        whole = index.search(state, criteria, limit=1000).ids
        assert len(whole) == 39
        for limit in (1, 4, 7):
            pages = [index.search(state, criteria, "relevance", offset, limit).ids for offset in range(0, 42, limit)]
            assert tuple(each for page in pages for each in page) == whole


def test_by_date_the_newest_comes_first_and_the_undated_last(index: SearchIndex) -> None:
    days = [date(2020, 5, 1), None, date(2026, 11, 13), date(1901, 1, 1), date(2026, 11, 13)]
    state = built(index, *(doc(number, published_on=day) for number, day in enumerate(days, 1)))
    assert list(index.search(state, Criteria(scope=ALL), "date").ids) == [5, 3, 1, 4, 2]


@pytest.mark.parametrize(("offset", "limit", "length"), [(0, 0, 0), (5, 20, 0), (-3, 2, 2), (10**12, 20, 0), (0, 10**9, 3)])
def test_odd_pages_are_answered_with_the_right_total(index: SearchIndex, offset: int, limit: int, length: int) -> None:
    page = index.search(built(index, doc(1), doc(2), doc(3)), Criteria(scope=ALL), "date", offset, limit)
    assert (page.total, len(page.ids)) == (3, length)


# Updates and generations


def test_an_update_replaces_and_removes(index: SearchIndex) -> None:
    state = built(index, doc(1, title="Ink"), doc(2, title="Ink"), doc(3, title="Ink"))
    index.update(state.name, [doc(1, title="Toner"), doc(4, title="Ink")], gone=[2])
    newer = replace(state, commit_no=2)
    assert sorted(ids(index, newer, words=("ink",))) == [3, 4]
    assert index.search(newer, Criteria(scope=ALL)).facets["market"] == {"EU": 3}


def test_many_updates_leave_one_document_a_notice(index: SearchIndex) -> None:
    state = built(index, doc(1))
    for commit_no in range(2, 14):
        index.update(state.name, [doc(1, title=f"Reading {commit_no}"), doc(commit_no)])
        state = replace(state, commit_no=commit_no)
        assert sorted(ids(index, state)) == list(range(1, commit_no + 1))
    assert ids(index, state, words=("reading 13",)) == [1]


def test_another_process_s_commit_is_seen_once_the_state_says_so(
        backend: Callable[[Path], SearchIndex], tmp_path: Path) -> None:
    writer, reader = backend(tmp_path), backend(tmp_path)
    state = built(writer, doc(1))
    assert ids(reader, state) == [1]
    writer.update(state.name, [doc(2)])
    assert 1 in ids(reader, state), "the state says nothing new yet; a reader may know more"
    assert sorted(ids(reader, replace(state, commit_no=2))) == [1, 2]


def test_a_reader_goes_over_to_a_new_generation_and_the_old_one_may_vanish(
        backend: Callable[[Path], SearchIndex], tmp_path: Path) -> None:
    writer, reader = backend(tmp_path), backend(tmp_path)
    old = built(writer, doc(1))
    assert ids(reader, old) == [1]
    new = built(writer, doc(1), doc(2))
    assert ids(reader, old) == [1]
    writer.remove_all_but([new.name])
    with suppress(IndexMissing):
        assert ids(reader, old) == [1], "a page under way is answered, or told that its generation is gone"
    assert sorted(ids(reader, new)) == [1, 2]
    with pytest.raises(IndexMissing):
        reader.search(old, Criteria())


def test_a_half_written_generation_is_not_held_and_is_cleaned_away(index: SearchIndex) -> None:
    whole, half = built(index, doc(1)), index.new_name()

    def breaks_off() -> Iterator[list[Document]]:
        yield [doc(1)]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.build(half, breaks_off())
    index.remove_all_but([whole.name])
    assert index.holds(whole.name)
    assert not index.holds(half)
    assert ids(index, whole) == [1]


@pytest.mark.parametrize("name", ["", "1-nothing", "../1-x", "0-abc"])
def test_a_generation_that_is_not_there_is_missing(index: SearchIndex, name: str) -> None:
    assert not index.holds(name)
    with pytest.raises(IndexMissing):
        index.search(Generation(name, 1), Criteria())


def test_one_writer_at_a_time(backend: Callable[[Path], SearchIndex], tmp_path: Path) -> None:
    with backend(tmp_path).exclusive(), pytest.raises(Conflict), backend(tmp_path).exclusive():
        pass
