# Every target sets up .venv by itself, from hash-locked requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-dev
READY_DEMO := $(VENV)/.ready-demo
PURE := counted day decision exception_tags facts parameters quarantine sentences standing credential_report events results

.PHONY: bench help venv demo test test-slow coverage check package rdk readme docs pictures format lock release clean

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
	@echo "make bench    a run beside the least that one can do, hours; writes docs/benchmarks.md"
	@echo "make venv     only set up .venv"
	@echo "make format   let ruff format and fix what it can"
	@echo "make lock     resolve requirements*.txt anew from pyproject.toml"
	@echo "make release  tag this version and fill dist/; pushes nothing"
	@echo "make clean    remove .venv, build and dist"

venv: $(READY)

# A folder that was set up for the demo alone is set up anew, so that no half of one counts.
$(READY): requirements-dev.txt
	@command -v "$(PYTHON)" > /dev/null || { echo "There is no $(PYTHON) here: name a Python with make PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" tools/environment.py dev

$(READY_DEMO): requirements-demo.txt
	@command -v "$(PYTHON)" > /dev/null || { echo "There is no $(PYTHON) here: name a Python with make PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" tools/environment.py demo

# Whoever has everything needs no second look.
demo: $(if $(wildcard $(READY)),$(READY),$(READY_DEMO))
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
	$(BIN)/codespell
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/python -m tools.schemas build/schemas
	$(BIN)/cfn-lint --include-checks I --registry-schemas build/schemas --append-rules tools/lint -- template.yaml conformance-pack.yaml
	$(BIN)/python -m pytest -q $(PURE:%=--cov=rule.%) --cov-fail-under=100 tests/rule/test_decision.py tests/rule/test_parameters.py tests/rule/test_credential_report.py tests/rule/test_events.py tests/rule/test_results.py tests/rule/test_counted.py tests/rule/test_day.py tests/rule/test_quarantine.py

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
	@$(BIN)/python -m tools.costs

bench: $(READY)
	@$(BIN)/python -m tools.benchmark --throttled

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header

lock: $(READY)
	$(LOCK) --upgrade pyproject.toml --group dev -o requirements-dev.txt
	$(LOCK) --upgrade pyproject.toml --constraint requirements-dev.txt -o requirements.txt
	$(LOCK) --upgrade pyproject.toml --extra demo --constraint requirements-dev.txt -o requirements-demo.txt
	$(LOCK) --upgrade --group prevent --constraint requirements-dev.txt -o requirements-prevent.txt
	$(BIN)/python -m tools.locks

release: $(READY)
	@$(BIN)/python -m tools.release

clean:
	rm -rf $(VENV) build dist
