.DEFAULT_GOAL := help
SHELL := bash
export PATH := $(CURDIR)/.bin:$(PATH)

.PHONY: help run test test-short soak bench contracts calweave-pact lint fmt generate generate-check api-compat tools services-up services-down clean ci

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start everything embedded, book a meeting, and stay up (calweave dev)
	@echo "building calweave: the first build takes about 4 minutes, most of it the Microsoft SDK; later ones take seconds"
	@mkdir -p .run
	go run ./cmd/calweave dev --env=.run/dev.env

test: ## run all tests with the race detector on real PostgreSQL and Redis, which it starts and stops
	@scripts/test ./...

test-short: ## run the tests that need neither PostgreSQL nor Redis, without the race detector
	go test -short ./...

FOR ?= 10m
SEED ?= 0
soak: ## play random histories against the whole engine, in memory, for FOR=10m from SEED=0 on
	go test ./internal/app/converge -run '^TestSoak$$' -count=1 -v -timeout 0 -args -for $(FOR) -first $(SEED)

bench: ## measure calweave on PostgreSQL and Redis, each figure beside its floor, and the simulators (BENCH='-parts intake -json' for a part)
	@scripts/bench $(BENCH)

contracts: ## verify the Pact contracts of every edge, break each of them, and write report/contracts.html (CONTRACTS='-run TestGoogle' for a part, '-update' to write the pacts anew)
	@mkdir -p report
	scripts/pact go test -tags pact ./contracts/pacts -count=1 -timeout 10m $(CONTRACTS) -args -report $(CURDIR)/report
	scripts/pact go test -tags pact ./internal/app/sandbox ./docs/examples/contracts -count=1 -timeout 5m
	@$(MAKE) --no-print-directory calweave-pact
	@cat report/contracts.txt
	@echo "report/contracts.html, report/contracts.json and report/contracts.xml (JUnit) say what was verified"

calweave-pact: ## build .bin/calweave-pact, which verifies the contracts with providers against a test account (docs/contracts.md)
	scripts/pact go build -tags pact -o .bin/calweave-pact ./cmd/calweave

lint: ## check the code with the pinned golangci-lint
	@scripts/tools golangci-lint
	golangci-lint run ./...

fmt: ## format the code
	@scripts/tools golangci-lint
	golangci-lint fmt ./...

generate: ## write generated files anew
	@scripts/tools oapi-codegen sqlc
	cd internal/store && sqlc generate
	cd internal/api && oapi-codegen -config oapi-codegen.yaml ../../contracts/openapi/openapi.yaml
	cd internal/zone && go generate
	@scripts/doc-tables

generate-check: ## fail if generated files are stale
	@scripts/generate-check

api-compat: ## fail if the HTTP API breaks a promise of the last version (contracts/released)
	@scripts/api-compat

tools: ## build the pinned tools into .bin
	@scripts/tools

services-up: ## start PostgreSQL and Redis on free ports and print their URLs
	@scripts/services up
	@cat .run/services/env

services-down: ## stop what services-up started
	@scripts/services down

clean: ## stop services and remove what was built, but for the tools
	@for state in .run/services .run/test.* .run/bench.*; do [ ! -f $$state/base ] || scripts/services down $$state; done
	rm -rf .run .cache calweave coverage.* *.out
	go clean -testcache

ci: ## run what CI runs
	@.ci/run
