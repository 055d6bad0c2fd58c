# Builds and tests optasvc. `make help` lists the targets.
VERSION := 0.1.0

PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g
CACHE   ?= $(CURDIR)/.cache
export CACHE

# make V=1 shows the commands.
QUIET := $(if $(V),,@)

PACKAGES := libfyaml yaml-0.1
PKG_CONFIG ?= pkg-config

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wformat=2 -Wundef -Wcast-qual -Wwrite-strings
override CPPFLAGS += -D_POSIX_C_SOURCE=200809L -DOPTASVC_VERSION='"$(VERSION)"' -Icommon
override CFLAGS += -std=c17 $(WARNINGS) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

# One build folder for each configuration; only the plain one leaves its programs in bin/.
ifdef SAN
BUILD := build/san
BIN   := build/san
override CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=address,undefined
else ifdef COVERAGE
BUILD := build/coverage
BIN   := build/coverage
override CFLAGS  += -O0 --coverage
override LDFLAGS += --coverage
else
BUILD := build/plain
BIN   := bin
endif

COMMON   := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard common/*.c))
PROGRAMS := kubectl-optasvc helm-postrender
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/obj/tests/unit/%,$(wildcard tests/unit/test_*.c))
SOURCES  := $(wildcard common/*.[ch] kubectl-optasvc/*.[ch] helm-postrender/*.[ch] tests/*/*.[ch])

.PHONY: all
all: $(PROGRAMS:%=$(BIN)/%) ## Build bin/kubectl-optasvc and bin/helm-postrender (SAN=1: with sanitizers)

