# Menhu: everything a newcomer or an engineer runs. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
EXTRAS := --extra gateway --extra registry --extra sim
PACKAGES := controller cardreader registry gateway firmware-sim/firmware_sim
TOOLS := .cache/tools
UV := $(or $(shell command -v uv),$(TOOLS)/bin/uv)
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	&& command -v $$p && break; done)
DATA := street-data
DAYS := 90
RESIDENTS := 60000
export UV_PYTHON_DOWNLOADS := never

demo: .cache/demo-ready ## Run the whole street on this machine (ARGS="--for 60 --json")
	@.venv/bin/menhu-demo $(ARGS)

street: .cache/demo-ready ## Fill a register with a synthetic street of 60,000 (DATA=street-data DAYS=90)
	.venv/bin/menhu-sim plan --out $(DATA)/plan --residents $(RESIDENTS)
	.venv/bin/menhu-registry --data $(DATA) migrate
	.venv/bin/menhu-registry --data $(DATA) seed $(DATA)/plan/street.json
	.venv/bin/menhu-registry --data $(DATA) history --days $(DAYS) --planted $(DATA)/planted.json

test: .cache/dev-ready .cache/services ## Run every test against real services and peers (ARGS="-k name")
	.venv/bin/pytest -n 3 --dist loadgroup $(ARGS)

check: .cache/dev-ready ## Lint, format, types, floors and spelling
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/mypy tests
	.venv/bin/lint-imports
	.venv/bin/codespell $(PACKAGES) tests docs *.md

fmt: .cache/dev-ready ## Format the code and mend what can be mended by itself
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

bench: .cache/dev-ready ## Measure the hot paths beside their limits
	@for file in tests/benchmarks/*.py; do \
		.venv/bin/python -m tests.benchmarks.$$(basename $$file .py) || exit 1; \
		echo; done

clean: ## Remove the local environment and caches
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(TOOLS)/bin/uv:
	@bash .ci/python-tools "$(PYTHON)" $(TOOLS)

.cache/demo-ready: pyproject.toml uv.lock | $(UV)
	@echo "Installing Menhu into .venv …"
	@$(UV) sync --quiet --frozen --inexact --no-dev --python "$(PYTHON)" $(EXTRAS)
	@mkdir -p .cache && touch $@

.cache/dev-ready: pyproject.toml uv.lock | $(UV)
	@echo "Installing Menhu and its development tools into .venv …"
	@$(UV) sync --quiet --frozen --python "$(PYTHON)" $(EXTRAS)
	@mkdir -p .cache && touch $@ .cache/demo-ready

.cache/services: .ci/services
	@bash .ci/services
	@mkdir -p .cache && touch $@

.PHONY: demo street test check fmt bench clean help
