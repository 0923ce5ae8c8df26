# The course from end to end. `make` alone prints what there is; every target works alone in a fresh clone.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
VENV ?= .venv
BIN := $(VENV)/bin
SUBMITTED ?= _build/sample/submitted
OUT ?= _build/sample/graded
RUNS ?= 1000
DATA ?= data
# Parts of the release test, see tests/parts.py; none means all.
PART ?=
# What `make quick` runs: what starts no notebook, no sandbox, no browser and builds nothing.
QUICK := tests/reference tests/checks tests/test_house.py tests/sample/test_answers.py \
	$(addprefix tests/book/test_,bibliography.py chapters.py coursebook.py networks.py) \
	$(addprefix tests/grading/test_,answers.py assignment.py collect.py output.py) \
	$(addprefix tests/kernels/test_,channel.py needed.py sanitise.py wire.py)

# A stamp is as new as the last time its target was made from what it depends on. The one of an installation is called
# after its extras in pyproject.toml; once there are frameworks, they stay.
FRAMEWORKS ?= $(wildcard $(VENV)/.*-frameworks)
STUDENT := $(VENV)/.student$(if $(FRAMEWORKS),-frameworks)
GRADER := $(VENV)/.grade$(if $(FRAMEWORKS),-frameworks)
READER := $(VENV)/.book
DEVELOPER := $(VENV)/.dev
EVERYTHING := $(VENV)/.student-grade-book
# What the two largest installations contain needs none of its own.
$(DEVELOPER) $(EVERYTHING): CONTAINED = $(addprefix $(VENV)/.,student student-frameworks grade grade-frameworks book)
JAVASCRIPT := node_modules/.package-lock.json
BOOK := _build/.book
SAMPLE := _build/sample/.made
GRADED := _build/sample/.graded

comma := ,
files = $(shell find $(1) -type f -not -path '*/__pycache__/*' -not -path '*/.*' 2>/dev/null)
ENGINE := $(call files,autograder)
NOTEBOOKS := $(call files,exercises)
BOOK_CODE := $(call files,book/coursebook autograder/reference autograder/checks)
PAGES := $(call files,book) _config.yml _toc.yml

# $(call need,command,Debian package): stop with the way out when a system package is missing.
need = command -v $(1) >/dev/null || { echo "$(1) is missing. On Debian and Ubuntu: apt-get install $(2)" >&2; exit 1; }
# $(call wish,command,Debian package,what for): say what is skipped without it, and go on.
wish = command -v $(1) >/dev/null || echo "$(1) is missing, so $(3) skipped. On Debian and Ubuntu: apt-get install $(2)"

# $(call timed,name,command): run it, and write down for `python -m tests.minutes` how long it took.
timed = mkdir -p _build/minutes; TIMEFORMAT=$$'$(1)\t%R\t%U\t%S'; { time { $(2); } 2>&3; } 3>&2 2> _build/minutes/$(1)
minutes = --minutes _build/minutes/$(1)

.PHONY: help student grader course dev quick test suite pages release-test book data claims links exercises sample grade benchmark \
	mutants lint lock clean

help: ## print this list
	@echo "Usage: make TARGET"
	@sed -nE 's/^([a-z-]+):.*## (.*)$$/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target what; do printf '  %-13s %s\n' "$$target" "$$what"; done

student: $(STUDENT) ## install what a student needs: JupyterLab and the checks (FRAMEWORKS=1: with torch and Keras)
	@echo
	@echo "Open the first notebook   $(BIN)/jupyter lab --config jupyter_config.py"

grader: $(GRADED) ## install what grades a class, and grade a sample class (FRAMEWORKS=1: with torch and Keras)
	@echo
	@echo "See the graded class      $(OUT)/report.html"
	@echo "Grade a class             $(BIN)/autograder grade FOLDER"

course: ## install everything, grade a sample class, build the book, say where to look
	@$(MAKE) --no-print-directory $(EVERYTHING)
	@$(MAKE) --no-print-directory grader FRAMEWORKS=1
	@status=0; $(MAKE) --no-print-directory book || status=$$?; $(MAKE) --no-print-directory student; exit $$status

dev: $(DEVELOPER) ## install everything that a change of the course needs

test: ## everything a landing needs: style, types, all tests, the mutants, the book and its pages in a browser
	@$(call wish,bwrap,bubblewrap,tests of the sandbox are)
	@$(call wish,chromium,chromium,tests of the pages in a browser are)
	@rm -rf _build/minutes; \
	$(call timed,install,$(MAKE) --no-print-directory $(DEVELOPER) $(READER) $(JAVASCRIPT)); \
	status=0; $(MAKE) --no-print-directory --jobs 3 --output-sync --keep-going pages suite mutants lint RUNS=0 || status=$$?; \
	$(BIN)/python -m tests.minutes; echo "$$((SECONDS / 60)) minutes on the clock in all."; exit $$status

