# Every target sets up what is missing first. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
OS := $(shell uname -s | tr A-Z a-z)
ARCH := $(subst x86_64,amd64,$(subst aarch64,arm64,$(shell uname -m)))
FOUNDRY := $(foreach tool,anvil cast forge,$(CURDIR)/node_modules/@foundry-rs/$(tool)-$(OS)-$(ARCH)/bin)
export PATH := $(CURDIR)/.venv/bin:$(subst $(eval ) ,:,$(FOUNDRY)):$(PATH)
export SOLCX_BINARY_PATH := $(CURDIR)/tools/solc
export PYTHONPATH := $(CURDIR)
export APE_LOG_LEVEL ?= WARNING

ON_FORK := python tools/with_chain.py

.PHONY: help setup lock build test demo replay app app-build app-test indexer indexer-test live docs deep mutants coverage prove lint analyse format size storage gas permissions audit packages release clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-11s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.stamp node_modules/.stamp ssi/report/packages/node_modules/.stamp ## Install the locked Python and Node packages (compiler and Foundry are among them)

.venv/.stamp: requirements.lock
	@echo "· Python packages (about a minute the first time)"
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 10), "Python 3.10 or later is needed: make PYTHON=/path/to/python3 ..."'
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

node_modules/.stamp: package-lock.json package.json .npmrc
	@echo "· Node packages (about half a minute the first time)"
	@npm ci --loglevel=error >/dev/null
	@touch $@

ssi/report/packages/node_modules/.stamp: ssi/report/packages/package-lock.json ssi/report/packages/package.json ssi/report/packages/.npmrc
	@cd ssi/report/packages && npm ci --loglevel=error >/dev/null
	@touch $@

lock: setup ## Refresh the lock files from package.json and requirements.in
	npm install --package-lock-only
	cd docs/packages && npm install --package-lock-only
	cd ssi/report/packages && npm install --package-lock-only
	cd tests/foreign/npm && npm install --package-lock-only
	cd indexer && npm install --package-lock-only
	.venv/bin/pip install --quiet uv
	@for folder in "" tools/checkers/; do \
		.venv/bin/uv pip compile $${folder}requirements.in -o $${folder}requirements.lock \
			--generate-hashes --no-emit-index-url --no-header --universal --python-version 3.10; \
	done
	@.venv/bin/uv pip compile tools/prover/requirements.in -o tools/prover/requirements.lock \
		--generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11

build: setup ## Compile what changed
	@python -m ssi.build

demo: build ## Deploy on a forked mainnet, buy, redeem and sell; report in build/demo.json
	@$(ON_FORK) ape run demo

replay: build ## Years of daily prices through the deployed contracts, against the methodology; report in build/replay (PRICES=file.csv SUPPLIES=file.csv, else a synthetic year)
	@$(ON_FORK) ape run replay $(if $(PRICES),--prices "$(PRICES)") $(if $(SUPPLIES),--supplies "$(SUPPLIES)") $(ARGS)

tests/foreign/npm/node_modules/.stamp: tests/foreign/npm/package-lock.json tests/foreign/npm/package.json tests/foreign/npm/.npmrc
	@cd tests/foreign/npm && npm ci --loglevel=error >/dev/null
	@touch $@

build/ledger/.stamp: tests/foreign/ledger/requirements.lock
	@rm -rf $(@D) && pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target $(@D) -r $<
	@touch $@

test: build tests/foreign/npm/node_modules/.stamp build/ledger/.stamp indexer-build ## The whole suite on forks of the miniature mainnet (or of MAINNET_RPC_URL), then the web app; ARGS="tests/unit -k words" chooses
	@python -m tools.suite $(ARGS)
	@$(if $(ARGS),,$(MAKE) --no-print-directory app-test)

app/node_modules/.stamp: app/package-lock.json app/package.json app/.npmrc
	@echo "· Node packages of the web app (about a minute the first time)"
	@cd app && npm ci --loglevel=error >/dev/null
	@touch $@

app-build: build app/node_modules/.stamp ## Build the web app as static files in app/dist
	@python -m tools.app_abis
	@cd app && npm run --silent build

app: app-build ## The web app at http://127.0.0.1:4173, on a fork with a market that has lived (ARGS="--days 40")
	@python -m tools.app $(ARGS)

app-test: app-build ## Unit tests of the web app, a second build, and journeys through it in Chromium on a fork (ARGS="-g words" chooses)
	@tools/chromium.sh
	@cd app && npm run --silent test && echo "· web app: unit tests and a second build took $$SECONDS s"
	@cd app && npm run --silent e2e -- $(ARGS) && echo "· web app: journeys in Chromium took $$SECONDS s"

indexer/node_modules/.stamp: indexer/package-lock.json indexer/package.json indexer/.npmrc
	@echo "· Node packages of the indexer (about half a minute the first time)"
	@cd indexer && npm ci --loglevel=error >/dev/null
	@touch $@

