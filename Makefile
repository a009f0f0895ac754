# Cutwatch: everything that a person or a machine does with this checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := api monitor probes tests bench

.DEFAULT_GOAL := help
.PHONY: help run demo test soak check fuzz bench format lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.runtime ## start Cutwatch with the configuration in config/
	@exec $(BIN)/cutwatch run

demo: $(VENV)/.development ## replay real cases at high speed in a loopback world
	@exec $(BIN)/python -m tests.lab demo

# The stories of whole processes mostly wait; they are told beside the others, and printed after them.
STORIES := tests/test_main_job.py tests/test_killed.py tests/faults tests/namespaces

test: $(VENV)/.development ## the test suite
	@told=$$(mktemp); trap 'rm -f "$$told"' EXIT; \
	$(BIN)/pytest -p no:cacheprovider $(STORIES) >"$$told" 2>&1 & stories=$$!; \
	$(BIN)/pytest -n 2 --dist loadfile $(STORIES:%=--ignore=%); others=$$?; \
	wait $$stories; ended=$$?; cat "$$told"; exit $$((others || ended))

soak: $(VENV)/.development ## the fault stories, large: storms, kills, locks, full disks (half an hour)
	@$(BIN)/python -m tests.faults

check: $(VENV)/.development ## style, types, import contracts, dependencies
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

fuzz: $(VENV)/.development ## ask the API everything, as three sorts of reader (five minutes)
	@$(BIN)/python -m tests.fuzz

bench: $(VENV)/.development ## what a look, a row and an idle check cost, as ratios
	@for name in probe_cost engine_overhead write_path idle_memory; do echo "== $$name"; $(BIN)/python -m bench.$$name || exit 1; done

format: $(VENV)/.development ## put the sources into shape
	@$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

lock: ## renew the lock files (needs uv)
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --extra build pyproject.toml -o requirements.lock
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --extra build --extra dev --extra postgresql -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo 'psycopg[binary]' | uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -c requirements-dev.lock - -o requirements-postgresql.lock

clean: ## remove what was installed and built, but no data
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Cutwatch needs Python 3.11 or newer: set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "could not make a virtual environment: on Debian and Ubuntu, install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing what Cutwatch needs (once, about a minute) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.development: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "installing what the tests need (once, a minute or two) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.runtime
