"""Scrapy's settings: every override with Scrapy's own default and the reason. What a card or a job decides (delay,
concurrency, user agent) is set in crawlers/run.py."""

from __future__ import annotations

BOT_NAME = "zonewatch"  # scrapybot: our own name
SPIDER_MODULES = ["crawlers.spiders"]  # []: where the loader finds spiders

# -- manners ----------------------------------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True  # False: we are guests
ROBOTSTXT_USER_AGENT = "zonewatch"  # None (the whole user agent): rules name a product, not a sentence
DOWNLOAD_DELAY_JITTER = 0  # 0.5 (±50 %): the card's delay is the least gap a publisher was promised
CONCURRENT_REQUESTS = 1  # 16: one at a time, none waiting in line, so that a run that is told to stop stops at once
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # 8: likewise; run.py allows more of both where no delay is kept (behind a gateway)
COOKIES_ENABLED = False  # True: no source needs a session
REFERER_ENABLED = False  # True: tells publishers nothing they need
HTTPPROXY_ENABLED = False  # True: the environment must not redirect us; a relay is set as gateway
REDIRECT_MAX_TIMES = 5  # 20: more is a loop
METAREFRESH_ENABLED = False  # True: data does not refresh; a page that does is a blocking page, and is told as such
RETRY_TIMES = 2  # 2: three requests, then the page is lost and said to be
RETRY_GIVE_UP_LOG_LEVEL = "INFO"  # ERROR: the loss is in the account of the run

# -- safety -----------------------------------------------------------------------------------------------------------
DOWNLOAD_VERIFY_CERTIFICATES = True  # False: what an unverified host says is not stored as truth
DOWNLOAD_TIMEOUT = 120  # 180: for a whole answer; the largest (16 MB) takes seconds
DOWNLOAD_MAXSIZE = 96 * 1024 * 1024  # 1 GB: also the limit for decompressed bodies; six times the largest known
DOWNLOAD_WARNSIZE = 0  # 32 MB: a size below the limit is no news
DOWNLOAD_FAIL_ON_DATALOSS = True  # True: a body cut short is no answer
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # RFPDupeFilter drops silently; spiders ask for each page once
TELNETCONSOLE_ENABLED = False  # True: opens a port
REMOTE_CONTROL_ENABLED = False  # True: opens a port that runs any code

TWISTED_DNS_RESOLVER = "crawlers.fetch.names.CheckedNames"  # CachingThreadedResolver: ours knows checked addresses only

# -- order and cost -----------------------------------------------------------------------------------------------------
CONCURRENT_ITEMS = 1  # 100: pages are stored one after the other, in the order the spider yields them
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # LIFO: spiders ask for the newest first
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 2_000_000  # 5,000,000 bytes of answers waiting to be read: less memory on a first load
WARN_ON_GENERATOR_RETURN_VALUE = False  # True: reads the source of every callback; mypy tells us
STATS_DUMP = False  # True: the run's report says what matters
LOG_ENABLED = False  # True: the command line sets up logging
LOG_INSTALL_ROOT_HANDLER = False  # True: likewise
EXTENSIONS_BASE: dict[str, int] = {}  # twelve extensions: none of them does anything for us
EXTENSIONS = {"crawlers.extensions.RunEnd": 100}

DEFAULT_REQUEST_HEADERS = {  # an Accept for browsers: we ask for data
    "Accept": "application/json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5",
    "Accept-Language": "en",
}
DOWNLOAD_HANDLERS = {
    "http": "crawlers.fetch.gateway.GatewayDownloadHandler",  # HTTP11DownloadHandler: ours is that one, through the gateway
    "https": "crawlers.fetch.gateway.GatewayDownloadHandler",
    "data": None, "file": None, "ftp": None, "s3": None,  # handlers for each: a source is on the web
}
DOWNLOADER_MIDDLEWARES_BASE: dict[str, int] = {}  # fourteen, which are loaded even when they are off. Left out besides
# those that have one of ours in their place: httpauth (no source asks for a password), metarefresh, cookies (it loads a
# list of all domains), httpproxy, httpcache (captures and validators do this)
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": 50,
    "crawlers.fetch.robots.StrictRobotsMiddleware": 100,  # RobotsTxtMiddleware: ours is stricter
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "crawlers.fetch.conditional.ConditionalMiddleware": 450,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "crawlers.fetch.retry.PatientRetryMiddleware": 550,  # RetryMiddleware: ours waits as asked
    "crawlers.fetch.excuses.ExcuseMiddleware": 560,
    "crawlers.fetch.capture.CaptureMiddleware": 570,  # nearer to the spider than Inflate (590): bodies as parsed
    "crawlers.fetch.inflate.InflateMiddleware": 590,  # HttpCompressionMiddleware gives half of what is cut short
    "crawlers.fetch.redirect.OnSiteRedirectMiddleware": 600,  # RedirectMiddleware: ours stays on the card's hosts
    "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,  # 800: drops silently
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # 900: pages of a list are not depth
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,  # 1000: only the base spider makes requests
}
ITEM_PIPELINES = {
    "crawlers.pipelines.validate.Validate": 100,
    "crawlers.pipelines.normalise.Normalise": 200,
    "crawlers.pipelines.classify.Classify": 300,
    "crawlers.pipelines.store.Store": 400,
}
