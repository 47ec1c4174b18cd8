# Everything happens in $(VENV); it is made once and made again only when the dependencies change.
VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed

.PHONY: help setup demo test lint check bench trust lock clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train,tune,weights,parquet,int8,cloud,cluster,export,serve,demo,dev]'
	touch $@

setup: $(INSTALLED)  ## Install headstart with everything for demo, training and development

demo: setup  ## What is a head start worth? Real transfer learning in under 90 seconds
	$(BIN)/headstart demo

test: setup  ## Run the tests
	$(BIN)/python -m pytest

lint: setup  ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

check: lint test  ## All that CI checks

bench: setup  ## Measure speed and size, as ratios
	$(BIN)/python -m benchmarks --write docs/benchmarks.md

trust: setup  ## Run the slow proofs
	$(BIN)/python -m pytest -m trust --timeout 3600

lock:  ## Resolve the dependencies anew into constraints.txt
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet '.[train,tune,weights,parquet,int8,cloud,cluster,export,serve,demo,dev]'
	build/lock/bin/python -m pip freeze --exclude headstart --exclude setuptools > constraints.txt

clean:  ## Remove the environment and what tools left
	rm -rf $(VENV) build demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
