# Builds and tests optasvc. `make help` lists the targets.
VERSION := $(shell sed -n 's/^version: //p' plugin.yaml)
# Only if this directory is the root of a repository, not part of a surrounding one.
GIT    := $(shell [ "$$(git rev-parse --show-toplevel 2>/dev/null)" = "$(CURDIR)" ] && echo git || echo false)
COMMIT := $(shell $(GIT) rev-parse --short=12 HEAD || echo unknown)

PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g
CACHE   ?= $(CURDIR)/.cache
export CACHE

# The platforms of `make dist` by Go's names, and the compiler's names for them.
PLATFORMS := linux_amd64 linux_arm64 darwin_amd64 darwin_arm64
TRIPLE_linux_amd64  := x86_64-linux-musl
TRIPLE_linux_arm64  := aarch64-linux-musl
TRIPLE_darwin_amd64 := x86_64-macos.13.0
TRIPLE_darwin_arm64 := aarch64-macos.13.0
RELEASE := $(CACHE)/release
component = $(shell sed -n 's/^$(1) \([^ ]*\) .*/\1/p' krew/components)

# make V=1 shows the commands.
QUIET := $(if $(V),,@)

PACKAGES := libfyaml yaml-0.1
PKG_CONFIG ?= pkg-config

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wformat=2 -Wundef -Wcast-qual -Wwrite-strings
# With _POSIX_C_SOURCE, macOS hides more functions than Linux does.
DEFINES := -D_POSIX_C_SOURCE=200809L -D_DARWIN_C_SOURCE -iquote common
override CPPFLAGS += $(DEFINES)
override CFLAGS += -std=c17 $(WARNINGS) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

# One build directory for each configuration. Only the plain one puts its programs into bin/.
ifdef SAN
BUILD := build/san
BIN   := build/san
override CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=address,undefined
else ifdef PLATFORM
# A release: built with a cross compiler (krew/toolchain), linked statically with both YAML libraries and, on
# Linux, musl. It does not depend on this machine or on the caller's flags.
BUILD := build/$(PLATFORM)
BIN   := build/$(PLATFORM)
SYSTEM := $(firstword $(subst _, ,$(PLATFORM)))
CC := $(RELEASE)/zig cc -target $(TRIPLE_$(PLATFORM))
AR := $(RELEASE)/zig ar
export ZIG_GLOBAL_CACHE_DIR := $(RELEASE)/cache
export ZIG_LOCAL_CACHE_DIR  := $(RELEASE)/cache
# For macOS zig supports neither -flto nor the replacement of functions (arena.c, krew/left_out.c).
FLAGS_linux    := -flto -fPIE -fstack-clash-protection -DWRAPPED_ALLOCATION \
                  $(if $(findstring amd64,$(PLATFORM)),-fcf-protection,-mbranch-protection=standard)
WRAPPED := malloc calloc realloc fy_composer_process_event fy_term_query_size
LDFLAGS_linux  := -static -pie $(WRAPPED:%=-Wl,--wrap=%)
LDFLAGS_darwin := -Wl,-dead_strip
FLAGS := -ffunction-sections -fdata-sections -fvisibility=hidden -fomit-frame-pointer \
         -fno-asynchronous-unwind-tables -fno-unwind-tables -fstack-protector-strong $(FLAGS_$(SYSTEM))
LIBFYAML_VERSION := $(call component,libfyaml)
LIBYAML_VERSION  := $(call component,libyaml)
LIBFYAML := $(RELEASE)/libfyaml-$(LIBFYAML_VERSION)
LIBYAML  := $(RELEASE)/libyaml-$(LIBYAML_VERSION)
# Files that handle each byte of the input or output are compiled for speed, the rest for size: it runs at
# most once for each file. The libraries' parsers are as fast with -Os. Without -flto, as for macOS, all of it
# takes more space, so less is compiled for speed. zig has no -Oz, hence -Xclang.
FAST   := $(addprefix common/base/,arena.c map.c str.c utf8.c) \
          $(addprefix common/yaml/,edit_write.c emit.c manifest_event.c node.c parse_manifest.c parse_strict.c \
                                   parser_memory.c scalar.c split.c)
MEDIUM := $(addprefix $(LIBFYAML)/src/lib/,fy-parse.c fy-token.c) \
          $(addprefix $(LIBYAML)/src/,parser.c reader.c scanner.c)
