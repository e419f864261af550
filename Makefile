# tickpipe: six filters over newline-delimited JSON.
#
#   make            build bin/
#   make check      every test (scripts/check installs what they need first)
#   make help       the other targets
#
# make installs no packages: scripts/deps does.

VERSION = 0.1.0
# jsmn is a header that does not say its version; its package does.
JSMN_VERSION := $(firstword $(subst -, ,$(shell dpkg-query -W \
	-f '$${Version}' libjsmn-dev 2>/dev/null)))

CC = cc
CFLAGS = -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings
STANDARD = -std=c11 -D_GNU_SOURCE -DTICKPIPE_VERSION='"$(VERSION)"' \
	-DJSMN_VERSION='"$(JSMN_VERSION)"'
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong

# Where a build goes; `make check-san` builds beside the usual one.
BUILD = build
BIN = bin

PREFIX = /usr/local
DESTDIR =
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man

COMMANDS = bws-trades ndjson-validate kafka-pub kafka-sub ohlc-window pg-upsert

PKG = pkg-config
RDKAFKA = $(shell $(PKG) --libs rdkafka)
LWS = $(shell $(PKG) --libs libwebsockets libssl libcrypto)
OPENSSL = $(shell $(PKG) --libs libssl libcrypto)
PQ = $(shell $(PKG) --libs libpq)
INCLUDES = $(shell $(PKG) --cflags rdkafka libwebsockets libpq)

ALL_CFLAGS = $(STANDARD) $(WARNINGS) $(HARDEN) -MMD -MP -Isrc/lib \
	$(INCLUDES) $(CFLAGS)

LIB = $(BUILD)/libtickpipe.a
LIB_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/lib/*.c))
command_obj = $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/$(1)/*.c))

all: $(COMMANDS:%=$(BIN)/%)

# Which command needs which library.
$(BIN)/bws-trades:      LIBS = $(LWS)
$(BIN)/ndjson-validate: LIBS =
$(BIN)/kafka-pub:       LIBS = $(RDKAFKA)
$(BIN)/kafka-sub:       LIBS = $(RDKAFKA)
$(BIN)/ohlc-window:     LIBS =
$(BIN)/pg-upsert:       LIBS = $(PQ)

define command_rule
$(BIN)/$(1): $(call command_obj,$(1)) $(LIB) | $(BIN)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) $$(LIBS)
endef
$(foreach c,$(COMMANDS),$(eval $(call command_rule,$(c))))

$(LIB): $(LIB_OBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BIN):
	mkdir -p $@

# Tests in C: one program a file, linked with what it calls of the library and
# of the commands' own files.
UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%.t,$(wildcard tests/unit/*.c))
PARTS = $(BUILD)/libparts.a
$(PARTS): $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c src/lib/%,\
	$(wildcard src/*/*.c)))
	rm -f $@ && $(AR) qcs $@ $^
$(BUILD)/tests/unit/%.t: $(BUILD)/tests/unit/%.o $(PARTS) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)

# What these share with the fuzzers.
$(BUILD)/tests/unit/twopaths.t $(BUILD)/tests/unit/wordedges.t: \
	$(BUILD)/tests/fuzz/compare.o

# Peers: the exchange simulator, the embedded Kafka, an administrator of a real
# one, the proxy with faults.
PEERS = $(BUILD)/tests/peers/exchange $(BUILD)/tests/peers/kafka-admin \
	$(BUILD)/tests/peers/mock-kafka $(BUILD)/tests/peers/tcp-proxy
$(BUILD)/tests/peers/exchange: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/peers/exchange*.c))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(OPENSSL) -lm
$(BUILD)/tests/peers/kafka-admin $(BUILD)/tests/peers/mock-kafka: \
    $(BUILD)/tests/peers/%: $(BUILD)/tests/peers/%.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(RDKAFKA)
$(BUILD)/tests/peers/tcp-proxy: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/peers/tcp-proxy*.c)) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

