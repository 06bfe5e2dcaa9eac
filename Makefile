# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11 is all they ask for.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
OUT ?= build/demo

.PHONY: demo serve test lint types contract docs site messages bench bench-draws bench-web bench-store bench-reading bench-site-scale bench-transparency fuzz clean
demo: .venv/.run
	$(BIN)/zhunsheng demo --out $(OUT)

# The site with the sample district: prints its address and an account for each role.
PORT ?= 8000
serve: .venv/.run
	ZHUNSHENG_DATA=$${ZHUNSHENG_DATA:-build/site} $(BIN)/zhunsheng serve --sample --plain-http --port $(PORT)

# Tests start some hundred processes: what one has compiled the next need not compile again, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=

# Three workers on two cores: some tests wait for servers and browsers of their own. Groups in the order in which
# tests/conftest.py puts them, the longest first.
# Who lost a worker ends with an error: another in its place leaves the groups as they were, and the run waits for ever.
SPREAD := -n 3 --dist loadgroup --no-loadscope-reorder --max-worker-restart=0
test: test-sqlite test-postgres test-odd-place

.PHONY: test-sqlite
test-sqlite: .venv/.dev .venv/.docs tools
	$(BIN)/pytest $(SPREAD)

# The same with the lines that are reached: a third slower, so that it is asked for and not part of every run.
.PHONY: coverage
coverage: .venv/.dev .venv/.docs tools
	$(BIN)/pytest $(SPREAD) --cov=zhunsheng --cov-report=term --cov-fail-under=95

# What must hold of the site whatever happens, on PostgreSQL too: the run above has it on SQLite. Of the many tests of
# states (test_3_…) the databases know no difference, and of the ways to tamper those that are PostgreSQL's own are
# tried each time; PARTS= runs all.
PARTS ?= not test_3_ and (not done_past_the_site or postgresql)
.PHONY: test-postgres
test-postgres: .venv/.dev
	ZHUNSHENG_TEST_DATABASE=postgres $(BIN)/pytest tests/web/invariants -k "$(PARTS)"

# Every test of the site that SQLite gets, on PostgreSQL: too long for every change, so for the night.
# What starts sites of its own (browsers, backups) brings its own databases.
.PHONY: test-postgresql-all
test-postgresql-all: .venv/.dev tools
	ZHUNSHENG_TEST_DATABASE=postgres $(BIN)/pytest $(SPREAD) tests/web

# The store's tests from a folder whose name has signs that shells, addresses and patterns read as their own; what is
# killed, tried over many examples or only slow knows no difference.
SAME := killed or any_undoing or cost or spark or migrat or landed or compact or moves_with_its_rows or by_others or index
.PHONY: test-odd-place
test-odd-place: .venv/.dev
	@top="$$(mktemp -d)"; place="$$top/绩效 2021 %#?{}'"; mkdir "$$place"; \
	cp -R src tests bench docs pyproject.toml "$$place" && cd "$$place" && PYTHONPATH="$$place/src" \
	  "$(CURDIR)/$(BIN)/python" -m pytest -p no:cacheprovider --basetemp "$$place/t" \
	  tests/test_store.py tests/test_removing.py -k "not ($(SAME))"; \
	status=$$?; rm -rf "$$top"; exit $$status

# Spark runs on a Java of version 17 or newer, the browser tests drive Chromium, those of single sign-on a directory;
# Debian's are installed where they are missing and this is root. Tests that lack them fail and say so.
.PHONY: tools
tools:
	@needed=""; command -v java >/dev/null || [ -n "$$JAVA_HOME" ] || needed="openjdk-17-jre-headless"; \
	  command -v chromium-headless-shell >/dev/null || needed="$$needed chromium-headless-shell fonts-noto-cjk"; \
	  command -v openssl >/dev/null || needed="$$needed openssl"; \
	  command -v slapd >/dev/null || [ -x /usr/sbin/slapd ] || needed="$$needed slapd"; \
	  [ -z "$$needed" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$needed >/dev/null; } || \
	  echo "没有找到 $$needed，与之有关的测试会失败，请先安装"

