# Needs Python 3.11 to 3.13 and make. Everything else is installed into .venv from requirements.lock.
PYTHON ?= python3
HOME_DIR = $(or $(COMPACT_HOME),data)
BIN = .venv/bin
READY = .venv/.ready
SPARK = .venv/.spark

.PHONY: report spark test faults audit lint ui clean lock picture

report: $(READY) ## set up, run the main job, say where the release is
	@$(BIN)/compact run
	@$(BIN)/compact releases --latest

test: $(READY) $(SPARK) ## lint, types, layers and every test
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -n 2 --dist loadfile

faults: $(READY) ## every fault: tries, survived, what the user saw; the long forms of kills, soak and load (COMPACT_FAULTS=short: minutes)
	@COMPACT_FAULTS=$(or $(COMPACT_FAULTS),full) $(BIN)/python -m pytest -q -n 2 --dist loadfile -m fault

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

audit: $(READY) ## the dependencies: what is locked, and what is known to be vulnerable, where that can be asked
	@$(BIN)/python -m tests.audit

ui: $(READY) ## the Dagster UI on this machine
	@$(BIN)/compact ui

clean: ## remove the environment and caches; the data stay
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

picture: ## the picture in README, from the latest release (needs chromium)
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1100,1500 --virtual-time-budget=5000 \
		--screenshot=docs/pictures/site.png \
		"file://$(abspath $(HOME_DIR))/releases/latest/site/indicator/internet_use.html"

lock: ## write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-emit-find-links --no-emit-package pip --no-header --quiet \
		--output-file requirements.lock
	uv pip compile --group pyproject.toml:spark --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements-spark.lock

$(SPARK): requirements-spark.lock $(READY)
	@echo "installing Spark (half a gigabyte; only the tests and COMPACT_ENGINE=spark need it, and Java)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements-spark.lock
	@touch $@

spark: $(SPARK) ## Spark, the second engine: docs/scale.md

$(READY): requirements.lock pyproject.toml
	@echo "setting up .venv (some minutes the first time)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
