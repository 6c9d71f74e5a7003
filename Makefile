# Everything that is done to Grader from a checkout; `make` alone lists it.
# The machine needs make, Python and a package index, nothing else.

BIN := .venv/bin
STAMP := .venv/.uv-lock
# One more than there are cores: some tests wait for a process, a server or a browser.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# Where the environment forbids to keep what is compiled, each process compiles everything anew:
# every worker of the tests, every command and service that they start. Empty is not forbidden.
export PYTHONDONTWRITEBYTECODE :=
UV := $(shell sed -n '/^name = "uv"$$/{n;s/^version = "\(.*\)"$$/uv==\1/p;}' uv.lock)

# Make takes the first of these that is suitable; `make setup PYTHON=...` names one.
# Above the last Python named here, wheels of some development tools are missing.
PYTHONS := $(strip $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11)
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))

# The scripts that run alone; the other files beside them are what these share.
BENCHMARKS := judging solvers networks naming files pages memory hit_rates connections downloads intake_parts intake refused starved storage regrading_engine regrading growth batch report_folder report_answers grading_texts score_rate intake_outbox

# On Linux, torch alone is a build for GPUs, of several GB.
TENSORS ?= torch jax tensorflow-cpu

.DEFAULT_GOAL := help
.PHONY: help setup venv run test quick tensors docker-test durability load fuzz cover check check-bank check-release release fix docs pictures demo bench first-answer audit clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | \
	    while read -r target words; do printf '  make %-11s  %s\n' "$$target" "$$words"; done

setup: $(STAMP) ## make .venv with everything that uv.lock names

$(STAMP): pyproject.toml uv.lock
	@$(BIN)/python -c '$(SUITABLE)' 2>/dev/null || $(MAKE) --no-print-directory venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv sync --frozen --python $(BIN)/python
	@# Canaille installs its own tests as a package `tests`, which would hide ours.
	rm -rf .venv/lib/python*/site-packages/tests
	@touch $@

venv:
	@for python in $(PYTHONS); do \
	    if "$$python" -c '$(SUITABLE)' 2>/dev/null; then \
	        echo "making .venv with $$("$$python" --version)"; \
	        exec "$$python" -m venv --clear .venv; \
	    fi; \
	done; \
	echo 'No suitable Python: Grader needs 3.11 to 3.14 with its venv module.' >&2; \
	echo 'Tried: $(PYTHONS). On Debian and Ubuntu: apt install python3-venv.' >&2; \
	echo 'Or name one: make setup PYTHON=/path/to/python3.12' >&2; \
	exit 1

run: setup ## serve a demo course on http://127.0.0.1:8000 (GRADER_HOST and GRADER_PORT change it)
	@GRADER_DEMO=1 GRADER_SEEDS=$${GRADER_SEEDS:-20} $(BIN)/python -m api

test: setup ## run all tests on all cores (ARGS=... goes to pytest)
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

quick: setup ## run the tests that find most faults, in less than 90 seconds on two cores
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal --quick $(ARGS)

tensors: setup ## run the tests of the client with PyTorch, JAX and TensorFlow, which are installed for it
	$(BIN)/python -m venv .venv-tensors
	.venv-tensors/bin/pip install --quiet --disable-pip-version-check $(TENSORS)
	@.venv-tensors/bin/pip list --disable-pip-version-check | grep -E '^(torch|jax|tensorflow)[ _-]'
	cd clients/python && PYTHONPATH=src $(CURDIR)/.venv-tensors/bin/python -m unittest discover -s tests/tensors

docker-test: setup ## build the containers, kill them under load, restore a backup (where docker is)
	@PYTHONPATH=tests $(BIN)/python tests/deploy/containers.py

durability: setup ## kill services, PostgreSQL and connections for SECONDS=600 in all (seed SEED=1)
	GRADER_DURABILITY_SECONDS=$$(( $(or $(SECONDS),600) / 10 )) GRADER_DURABILITY_SEED=$(or $(SEED),1) \
	    $(BIN)/pytest -q -s tests/durability $(ARGS)

fuzz: setup ## send what nobody should to readers, loader and routes for SECONDS=600 (seed SEED=1)
	@PYTHONPATH=tests $(BIN)/python tests/fuzz.py --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1)
	GRADER_TEST_MUTATIONS=10000 $(BIN)/pytest -q tests/property --hypothesis-profile=default --hypothesis-seed=$(or $(SEED),1)

load: setup ## simulate the last hour before a deadline (STUDENTS=2000 SECONDS=600 DATABASE=... PROCESSES=1)
	$(BIN)/python tests/load/deadline_hour.py $(or $(STUDENTS),2000) $(or $(SECONDS),600) '$(DATABASE)' $(or $(PROCESSES),1)

cover: setup ## run all tests with branch coverage, which takes about twice as long
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal --cov $(ARGS)

check: setup ## everything that must hold before a commit, the tests included
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	cd clients/python && $(CURDIR)/$(BIN)/mypy
	$(BIN)/uv lock --check
	@GRADER_TEST_SEEDS=60 $(MAKE) --no-print-directory test # more of every problem are published

check-bank: setup ## check every problem at the 500 seeds that a service publishes; a release runs it
	$(BIN)/grader check

check-release: check check-bank ## everything that must hold before a release, the bank at 500 seeds included

release: setup ## check a tag, and build its wheel, SBOM and image into dist/ (TAG=v0.1.0; by default that of this commit)
	@$(BIN)/python .ci/release.py $(TAG) $(ARGS)

audit: setup ## tell which packages of uv.lock are known to be vulnerable; needs the internet
	@.ci/audit

fix: setup ## format, and fix what ruff can fix
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: setup ## write the pages that come from the code, and check the documentation site
	@$(BIN)/python -c 'from pathlib import Path; from problems.docs_generator import write_pages; write_pages(Path("docs"))'
	@$(BIN)/python -c 'from pathlib import Path; from api.docs_site.generator import write_pages; write_pages(Path())'
	@$(BIN)/grader schema > problems/problem.schema.json
	@$(BIN)/python -m api.docs_site.checker

pictures: setup ## take the pictures of the documentation, of the demo course (where chromium is)
	@PYTHONPATH=tests $(BIN)/python tests/browser/pictures.py

demo: setup ## mark a small file of answers
	$(BIN)/grader batch docs/examples/answers.csv

bench: setup ## measure how long things take
	@for name in $(BENCHMARKS); do \
	    echo "benchmarks/$$name.py"; PYTHONPATH=tests $(BIN)/python "benchmarks/$$name.py" || exit 1; \
	done

first-answer: setup ## measure the time from a fresh environment with only the wheel to a graded answer
	@$(BIN)/python benchmarks/first_answer.py --limit 30 $(WHEEL)

clean: ## remove what these targets have made, .venv included
	rm -rf .venv .venv-* .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
