# Every target that needs Python makes .venv first, and only when requirements.lock changed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEPENDENCIES := $(VENV)/.dependencies-installed
INSTALLED := $(VENV)/.project-installed
# Each test process starts its own PostgreSQL and NATS: JOBS=1 runs one after the other.
JOBS ?= 2
PYTEST := $(BIN)/pytest -n $(JOBS) --dist worksteal $(ARGS)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(INSTALLED) ## make .venv with everything in it (uv when present, else python3 and pip), and the web interface
	@$(BIN)/python build_ui.py || echo "all else works; 'make ui' tries again" >&2

$(DEPENDENCIES): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is too old or missing: Python 3.11 or newer is needed (make PYTHON=python3.11 ...)" >&2; exit 1; }
	@rm -f $(DEPENDENCIES) $(INSTALLED)
	@if command -v uv >/dev/null; then \
	  echo "making $(VENV) with uv"; \
	  { [ -x $(BIN)/python ] || uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV); } && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "making $(VENV) with python3 -m venv and pip"; \
	  { [ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV); } && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	  echo "making $(VENV) with this machine's pip (python3-venv is not installed)"; \
	  { [ -x $(BIN)/python ] || $(PYTHON) -m venv --without-pip $(VENV); } && \
	  $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	else \
	  echo "Python's venv module cannot install pip here: run 'apt-get install python3-venv' (or install uv)" >&2; exit 1; \
	fi
	@touch $@

$(INSTALLED): $(DEPENDENCIES) pyproject.toml
	@if command -v uv >/dev/null; then \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	elif [ -x $(BIN)/pip ]; then \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	else \
	  $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@touch $@

.PHONY: ui ui-check ui-api
ui: $(INSTALLED) ## build the web interface, when its sources changed
	@$(BIN)/python build_ui.py

ui-check: $(INSTALLED) ## the web interface: types, oxlint, vitest, and its client against schemas/openapi.json
	@$(BIN)/python build_ui.py run api typecheck lint test
	@git diff --exit-code --stat -- web/src/api/schema.d.ts || { \
	  echo "web/src/api/schema.d.ts differed from schemas/openapi.json: review and commit what was written" >&2; exit 1; }

ui-api: $(INSTALLED) ## write web/src/api/schema.d.ts from schemas/openapi.json
	@$(BIN)/python build_ui.py run api

.PHONY: up dev demo
up: setup ## start everything on this machine until Ctrl-C
	@$(BIN)/engine up $(ARGS)

dev: setup ## the same with readable lines, also through a pipe
	@$(BIN)/engine up --log readable $(ARGS)

demo: setup ## the whole job on an example, checked (ONCE=1 ends after it, ARGS='--json ...')
	@$(BIN)/engine demo $(if $(ONCE),--once) $(ARGS)

.PHONY: test unit integration e2e
test: setup ## every test (ARGS='-k name' chooses)
	@$(PYTEST)

unit: setup ## unit, property and architecture tests: no servers
	@$(PYTEST) tests/unit tests/property tests/architecture

integration: setup ## contract and integration tests: real servers on loopback
	@$(PYTEST) tests/contract tests/integration

e2e: setup ## HTTP in, mail out
	@$(PYTEST) tests/e2e

.PHONY: check lint types imports fmt
check: lint types imports openapi-check ui-check test ## all that CI checks

lint: setup ## ruff: rules and format
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup ## mypy, strict
	@$(BIN)/mypy

imports: setup ## who may import whom
	@$(BIN)/lint-imports

fmt: setup ## format, and repair what ruff can repair
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

.PHONY: openapi openapi-check
openapi: setup ## write schemas/openapi.json from the routes
	@$(BIN)/python -m read_api.openapi > schemas/openapi.json.new && mv schemas/openapi.json.new schemas/openapi.json

openapi-check: setup
	@$(BIN)/python -m read_api.openapi | diff -u schemas/openapi.json - || { \
	  echo "schemas/openapi.json differs from the routes: run 'make openapi' and review the change" >&2; exit 1; }

.PHONY: bench
bench: setup ## our paths beside the bare limit of the same run (ONLY=name for one)
	@$(BIN)/python -m workers.bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

.PHONY: lock
lock: ## pin pyproject.toml into requirements.lock (needs uv; UPGRADE=1 for newest versions)
	@command -v uv >/dev/null || { echo "uv is needed for make lock: pip install uv" >&2; exit 1; }
	@env -u PIP_FIND_LINKS -u UV_FIND_LINKS uv pip compile --no-config --quiet --universal \
	  --python-version 3.11.2 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate $(if $(UPGRADE),--upgrade) --extra dev \
	  pyproject.toml requirements.in --output-file requirements.lock

.PHONY: clean
clean: ## remove .venv and caches; data in .engine stays
	@rm -rf $(VENV) build web/node_modules read_api/_ui *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