# Templates, styles and scripts are laid out by kept formatters, so that they are read one element a line.
WEB := src/zhunsheng/web
SHEETS := $(wildcard $(WEB)/static/web/*.css)
SCRIPTS := $(wildcard $(WEB)/static/web/*.js)
DJANGOFMT = $(BIN)/djangofmt --quiet --line-length 110 --indent-width 2
CSSFMT = $(BIN)/css-beautify --indent-size 2 --end-with-newline
JSFMT = $(BIN)/js-beautify --indent-size 2 --end-with-newline

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/deptry .
	$(DJANGOFMT) --check $(WEB)/templates
	for f in $(SHEETS); do $(CSSFMT) $$f | cmp - $$f || exit 1; done
	for f in $(SCRIPTS); do $(JSFMT) $$f | cmp - $$f || exit 1; done

.PHONY: format
format: .venv/.dev
	$(BIN)/ruff format --quiet .
	$(DJANGOFMT) $(WEB)/templates
	for f in $(SHEETS); do $(CSSFMT) --replace $$f; done
	for f in $(SCRIPTS); do $(JSFMT) --replace $$f; done

types: .venv/.dev
	$(BIN)/mypy

contract: .venv/.dev
	$(BIN)/lint-imports --no-cache

docs: .venv/.run
	$(BIN)/python -m zhunsheng.catalogues docs

# The documents as pages that open without internet: build/documents/README.html.
site: .venv/.docs
	.venv/docs/bin/sphinx-build -q -W --keep-going -c docs/sphinx docs build/documents
	@echo build/documents/README.html

# The library by which verify.html checks a beacon's signature (npm's lock file gives its digest), and the page's rules.
.PHONY: page-bls
page-bls: .venv/.run
	cd requirements/page && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs
	$(BIN)/python -m zhunsheng.draws.bundle_rules

# The list of parts of a release (CycloneDX), to lie beside its wheel: the same lock gives the same bytes.
.PHONY: sbom
sbom: .venv/.dev
	$(BIN)/python requirements/sbom.py build/sbom.json

# What a machine without network is given: one archive with every wheel, checked and installed by its install.sh.
.PHONY: offline
offline: .venv/.dev
	$(BIN)/python deploy/offline.py

# Campaigns of a night, each with its seed and counts: bench/reliability.py --help.
.PHONY: reliability
reliability: .venv/.dev
	for one in kills fuzz day; do nice $(BIN)/python bench/reliability.py $$one || failed=1; done; \
	  $(BIN)/python bench/reliability.py write; [ -z "$$failed" ]

messages: .venv/.run
	ZHUNSHENG_DATA=build/site $(BIN)/python manage.py messages

bench: .venv/.dev
	$(BIN)/python bench/run.py

bench-draws: .venv/.dev tools
	$(BIN)/python bench/draws.py

bench-web: .venv/.dev
	$(BIN)/python bench/web.py

bench-store: .venv/.run
	$(BIN)/python bench/store.py

fuzz: .venv/.run
	$(BIN)/python bench/fuzz.py --write
	$(BIN)/python bench/fuzz_ledgers.py --seconds 600 --write

bench-reading: .venv/.dev
	$(BIN)/python bench/reading.py --write

bench-site-scale: .venv/.run
	$(BIN)/python bench/site_scale.py

bench-transparency: .venv/.dev
	$(BIN)/python bench/transparency.py
	$(BIN)/python bench/transparency.py --database postgres

clean:
	rm -rf .venv build

# PIPFLAGS=--no-compile leaves it to the first import to compile: most of what is installed is never imported.
PIPFLAGS ?=
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check $(PIPFLAGS)

.venv/.base:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "准绳需要 Python 3.11 或更新版本")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/.run: .venv/.base requirements/run.txt pyproject.toml
	$(INSTALL) --require-hashes -r requirements/run.txt
	$(INSTALL) --no-deps -e .
	touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	$(INSTALL) --require-hashes -r requirements/dev.txt
	touch $@

.venv/.docs: .venv/.base requirements/docs.txt
	$(PYTHON) -m venv --without-pip .venv/docs
	$(subst pip install,pip --python .venv/docs/bin/python install,$(INSTALL)) --require-hashes -r requirements/docs.txt
	touch $@
