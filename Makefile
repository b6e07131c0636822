# Dyadline. `make help` lists what there is; everything installs itself on a machine with Python 3.11 or newer.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := schemas schemas/service-edge ingest-service timeline-service deploy/local
INSTALLED := $(VENV)/.ready
FRONT := timeline-service/front
READY := timeline-service/src/timeline_service/web/static/seam.js

.PHONY: help setup run up down status test rehearse test-unit check sbom screenshots bench growth soak planted fuzz format hooks

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## install everything into .venv, and build what pages run (the other targets do it by themselves)

$(READY): $(INSTALLED) $(wildcard $(FRONT)/src/*.ts) $(FRONT)/package.json $(FRONT)/package-lock.json $(FRONT)/build.py
	@$(BIN)/python $(FRONT)/build.py

$(INSTALLED): deploy/requirements/dev.txt $(MEMBERS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Dyadline needs Python 3.11 or newer: install it, or name it: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) has no venv module: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv (once, a minute or two) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  $(foreach member,$(MEMBERS),-e ./$(member))
	@touch $@

run: $(READY)  ## start everything, load the samples, follow the logs; Ctrl-C stops it
	@$(BIN)/python -m local_stack run

up: $(READY)  ## the same in the background, ready when it returns
	@$(BIN)/python -m local_stack up

down: $(READY)  ## stop it
	@$(BIN)/python -m local_stack down

status: $(READY)  ## what runs, where, and how far the projection is
	@$(BIN)/python -m local_stack status

test: $(READY)  ## run the whole test suite, or a part of it (TESTS="tests/integration/test_live.py -k resumes")
	@$(BIN)/python -m local_stack fetch
	@$(BIN)/python -m pytest $(or $(TESTS),--ignore tests/rehearsals -n 3 --dist loadfile --no-loadscope-reorder --durations 25)

rehearse: $(READY)  ## do what operators do (upgrades, losses, alerts, the image, all of it guarded), and try the bench
	@$(BIN)/python -m local_stack fetch
	@$(BIN)/python -m pytest tests/rehearsals --durations 10

test-unit: $(READY)  ## run what needs no engine: the language, the judge, all that is pure
	@$(BIN)/python -m pytest tests/unit -n 2 --dist loadfile -q

check: $(READY)  ## formatting, lint, types, import rules, schemas, known vulnerabilities
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted: run make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy $(foreach member,$(MEMBERS),$(member)/src) tests
	@$(BIN)/lint-imports
	@$(BIN)/python schemas/generate_countries.py --check
	@$(BIN)/python schemas/generate_json_schemas.py --check
	@$(BIN)/python schemas/check_compatibility.py
	@$(BIN)/python schemas/check_asyncapi.py
	@$(BIN)/python deploy/validate.py
	@$(BIN)/python $(FRONT)/build.py check
	@$(BIN)/python deploy/requirements/audit.py

sbom: $(READY)  ## list what it is made of, for whoever has to know (CycloneDX), in dist/sbom.cdx.json
	@$(BIN)/python deploy/requirements/sbom.py

screenshots: $(READY)  ## take pictures of the pages of the stack that runs, into STATE_DIR/screenshots
	@$(BIN)/python -m tests.browser.screenshots http://127.0.0.1:$(or $(TIMELINE_PORT),8002) $(or $(STATE_DIR),.local)/screenshots

bench: $(READY)  ## measure: each figure beside its floor and its peers (FULL=1 for longer, BENCH_EVENTS=100000)
	@$(BIN)/python -m tests.bench

growth: $(READY)  ## measure how cost grows with the number of events (EVENTS="10000 100000")
	@$(BIN)/python -m tests.bench.growth $(EVENTS)

soak: $(READY)  ## attack the whole stack, and check all that it has promised (MINUTES=60 SEED=1)
	@$(BIN)/python -m local_stack fetch
	@$(BIN)/python -m tests.faults.soak --minutes $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED))

planted: $(READY)  ## plant known bugs in copies of the product, and see that the soak finds each
	@$(BIN)/python -m local_stack fetch
	@$(BIN)/python -m tests.faults.soak --planted

fuzz: $(READY)  ## feed all that is read from outside with bytes, guided by coverage (SECONDS=60)
	@$(BIN)/python -m tests.fuzzing all --seconds $(or $(SECONDS),60)

format: $(READY)  ## format the code and mend what lint can mend
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/python $(FRONT)/build.py format

hooks: $(READY)  ## have git format and check what is committed, before it is
	@$(BIN)/pre-commit install
