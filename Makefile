# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11 is all they ask for.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
OUT ?= build/demo

.PHONY: demo test lint types contract docs bench clean
demo: .venv/.run
	$(BIN)/zhunsheng demo --out $(OUT)

test: .venv/.dev
	$(BIN)/pytest -n 2 --dist loadgroup --cov=zhunsheng --cov-report=term

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
