# Two commands do everything on a fresh machine with Python 3.11 or later:
#   make demo   install, fit the shipped penguins, print the result and say where the files are
#   make test   install what the tests need and run every check
# PYTHON=/path/to/python3 chooses the interpreter; DEMO=folder chooses where the demo writes.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
DEMO ?= demo
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help demo test lint types imports tests format clean

help:
	@sed -n '2,4p' Makefile | cut -c 3-

demo: $(VENV)/.demo
	@$(BIN)/mathlearn demo --folder $(DEMO)

test: lint types imports tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

# Tests that open pages need a Chromium of the system's; CHROMIUM=/path/to/it names one, and .ci/run always has one.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
tests: $(VENV)/.dev
	@test -n "$(CHROMIUM)" || echo "no Chromium here: the pages are not opened (apt install chromium)" >&2
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q -n 2 --dist worksteal $(if $(CHROMIUM),,-m "not browser")

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# The stamps say which set of packages the environment holds, and are renewed when the lists change.
$(VENV)/.demo: $(VENV)/.python pyproject.toml constraints-dev.txt
	@echo "installing mathlearn and what its command line needs ..."
	@$(PIP) --constraint constraints-dev.txt --editable '.[cli,files,report]'
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints-dev.txt
	@echo "installing mathlearn and what its tests need ..."
	@$(PIP) --constraint constraints-dev.txt --editable '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "mathlearn needs Python 3.11 or later, and there is no '$(PYTHON)' here." >&2; \
	  echo "Install one, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "mathlearn needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." >&2; \
	  echo "Say where a later one is: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "Python cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	  rm -rf $(VENV); exit 1; }
	@touch $@
