# Every command of this repository; CI runs only these. `make` alone prints them.
# Variables: PORT, PSP_PORT, AUTH, GATEWAY (make run), PYTHON (make setup, run), T (make test).

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run settle reconcile observe status lint unit test test-long drills bench bench-growth load
.PHONY: pipeline-test dashboards client pictures secrets vm-test clean

PY := .venv/bin/python

help: # not explained: it is what explains
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## .venv from the lock file, with all that development needs
	@scripts/setup-env.sh dev

run: ## the whole platform on this machine (PORT=8080, AUTH=required: with API keys, GATEWAY=1: TLS before it); Ctrl-C stops it
	@scripts/setup-env.sh $(if $(GATEWAY),dev,run) && PORT='$(PORT)' PSP_PORT='$(PSP_PORT)' AUTH='$(AUTH)' GATEWAY='$(GATEWAY)' exec $(PY) -m stack.run

settle: ## on the running `make run`, close what merchants are owed until now: their batches can be paid out
	@scripts/setup-env.sh run && exec $(PY) -m stack.day_end settle

reconcile: ## on the running `make run`, end the day of the acquirer's simulator and read its settlement file
	@scripts/setup-env.sh run && exec $(PY) -m stack.day_end reconcile

observe: ## Prometheus and Alertmanager beside a running `make run`; Ctrl-C stops them
	@scripts/setup-env.sh run && exec $(PY) -m stack.observe

status: ## one screen: processes, breaker, outbox, lag, dead letters, audit
	@scripts/setup-env.sh run && exec $(PY) -m stack.status

lint: setup ## style, types, import rules, shell scripts, the repository's own rules
	@scripts/lint.sh

unit: ## the tests that need no server: rules, and the ledger's stories on SQLite (seconds)
	@scripts/run-tests.sh --unit

test: ## every test, on real MariaDB, Redis and Kafka (T=tests/contracts/test_lease.py: one file or folder)
	@scripts/run-tests.sh $(T)

test-long: ## as test, with more kills and more generated cases; then the platform on one VM (Debian, root)
	@scripts/run-tests.sh --long
	@PAYOPS_ENV=single scripts/run-vm-tests.sh

drills: ## stop Kafka, database, Redis, workers of the running `make run`, and see it recover
	@scripts/run-drills.sh

bench: ## measure the platform with all its real servers on this machine (PARTS=lag,audits: some parts, printed alone)
	@scripts/install-servers.sh && scripts/setup-env.sh dev && exec $(PY) -m bench

bench-growth: ## measure it with millions of payments stored (SIZES=1000000,5000000,10000000), and while it prunes
	@scripts/install-servers.sh && scripts/setup-env.sh dev && exec $(PY) -m bench.growth

load: ## k6 against the running `make run`, then audit and report (PROFILE=…, TARGET=real, BASE_URL=…: docs/load.md)
	@scripts/setup-env.sh dev && exec $(PY) -m stack.load

pipeline-test: ## the Jenkins pipeline: linted, run with mocks, run for real in a clean clone (about 3 minutes)
	@scripts/run-pipeline-tests.sh

dashboards: setup ## write grafana/dashboards/, and the objectives' rules and tables in docs/observing.md, from grafana/*.py
	@$(PY) -m grafana

client: setup ## write the types of the Python client's answers from the API's description
	@$(PY) -m tests.clients.answer_types

pictures: ## Prometheus' pages for docs/, of a platform that is started, loaded and broken for it (Debian)
	@scripts/install-servers.sh && scripts/setup-env.sh dev && exec $(PY) -m tests.pictures

secrets: ## passwords of the VMs, encrypted; makes what is missing, changes nothing (see docs/vms.md)
	@scripts/make-secrets.sh

vm-test: ## the platform on VMs: vagrant up on LXC, converge, tests inside and outside, destroy (Debian, root; 18 minutes beside the other tests)
	@scripts/run-vm-tests.sh

clean: ## remove what was made here: state, caches, .venv
	@scripts/clean.sh
