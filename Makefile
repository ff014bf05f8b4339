# Everything here works in a fresh clone with Python 3.11 or later and make; the environment is set up on first use.

PYTHON ?= $(shell for python in python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
BIN := .venv/bin
READY := .venv/.ready
# MLflow has an environment of its own, for tests alone: it needs other versions than Forebear.
MLFLOW := .venv-mlflow/.ready
MLFLOW_PINS := tests/connect/mlflow/constraints.txt

# Two processes share the tests, unless that would be two on the one Neo4j that is named.
SHARED := $(if $(FOREBEAR_TEST_NEO4J_URI),,-n 2 --dist loadscope --no-loadscope-reorder --max-worker-restart 0)

.DEFAULT_GOAL := help
.PHONY: help demo test lint soak bench neo4j schema clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## serve the example lineage on the embedded engine, with queries to try
	@$(BIN)/forebear demo

test: $(READY) $(MLFLOW) ## run all tests, on the embedded engine and where it can be had on Neo4j
	@$(BIN)/python -m pytest -q $(SHARED)

lint: $(READY) ## check style, types, and that schema.graphql and the reference are what the code exports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/forebear schema graphql | diff -u schema.graphql - || \
		{ echo "schema.graphql is not what the code exports: run 'make schema' and commit the result" >&2; exit 1; }
	@$(BIN)/python docs/reference/lists.py --check

soak: $(READY) $(MLFLOW) ## run all tests with ten times the generated operations, sequences and races
	@FOREBEAR_SOAK=10 $(BIN)/python -m pytest -q

bench: $(READY) ## measure beside Bolt alone and @neo4j/graphql, and judge suspects on generated worlds
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.attribution

neo4j: $(READY) ## start a Neo4j for trying things (needs Java 17 and Maven)
	@$(BIN)/python -m tests.neo4j_server

schema: $(READY) ## write schema.graphql and the lists of the reference from the code
	@$(BIN)/forebear schema graphql > schema.graphql
	@$(BIN)/python docs/reference/lists.py

clean: ## remove the environment, builds and caches (never data)
	rm -rf .venv .venv-mlflow .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Forebear needs Python 3.11 or later, found: \
	$$(python3 --version 2>&1 || true). Name one with 'make PYTHON=…'" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is incomplete; on Debian and Ubuntu: \
	apt install python3-venv" >&2; exit 1; }
	@echo "Installing Forebear and its dependencies into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[embedded,dev]'
	@touch $@

$(MLFLOW): $(MLFLOW_PINS)
	@$(PYTHON) -m venv .venv-mlflow
	@echo "Installing MLflow for tests into .venv-mlflow"
	@.venv-mlflow/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint $(MLFLOW_PINS) mlflow
	@touch $@
