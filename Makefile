# make run: set up and start everything.  make test: set up and run all tests.
# Nothing here needs root, Node or a running service.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCRIPTS := .keyturn/.scripts-fetched

.PHONY: run run-entra playground playground-client test lint bench lock clean setup setup-dev
.DEFAULT_GOAL := run

run: setup
	@grep -Eqs '^ *(export +)?KEYTURN_MODE *=' .env || export KEYTURN_MODE=$${KEYTURN_MODE:-development}; \
		exec $(BIN)/python app.py serve

# The same with accounts in Entra ID: a double of Microsoft Graph on this machine, which holds the demo people.
run-entra: setup
	@exec $(BIN)/python -m tests.support.graph $(BIN)/python app.py serve

test: setup-dev
	@$(BIN)/python -m pytest $(ARGS)

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.support.audit_dependencies

bench: setup-dev
	@$(BIN)/python -m tests.bench.run $(ARGS)

# The Microsoft 365 Agents Playground, which Microsoft lets people evaluate with: nothing fetches it unasked.
playground-client: setup-dev
	@$(BIN)/python -m tests.playground --fetch

# Opens it beside a Keyturn that runs here in development mode.
playground: setup-dev
	@$(BIN)/python -m tests.playground

setup: $(VENV)/.installed $(VENV)/.compiled $(SCRIPTS)

setup-dev: setup $(VENV)/.installed-dev

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Keyturn needs Python 3.11 or later; set PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up (the first time takes a minute or two) ..."
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m virtualenv -q $(VENV) 2>/dev/null || \
		{ rm -rf $(VENV); echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.installed: requirements.txt $(VENV)/.made
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Where Python may not write what it compiles (PYTHONDONTWRITEBYTECODE), every start would compile everything anew.
$(VENV)/.compiled: $(shell find bot dialogs -name '*.py') $(VENV)/.made
	@$(BIN)/python -m compileall -q bot dialogs
	@touch $@

# The scripts of others that pages need are fetched once. Where there is no npm, one from a wheel is used and thrown away.
$(SCRIPTS): bot/pages/bundle.py requirements-node.txt $(VENV)/.installed
	@command -v npm >/dev/null || [ -x $(BIN)/npm ] || \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-node.txt
	@$(BIN)/python -m bot.pages.bundle
	@mkdir -p $(@D) && touch $@

# Pins everything anew, with hashes, for every Python we run on.
lock: setup-dev
	@for name in requirements requirements-dev requirements-node; do \
		$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header $$name.in -o $$name.txt; done

clean:
	@rm -rf $(VENV) .keyturn .pytest_cache .mypy_cache .ruff_cache