# The pages take a chain of their own beside the rest, which needs no book.
pages: $(BOOK)
	$(BIN)/pytest --numprocesses 2 --dist loadgroup tests/browser $(call minutes,pages)

suite: $(DEVELOPER) $(JAVASCRIPT)
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --ignore tests/browser $(call minutes,suite)

quick: $(DEVELOPER) lint ## what a change needs: style, types, tests that take no time, and the mutants of what has changed
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --changed $(QUICK) $(call minutes,quick)
	$(BIN)/python -m tests.mutants --changed --runs 0

release-test: $(DEVELOPER) $(JAVASCRIPT) ## what takes long and seldom breaks (PART=one of them; by default all)
	@$(call wish,pg_ctlcluster,postgresql,tests with a PostgreSQL gradebook are)
	$(BIN)/python -m tests.parts $(PART)

book: $(BOOK) ## build the book
	@echo
	@echo "Read the book             _build/html/index.html"

data: $(READER) ## fetch the real data sets (DATA=folder); COURSE_DATA=folder make book builds on them
	$(BIN)/python -m coursebook.download $(DATA)

claims: $(BOOK) ## list what the pages claim, the narrowest margin first, and the sentences without a claim
	$(BIN)/python -m coursebook.ledger

links: $(READER) $(JAVASCRIPT) ## check the links that leave the book
	$(BIN)/jupyter-book build . --builder linkcheck

exercises: $(GRADER) ## make the released notebooks in exercises/ from solutions/
	$(BIN)/autograder release

sample: $(SAMPLE) ## write the sample class: _build/sample/submitted

grade: $(SAMPLE) ## grade a class (SUBMITTED=folder, OUT=folder; by default the sample class)
	$(BIN)/autograder grade $(SUBMITTED) --out $(OUT)

benchmark: $(DEVELOPER) ## measure the grader against nbgrader's own autograde, side by side
	$(BIN)/python -m benchmarks

mutants: $(DEVELOPER) ## check the checks: wrong answers must fail, right ones must pass (RUNS=how often)
	@$(call timed,mutants,$(BIN)/python -m tests.mutants --runs $(RUNS))

lint: $(DEVELOPER) ## style and types
	@$(call timed,lint,$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy)

lock: | $(BIN)/python ## install what pyproject.toml asks for, and write the version of everything to requirements.txt
	$(BIN)/pip install --quiet --editable '.[dev]'
	mkdir -p _build
	{ sed -n '/^#/p' requirements.txt; $(BIN)/pip freeze --exclude-editable | sed -E 's/^(torch==[^+]*)\+.*/\1/' \
		| LC_ALL=C sort --ignore-case; } > _build/requirements.txt
	mv _build/requirements.txt requirements.txt

clean: ## remove everything that was made, except the environment
	rm -rf _build

$(BIN)/python:
	@$(call need,$(PYTHON),python3.11)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo "venv is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --no-compile --constraint requirements.txt --editable '.[$(subst -,$(comma),$*)]'
	$(BIN)/python -m compileall -qq --workers 0 $(VENV)/lib || true # pip does it on one core; some templates are no Python
	touch $(CONTAINED) $@

$(JAVASCRIPT): package.json package-lock.json
	@$(call need,npm,npm)
	npm ci --no-audit --no-fund
	touch $@

# Executed pages are cached by their own text, so code that they import, or other data, must throw the cache away.
_build/.code: $(BOOK_CODE) _build/.data
	rm -rf _build/.jupyter_cache _build/.doctrees
	mkdir -p $(@D) && touch $@

_build/.data: FORCE
	@mkdir -p $(@D)
	@echo "$(COURSE_DATA)" | cmp -s - $@ || echo "$(COURSE_DATA)" > $@

FORCE:

$(BOOK): $(READER) $(JAVASCRIPT) _build/.code $(PAGES) $(NOTEBOOKS)
	@$(call timed,book,$(BIN)/jupyter-book build . -n -W --keep-going)
	touch $@

$(SAMPLE): $(GRADER) $(NOTEBOOKS) $(ENGINE) $(call files,tests/sample)
	$(BIN)/python -m tests.sample _build/sample/submitted
	touch $@

$(GRADED): $(SAMPLE)
	$(BIN)/autograder grade _build/sample/submitted --out $(OUT)
	touch $@
