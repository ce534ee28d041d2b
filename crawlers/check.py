"""What is wrong with cards and spiders, told without asking anybody; and whether one reads the real source, by asking it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from importlib import import_module, resources
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from crawlers.base import SourceSpider
from crawlers.job import CrawlOptions
from domain import clock
from domain.market import country_name
from domain.notice import Notice
from domain.source import Listing, RunStatus, Source
from domain.text import has_cjk
from domain.web_address import is_web_address
from storage import sources
from storage.captures import CaptureStore
from storage.runs import RunReport
from storage.session import Database

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+")
_SLUG = re.compile(r"[a-z]{2,5}(?:_[a-z0-9]+)+")
CARD_ONLY = "card_only"
"""The grade of sources that are named and not crawled."""
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a source; ``wrong`` unless the operator may leave it so."""

    slug: str
    text: str
    wrong: bool = True


def check(keys: Collection[str] = (), cases: Path | None = None) -> list[Finding]:
    """Everything to be said of the cards and spiders there are, by file. ``keys`` are the slugs of sources whose key is set,
    ``cases`` is the folder of the cases where there is one."""
    found: list[Finding] = []
    files = sorted(resources.files("crawlers.spiders").iterdir(), key=lambda file: file.name)
    slugs = [file.name.removesuffix(".py") for file in files if file.name.endswith(".py") and file.name != "__init__.py"]
    for slug in slugs:
        found += _of_file(slug, keys, cases)
    found += [Finding(slug, "a key is set for it, but there is no such source") for slug in sorted(set(keys) - set(slugs))]
    return found


def checkout_cases() -> Path | None:
    """The folder of the cases when this is a checkout; what is installed has none."""
    folder = Path(__file__).parent.parent / "tests" / "sources"
    return folder if folder.is_dir() else None


def _of_file(slug: str, keys: Collection[str], cases: Path | None) -> Iterator[Finding]:
    try:
        module = import_module(f"crawlers.spiders.{slug}")
    except Exception as error:  # noqa: BLE001 whatever keeps it from being imported is the finding
        yield Finding(slug, f"{slug}.py cannot be imported: {type(error).__name__}: {error}")
        return
    name = "".join(part.capitalize() for part in slug.split("_"))
    spider = getattr(module, name, None)
    if not (isinstance(spider, type) and issubclass(spider, SourceSpider) and "card" in spider.__dict__):
        yield Finding(slug, f"{slug}.py holds no spider {name} with a card of its own")
        return
    card = spider.card
    crawled = card.grade != CARD_ONLY
    said = [*_names(slug, card), *_texts(card), *_promises(card), *(_crawling(spider, module) if crawled else _alone(card))]
    yield from (Finding(slug, text) for text in said)
    if crawled and cases and not any("." not in file.stem for file in cases.glob(f"{slug}/*.json")):
        yield Finding(slug, f"it has no case in tests/sources/{slug}")
    if card.needs_key and slug not in keys:
        yield Finding(slug, f"it needs an API key: set ZONEWATCH_KEY_{slug.upper()}; until then it cannot run", wrong=False)
    if slug in keys and not card.needs_key:
        yield Finding(slug, "a key is set for it, but it needs none")


def _names(slug: str, card: Source) -> Iterator[str]:
    if card.slug != slug:
        yield f"its slug is {card.slug!r}, its file {slug}.py"
    if not _SLUG.fullmatch(slug):
        yield "its slug is not <market>_<publisher>_<subject> in small letters"
    if country_name(card.market) == card.market:
        yield f"its market {card.market!r} is in no list"
    if country_name(card.publisher.country) == card.publisher.country:
        yield f"the country of its publisher {card.publisher.country!r} is in no list"


def _texts(card: Source) -> Iterator[str]:
    pairs = {"title": (card.title, card.title_zh), "publisher": (card.publisher.name, card.publisher.name_zh),
             "summary": (card.summary, card.summary_zh)}
    for number, caveat in enumerate(zip(card.caveats, card.caveats_zh, strict=False), 1):
        pairs[f"caveat {number}"] = caveat
    for what, (english, chinese) in pairs.items():
        if not english.strip():
            yield f"its {what} is not said in English"
        if not has_cjk(chinese):
            yield f"its {what} is not said in Chinese"
    if len(card.caveats) != len(card.caveats_zh):
        yield f"it has {len(card.caveats)} caveats in English and {len(card.caveats_zh)} in Chinese"


def _promises(card: Source) -> Iterator[str]:
    for what, url in (("address", card.url), ("publisher's address", card.publisher.url)):
        if not is_web_address(url):
            yield f"its {what} {url!r} is no web address"
    if not card.licence.strip():
        yield "its licence is not stated"
    if card.parser_version < 1:
        yield f"its parser version is {card.parser_version}"
    if card.rhythm <= timedelta(0) or card.delay <= 0:
        yield "its rhythm and its delay must be above 0"


def _alone(card: Source) -> Iterator[str]:
    if not card.caveats:
        yield "it is not crawled, and its card does not say why"


def _crawling(spider: type[SourceSpider], module: ModuleType) -> Iterator[str]:
    """Floors that can be missed, hosts that are plain names, and no host that the spider has no address on."""
    card = spider.card
    if card.expectation.min_items < 1:
        yield "its floor is not above 0: a source that yields nothing would pass for well"
    if card.expectation.max_silence_days < 1:
        yield "it may be silent for no day"
    known = {card.url, *_constants(module.__dict__.values())}
    for kind in spider.__mro__:
        known.update(_constants(kind.__dict__.values()))
    asked = {urlsplit(url).hostname for url in known}
    if not card.hosts:
        yield "it names no host"
    for host in card.hosts:
        if not _HOST.fullmatch(host):
            yield f"its host {host!r} is no plain name of a host"
        elif host not in asked:
            yield f"it names the host {host}, on which no address of its spider lies"


def _constants(values: Collection[object]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and is_web_address(value.split("{")[0]))


@dataclass(slots=True)
class Seen:
    """What a live check saw. ``since`` is None when the whole source was read."""

    report: RunReport
    since: date | None
    examples: list[Notice] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether the spider reads the real source: the run ended ok, and there was something."""
        return self.report.status is RunStatus.OK and self.report.seen > 0


def check_live(card: Source, db: Database, store: CaptureStore, options: CrawlOptions, actor: str) -> Seen:
    """Ask the real source once, for what is newest where its listing allows that, and store nothing but, when all went well,
    that it was checked. Raises as ``crawlers.run.crawl``."""
    from crawlers.run import crawl

    since = options.since or newest_since(card)
    examples: list[Notice] = []

    def hear(notice: Notice) -> None:
        if len(examples) < EXAMPLES:
            examples.append(notice)

    report = crawl(card.slug, db, store, replace(options, dry_run=True, full=True, since=since, on_notice=hear))
    seen = Seen(report, since, examples)
    if seen.is_well:
        sources.save_cards(db, [card])
        sources.mark_checked(db, card.slug, actor)
    return seen


def newest_since(card: Source) -> date | None:
    """The day from which on a source should have something; None for a full listing, which is read as a whole anyway."""
    if card.listing is Listing.FULL:
        return None
    return clock.today() - 2 * timedelta(days=card.expectation.max_silence_days)
