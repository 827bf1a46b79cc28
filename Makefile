# Everything a newcomer or the build machine runs. `make help` lists it.
PYTHON ?= python3
PORT ?=
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
LOCKS := base embedded dev e2e

unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run test lint format lock messages nightly screenshots

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

run: $(VENV)/.run.stamp  ## Install what is missing and start everything on http://127.0.0.1:8000/ (PORT=8001 for another port)
	@exec $(PY) manage.py runstack $(if $(PORT),--port $(PORT))

test: $(VENV)/.test.stamp  ## Run every check and every test, on SQLite and on PostgreSQL, in a real browser too
	@$(PY) -m tests.everything $(ARGS)

nightly: $(VENV)/.test.stamp  ## The same as `make test`, with the larger sizes meant for a night or a release
	@echo "Running every check and test with CRM_TEST_SIZE=nightly (more rounds, more rows; allow an hour)."
	@CRM_TEST_SIZE=nightly $(PY) -m tests.everything $(ARGS)

lint: $(VENV)/.test.stamp  ## Check style, types, import order, migrations, translations and production settings
	@$(PY) -m tests.everything --only lint

format: $(VENV)/.test.stamp  ## Put the code into the common format and fix what can be fixed by itself
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

messages: $(VENV)/.test.stamp  ## Collect new texts into locale/ru, to be translated there
	@$(PY) manage.py texts

screenshots: $(VENV)/.test.stamp  ## Take the README's pictures anew (ARGS="--all FOLDER" for every page)
	@$(PY) -m tests.browser.screenshots $(ARGS)

lock: $(VENV)/.test.stamp  ## Write requirements/*.txt anew from requirements/*.in
	@for name in $(LOCKS); do \
		echo "Locking requirements/$$name.in ..."; \
		$(PY) -m uv pip compile -q --upgrade --system-certs --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
			--custom-compile-command "make lock" requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done
	@if grep -nE '://|^ *(-i|-f|--(extra-)?index-url|--find-links)' requirements/*.txt; then \
		echo "A lock file names an address; see the lines above." >&2; exit 1; fi

$(VENV)/.run.stamp: requirements/base.txt requirements/embedded.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Python is not installed: there is no $(PYTHON) on the PATH" >&2; exit 1; }
	@$(PYTHON) requirements/install.py run

$(VENV)/.test.stamp: requirements/base.txt requirements/embedded.txt requirements/dev.txt requirements/e2e.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Python is not installed: there is no $(PYTHON) on the PATH" >&2; exit 1; }
	@$(PYTHON) requirements/install.py test
