# Everything here needs Python 3.11+ (with pip and venv), git and make, and nothing else.

VENV := .venv
BIN := $(VENV)/bin
# `make test PYTHON=/path/to/python3.12` chooses one; otherwise the first of these that is new enough.
PYTHON ?=
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python
# Every Python that `make versions` looks for, on the path and in pyenv's folder.
VERSIONS := 3.11 3.12 3.13 3.14
# Two processes, each file in one of them: README's blocks build on one another, fixtures are made once.
# `make test PYTEST_ARGS=` runs in one process.
PYTEST_ARGS ?= -n 2 --dist loadscope --max-worker-restart 0

TYPED := $(wildcard fwf laws examples tests/typing)
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help demo demo-services services-test crash engines engines-installed test lint types imports tests deep versions pyodide format golden bench laws fuzz mutants clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 24

demo: $(VENV)/demo.stamp ## make a shop's data, run its daily workflow on it, and show what was loaded
	$(BIN)/python -m examples.daily.demo

demo-services: $(VENV)/services.stamp ## the same on PostgreSQL, S3, DynamoDB and a Redshift, which are started for it
	$(BIN)/python -m examples.daily.demo --services

test: lint types imports tests ## everything that must hold before a change goes in

lint: $(VENV)/dev.stamp ## style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp ## mypy and pyright, both strict
	$(BIN)/mypy $(TYPED)
	$(BIN)/pyright --pythonpath $(BIN)/python $(TYPED)

imports: $(VENV)/dev.stamp ## the layers
	$(BIN)/lint-imports --no-logo

tests: $(VENV)/dev.stamp ## tests, laws, doctests and the README
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not deep and not services"

services-test: $(VENV)/dev.stamp ## what takes longer with real systems and processes: engines, kills, large copies, the daily example on all of them
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m services

CRASH := $(CURDIR)/$(VENV)/crash.jsonl
crash: $(VENV)/dev.stamp ## runs that are killed, power that is cut, disks that are full: all that is promised of journals
	@rm -f $(CRASH)
	FWF_CRASH=full FWF_FIGURES=$(CRASH) $(BIN)/python -m pytest $(PYTEST_ARGS) -o faulthandler_timeout=0 tests/crash; \
	status=$$?; $(BIN)/python -m tests.crash.figures $(CRASH) && exit $$status

# Airflow pins what it needs, and node has its own packages: each an environment of its own.
AIRFLOW := .venvs/airflow
NODE := .venvs/step-functions
engines-installed: $(AIRFLOW)/fwf.stamp $(NODE)/fwf.stamp ## Airflow, and with node and npm an interpreter of Step Functions' language

$(AIRFLOW)/fwf.stamp: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m venv $(AIRFLOW)
	$(AIRFLOW)/bin/python -m pip install --quiet apache-airflow==3.3.2 -e '.[cron,demo,engines]' -c constraints.txt
	@touch $@

$(NODE)/fwf.stamp:
	@for program in node npm; do command -v $$program >/dev/null || { echo "make engines needs $$program: apt install npm \
	(Debian and Ubuntu), brew install node (macOS), or https://nodejs.org" >&2; exit 2; }; done
	npm install --silent --prefix $(NODE) aws-local-stepfunctions@3.0.0 asl-validator@4.0.0
	@touch $@

engines: $(VENV)/dev.stamp engines-installed ## all that is promised of engines, on as many generated workflows as are promised
	FWF_ENGINES=full $(BIN)/python -m pytest $(PYTEST_ARGS) -o faulthandler_timeout=0 -m "not deep" tests/engines

deep: $(VENV)/dev.stamp ## the tests that `make test` leaves out: a million steps, 100,000 levels, long searches
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m deep

versions: ## the tests on every Python from 3.11 on that is installed, each in an environment of its own
	@passed=; failed=; absent=; for version in $(VERSIONS); do \
		for python in python$$version $(HOME)/.pyenv/versions/$$version*/bin/python; do \
			"$$python" -c 'pass' 2>/dev/null && break; python=; \
		done; \
		if [ -z "$$python" ]; then absent="$$absent $$version"; continue; fi; \
		echo "Python $$version: $$python"; \
		if $(MAKE) tests PYTHON="$$python" VENV=.venvs/$$version; then passed="$$passed $$version"; \
		else failed="$$failed $$version"; fi; \
	done; \
	[ -z "$$absent" ] || echo "not installed, so nothing was run on them: Python$$absent"; \
	[ -z "$$passed" ] || echo "the tests pass on Python$$passed"; \
	[ -z "$$failed" ] || { echo "the tests fail on Python$$failed" >&2; exit 1; }; \
	[ -n "$$passed" ]

