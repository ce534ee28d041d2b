"""Loaded before crawls are forked: the parts that Scrapy loads when a crawl begins, and the lexicon of the classifier."""

from __future__ import annotations

from scrapy.utils.misc import load_object

from crawlers.cards import settings
from domain.classify.lexicon import lexicon

for name in ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "ITEM_PIPELINES", "EXTENSIONS"):
    for path, place in settings().getwithbase(name).items():
        if place is not None:
            load_object(path)
for handler in {path for path in settings()["DOWNLOAD_HANDLERS"].values() if path}:
    load_object(handler)
lexicon()
