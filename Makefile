# Everything is done from here. The modules are those of go.work; their list is nowhere else.
MODULES = $(shell go list -m -f '{{.Dir}}')
# The race detector makes everything some ten times slower: a package that needs longer than this hangs.
# Tests that start processes wait more than they compute, so three of a package run at once on two cores.
TEST_FLAGS ?= -timeout=10m -p=2 -parallel=3

.DEFAULT_GOAL := help
.PHONY: help up build test check isolated bench ordeal fmt tidy clean bootstrap tools

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: bootstrap ## run everything in one process, with demo jobs
	go build -o bin/carillon ./cmd/carillon
	bin/carillon up --demo

build: bootstrap ## build every command into bin/
	go build -o bin/ work

test: purpose = test
test: bootstrap check ## check, then all tests under the race detector
	go test -race -vet=off -shuffle=on $(TEST_FLAGS) work

check: tools isolated ## formatting, vet and staticcheck: all but the tests
	@unformatted=$$(gofmt -l $(MODULES)); test -z "$$unformatted" || { echo "not gofmt'ed:" $$unformatted; exit 1; }
	.bin/staticcheck work

isolated: ## vet each module on its own, without the workspace
	@for module in $(MODULES); do (cd $$module && GOWORK=off go vet ./...) || exit 1; done

ordeal: bootstrap ## kill, freeze, stop, edit and rival for minutes, and audit
	go test ./services/planner -run TestRivals -count 1 -v -full
	go test ./e2e/system -run 'TestEveryFireIsPlannedOnceWhateverDies|TestPoliciesOutlive|TestAStandstill|TestEditsDuring|TestLimitsOfAHost|TestAHostThatAsks' -parallel 1 -count 1 -v -timeout 30m -full
	go test ./e2e/system -run 'TestPostgresIsAway|TestTheRecorderKilled|TestLoadLeavesMemory|TestFiresAreNoLater|TestTheHeartbeatStops|TestGatewaysAreKilled' -parallel 1 -count 1 -v -timeout 60m -full
	go test ./services/gateway -run TestAHundredThousandJobs -count 1 -v -timeout 10m -full
	go test ./services/recorder -run TestMemoryIsLevel -count 1 -v -timeout 60m -full
	go test ./services/gateway/internal/audit -run TestDamage -count 1 -v -full
	go test ./services/gateway -run TestNoRequestBreaks -count 1 -v -timeout 60m -full

bench: bootstrap ## run the benchmarks
	go run ./bench
	go test ./services/recorder -run '^$$' -bench Record -benchtime 200000x

fmt: ## format every module
	gofmt -w $(MODULES)

tidy: ## bring all modules to the same versions
	go work sync
	for module in $(MODULES) tools; do (cd $$module && GOWORK=off go mod tidy) || exit 1; done

clean: ## remove what was built
	rm -rf bin .bin

bootstrap:
	scripts/bootstrap $(purpose)

# staticcheck, the real nats-server that the fault tests kill, and a generator of clients.
tools:
	GOWORK=off go build -C tools -o ../.bin/ tool
