# `make demo` and `make test` set up all they need; `make` alone lists the targets.
SHELL := bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo demo-code test test-long check format bench lock clean \
        check-format check-lint check-imports check-mypy check-pyright check-house

# Compiled modules are kept: without them every tool and test worker would compile all of its imports anew.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
STEP := tools/step
TOGETHER := $(MAKE) --no-print-directory --keep-going -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
COMPILE := .venv/bin/uv pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
        --generate-hashes --no-header --extra server $(if $(UPGRADE),--upgrade)

# A virtual environment knows the folder it was made in; after a move or a copy it is set up again.
ifneq ($(shell cat .venv/.ready 2>/dev/null),$(CURDIR))
$(shell rm -f .venv/.ready)
endif

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.ready ## run the example apps on http://localhost:8400, with a mailbox, a provider and three sample people
	@exec $(PY) -m tools.demo

demo-code: .venv/.ready ## print the code that an authenticator app would show now for one of them
	@$(PY) -m tools.demo_code

test: check ## check, then run the tests against real servers and a real browser
	@$(PY) -m tools.install_test_servers
	@$(PY) -m pytest -n 2 --dist worksteal --ignore=tests/house $(ARGS)

test-long: .venv/.ready ## run the tests that take long
	@$(PY) -m tools.install_test_servers
	@$(PY) -m pytest -m long $(ARGS)

check: .venv/.ready ## format, lint, storeys, types and the house rules
	@$(TOGETHER) check-pyright check-mypy check-house check-lint check-format check-imports

format: .venv/.ready ## repair what ruff can: format, order of imports, simple findings
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

bench: .venv/.ready ## measure, and print the table of the README
	@$(PY) -m bench $(ARGS)

lock: .venv/.ready ## pin the dependencies again; UPGRADE=1 takes newer versions
	@$(STEP) lock-dev "pinning requirements/dev.txt" $(COMPILE) --group dev -o requirements/dev.txt
	@$(STEP) lock-server "pinning requirements/server.txt" $(COMPILE) -c requirements/dev.txt --no-annotate -o requirements/server.txt

clean: ## delete all that make has made, .venv too
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

check-format:
	@$(STEP) format "ruff format" $(PY) -m ruff format --check .

check-lint:
	@$(STEP) lint "ruff check" $(PY) -m ruff check .

check-imports:
	@if [ -f .importlinter ]; then $(STEP) imports "lint-imports: the storeys" .venv/bin/lint-imports; fi

check-mypy:
	@$(STEP) mypy "mypy --strict" $(PY) -m mypy

check-pyright:
	@$(STEP) pyright "basedpyright" $(PY) -m basedpyright

check-house:
	@if [ -d tests/house ]; then $(STEP) house "house rules" $(PY) -m pytest tests/house -q; fi

.venv/.ready: requirements/dev.txt pyproject.toml
	@$(STEP) venv "making .venv" tools/make_venv
	@$(STEP) install "installing dependencies" tools/install_dependencies
	@printf '%s\n' '$(CURDIR)' >$@