# The bench: the generator of trades, which tests use too; what runs a command
# and says what it took; and where simdjson is, the program whose time is the
# bench's yardstick.
BENCH_TOOLS = $(patsubst %,$(BUILD)/tests/bench/%,gentrades measure \
	linelag feedload)
$(BUILD)/tests/bench/gentrades $(BUILD)/tests/bench/measure: %: %.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
$(BUILD)/tests/bench/linelag: %: %.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
$(BUILD)/tests/bench/feedload: $(patsubst %.c,$(BUILD)/%.o,$(wildcard \
	tests/bench/feedload*.c))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(OPENSSL)

CXX = g++
CXXFLAGS = -O3 -g
YARDSTICK =
ifneq ($(shell $(PKG) --exists simdjson && command -v $(CXX)),)
YARDSTICK = $(BUILD)/tests/bench/yardstick
endif
$(BUILD)/%.o: %.cc Makefile
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -MMD -MP \
		$(CXXFLAGS) -c -o $@ $<
$(BUILD)/tests/bench/yardstick: %: %.o
	$(CXX) $(CXXFLAGS) $(LDFLAGS) -o $@ $^ -lsimdjson

tests-build: $(UNIT) $(PEERS) $(BENCH_TOOLS) $(YARDSTICK)

# PROVE_FLAGS and TESTS narrow a run: make check TESTS=tests/ohlc-window
PROVE_FLAGS = -j2 --timer
TESTS =
# The longest ones first: none of them is left alone at the end.
LONG = $(addprefix tests/,crash/short.t crash/live.t fuzz/fuzz.t \
	common/lint.t docs.t pipe/death.t ohlc-window/postgres.t \
	crash/broken.t bench/sql.t pipe/chain.t pipe/demo.t pipe/watch.t)
CHECKED = $(or $(TESTS),$(LONG) $(filter-out $(LONG),$(wildcard tests/*.t \
	tests/*/*.t)) $(UNIT))
# Tests send INT: it must not be ignored, as it is for a job in the background.
check: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		env --default-signal=HUP,INT,QUIT prove $(PROVE_FLAGS) -r \
		$(CHECKED)

# The same tests on a busy machine: make stress RUNS=30 TESTS=tests/pipe. One
# that fails only here depends on how fast the machine is.
stress: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		tests/stress $(if $(RUNS),-n $(RUNS)) $(if $(LOAD),-l $(LOAD)) \
		$(filter -j%,$(PROVE_FLAGS)) $(CHECKED)

# The same tests under the address and undefined-behaviour sanitizers.
SAN_FLAGS = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
check-san:
	UBSAN_OPTIONS=print_stacktrace=1 $(MAKE) check BUILD=build/san \
		BIN=build/san/bin CFLAGS="$(SAN_FLAGS)" HARDEN= \
		TESTS="$(TESTS)" PROVE_FLAGS="$(PROVE_FLAGS)"

# Fuzzing by libFuzzer: make fuzz TIME=60 runs each target as long, all at
# once; see tests/fuzz/run.
TIME = 60
FUZZERS = $(patsubst %,$(BUILD)/tests/fuzz/%,records values windows \
	frames)
FUZZ_FLAGS = -O1 -g -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
$(BUILD)/tests/fuzz/records: $(BUILD)/tests/fuzz/compare.o
$(BUILD)/tests/fuzz/windows: $(filter-out %/main.o,$(call \
	command_obj,ohlc-window))
$(BUILD)/tests/fuzz/frames: $(patsubst %,$(BUILD)/src/bws-trades/%.o,frame \
	members page keep)
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIB)
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIB)
fuzz-targets: $(FUZZERS)
fuzz-objects: $(addsuffix .o,$(FUZZERS))
fuzz-build:
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang \
		CFLAGS="$(FUZZ_FLAGS)" HARDEN= fuzz-targets
fuzz: fuzz-build
	@tests/fuzz/run $(TIME)

# Whatever dies: make crash CYCLES=1000 SEED=7 can be interrupted and goes on;
# NODES=3 is a cluster of three brokers. See tests/crash/run.
CYCLES = 200
SEED = 1
NODES = 1
crash: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		env --default-signal=HUP,INT,QUIT tests/crash/run \
		$(CYCLES) $(SEED) $(NODES)

