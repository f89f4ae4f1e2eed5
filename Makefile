.DEFAULT_GOAL := help
comma := ,
.PHONY: help run build deps testservices test chaos bench peer eval benchstat fuzz lint vuln fmt verify up down tidy

GO ?= go
# The linter and its friends have a module of their own, so that what they need
# does not mix with what the product needs.
TOOL := $(GO) tool -modfile=tools/go.mod
# The release that this tree is at or after, such as 1.2.0 or 1.2.0-3-gabc1234.
# Without a tag the binary keeps the version in its source.
VERSION := $(patsubst v%,%,$(shell git describe --tags --dirty 2>/dev/null))
LDFLAGS := -s -w $(if $(VERSION),-X main.version=$(VERSION))
# The binary is stripped, so that no debugging information needs to be made for it;
# and inlining within the Redis client alone is a tenth of a first build's time.
GCFLAGS := -gcflags='all=-dwarf=false' -gcflags='github.com/redis/go-redis/v9=-dwarf=false -l'
# One Kafka, one Redis and one Redis Cluster for all packages of a run.
WITH_SERVICES := bin/testservices --

# To try it, it matters how soon it runs and not how fast: without optimization, and
# with a compiler that collects less garbage, a first build takes half as long.
QUICK := -gcflags='all=-N -l -dwarf=false'
COMPILE = GOGC=800 CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/leadrouter

TESTFLAGS ?=
FUZZTIME ?= 30s
BENCH ?= .
BENCHTIME ?= 1s
COUNT ?= 6
# A long run of chaos: 200 faults in half an hour. SEED draws the same faults again,
# PREVIOUS names the release that runs beside this one, CHAOS adds flags such as --output json.
LONG ?=
SEED ?=
PREVIOUS ?=
CHAOS ?=
# Flags of the comparison, such as --repeat 5 or --contenders bare,router.
COMPARE ?=
# The Kafka Streams application beside which the router is measured. PEER=skip leaves it out.
PEER ?= build
PEER_JAR := bench/peer/target/peer.jar
COMPARED := $(if $(filter skip,$(PEER)),--contenders bare$(comma)router)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run it: embedded Kafka and Redis, a sample policy, sample leads
	@echo "Building; the first time this takes a good minute on two cores."
	@$(COMPILE) $(QUICK) ./cmd/leadrouter
	bin/leadrouter dev $(ARGS)

build: ## Build bin/leadrouter
	$(COMPILE) $(GCFLAGS) ./cmd/leadrouter

test: deps testservices ## Test it, with -race, on a real Kafka and Redis (set up here)
	$(WITH_SERVICES) $(GO) test -race -timeout 25m $(TESTFLAGS) ./...

deps: # What the tests run on, beside Go and Java: installed where that is possible.
	@missing=""; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	command -v kcat >/dev/null || missing="$$missing kcat"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; \
	else \
		echo "missing:$$missing (apt install$$missing, brew install redis kcat)."; \
		echo "The tests look for Docker next, then use embedded stand-ins and say so."; \
	fi

testservices:
	@$(GO) build -o bin/testservices ./pkg/testkit/cmd/testservices

bench: deps testservices peer ## Run the Go benchmarks (BENCH, BENCHTIME, COUNT; ready for benchstat), then the router beside its peers and at scale (COMPARE)
	$(WITH_SERVICES) sh -c "$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime $(BENCHTIME) -count $(COUNT) -timeout 60m ./... && $(GO) run ./bench/compare $(COMPARED) $(COMPARE)"

peer: # Build and test the peer, when it has changed; say why if that cannot be.
	@if [ "$(PEER)" = skip ]; then \
		echo "The Kafka Streams peer is left out: PEER=skip."; \
	elif ! command -v mvn >/dev/null; then \
		echo "The Kafka Streams peer is left out: there is no mvn (apt install maven default-jdk-headless, brew install maven)."; \
	elif [ -z "$$(find bench/peer/pom.xml bench/peer/src -newer $(PEER_JAR) 2>&1 | head -n 1)" ]; then \
		: it is current; \
	else \
		mvn --batch-mode --quiet --file bench/peer/pom.xml package && touch $(PEER_JAR); \
	fi

chaos: deps build ## Break a real installation for 4 minutes and check what came of it (LONG=1: 200 faults in 30; SEED=n)
	@$(GO) build -o bin/chaos ./bench/chaos
	bin/chaos $(if $(LONG),--minutes 30 --faults 200) $(if $(SEED),--seed $(SEED)) $(if $(PREVIOUS),--previous $(PREVIOUS)) $(CHAOS)

eval: ## Measure scores, matches and normalisation on real data (LEADROUTER_SHARED; EVAL=name for one)
	@$(GO) run ./bench/eval $(if $(EVAL),-only $(EVAL))

benchstat: ## Compare two outputs of make bench: OLD=before.txt NEW=after.txt
	$(TOOL) benchstat $(OLD) $(NEW)

# An input is made smaller in few tries: with more the engine does little else. A target whose time
# is up just while an input is tried says "context deadline exceeded" and no more: go.dev/issue/75804.
fuzz: ## Run each fuzz target for FUZZTIME
	@log=$$(mktemp) && trap "rm -f $$log" EXIT && \
	grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | while IFS=: read -r file func; do \
		echo "== $$(dirname $$file) $${func#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname $$file)" 2>&1 | tee $$log; \
		grep -qE '^(ok|    context deadline exceeded)' $$log && ! grep -q 'Failing input' $$log || exit 1; \
	done

lint: ## Run the linters of .golangci.yml
	$(TOOL) golangci-lint run

fmt: ## Format the Go files
	$(TOOL) golangci-lint fmt

vuln: ## Look for known vulnerabilities (asks vuln.go.dev, or VULNDB=URL; skipped where neither answers)
	@out=$$($(TOOL) govulncheck $(if $(VULNDB),-db $(VULNDB)) ./... 2>&1); code=$$?; echo "$$out"; \
	case "$$code $$out" in \
		"0 "*) ;; \
		*"fetching vulnerabilities: "*) echo "SKIPPED: the database of vulnerabilities cannot be reached from here; name a copy with VULNDB=file:///..." ;; \
		*) exit $$code ;; \
	esac

verify: build ## Check that go.mod, generated files and the deployment files are current
	$(GO) mod tidy -diff
	@before=$$(git diff | git hash-object --stdin); \
	$(GO) generate ./... && \
	if [ "$$before" != "$$(git diff | git hash-object --stdin)" ]; then \
		echo "go generate changed files: commit them"; git diff --stat; exit 1; \
	fi
	LEADROUTER_BINARY=$(CURDIR)/bin/leadrouter $(GO) test ./deploy/...
	cd deploy/alerts && $(GO) test -count=1 . # a module of its own, whose tests read what lies beside it

up: ## Start Kafka, Redis, two routers, a watcher, Prometheus and Grafana in Docker
	VERSION=$(VERSION) docker compose up --build --detach

down: ## Stop them and remove their data
	docker compose down --volumes

tidy: ## Tidy the modules
	$(GO) mod tidy
	cd tools && $(GO) mod tidy
