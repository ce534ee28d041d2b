# The executable workflow. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
SHELL := bash
.SHELLFLAGS := -o pipefail -ec
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: run live test prove prove-contention prove-kills prove-kills-postgres prove-faults prove-politeness prove-load prove-classification lint bench bench-store bench-crawl bench-search bench-load bench-no-change bench-mail eval evaluate screenshots lock clean prove-latency

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("zonewatch needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	touch $@

run: $(VENV)/.installed  ## the demo on sample sites, all on this machine
	$(BIN)/zonewatch demo

live: $(VENV)/.installed  ## the same product against the real sources
	$(BIN)/zonewatch init
	$(BIN)/zonewatch doctor || true
	$(BIN)/zonewatch up

test: lint  ## every test on SQLite, those that hang on the database on PostgreSQL too; what is missing on this machine is skipped with a loud line
	$(BIN)/python -m pytest -n 2 --dist loadfile
	$(BIN)/python -m pytest -n 2 --dist loadfile --on-postgres

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

evaluate: $(VENV)/.installed  ## the classifier on labelled records: scores, errors with their evidence, what each rule is worth
	$(BIN)/zonewatch evaluate tests/labelled --ablation

PROOF := docs/proof
PROVE := $(BIN)/python -m tests.prove

prove: $(VENV)/.installed-dev  ## what proves rather than tests, up to an hour; what breaks stops no other; reports in docs/proof/
	$(MAKE) --keep-going prove-contention prove-kills prove-kills-postgres prove-faults prove-politeness prove-load prove-latency prove-bench

prove-contention: $(VENV)/.installed-dev  ## crawls, worker and twenty writers at once: latency, locks, lost writes
	$(PROVE).contention | tee $(PROOF)/contention.txt

prove-kills: $(VENV)/.installed-dev  ## 200 random kills under a mail server that refuses: no alert lost, none doubled
	$(PROVE).kills | tee $(PROOF)/kills.txt

prove-kills-postgres: $(VENV)/.installed-dev  ## the same on a PostgreSQL server of its own
	$(PROVE).kills --postgres | tee $(PROOF)/kills-postgresql.txt

prove-faults: $(VENV)/.installed-dev  ## every fault of the source mirror × every spider, and a scheduler amid faulty sources
	$(PROVE).faults | tee $(PROOF)/faults.txt

prove-politeness: $(VENV)/.installed-dev  ## every source at its card's pace, as the mirror's own log shows it
	$(PROVE).politeness | tee $(PROOF)/politeness.txt

prove-classification: $(VENV)/.installed-dev  ## what the store of ZONEWATCH_DATA_DIR gets, against the verdicts in docs/proof/
	$(PROVE).field check

prove-load: $(VENV)/.installed-dev  ## first load on the mirror
	$(BIN)/python -m bench.first_load | tee $(PROOF)/first-load.json

prove-latency: $(VENV)/.installed-dev  ## from a notice on a publisher's site to 100 mails at the server, of 10,000 subscriptions
	$(PROVE).latency | tee $(PROOF)/latency.txt

prove-bench: $(VENV)/.installed-dev  ## store and crawl against their peers, at full size
	$(BIN)/python -m bench.store | tee $(PROOF)/bench-store.txt
	$(BIN)/python -m bench.crawl | tee $(PROOF)/bench-crawl.txt
	$(BIN)/python -m bench.no_change | tee $(PROOF)/bench-no-change.txt
	$(BIN)/python -m bench.search | tee $(PROOF)/bench-search.txt
	$(BIN)/python -m bench.mail | tee $(PROOF)/bench-mail.txt

bench: bench-store bench-crawl bench-search bench-load bench-no-change bench-mail

bench-store: $(VENV)/.installed-dev  ## ingest against the per-item pipeline and the raw driver, on both databases
	$(BIN)/python -m bench.store

bench-crawl: $(VENV)/.installed-dev  ## a crawl of the mirror against the tutorial way, and all sources side by side
	$(BIN)/python -m bench.crawl

bench-no-change: $(VENV)/.installed-dev  ## a crawl that finds nothing new against a full one, where the source says so
	$(BIN)/python -m bench.no_change

bench-load: $(VENV)/.installed-dev  ## first load of the mirror: seconds, memory, search latency
	$(BIN)/python -m bench.first_load

bench-mail: $(VENV)/.installed-dev  ## mails built against Jinja, css_inline and EmailMessage a recipient, sent against a connection each, 100,000 from match to server
	$(BIN)/python -m bench.mail

bench-search: $(VENV)/.installed-dev
	$(BIN)/python -m bench.search

eval: $(VENV)/.installed-dev  ## search on judged queries: nDCG@10 and false friends on page 1, over the corpus and the mirror
	$(BIN)/python -m tests.relevance.evaluate $(if $(DATA),--data $(DATA))

screenshots: $(VENV)/.installed-dev  ## every page as a browser shows it, into var/screenshots
	ZONEWATCH_SCREENSHOTS=var/screenshots $(BIN)/python -m pytest tests/browser -q

LOCK := --universal --generate-hashes --no-header --no-emit-index-url --quiet --upgrade
lock: $(VENV)/.installed-dev  ## pin every dependency with its hashes; names no registry
	$(PIP) install uv
	$(BIN)/uv pip compile pyproject.toml $(LOCK) --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.lock $(LOCK) --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) var