indexer-build: build indexer/node_modules/.stamp
	@python -m tools.app_abis indexer

indexer: indexer-build ## The indexer at http://127.0.0.1:42069, on a fork with a market that has lived (ARGS="--rpc URL --settings FILE" for a deployment)
	@python -m tools.indexer $(ARGS)

indexer-test: indexer-build ## The indexer's tests, with its embedded database (SSI_INDEXER_DATABASE=postgres with PostgreSQL)
	@python -m tools.suite tests/indexer tests/live/test_indexer.py $(ARGS)

live: indexer-build build/ledger/.stamp ## Every command on a chain as if it were live: node provider, key files, limits, cut connections (minutes)
	@$(ON_FORK) ape test tests/live $(ARGS)

deep: build tests/foreign/npm/node_modules/.stamp build/ledger/.stamp indexer-build ## The property tests, ten times as long, the indexer with PostgreSQL, then a replay of a year, whose figures go into docs/replay.md
	@HYPOTHESIS_PROFILE=deep python -m tools.suite $(ARGS)
	@$(if $(ARGS),,SSI_INDEXER_DATABASE=postgres python -m tools.suite tests/indexer)
	@$(if $(ARGS),,$(MAKE) --no-print-directory replay && python -m tools.replay_page)

mutants: build ## Break the code in a copy, one line at a time, and see the tests notice: by hand (ARGS="words" chooses), or drawn from all lines (SEED=word)
	@python -m $(if $(SEED),tools.mutation "$(SEED)",tools.mutants) $(ARGS)

coverage: build ## Lines and branches of the contracts that the Python suite reaches; writes snapshots/coverage.json (minutes; ARGS="tests/unit/test_weights.py" shows what one file reaches)
	@python -m tools.coverage $(ARGS)

.venv-prover/.stamp: tools/prover/requirements.lock
	@echo "· The prover (half a minute the first time)"
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "The prover needs Python 3.11 or later: make prove PYTHON=/path/to/python3"'
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

prove: setup .venv-prover/.stamp ## Prove the arithmetic for all numbers at once; writes build/prove.json (ARGS="words" chooses, ARGS=--all takes the slow ones as well)
	@python -m tools.prove $(ARGS)

lint: setup indexer-build ## Formatting, style and types
	@forge fmt --check contracts interfaces tests/proofs
	@npx --no-install solhint --max-warnings 0 'contracts/**/*.sol' 'interfaces/**/*.sol'
	@ruff check . && ruff format --check .
	@mypy
	@deptry ssi forks minimainnet && deptry . --config tools/deptry.toml
	@cd indexer && npm run --silent types

.venv-checkers/.stamp: tools/checkers/requirements.lock
	@echo "· Static analysis (about half a minute the first time)"
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

analyse: setup .venv-checkers/.stamp ## Static analysis of the contracts: every finding of high or medium impact has a reason (ARGS=--all shows those)
	@python -m tools.analyse $(ARGS)

format: setup ## Format Solidity and Python
	@forge fmt contracts interfaces tests/proofs
	@ruff check --fix-only --quiet . && ruff format .

size: build ## Every contract under 24,576 bytes; writes snapshots/sizes.json
	@python -m tools.sizes

storage: setup ## Every upgrade keeps its predecessor's storage; writes snapshots/storage/
	@python -m tools.storage_layout

gas: build ## Measure whole transactions; writes snapshots/gas.json
	@$(ON_FORK) python -m tools.gas_report

permissions: build ## Ask a deployment who may do what; writes docs/permissions.md
	@$(ON_FORK) python -m tools.permissions

audit: setup ## Write the generated parts of docs/audit: scope, what was tried, what changed since the last tag (ARGS="--since TAG" prints that)
	@python -m tools.audit $(ARGS)

packages: build ## What others install, in build/packages: the wheel of ssi (with ssi.testing) and the npm package
	@python -m tools.packages

release: build app/node_modules/.stamp docs/packages/node_modules/.stamp ## All that a release has, twice, with checksums and a bill of materials, in build/release; fails where two builds differ
	@python -m tools.release --twice $(ARGS)

docs/packages/node_modules/.stamp: docs/packages/package-lock.json docs/packages/package.json docs/packages/.npmrc
	@cd docs/packages && npm ci --loglevel=error >/dev/null
	@touch $@

docs: setup docs/packages/node_modules/.stamp ## Build the documentation site into build/site; fails on every warning and every request to another host
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict

clean: ## Remove everything that can be made again
	@rm -rf .venv .venv-checkers .venv-prover node_modules app/node_modules docs/packages/node_modules ssi/report/packages/node_modules tests/foreign/npm/node_modules indexer/node_modules indexer/.ponder indexer/generated indexer/abis.ts indexer/constants.ts app/dist app/src/generated .build build .pytest_cache .hypothesis .mypy_cache .ruff_cache
