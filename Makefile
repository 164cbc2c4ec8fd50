# Everything is installed in this folder (.venv/, node_modules/, .cache/), from locks with hashes. Outside
# it only Ape writes: its data folder, ~/.ape.

SHELL := bash
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.cache/bin:$(PATH)

# As an activated environment does; slither keeps its solc-select out of the home folder then.
export VIRTUAL_ENV := $(CURDIR)/.venv

# Caches that would otherwise lie in the home folder.
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export npm_config_cache := $(CURDIR)/.cache/npm
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PRE_COMMIT_HOME := $(CURDIR)/.cache/pre-commit
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib

# Expanded when something is to be installed. Ape needs numpy 1, and pyrevm has no wheels for Python 3.13.
PYTHON = $(shell for python in python3 python3.12 python3.11 python3.10; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' \
	2>/dev/null && echo $$python && break; done)
NODE = $(shell node -e 'process.exit(+(parseInt(process.versions.node) < 18))' 2>/dev/null && npm --version 2>/dev/null)
NO_PYTHON = $(error Switchgear needs Python 3.10, 3.11 or 3.12 with its venv module: \
	install python3 and python3-venv (Debian, Ubuntu) or python@3.12 (Homebrew))
NO_NODE = $(error Switchgear needs Node.js 18 or newer with npm: \
	install nodejs and npm (Debian, Ubuntu) or node (Homebrew))
PREREQUISITES = $(if $(PYTHON),,$(NO_PYTHON))$(if $(NODE),,$(NO_NODE))

.DEFAULT_GOAL := help

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: .cache/installed ## Install what the other targets need (they do so by themselves)

# The lock is complete, so pip resolves nothing, and the few packages without wheels are built with the locked
# setuptools. Pip asks rustc for its version: rustup would then write to the home folder.
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --use-pep517
.venv/installed: export RUSTUP_HOME := $(CURDIR)/.cache/rustup
.venv/installed: requirements.lock pyproject.toml
	$(PREREQUISITES)
	@echo "Installing Python packages in .venv/ (a minute the first time)"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@$(PIP_INSTALL) --require-hashes --requirement <(sed -n '/^setuptools==/,/[^\\]$$/p' requirements.lock)
	@$(PIP_INSTALL) --require-hashes --no-compile --requirement requirements.lock
	@$(PIP_INSTALL) --editable .
	@touch $@

node_modules/installed: package-lock.json package.json .npmrc
	$(PREREQUISITES)
	@echo "Installing npm packages in node_modules/"
	@npm ci --silent
	@touch $@

# The plugin prepares .cache/bin and .cache/solcx as any `ape` command does; here for those who start with forge.
.cache/installed: .venv/installed node_modules/installed
	@python -m ape_switchgear
	@touch $@

.PHONY: demo
demo: install ## Run the story of one runaway agent on a local chain
	@ape run demo $(ARGS)

# Each folder in a process of its own, with a chain of its own: Anvil forgets old states, and what one folder leaves on the
# chain is no other's.
TESTS = $(if $(ARGS),"",$(dir $(sort $(wildcard tests/*/__init__.py))))

.PHONY: test
test: install ## Run every test (ARGS="tests/toolchain -k solc" for some)
	@failed=""; for folder in $(TESTS); do ape test $$folder $(ARGS) || failed="$$failed $$folder"; done; \
	if [ -n "$$failed" ]; then echo "failed: $$failed"; exit 1; fi

.PHONY: lint
lint: install ## Check format, style and types; change nothing
	@ruff format --check .
	@ruff check .
	@mypy
	@forge fmt --check
	@forge lint --deny warnings

.PHONY: fmt
fmt: install ## Format Python and Solidity
	@ruff format .
	@ruff check --fix .
	@forge fmt

.PHONY: gas
gas: install ## Measure gas against the budgets
	@ape run gas $(ARGS)

.PHONY: fuzz
fuzz: install ## Run the contracts against the reference model for long
	@ape run fuzz $(ARGS)

.PHONY: mutants
mutants: install ## Break each rule of the core, and see what notices it
	@ape run mutants $(ARGS)

.PHONY: bench
bench: install ## Measure what the sentinel keeps up with, beside others
	@ape run bench $(ARGS)

.PHONY: detect
detect: install ## Measure what the detectors find, beside others
	@ape run detect-bench $(ARGS)

.PHONY: abis
abis: install ## Write the ABIs that the Python package ships
	@ape run abis $(ARGS)

# Hashes for every platform and Python version, and no registry's address.
.PHONY: lock
lock: install ## Bring both locks up to date with pyproject.toml and package.json
	@python -m venv .cache/lock && .cache/lock/bin/pip install --quiet --disable-pip-version-check uv
	@.cache/lock/bin/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
		--no-annotate --custom-compile-command "make lock" --extra ape --extra sentinel --group dev pyproject.toml \
		--output-file requirements.lock
	@npm install --silent --package-lock-only

.PHONY: clean
clean: ## Delete what was installed and built
	rm -rf .venv node_modules .cache .build contracts/.cache *.egg-info
