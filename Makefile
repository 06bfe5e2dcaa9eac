# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11 is all they ask for.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
OUT ?= build/demo

.PHONY: demo test lint types contract docs bench clean
demo: .venv/.run
	$(BIN)/zhunsheng demo --out $(OUT)

test: .venv/.dev java
	$(BIN)/pytest -n 2 --dist loadgroup --cov=zhunsheng --cov-report=term --cov-fail-under=95

# Spark runs on a Java of version 17 or newer; Debian's is installed where none is found and this is root.
.PHONY: java
java:
	@command -v java >/dev/null || [ -n "$$JAVA_HOME" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openjdk-17-jre-headless >/dev/null; }; } || \
	  echo '没有找到 Java 17，与 Spark 有关的测试会失败：请安装 openjdk-17-jre-headless，或设置 JAVA_HOME'

lint: .venv/.dev
	$(BIN)/ruff check .

types: .venv/.dev
	$(BIN)/mypy

contract: .venv/.dev
	$(BIN)/lint-imports --no-cache

docs: .venv/.run
	$(BIN)/python -m zhunsheng.catalogues docs

bench: .venv/.dev
	$(BIN)/python bench/run.py

clean:
	rm -rf .venv build

.venv/.base:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "准绳需要 Python 3.11 或更新版本")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/.run: .venv/.base requirements/run.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@
