# `make help` lists what there is. `make run` and `make test` set up everything they need.
.DEFAULT_GOAL := help
PORTAL_PORT ?= 8080
PORTAL_INSTANCE ?= instance
export PORTAL_PORT PORTAL_INSTANCE
PYTHON := .venv/bin/python
PATHS := portal tests bench wsgi.py
LINT_DAY := 2026-11-24# so that what passes today passes in a year; who runs a study is told by today's date

.PHONY: help run test lint format bench docs messages assets lock setup-run setup-test types routes transcribe test-transcribe

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: setup-run ## Start the whole portal with the bundled study and an invented cast
	PORTAL_DEMONSTRATION=yes $(PYTHON) -m portal up

test: setup-test ## Run every test, on SQLite and PostgreSQL, browsers included
	unset PORTAL_PORT PORTAL_INSTANCE; $(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q -rs $(T)

lint: setup-test ## Check style, types, import rules, templates and the bundled study
	.venv/bin/ruff check $(PATHS)
	.venv/bin/ruff format --check $(PATHS)
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint templates --lint --quiet
	unset PORTAL_PORT PORTAL_INSTANCE; $(PYTHON) -m portal study lint --on $(LINT_DAY) portal/study/vig

format: setup-test ## Format the code
	.venv/bin/ruff format $(PATHS)
	.venv/bin/ruff check --fix $(PATHS)

bench: setup-test ## Run a benchmark: make bench B=name; without a name it lists them
	@requirements/install-system system-bench.txt
	@if [ -z "$(B)" ]; then cd bench && ls *.py | grep -vE '__init__|crowd|portals' | sed 's/\.py//; s/_/-/g'; exit 1; fi
	unset PORTAL_PORT PORTAL_INSTANCE; $(PYTHON) -m bench.$(subst -,_,$(B))

docs: setup-test ## Check the documents' links and list them
	$(PYTHON) -m pytest -q tests/architecture/test_docs.py && ls docs docs/adr

routes: setup-test ## Rewrite the pinned lists of routes and permissions
	unset PORTAL_PORT PORTAL_INSTANCE; $(PYTHON) -m tests.architecture.routes

messages: setup-test ## Collect every string to translate into portal/translations/messages.pot
	.venv/bin/pybabel -q extract -F pyproject.toml -k _l -k said -k pgettext:1c,2 --no-location -o portal/translations/messages.pot .

assets: node_modules/.package-lock.json ## Build styles and scripts into static/dist
	node requirements/assets.mjs

transcribe: setup-run ## Install the extra that writes draft transcripts on this machine
	@requirements/install-python transcribe.txt

test-transcribe: setup-test transcribe ## Let the transcription extra listen to real speech
	@requirements/install-system system-transcribe.txt
	unset PORTAL_PORT PORTAL_INSTANCE; $(PYTHON) -m pytest -q tests/recordings/test_transcribe.py

lock: ## Pin the Python requirements again, with hashes and without addresses
	for list in run test transcribe; do uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 requirements/$$list.in -o requirements/$$list.txt; done

setup-run:
	@requirements/install-system system-run.txt system-assets.txt
	@requirements/install-python run.txt
	@$(MAKE) --no-print-directory static/dist/manifest.json

setup-test:
	@requirements/install-system system-run.txt system-assets.txt system-test.txt
	@requirements/install-python test.txt
	@$(MAKE) --no-print-directory static/dist/manifest.json

node_modules/.package-lock.json: package-lock.json
	npm ci --ignore-scripts --no-fund --no-audit --silent
	@touch $@

static/dist/manifest.json: node_modules/.package-lock.json requirements/assets.mjs $(shell find static/css static/js -type f)
	node requirements/assets.mjs