SMALL := -Os -Xclang -Oz
FAST_linux := -O2
FAST_darwin := -Os
MEDIUM_linux := -Os
MEDIUM_darwin := $(SMALL)
OPTIMIZATION = $(if $(filter $(FAST),$<),$(FAST_$(SYSTEM)),$(if $(filter $(MEDIUM),$<),$(MEDIUM_$(SYSTEM)),$(SMALL)))
OPTIMIZE_LINK := -O2
LIBRARY_SOURCES := $(wildcard $(LIBFYAML)/src/lib/*.c $(LIBFYAML)/src/xxhash/*.c $(LIBYAML)/src/*.c)
LIBRARY_FLAGS   := $(FLAGS) -w -ffile-prefix-map=$(RELEASE)/=
LIBFYAML_FLAGS  := -D_GNU_SOURCE -DVERSION='"$(LIBFYAML_VERSION)"' $(if $(filter linux,$(SYSTEM)),-DHAVE_BYTESWAP_H=1) \
                   -I$(LIBFYAML)/include -I$(LIBFYAML)/src/lib -I$(LIBFYAML)/src/xxhash
LIBYAML_FLAGS   := -DYAML_VERSION_STRING='"$(LIBYAML_VERSION)"' -I$(LIBYAML)/include \
                   $(join $(addprefix -DYAML_VERSION_,MAJOR= MINOR= PATCH=),$(subst ., ,$(LIBYAML_VERSION))) \
                   $(foreach f,malloc realloc free strdup,-D$(f)=parser_$(f))
LIBRARIES := $(BUILD)/libraries.a
LEFT_OUT_linux := $(BUILD)/obj/krew/left_out.o
LEFT_OUT := $(LEFT_OUT_$(SYSTEM))
override CFLAGS   := -std=c17 $(WARNINGS) $(FLAGS) -ffile-prefix-map=$(CURDIR)/=
override CPPFLAGS := $(DEFINES) -isystem $(LIBFYAML)/include -isystem $(LIBYAML)/include
override LDFLAGS  := -s -Wl,--gc-sections $(LDFLAGS_$(SYSTEM))
LIBS := $(LIBRARIES)
PKG_CONFIG := true # the libraries of this machine are not used
else ifdef FUZZ
# The same targets run under clang's libFuzzer, or under AFL++ with FUZZ=afl.
BUILD := build/fuzz-$(FUZZ)
BIN   := build/fuzz-$(FUZZ)
CC    := $(if $(filter afl,$(FUZZ)),afl-clang-fast,clang)
override CFLAGS  += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
override LDFLAGS += -fsanitize=address,undefined
else ifdef COVERAGE
BUILD := build/coverage
BIN   := build/coverage
override CFLAGS  += -O0 --coverage
override LDFLAGS += --coverage
else
BUILD := build/plain
BIN   := bin
# Hardening that the compiler and the system support (tests/hardening).
ifeq ($(shell uname -s),Linux)
override CFLAGS  += -fPIE -fstack-protector-strong -fstack-clash-protection \
                    $(if $(filter x86_64,$(shell uname -m)),-fcf-protection) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
override LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack
endif
endif

# Most of the time to build unit tests is that of the compiler; they run in a moment.
OPTIMIZATION ?= $(if $(filter tests/unit/%,$<),-O1)

COMMON   := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard common/*/*.c))
PROGRAMS := kubectl-optasvc helm-postrender
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/obj/tests/unit/%,$(wildcard tests/unit/test_*.c))
SOURCES  := $(wildcard common/*/*.[ch] kubectl-optasvc/*.[ch] helm-postrender/*.[ch] krew/*.[ch] tests/*/*.[ch])

.PHONY: all
all: $(PROGRAMS:%=$(BIN)/%) ## Build bin/kubectl-optasvc and bin/helm-postrender (SAN=1: with sanitizers)

