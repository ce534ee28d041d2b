"""The sources there are: one card a spider, found by Scrapy's spider loader."""

from __future__ import annotations

from importlib import import_module, resources

from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawlers.base import SourceSpider
from domain.errors import NotFound
from domain.source import Source


def settings() -> Settings:
    """Scrapy's settings with ours on top."""
    found = Settings()
    found.setmodule("crawlers.settings", priority="project")
    return found


def cards() -> list[Source]:
    """All cards, by slug."""
    loader = SpiderLoader.from_settings(settings())
    return [loader.load(name).card for name in sorted(loader.list())]  # type: ignore[attr-defined]


def spider(slug: str) -> type[SourceSpider]:
    """The spider of a source; its file bears the slug's name, so that no other spider is loaded. Raises NotFound."""
    file = resources.files("crawlers.spiders").joinpath(f"{slug}.py")
    if not slug.isidentifier() or slug.startswith("_") or not file.is_file():
        raise NotFound(f"there is no source {slug!r}")
    module = import_module(f"crawlers.spiders.{slug}")
    found: type[SourceSpider] = getattr(module, "".join(part.capitalize() for part in slug.split("_")))
    return found
