# Needs Python 3.11 and make. Everything else is installed into .venv, with the versions and hashes of the locks.
PYTHON ?= python3
HOME_DIR = $(or $(COMPACT_HOME),data)
BIN = .venv/bin
READY = .venv/.ready
DEV = .venv/.dev
SPARK = .venv/.spark
# uv, from the PATH or from the registry, installs in seconds; pip, where uv is not to be had, in minutes.
UV = $(shell command -v $(BIN)/uv || command -v uv)
INSTALL = $(if $(UV),$(UV) pip install --python $(BIN)/python,$(BIN)/python -m pip install --disable-pip-version-check)
# Compiled modules are kept: without them each of the many processes of a run compiles its imports again.
unexport PYTHONDONTWRITEBYTECODE
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --durations=25
COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
	--no-emit-find-links --no-header --quiet

.PHONY: report setup quick test faults bench audit lint docs ui clean lock picture spark help

report: $(READY) ## install what a run needs, run, and say what to open
	@$(BIN)/compact run

setup: $(READY) ## install what a run needs

quick: $(DEV) lint ## lint, types and unit tests: before every commit
	@$(PYTEST) --quiet -m "not slow" tests/unit

test: $(DEV) $(SPARK) lint ## lint, types, layers and every test, as in CI
	@$(PYTEST)

faults: $(DEV) ## every fault: attempts, survived, what the user saw; long forms of kills, soak, load and property tests (COMPACT_FAULTS=short: short ones)
	@COMPACT_FAULTS=$(or $(COMPACT_FAULTS),full) $(PYTEST) --quiet -m "fault or hypothesis or long"

bench: $(DEV) ## how long each step takes on this machine; python -m tests.benchmarks --help for the rest
	@$(BIN)/python -m tests.benchmarks steps

lint: $(DEV)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

audit: $(DEV) ## review the locks; ask for known vulnerabilities, if the database can be reached
	@$(BIN)/python -m tests.audit

docs: $(DEV) ## the documentation as a site: docs/site/index.html
	@$(BIN)/python -m docs.generate --check
	@$(BIN)/zensical build --strict --clean
	@echo "open docs/site/index.html"

ui: $(DEV) ## the Dagster UI
	@$(BIN)/compact ui

spark: $(SPARK) ## install Spark, the second engine: docs/scale.md

picture: ## a picture of an indicator page of the latest release, as in README (needs chromium)
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1100,1500 --virtual-time-budget=5000 \
		--screenshot=docs/pictures/site.png \
		"file://$(abspath $(HOME_DIR))/releases/latest/site/indicator/internet_use.html"

lock: ## rewrite the locks from pyproject.toml (needs uv)
	$(COMPILE) pyproject.toml --group dev --output-file requirements-dev.lock
	$(COMPILE) pyproject.toml --group build --constraints requirements-dev.lock --output-file requirements.lock
	$(COMPILE) --group pyproject.toml:spark --constraints requirements-dev.lock --output-file requirements-spark.lock
	$(COMPILE) --group pyproject.toml:uv --output-file requirements-uv.lock

clean: ## remove the environment and caches; keep the data
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache docs/site *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "Python 3.11 is required; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv
	@command -v uv > /dev/null || $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-uv.lock \
		|| echo "uv is not available: installing with pip, which takes some minutes"

$(READY): requirements.lock pyproject.toml $(BIN)/python
	@echo "installing the runtime into .venv"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(READY)
	@echo "installing what the tests need into .venv"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(SPARK): requirements-spark.lock $(READY)
	@echo "installing Spark: half a gigabyte, needed only by the tests and COMPACT_ENGINE=spark; needs Java"
	@$(INSTALL) --require-hashes --no-build-isolation -r requirements-spark.lock
	@touch $@