$(BIN)/kubectl-optasvc: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard kubectl-optasvc/*.c))
$(BIN)/helm-postrender: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard helm-postrender/*.c))
$(PROGRAMS:%=$(BIN)/%): $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcommon.a $(LIBS)

$(BUILD)/libcommon.a: $(COMMON)
	@rm -f $@
	$(QUIET)$(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c Makefile | check-libraries
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC   $<")
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(COMMON:.o=.d) $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/tests/unit/*.d)

.PHONY: check-libraries
check-libraries:
	@$(PKG_CONFIG) --exists $(PACKAGES) || { \
	    echo "libfyaml and libyaml are needed to build: run \`make deps\`" >&2; exit 1; }

.PHONY: deps
deps: ## Install what building and testing need (apt-get, as root)
	@tests/deps test

.PHONY: demo
demo: ## Build, render examples/hello, and inject examples/chart into a chart
	@tests/deps build
	@$(MAKE) --no-print-directory -s all
	@echo '$$ cat examples/hello/hello.yaml'
	@cat examples/hello/hello.yaml
	@echo
	@echo '$$ kubectl optasvc render -f examples/hello/hello.yaml'
	@bin/kubectl-optasvc render -f examples/hello/hello.yaml
	@echo
	@echo '$$ cat examples/chart/web.yaml'
	@cat examples/chart/web.yaml
	@echo
	@echo '$$ helm-postrender examples/chart/web.yaml <shop.yaml | diff shop.yaml -'
	@cd examples/chart/rendered && ../../../bin/helm-postrender ../web.yaml <shop.yaml | \
	    diff shop.yaml - || [ $$? -eq 1 ]

.PHONY: check
check: all unit golden cli documents ## Build, and run the tests that need no server: unit, golden, cli, README

.SECONDARY: # objects of tests are kept
.PHONY: unit
unit: $(UNITS)
	@tests/unit/run $(UNITS)

$(BUILD)/obj/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libcommon.a
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(shell $(PKG_CONFIG) --libs cmocka)

.PHONY: golden
golden: all
	@tests/golden/run $(BIN)

.PHONY: cli
cli: all
	@tests/cli/run $(BIN)

.PHONY: documents
documents: all
	@tests/docs check $(BIN)

.PHONY: roundtrip
roundtrip: all $(BUILD)/obj/tests/roundtrip/read
	@tests/roundtrip/run $(BIN) $(BUILD)/obj/tests/roundtrip/read

.PHONY: property
property: $(BUILD)/obj/tests/property/edit
	@$< $(or $(CASES),100000)

# The same cases, chosen by a fuzzer: make fuzz-edit, then build/fuzz/edit -max_total_time=60
.PHONY: fuzz-edit
fuzz-edit:
	@mkdir -p build/fuzz
	clang $(CPPFLAGS) -std=c17 -g -O1 -DFUZZER -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o build/fuzz/edit tests/property/edit.c common/*.c $(LIBS)

.PHONY: memory
memory: all
	@VALGRIND=1 tests/golden/run $(BIN)

.PHONY: cost
cost: all
	@tests/cost/run $(BIN)

.PHONY: server
server: all
	@tests/server/run $(BIN)

.PHONY: helm
helm: all
	@tests/helm/run $(BIN)

.PHONY: schema
schema: all
	@tests/schema/run $(BIN)

.PHONY: corpus
corpus: all
	@tests/corpus/run $(BIN)

.PHONY: policy
policy: all
	@tests/policy/run $(BIN)

.PHONY: score
score: all
	@tests/score/run $(BIN)

.PHONY: test
test: ## Run all tests: check, the same with sanitizers and valgrind, a real kube-apiserver, Helm
	@tests/deps test
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory SAN=1 check
	@$(MAKE) --no-print-directory roundtrip
	@$(MAKE) --no-print-directory property
	@$(MAKE) --no-print-directory SAN=1 CASES=20000 property
	@$(MAKE) --no-print-directory memory
	@$(MAKE) --no-print-directory cost
	@$(MAKE) --no-print-directory schema
	@$(MAKE) --no-print-directory corpus
	@$(MAKE) --no-print-directory score
	@$(MAKE) --no-print-directory server
	@$(MAKE) --no-print-directory policy
	@$(MAKE) --no-print-directory helm

.PHONY: bench
bench: all $(BUILD)/obj/tests/bench/floor ## Measure speed and memory against peers, in one run
	@tests/bench/run $(BIN) $(BUILD)/obj/tests/bench/floor
	@tests/bench/stream $(BIN)

$(BUILD)/obj/tests/roundtrip/read $(BUILD)/obj/tests/bench/floor: %: %.o
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/obj/tests/property/edit: %: %.o $(BUILD)/libcommon.a
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: docs
docs: all ## Write the field reference in README.md anew
	@tests/docs update $(BIN)

.PHONY: format
format: ## Format the sources (clang-format)
	clang-format -i $(SOURCES)

.PHONY: lint
lint: ## Check the sources: formatting, clang's warnings, clang-tidy, shellcheck
	clang-format --dry-run -Werror $(SOURCES)
	$(MAKE) --no-print-directory CC=clang BUILD=build/clang BIN=build/clang \
	    CFLAGS='-O1 -Werror' all
	clang-tidy --quiet $(filter-out tests/%,$(filter %.c,$(SOURCES))) -- $(CPPFLAGS) -std=c17
	shellcheck .ci/run tests/deps $(filter-out tests/roundtrip/run,$(wildcard tests/*/run)) tests/rig/*

.PHONY: coverage
coverage: ## Measure what the unit, golden and cli tests reach in common/ (gcovr)
	@$(MAKE) --no-print-directory COVERAGE=1 check
	gcovr --root . --filter common/ --print-summary --fail-under-line 90 --fail-under-branch 80 \
	    build/coverage

.PHONY: install
install: all ## Install the programs (PREFIX, DESTDIR)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS:%=bin/%) $(DESTDIR)$(PREFIX)/bin

.PHONY: uninstall
uninstall: ## Remove what install put there
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%)

.PHONY: clean
clean: ## Remove what the build made; .cache with the test servers stays
	rm -rf bin build dist

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{printf "%-10s %s\n", $$1, $$2}'
