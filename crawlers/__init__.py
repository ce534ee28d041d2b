"""Floor 2: sources crawled, one spider each. The only importer of scrapy and bs4."""
