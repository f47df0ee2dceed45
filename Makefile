# Every target sets up .venv by itself, from hash-locked requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PURE := decision exception_tags facts parameters quarantine sentences standing credential_report events results

.PHONY: help venv demo test test-slow coverage check package rdk readme docs pictures format lock clean

help:
	@echo "make demo     the whole story on an emulated account"
	@echo "make test     the tests, but for those marked slow"
	@echo "make test-slow  the slow ones: journeys, installs, long searches"
	@echo "make coverage the same, and which lines and branches they reach"
	@echo "make check    format, lint, types, templates: what CI runs after the tests"
	@echo "make package  the function's code, in dist/: its name is printed last"
	@echo "make rdk      build/rdk/, where AWS's RDK finds the rule"
	@echo "make readme   write the parameter table of README.md anew"
	@echo "make pictures draw the README's pictures anew"
	@echo "make docs     write the generated parts of docs/ anew: what the verbs say and call"
	@echo "make venv     only set up .venv"
	@echo "make format   let ruff format and fix what it can"
	@echo "make lock     resolve requirements*.txt anew from pyproject.toml"
	@echo "make clean    remove .venv, build and dist"

venv: $(READY)

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than Python 3.11: name a newer one with make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV), about a minute ..."
	@$(PYTHON) -m venv --clear $(VENV) \
	  || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python -m rollout demo

test: $(READY)
	@$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(READY)
	@$(BIN)/python -m pytest -n 2 -m slow

coverage: $(READY)
	@$(BIN)/python -m pytest -n 2 --cov --cov-report=term

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/cfn-lint --include-checks I -- template.yaml conformance-pack.yaml
	$(BIN)/python -m tools.templates
	$(BIN)/python -m pytest -q $(PURE:%=--cov=rule.%) --cov-fail-under=100 tests/rule/test_decision.py tests/rule/test_parameters.py tests/rule/test_credential_report.py tests/rule/test_events.py tests/rule/test_results.py

package: $(READY)
	@$(BIN)/python -m rollout.code.package

rdk: $(READY)
	@$(BIN)/python -m tools.rdk

readme: $(READY)
	@$(BIN)/python -m tools.readme

pictures: $(READY)
	@$(BIN)/python -m tools.pictures

docs: $(READY)
	@$(BIN)/python -m tools.documents

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
	  --upgrade pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
	  --upgrade pyproject.toml --group dev -o requirements-dev.txt

clean:
	rm -rf $(VENV) build dist
