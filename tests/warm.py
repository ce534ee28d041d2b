"""Loaded before crawls and commands are forked: the parts that Scrapy loads when a crawl begins, the commands, and the terms
of classifier and search."""

from __future__ import annotations

import click
from scrapy.utils.misc import load_object

from crawlers.cards import settings
from indexer.reading import prepare
from zonewatch import cli

for name in ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "ITEM_PIPELINES", "EXTENSIONS"):
    for path, place in settings().getwithbase(name).items():
        if place is not None:
            load_object(path)
for handler in {path for path in settings()["DOWNLOAD_HANDLERS"].values() if path}:
    load_object(handler)
cli.main.list_commands(click.Context(cli.main))
prepare()
