# Holdfast: everything a machine with Python 3.11, make and a way to the package registries needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8137

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs pictures lock clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | while IFS='|' read -r name what; do printf '  make %-9s %s\n' "$$name" "$$what"; done

run: $(VENV)/.run src/holdfast/web/static/vendor/.made ## Investigate a broken system before your eyes, then serve the desk with that case open
	@$(BIN)/holdfast demo --port $(PORT)

test: $(VENV)/.test src/holdfast/web/static/vendor/.made ## Run every test that this machine can; HOLDFAST_REQUIRE=all makes a skip a failure
	@$(BIN)/python -m tests.everything

check: $(VENV)/.test $(VENV)/.audit/.made ## Style, types, import contract, generated reference, known vulnerabilities
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check
	$(BIN)/python requirements/audit.py $(VENV)/.audit/bin/pip-audit

bench: $(VENV)/.test ## Measure speed and quality against peers, in one run
	$(BIN)/python -m benchmarks

docs: $(VENV)/.test ## Write docs/reference from the product's own registries
	$(BIN)/python -m docs.generate

pictures: $(VENV)/.test src/holdfast/web/static/vendor/.made ## Take the README's pictures from the running product
	$(BIN)/python -m docs.pictures

lock: ## Pin every dependency with its hashes
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --extra desk --extra range --group build pyproject.toml -o requirements/run.txt
	uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --extra desk --extra range --group build --group test --group check -c requirements/run.txt pyproject.toml -o requirements/test.txt
	uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --group pyproject.toml:assets -o requirements/assets.txt
	uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --group pyproject.toml:audit -o requirements/audit.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved

clean: ## Remove what was made, keep the data
	rm -rf $(VENV) .bench-venv build dist node_modules src/holdfast/web/static/vendor

# Debian's Python comes without ensurepip; its package brings it.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Holdfast needs Python 3.11 or later; set PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; } || { echo "this Python has no ensurepip: install python3-venv, then make again"; exit 1; }
	@echo "making $(VENV)"; $(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@[ -e $(VENV)/.test ] && [ $(VENV)/.test -nt requirements/test.txt ] || { echo "installing what the product needs"; $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml | $(BIN)/python
	@echo "installing what the tests need"; $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/test.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

# Apart from the rest: what audits must not decide which versions the product gets.
$(VENV)/.audit/.made: requirements/audit.txt | $(BIN)/python
	@echo "installing what audits"; $(PYTHON) -m venv $(VENV)/.audit
	@$(VENV)/.audit/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

src/holdfast/web/static/vendor/.made: package-lock.json src/holdfast/web/assets.py | $(VENV)/.run
	@command -v npm >/dev/null || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/assets.txt
	@echo "fetching front-end files"; $(BIN)/python -m holdfast.web.assets
	@touch $@