$(BIN)/kubectl-optasvc: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard kubectl-optasvc/*.c))
$(BIN)/helm-postrender: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard helm-postrender/*.c))
$(PROGRAMS:%=$(BIN)/%): $(LEFT_OUT) $(BUILD)/libcommon.a $(LIBRARIES)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(OPTIMIZE_LINK) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcommon.a $(LIBS)

$(BUILD)/libcommon.a: $(COMMON)
	@rm -f $@
	$(QUIET)$(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c Makefile | check-libraries
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC   $<")
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(OPTIMIZATION) -MMD -MP -c -o $@ $<

$(LIBRARIES): $(LIBRARY_SOURCES:$(RELEASE)/%.c=$(BUILD)/obj/libraries/%.o)
	@rm -f $@
	$(QUIET)$(AR) rcs $@ $^

$(BUILD)/obj/libraries/libfyaml-%.o: $(RELEASE)/libfyaml-%.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(LIBRARY_FLAGS) $(OPTIMIZATION) $(LIBFYAML_FLAGS) -c -o $@ $<

$(BUILD)/obj/libraries/libyaml-%.o: $(RELEASE)/libyaml-%.c Makefile
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(LIBRARY_FLAGS) $(OPTIMIZATION) $(LIBYAML_FLAGS) -c -o $@ $<

# Compiled again when the version or the commit changes.
$(BUILD)/obj/common/base/version.o: CPPFLAGS += -DOPTASVC_VERSION='"$(VERSION)"' -DOPTASVC_COMMIT='"$(COMMIT)"'
$(BUILD)/obj/common/base/version.o: $(BUILD)/version
$(BUILD)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || echo '$(VERSION) $(COMMIT)' >$@
.PHONY: FORCE
FORCE:

-include $(COMMON:.o=.d) $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/tests/*/*.d)

.PHONY: check-libraries
check-libraries:
	@$(PKG_CONFIG) --exists $(PACKAGES) || { \
	    echo "libfyaml or libyaml not found: run \`tests/deps build\`" >&2; exit 1; }

.PHONY: deps
deps: ## Install the build and test dependencies (apt-get, as root)
	@tests/deps all

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
check: all layers unit golden cli documents replay ## Build, and run the tests that need no server: unit, golden, cli, documents

.SECONDARY: # keeps the objects of tests
.PHONY: unit
unit: $(UNITS)
	@tests/unit/run $(UNITS)

$(BUILD)/obj/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libcommon.a
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(shell $(PKG_CONFIG) --libs cmocka)

.PHONY: layers
layers:
	@tests/layers/run

.PHONY: golden
golden: all
	@tests/golden/run $(BIN)
	@tests/golden/patches $(BIN)

.PHONY: cli
cli: all
	@tests/cli/run $(BIN)

.PHONY: documents
documents: all
	@tests/docs check $(BIN)

.PHONY: roundtrip
roundtrip: all $(BUILD)/obj/tests/roundtrip/read
	@tests/roundtrip/run $(BIN) $(BUILD)/obj/tests/roundtrip/read

.PHONY: init
init: all
	@tests/init/run $(BIN)

.PHONY: property
property: $(BUILD)/obj/tests/property/edit
	@$< $(or $(CASES),100000)

# Fuzz targets: linked with a fuzzer if FUZZ is set, else with the replay of inputs.
FUZZ_TARGETS := $(filter-out fuzz replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))) edit
FUZZERS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)

$(BUILD)/obj/tests/fuzz/edit.o: CPPFLAGS += -DFUZZER
$(BUILD)/obj/tests/fuzz/edit.o: tests/property/edit.c Makefile | check-libraries
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC   $< (fuzz target)")
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/fuzz.o \
                 $(if $(FUZZ),,$(BUILD)/obj/tests/fuzz/replay.o) $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) $(if $(FUZZ),-fsanitize=fuzzer) -o $@ $^ $(LIBS)

.PHONY: replay
replay: $(FUZZERS)
	@tests/fuzz/run replay $(BUILD)/fuzz

.PHONY: fuzzers
fuzzers: $(FUZZERS)

SECONDS ?= 60
ENGINE  ?= libfuzzer
.PHONY: fuzz
fuzz: ## Fuzz every target (TARGET=service: only that target; SECONDS=60: CPU time for each; ENGINE=afl)
	@status=0; tests/fuzz/run available $(ENGINE) || status=$$?; \
	if [ $$status -eq 77 ] && [ "$$CI" != true ]; then exit 0; fi; \
	[ $$status -eq 0 ] && $(MAKE) --no-print-directory FUZZ=$(ENGINE) fuzzers && \
	    tests/fuzz/run fuzz $(ENGINE) build/fuzz-$(ENGINE)/fuzz $(SECONDS) $(TARGET)

$(BUILD)/faults.so: tests/fault-injection/shim.c
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=c17 $(WARNINGS) -O1 -shared -fPIC -o $@ $<