# A year of the live feed, some 35 minutes: make year SYMBOLS=2000.
DAYS = 365
SYMBOLS = 5
FAULTS = 2000
year: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		YEAR_KEEP="$(CURDIR)/$(BUILD)/year/$(SYMBOLS)-$(SEED)" \
		tests/bws-trades/year $(DAYS) $(SYMBOLS) $(SEED) $(FAULTS)

# Parts, sizes and what they need: see tests/bench/run.
bench: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		tests/bench/run

# What the pipelines take, at full speed and with the database away: see
# tests/crash/memory for the sizes.
memory: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		tests/crash/memory

# How long a pipeline takes from its death to the first fresh row.
recovery: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		tests/crash/recovery

# The tests on what this machine has not: the other Debian, other releases of
# Kafka, of librdkafka and of PostgreSQL. See tests/elsewhere/run;
# make elsewhere ELSEWHERE=debian ROOT=/srv/elsewhere keeps its folder there.
ELSEWHERE =
ROOT = $(TICKPIPE_ELSEWHERE)
elsewhere: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		TICKPIPE_ELSEWHERE="$(ROOT)" TESTS="$(TESTS)" \
		env --default-signal=HUP,INT,QUIT tests/elsewhere/run \
		$(ELSEWHERE)

SHELL_FILES = $(shell grep -lE '^\#!.*(bash|/sh)' -r scripts tests .ci \
	--include='*' 2>/dev/null) $(wildcard scripts/lib/*.sh tests/*.sh \
	tests/*/*.sh)
lint:
	mandoc -Tlint -Wwarning man/*
	shellcheck -x $(sort $(SHELL_FILES))
	$(MAKE) --no-print-directory BUILD=build/clang BIN=build/clang/bin \
		CC=clang CFLAGS="-O1 -Werror" HARDEN= CXX=clang++ \
		CXXFLAGS="-O1 -Werror" all tests-build fuzz-objects
	$(MAKE) --no-print-directory BUILD=build/gcc BIN=build/gcc/bin \
		CC=gcc CFLAGS="-O2 -Werror" CXXFLAGS="-O3 -Werror" \
		all tests-build fuzz-objects

demo: all tests-build
	@TICKPIPE_BIN="$(CURDIR)/$(BIN)" TICKPIPE_BUILD="$(CURDIR)/$(BUILD)" \
		scripts/lib/demo.sh

start-compose:
	scripts/compose start
stop-compose:
	scripts/compose stop
init-db:
	scripts/init-db
setup-kafka: all
	scripts/setup-kafka
run-producer: all
	scripts/ingest
run-consumer: all
	scripts/consumer

install: all
	mkdir -p $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7
	install -m 0755 $(COMMANDS:%=$(BIN)/%) $(DESTDIR)$(BINDIR)
	install -m 0644 man/*.1 $(DESTDIR)$(MANDIR)/man1
	install -m 0644 man/*.5 $(DESTDIR)$(MANDIR)/man5
	install -m 0644 man/*.7 $(DESTDIR)$(MANDIR)/man7

uninstall:
	cd $(DESTDIR)$(BINDIR) && rm -f $(COMMANDS)
	cd $(DESTDIR)$(MANDIR) && rm -f $(COMMANDS:%=man1/%.1) \
		man5/tickpipe-records.5 man7/tickpipe.7

clean:
	rm -rf bin build

help:
	@echo 'all check stress check-san lint demo install uninstall clean'
	@echo 'fuzz crash year recovery memory bench elsewhere'
	@echo 'start-compose stop-compose'
	@echo 'init-db setup-kafka run-producer run-consumer'

.PHONY: all check stress check-san crash year recovery memory fuzz \
	fuzz-build fuzz-objects fuzz-targets lint bench elsewhere demo \
	start-compose stop-compose init-db setup-kafka run-producer run-consumer install \
	uninstall clean help tests-build
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
