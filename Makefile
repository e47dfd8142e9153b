# `make help` lists the targets. Only Go, make, bash and git are needed; tools
# are built from the pins below tools/ into a cache outside the tree.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Go keeps its caches below HOME. A CI job may have none that it can write to.
ifneq ($(shell [ -d "$$HOME" ] && [ -w "$$HOME" ] && echo ok),ok)
export HOME := $(shell mkdir -p .cache && cd .cache && pwd)
# Else the module cache is read-only, and the checkout cannot be deleted.
export GOFLAGS := $(strip $(GOFLAGS) -modcacherw)
endif

GO ?= go
# Packages tested at a time. Each may run several etcd members: more of them on
# few cores makes elections time out that have nothing to do with the test.
P ?= 2
TIMEOUT ?= 20m
FUZZTIME ?= 10s
ARCH ?= $(shell $(GO) env GOARCH)

VERSION := $(shell cat VERSION)
# The commit's date, not today's: the same commit gives the same binary.
BUILD_DATE ?= $(shell git log -1 --format=%cd --date=format:%Y%m%d-%H:%M:%S 2>/dev/null || echo unknown)
BUILD_USER ?= $(shell id -un)@$(shell uname -n)
stamp = -X github.com/prometheus/common/version.$(1)=$(2)
LDFLAGS = -s -w $(call stamp,Version,$(VERSION)) $(call stamp,BuildUser,$(BUILD_USER)) \
	$(call stamp,BuildDate,$(BUILD_DATE)) \
	$(call stamp,Revision,$(shell git rev-parse HEAD 2>/dev/null || echo unknown)) \
	$(call stamp,Branch,$(shell git rev-parse --abbrev-ref HEAD 2>/dev/null || echo unknown))

# The race detector needs cgo, a C compiler and its headers.
RACE = $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && \
	printf '\043include <stdlib.h>\n' | $$($(GO) env CC) -x c -fsyntax-only - 2>/dev/null && echo -race)
NO_RACE = echo "*** NO RACE DETECTOR: this machine has no working C compiler, data races were not looked for ***"

# The packages whose tests start no etcd.
PURE = $(shell $(GO) list -f '{{.ImportPath}} {{.Imports}} {{.TestImports}} {{.XTestImports}}' ./... | \
	awk '!/internal\/(etcdtest|alerttest)/ { print $$1 }')
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
LINT = "$$(tools/build.sh golangci-lint)"
# grep -r without what others wrote: caches and git's own.
GREP_TESTS = grep -r --include='*_test.go' --exclude-dir='.?*'

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/etcd-monitor
	$(BUILD) -o bin/etcd-monitor ./cmd/etcd-monitor

.PHONY: run
run: build ## run a local etcd cluster and the exporter watching it
	$(GO) run ./tools/run --exporter bin/etcd-monitor

.PHONY: demo
demo: build tools ## the whole system on this machine, with a menu to break it
	$(GO) run ./tools/demo --prometheus "$$(tools/build.sh prometheus)" \
		--alertmanager "$$(tools/build.sh alertmanager)" --pushgateway "$$(tools/build.sh pushgateway)"

.PHONY: check
check: ## formatting, vet and the tests that need no etcd: before every commit
	@bad=$$(find . -name '*.go' -not -path './.cache/*' -exec gofmt -l {} +); \
		[ -z "$$bad" ] || { echo "not formatted (make fmt): $$bad"; exit 1; }
	$(GO) vet $(PURE)
	@race='$(RACE)'; $(GO) test -short $$race -p $(P) -timeout 2m $(PURE); [ -n "$$race" ] || $(NO_RACE)

.PHONY: test
test: tools ## all tests, against real etcd, with the race detector where it can run
	$(GO) vet ./...
	@race='$(RACE)'; rc=0; set -x; $(GO) test $$race -p $(P) -timeout $(TIMEOUT) ./... || rc=$$?; set +x; \
		[ -n "$$race" ] || $(NO_RACE); exit $$rc

.PHONY: tools etcd-versions
tools: etcd-versions # what tests run besides our own code
	@for t in promtool prometheus amtool alertmanager alertmanager027 pushgateway; do tools/build.sh $$t; done

etcd-versions: ## provide the older etcd servers that tests run against, print their paths
	@tools/etcd-versions.sh

.PHONY: vet-others
vet-others: ## vet for the systems that we are not on
	@for os in windows darwin; do (set -x; GOOS=$$os $(GO) vet ./...); done

.PHONY: lint fmt
lint: ## run the pinned golangci-lint (its first build takes minutes)
	$(LINT) run --allow-parallel-runners ./...
	"$$(tools/build.sh actionlint)"

fmt: ## format the tree
	$(LINT) fmt ./...

.PHONY: generate pictures golden docs
generate: ## make dashboards/*.json from tools/dashboards
	$(GO) run ./tools/dashboards

pictures: ## draw docs/dashboard-*.png from real data (a quarter of an hour; needs chromium)
	ETCD_MONITOR_PICTURES=$(CURDIR)/docs $(GO) test -count 1 -timeout 30m -run '^TestDashboardPictures$$' ./internal/app

golden: ## rewrite golden files and generated documents; read the diff
	@packages=$$({ $(GREP_TESTS) -l '"update"' . || true; } | xargs -r -n1 dirname | sort -u); \
		[ -z "$$packages" ] || $(GO) test $$packages -update

docs: golden ## regenerate docs/ from the code (the same tests write both)

.PHONY: bench bench-compare soak faults fuzz coverage
bench: ## run the micro benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

ROUNDS ?= 5
MEMBERS ?= 1
bench-compare: build ## compare the benchmark with etcd's own: CPU and throughput as ratios, ROUNDS (5), MEMBERS (1)
	theirs=$$(tools/build.sh etcd-benchmark); dir=$$([ -w /dev/shm ] && echo /dev/shm || echo "$${TMPDIR:-/tmp}"); \
		$(GO) run ./tools/benchcompare -etcd-benchmark "$$theirs" -rounds $(ROUNDS) -members $(MEMBERS) -dir "$$dir"

soak: tools ## run the long tests (TestSoak*)
	ETCD_MONITOR_SOAK=1 $(GO) test $(RACE) -count 1 -v -p 1 -timeout 2h -run '^TestSoak' ./...

faults: tools ## break real clusters under the shipped alerts, write docs/fault-matrix.md (half an hour)
	ETCD_MONITOR_FAULTS=all $(GO) test -count 1 -v -timeout 2h ./tools/faults -run '^TestFaults$$' -update

fuzz: ## fuzz every target for FUZZTIME (10s each)
	@$(GREP_TESTS) -Eo '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file target; do \
		(set -x; $(GO) test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"); done

coverage: tools ## run all tests, write coverage.html, print the total
	$(GO) test -p $(P) -timeout $(TIMEOUT) -coverpkg ./... -coverprofile coverage.out ./...
	$(GO) tool cover -html coverage.out -o coverage.html
	$(GO) tool cover -func coverage.out | tail -1

.PHONY: mutate-rules
mutate-rules: tools ## change the rules one thing at a time; the tests must notice 95 %
	$(GO) run ./tools/mutate rules/etcd-monitor.rules.yml rules/etcd-native.rules.yml

.PHONY: clean
clean: ## remove what was built; caches stay
	rm -rf bin .build coverage.out coverage.html

# Builds for others: cross builds, images, installation.
include deploy/packaging.mk