.PHONY: limits
limits: all
	@tests/limits/run $(BIN)

.PHONY: variants
variants: all
	@tests/variants/run $(BIN)

.PHONY: provenance
provenance: all
	@tests/provenance/run $(BIN)

.PHONY: security
security: all
	@tests/security/run $(BIN)

.PHONY: fault-injection
fault-injection: all $(BUILD)/faults.so
	@tests/fault-injection/run $(BIN) $(BUILD)/faults.so

.PHONY: yaml
yaml: all
	@tests/yaml/scalars/run
	@tests/yaml/run $(BIN)

.PHONY: hardening
hardening: all
	@tests/hardening/run $(PROGRAMS:%=$(BIN)/%)

$(BUILD)/obj/tests/memory/program.o: CPPFLAGS += -include tests/memory/memory.h -Dmain=program_main
$(BUILD)/obj/tests/memory/program.o: kubectl-optasvc/main.c Makefile | check-libraries
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/tests/memory/main: $(patsubst %,$(BUILD)/obj/%.o,tests/memory/main tests/memory/program \
    $(filter-out %/main,$(patsubst %.c,%,$(wildcard kubectl-optasvc/*.c)))) $(BUILD)/libcommon.a
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: memory
memory: $(BUILD)/obj/tests/memory/main
	@tests/memory/run $<

.PHONY: complexity
complexity: all
	@tests/complexity/run $(BIN)

.PHONY: guard
guard: all
	@tests/guard/run $(BIN)

.PHONY: api-server
api-server: all
	@tests/api-server/run $(BIN)

.PHONY: traffic
traffic: all
	@tests/traffic/run $(BIN)

.PHONY: traffic-convert
traffic-convert: all
	@tests/traffic/convert/run $(BIN)

.PHONY: traffic-wrong
traffic-wrong: all
	@tests/traffic/wrong $(BIN)

.PHONY: e2e-apply
e2e-apply: all
	@tests/e2e/apply/run $(BIN)

.PHONY: e2e-secret
e2e-secret: all
	@tests/e2e/secret/run $(BIN)

.PHONY: aws
aws: all
	@tests/aws/run $(BIN)

.PHONY: e2e-push
e2e-push: all
	@tests/e2e/push/run $(BIN)

.PHONY: helm
helm: all
	@tests/helm/run $(BIN)

.PHONY: schema editors
schema: all
	@tests/schema/run $(BIN)
editors: all
	@tests/editors/run $(BIN)

.PHONY: sarif
sarif: all
	@tests/sarif/run $(BIN)

.PHONY: public-charts
public-charts: all
	@tests/public-charts/run $(BIN)

.PHONY: cases
cases: all
	@tests/cases/run $(BIN)

.PHONY: pod-security
pod-security: all
	@tests/pod-security/run $(BIN)

.PHONY: kube-score
kube-score: all
	@tests/kube-score/run $(BIN)

# What the tests that need no server are built from.
.PHONY: test-programs
test-programs: all $(UNITS) $(FUZZERS) $(BUILD)/obj/tests/property/edit

.PHONY: check-san property-san security-san
check-san:
	@$(MAKE) --no-print-directory SAN=1 check
property-san:
	@$(MAKE) --no-print-directory SAN=1 CASES=20000 property
security-san:
	@$(MAKE) --no-print-directory SAN=1 security

.PHONY: fuzz-briefly
fuzz-briefly:
	@SEED=1 $(MAKE) --no-print-directory -j2 SECONDS=10 fuzz
	@SEED=1 $(MAKE) --no-print-directory -j2 SECONDS=5 ENGINE=afl TARGET=dotenv fuzz

.PHONY: test
test: ## Run the tests that need no server, also with sanitizers: five minutes at most
	@tests/deps test
	@$(MAKE) --no-print-directory $(PARALLEL) test-programs
	@$(MAKE) --no-print-directory $(PARALLEL) SAN=1 test-programs
	+@MAKE="$(MAKE)" tests/suites check check-san property property-san limits security security-san hardening

# Two groups that take about the same time and do not disturb each other: the first loads the processor, the
# second mostly waits for servers. Only the second starts servers, so no two suites compete for a port. Packages
# are last in the first one, because the second has built Helm and kubectl by then.
.PHONY: test-slow test-real
test-slow:
	+@MAKE="$(MAKE)" tests/suites memory fault-injection complexity guard variants provenance init yaml public-charts cases \
	    roundtrip schema editors sarif kube-score fuzz-briefly packages
test-real:
	+@MAKE="$(MAKE)" tests/suites e2e-apply e2e-secret e2e-push helm pod-security api-server traffic traffic-convert aws

.PHONY: test-all
test-all: ## Run all tests, with real servers, Helm, valgrind and fuzzers: about 55 minutes
	@tests/deps all
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory -j2 $(if $(filter output-sync,$(.FEATURES)),-Oline) test-slow test-real

BENCH := $(addprefix $(BUILD)/obj/tests/bench/,floor events measure)
.PHONY: bench
bench: all $(BENCH) ## Compare speed and memory with similar programs, and print the goals (PARTS: only these)
	@krew/toolchain $(RELEASE)
	@$(MAKE) --no-print-directory PLATFORM=$(HOST) all build/$(HOST)/empty
	@tests/bench/run $(BIN) $(BUILD)/obj/tests/bench build/$(HOST)

$(BUILD)/obj/tests/roundtrip/read $(BENCH): %: %.o
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/empty: $(BUILD)/obj/tests/bench/empty.o
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/obj/tests/property/edit: %: %.o $(BUILD)/libcommon.a
	@$(if $(V),,echo "  LINK $@")
	$(QUIET)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: docs
docs: all ## Regenerate the field reference, docs/limits.md, docs/rules.md and the pictures
	@tests/docs update $(BIN)

.PHONY: format
format: ## Format the sources (clang-format)
	clang-format -i $(SOURCES)

# Findings of the static analyzers are fixed, or suppressed with a reason: in .cppcheck, or in the source.
ANALYZED := $(filter-out tests/%,$(filter %.c,$(SOURCES)))
# Recursive variables, because only lint-shell needs them. The second are sourced by the first, which define and
# use some of their variables.
with_first_line = $(shell find .ci krew tests -path 'tests/golden/*' -type d -prune -o -type f -exec \
                      awk 'FNR == 1 && /$(1)/ { print FILENAME } { nextfile }' {} +)
SCRIPTS = $(call with_first_line,^.!.*[ \/](ba)?sh$$)
SOURCED = $(call with_first_line,^. shellcheck shell=bash)
LINTS    := format layers gcc clang tidy cppcheck shell

.PHONY: lint $(LINTS:%=lint-%)
lint: ## Check the sources: formatting, layers, analyzers of gcc and clang, clang-tidy, cppcheck, shellcheck
	@tests/deps lint
	@$(MAKE) --no-print-directory $(PARALLEL) $(LINTS:%=lint-%)
lint-format:
	clang-format --dry-run -Werror $(SOURCES)
lint-layers:
	@tests/layers/run
lint-gcc:
	rm -rf build/gcc
	@$(MAKE) --no-print-directory CC=gcc BUILD=build/gcc BIN=build/gcc CFLAGS='-O1 -Werror -fanalyzer' all
lint-clang:
	rm -rf build/clang
	@scan-build -o build/clang/reports --status-bugs --use-cc=clang \
	    $(MAKE) --no-print-directory BUILD=build/clang BIN=build/clang CFLAGS='-O1 -Werror' all
lint-tidy:
	clang-tidy --quiet $(ANALYZED) -- $(CPPFLAGS) -DOPTASVC_VERSION='"0"' -DOPTASVC_COMMIT='"0"' -std=c17
lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability \
	    --suppressions-list=.cppcheck $(CPPFLAGS) -DOPTASVC_VERSION='"0"' -DOPTASVC_COMMIT='"0"' $(ANALYZED)
lint-shell:
	shellcheck -x $(SCRIPTS)
	shellcheck -e SC2034,SC2154 $(SOURCED)

.PHONY: coverage
coverage: ## Measure the coverage of common/ by the unit, golden and cli tests (gcovr)
	@$(MAKE) --no-print-directory COVERAGE=1 check
	gcovr --root . --filter common/ --print-summary --fail-under-line 90 --fail-under-branch 80 \
	    build/coverage

MAN        := $(PROGRAMS:%=$(BUILD)/doc/man/%.1)
COMPLETION := $(addprefix $(BUILD)/doc/completion/kubectl-optasvc.,bash zsh fish)

$(BUILD)/doc/man/%.1: $(BIN)/%
	@mkdir -p $(@D)
	$(QUIET)$< __man >$@.tmp && mv $@.tmp $@

$(COMPLETION): $(BIN)/kubectl-optasvc
	@mkdir -p $(@D)
	$(QUIET)$< completion $(subst .,,$(suffix $@)) >$@.tmp && mv $@.tmp $@

DIST_URL ?= https://github.com/optasvc/optasvc/releases/download/v$(VERSION)
ARCHES   := x86_64=amd64 aarch64=arm64 arm64=arm64
HOST     := $(shell uname -s | tr A-Z a-z)_$(patsubst $(shell uname -m)=%,%,\
              $(filter $(shell uname -m)=%,$(ARCHES)))

# The files of a release have the time of its commit.
export SOURCE_DATE_EPOCH ?= $(shell $(GIT) log -1 --format=%ct || echo 946684800)
OUT ?= dist
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))

.PHONY: dist
dist: ## Build a release for every platform in dist/ (VERSION=1.2.3; SIGN_KEY: a gpg key)
	@krew/toolchain $(RELEASE)
	@$(MAKE) --no-print-directory $(PARALLEL) $(PLATFORMS:%=programs-%)
	@$(MAKE) --no-print-directory PLATFORM=$(HOST) release

.PHONY: $(PLATFORMS:%=programs-%)
$(PLATFORMS:%=programs-%): programs-%:
	@$(MAKE) --no-print-directory PLATFORM=$* all

# PLATFORM must be that of this machine: its programs print their manual pages and completion.
.PHONY: release
release: all $(MAN) $(COMPLETION)
	@cp $(RELEASE)/THIRD_PARTY_LICENSES $(BUILD)/doc
	@krew/dist $(VERSION) $(OUT) $(DIST_URL) $(BUILD)/doc $(foreach target,$(PLATFORMS),$(target)=build/$(target))

.PHONY: packages
packages: all
	@status=0; krew/toolchain $(RELEASE) || status=$$?; \
	if [ $$status -eq 77 ] && [ "$$CI" != true ]; then echo "packages: skipped: see above"; exit 0; fi; \
	[ $$status -eq 0 ] && $(MAKE) --no-print-directory OUT=build/dist dist && \
	    tests/release/run build build/dist $(VERSION) && \
	    tests/install/run build/$(HOST) build/dist $(VERSION)

SHARE := $(DESTDIR)$(PREFIX)/share
INSTALLED := $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) \
             $(DESTDIR)$(PREFIX)/bin/kubectl_complete-optasvc \
             $(PROGRAMS:%=$(SHARE)/man/man1/%.1) \
             $(PROGRAMS:%=$(SHARE)/bash-completion/completions/%) \
             $(SHARE)/zsh/site-functions/_kubectl-optasvc \
             $(PROGRAMS:%=$(SHARE)/fish/vendor_completions.d/%.fish)

.PHONY: install
install: all $(MAN) $(COMPLETION) ## Install programs, manual pages and completion (PREFIX, DESTDIR)
	install -d $(sort $(dir $(INSTALLED)))
	install -m 755 $(PROGRAMS:%=$(BIN)/%) $(DESTDIR)$(PREFIX)/bin
	ln -sf kubectl-optasvc $(DESTDIR)$(PREFIX)/bin/kubectl_complete-optasvc
	install -m 644 $(MAN) $(SHARE)/man/man1
	install -m 644 $(BUILD)/doc/completion/kubectl-optasvc.bash \
	    $(SHARE)/bash-completion/completions/kubectl-optasvc
	install -m 644 $(BUILD)/doc/completion/kubectl-optasvc.zsh \
	    $(SHARE)/zsh/site-functions/_kubectl-optasvc
	install -m 644 $(BUILD)/doc/completion/kubectl-optasvc.fish \
	    $(SHARE)/fish/vendor_completions.d/kubectl-optasvc.fish
	ln -sf kubectl-optasvc $(SHARE)/bash-completion/completions/helm-postrender
	ln -sf kubectl-optasvc.fish $(SHARE)/fish/vendor_completions.d/helm-postrender.fish

.PHONY: uninstall
uninstall: ## Remove the installed files
	rm -f $(INSTALLED)

.PHONY: clean
clean: ## Remove build results (keeps .cache with the test servers)
	rm -rf bin build dist

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{printf "%-10s %s\n", $$1, $$2}'
