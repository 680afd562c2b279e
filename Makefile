# Digis. `make run` starts it, `make test` tests it; both install into this folder what they need and have not yet.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ROOMS := accounts calls digis discovery economy moderation notifications
CODE := $(ROOMS) tests scripts manage.py $(wildcard benchmarks)
MARKS ?= not nightly
WORKERS ?= 2

.PHONY: help setup run test check browser bench nightly lock clean

help: ## print this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12 | sed 's/^/  make /'
	@echo "  PORT=8001 and DIGIS_STATE=folder choose another port and state folder for make run."

setup: ## install everything into .venv, node_modules and static/dist
	@$(PYTHON) scripts/setup.py

run: setup ## start Digis at http://127.0.0.1:8000 (Ctrl-C stops it)
	@exec $(BIN)/python manage.py up

test: setup browser ## run every test that a change can break (at most 12 minutes)
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "$(MARKS)" $(TESTS)

nightly: setup browser ## run the full cross products, long seeds and fuzzing as well
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(TESTS)

check: setup ## format, lint, types, imports, templates, migrations, deploy check
	@$(BIN)/python scripts/check.py

browser: setup
	@$(BIN)/python scripts/browser.py

bench: setup ## run the benchmarks and print their figures
	@for file in benchmarks/*.py; do [ "$$(basename $$file)" = __init__.py ] || $(BIN)/python $$file || exit 1; done

lock: setup ## make the lock files anew from pyproject.toml and package.json
	@$(BIN)/python scripts/lock.py

clean: ## remove what was installed and built (the state folder .digis stays)
	@rm -rf .venv node_modules static/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