# The last Hypothesis that comes without compiled code, and `make`'s versions of all else; tests of other processes
# fail there, and are left out.
PYODIDE := .venvs/pyodide
pyodide: | $(VENV)/pyvenv.cfg ## with node and npm: definitions and dry runs on Python 3.14 in WebAssembly
	@for program in node npm; do command -v $$program >/dev/null || { echo "make pyodide needs $$program: apt install npm \
	(Debian and Ubuntu), brew install node (macOS), or https://nodejs.org" >&2; exit 2; }; done
	rm -rf $(PYODIDE)/wheels
	npm install --silent --prefix $(PYODIDE) pyodide@314.0.7
	grep -v ^hypothesis= constraints.txt > $(PYODIDE)/constraints.txt
	$(BIN)/python -m pip download --quiet --no-deps --only-binary :all: --platform any --implementation py --abi none \
		--python-version 3.14 -d $(PYODIDE)/wheels -c $(PYODIDE)/constraints.txt hypothesis==6.155.7 pyrsistent \
		returns typing_extensions tzdata sortedcontainers attrs pytest pluggy iniconfig packaging pygments sybil
	ulimit -s $$(ulimit -Hs); node --stack-size=60000 tests/pyodide.mjs $(CURDIR)/$(PYODIDE) tests/test_annotations.py \
		tests/test_records.py tests/test_tasks.py tests/test_notation.py tests/algebra/test_expr.py tests/types/test_hints.py \
		tests/algebra/test_plain_values.py tests/algebra/test_workflow.py tests/interpreters/test_needs.py \
		tests/interpreters/test_check.py tests/interpreters/test_pretty.py tests/interpreters/test_dry_run.py

format: $(VENV)/dev.stamp ## rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/dev.stamp ## write what interpreters say of the examples anew, for review
	$(BIN)/python -m tests.golden

laws: $(VENV)/dev.stamp ## 5,000 cases of each law and of the agreement: an hour and more
	$(BIN)/python -m pytest laws $(PYTEST_ARGS) --hypothesis-profile thorough -o faulthandler_timeout=0

fuzz: $(VENV)/fuzz.stamp ## ten minutes of hostile plans
	$(BIN)/python -m tests.fuzz.fuzz_plan 600

mutants: $(VENV)/mutants.stamp ## 180 small mistakes, to see which of them no test notices (MUTANTS="-n 9 --seed 5")
	$(BIN)/python -m tests.mutation.sample $(VENV)/mutants.jsonl $(MUTANTS)

bench: $(VENV)/dev.stamp ## compare with hand-written Python (nothing in `make test` is timed)
	$(BIN)/python -m pytest tests/bench -o python_files='bench_*.py' -p no:xdist -s

clean: ## remove what make and the tools made
	rm -rf $(VENV) .venvs .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks dist
	find fwf laws examples tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Pins hold for the build backend too: older pips take PIP_CONSTRAINT for it, newer ones PIP_BUILD_CONSTRAINT.
$(VENV)/%.stamp: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
		$(BIN)/python -m pip install --quiet -e '.[$*]' -c constraints.txt
	@touch $@

$(VENV)/pyvenv.cfg:
	@for python in $(or $(PYTHON),$(PYTHONS)); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "$$python -m venv $(VENV)"; \
		"$$python" -m venv $(VENV) && exit 0; \
		rm -rf $(VENV); \
		echo "fwf: $$python could not make a virtual environment (on Debian and Ubuntu: apt install python3-venv)" >&2; \
		exit 1; \
	done; \
	found=$$($(or $(PYTHON),python3) --version 2>&1 || true); \
	echo "fwf needs Python 3.11 or newer; $(or $(PYTHON),python3) says: $$found" >&2; \
	echo "If a newer one is installed elsewhere: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; \
	exit 1
