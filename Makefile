# Two commands do all the set-up on a fresh machine (Debian or one of its kin, with go, git and make):
#   make run     certify the embedded reference server; ends with an HTML report
#   make test    linters, and every test, most of them with the race detector
# The rest is for those who work on it: make help.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -X main.released=$(VERSION)
BIN     := bin/resumespec
REPORT  := resumespec-report
TOOL    := go tool -modfile=.tools/go.mod
FUZZ    ?= 15s
SOAK    ?= 200
INTEROP ?=

.PHONY: help run test build install lint unit mutants variants interop gallery soak bench fuzz setup clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

build: ## build bin/resumespec
	@go build -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/resumespec

install: ## install resumespec into GOBIN
	go install -trimpath -ldflags '$(LDFLAGS)' ./cmd/resumespec

run: build ## certify the embedded reference server and write an HTML report
	@$(BIN) run --jobs 2 --html $(REPORT).html --json $(REPORT).json
	@echo "open $(CURDIR)/$(REPORT).html"

test: setup lint unit ## linters, go vet among them, and every test, most of them with the race detector

lint: ## golangci-lint, in the version of .tools/go.mod
	$(TOOL) golangci-lint run ./...

# PLAIN are the packages whose tests run hundreds of servers, processes and browsers one after the other. The race detector
# would make them take longer than all else; it sees their code in the other tests, in a run of a quarter of all cases, and
# in RACY. ./suite and ./faults come again for all cases on the reference and 10,000 cuts of every kind.
PLAIN := ./suite/selftest ./reports ./cmd/resumespec ./reference/mutants
RACY  := ^Test(Job|Cancel|Order|RunLimit|TargetDies)
unit: ## every test, most of them with the race detector
	go test -race -p 2 -timeout 20m -skip '^TestSuite$$' $(filter-out $(PLAIN),$(shell go list -f '.{{slice .ImportPath (len .Module.Path)}}' ./...))
	go test -race -timeout 20m -run '$(RACY)' ./suite/selftest
	go build -race -o bin/racy ./cmd/resumespec
	bin/racy run --quiet --jobs 2 --shard 1/4 --html bin/racy.html
	go test -timeout 20m ./suite/selftest # eight servers side by side are enough
	go test -p 2 -timeout 20m $(filter-out ./suite/selftest,$(PLAIN)) ./suite ./faults

soak: build ## SOAK (200) runs against the reference, idle and busy, in 1, 2 and 8 processes: every verdict must be the same
	@go build -o bin/soak ./cmd/soak
	@bin/soak -n $(SOAK) -resumespec $(BIN)

# From within its folder, so that go test shows what the tests print.
variants: setup ## the whole suite on every legal server and wrapper: six to ten minutes
	cd suite/selftest && go test -timeout 60m -everything -run '^Test(Legal|RangeLegal|UploadLegal|PartLegal|TusLegal|RufhLegal|Independent|Proxied|ReverseProxied|Nginx)$$'

mutants: ## the whole suite against every mutant of the reference server: reports/mutants.html
	@go build -o bin/killmatrix ./cmd/killmatrix
	@bin/killmatrix

# What differs on purpose is kept with: make interop INTEROP=-update
interop: setup build ## certify tusd and @tus/server, and compare with the reports in reports/gallery
	@go build -o bin/interop-run ./cmd/interop
	@bin/interop-run $(INTEROP)

gallery: build ## reports/gallery/index.html, the servers of reports/gallery side by side
	@$(BIN) report compare reports/gallery/*.json --html reports/gallery/index.html

bench: setup ## benchmarks: the whole run, a sweep, cuts per second, uploads, HTML
	go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./cmd/... ./reference ./reports ./suite/selftest
	go test -run '^$$' -bench . -benchtime 3s -timeout 30m ./faults

fuzz: ## every fuzz target for FUZZ (15s) each
	@for package in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ) -fuzzminimizetime 100x $$package; \
	  done; \
	done

setup: ## what the tests need beside Go: chromium, nginx and node (apt-get), and the modules
	@.ci/setup

clean: ## remove what was built and the report files
	rm -rf bin $(REPORT).*
