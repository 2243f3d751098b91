# The verbs. Meson does the work; `make help` lists them.
MESON ?= meson
JOBS ?= $(shell nproc)
T ?=
CASE ?=
SEED ?=
COUNT ?=

.PHONY: install boot-service isolation soak model crash-points crash-kills crash-faults index-build docs all server run test check asan tsan fuzz differential bench bench-scale bench-long fmt tidy lint help clean
.DEFAULT_GOAL := all

SANITIZE := --buildtype=debugoptimized -Db_lundef=false
# What a name picks: T=item_codec the test programs, CASE=number_keeps_38_digits one case in them.
PICK = $(if $(T),--match '$(T)') $(if $(CASE),--case '$(CASE)')
# Meson tells its errors on stdout, among much else: keep it, and show it only when it failed.
configure = $(1) >$(@D).log 2>&1 || { cat $(@D).log; rm -f $(@D).log; exit 1; }; rm -f $(@D).log

# Without cmocka there is a server to build, and no tests.
build/build.ninja:
	@$(call configure,$(MESON) setup build $(shell pkg-config --exists cmocka || echo -Dtests=false))
# clang's, so that its warnings are errors, too (gcc builds build/), and with the fuzz targets. At -O1,
# because most of the time that its tests take is its own.
build-asan/build.ninja:
	@$(call configure,CC=clang CXX=clang++ $(MESON) setup build-asan $(SANITIZE) -Doptimization=1 -Db_sanitize=address$(,)undefined -Dfuzz=true)
build-tsan/build.ninja:
	@$(call configure,CC=clang CXX=clang++ $(MESON) setup build-tsan $(SANITIZE) -Doptimization=1 -Db_sanitize=thread)
, := ,
# Silent unless something is wrong, when there is no work, too.
ninja = out=$$(ninja -C $(1) --quiet $(2) 2>&1) || { printf '%s\n' "$$out"; exit 1; }

all: build/build.ninja ## build everything that is in build/: the server and its tests
	@$(call ninja,build)

server: build/build.ninja ## build build/stator alone
	@$(call ninja,build,stator)

run: server ## serve, with data in build/data
	@build/stator serve --data-dir build/data

test: all ## unit and engine tests: the ten-second loop (T=name for some, CASE=name for one)
	@tools/run_tests.py --unit build $(PICK)

check: ## everything a change must pass
	@./test

asan: build-asan/build.ninja ## unit, engine and API tests under address and undefined-behaviour sanitizers
	@$(call ninja,build-asan)
	@tools/run_tests.py --unit build-asan --api build-asan $(PICK)

tsan: build-tsan/build.ninja ## kv, http and server tests under the thread sanitizer
	@$(call ninja,build-tsan)
	@tools/run_tests.py --unit build-tsan --threads-only --api build-tsan $(PICK)

fuzz: build-asan/build.ninja ## fuzz one parser: make fuzz T=json SECONDS=60
	@$(call ninja,build-asan)
	@tools/fuzz.sh "$(T)" "$(or $(SECONDS),60)"

# The others come from npm, or from PEERS=DIR (a node_modules); ALONE=1 asks Stator alone. LOG=FILE keeps what is
# printed; OPTIONS as the script has them.
differential: server ## the same requests to two other implementations: make differential SEED=1 COUNT=20000
	@$(if $(PEERS)$(ALONE),,trouble=$$(tools/node.py tests/differential) || { printf '%s\n' "$$trouble"; exit 1; };) \
	    node=$$(tools/node.py) && "$$node" tests/differential/differential.mjs --seed $(or $(SEED),1) \
	    --count $(or $(COUNT),20000) $(if $(ALONE),--alone) $(if $(PEERS),--peers $(PEERS)) $(if $(LOG),--log $(LOG)) $(OPTIONS)

model: server ## random operations against a model of items: make model SEED=1 COUNT=1000000
	@node=$$(tools/node.py) && for mode in single several shared; do \
		SEED='$(SEED)' COUNT='$(COUNT)' $$node tests/model/$$mode.test.mjs || exit 1; done

# A failure prints the seed, and leaves the directory; tests/crash/points.mjs says more.
crash-points: all ## power cuts under load: make crash-points COUNT=1000 SEED=1
	@node=$$(tools/node.py) && $$node tests/crash/points.mjs $(or $(COUNT),1000) $(or $(SEED),1)

crash-kills: all ## kill -9 under load: make crash-kills COUNT=200
	@node=$$(tools/node.py) && $$node tests/crash/points.mjs --kill $(or $(COUNT),200) $(or $(SEED),1)

crash-faults: all ## failing disks under load: make crash-faults COUNT=200
	@node=$$(tools/node.py) && $$node tests/crash/points.mjs --fault $(or $(COUNT),200) $(or $(SEED),1)

# A history that fails is kept; REPLAY=FILE judges it again.
isolation: server ## histories of concurrent clients, judged: make isolation SEED=1 COUNT=200
	@node=$$(tools/node.py) && $$node tests/isolation/isolation.mjs --count $(or $(COUNT),18) $(if $(SEED),--seed $(SEED)) \
	    $(if $(OPERATIONS),--operations $(OPERATIONS)) $(if $(REPLAY),--replay $(REPLAY))

soak: server ## everything at once, with restarts, against models: make soak MINUTES=60 SEED=1
	@node=$$(tools/node.py) && $$node tests/soak/soak.mjs --minutes $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED))

index-build: server ## a global index for a table in use: make index-build ITEMS=200000
	@node=$$(tools/node.py) && ITEMS='$(or $(ITEMS),200000)' $$node tests/api/index_build.test.mjs

# Builds nothing, so that root owns nothing in build/.
install: ## put the program and its unit where they belong, as root (after make server; DESTDIR=DIR elsewhere)
	@$(MESON) install -C build --no-rebuild --quiet --tags runtime

boot-service: server ## boot Debian in a container and run the unit there, as root: make boot-service ROOT=DIR
	@tests/packaging/boot.py $(ROOT)

bench: server ## measure, against the peers that npm has
	@$(call ninja,build,bench/load)
	@bench/bench.py $(BENCH)

bench-scale: server ## what a million items, and data beyond memory, cost
	@bench/scale.py $(BENCH)

bench-long: server ## ten minutes of writes: what flushes and compactions cost those who wait
	@$(call ninja,build,bench/load)
	@bench/long_run.py $(BENCH)

fmt: ## lay out all C files
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | xargs clang-format -i

tidy: all ## clang-tidy over src (slow)
	@git ls-files 'src/*.c' | xargs -n 4 -P $(JOBS) clang-tidy -p build --quiet

docs: ## write docs/compat.md and docs/configuration.md from the tables and the last ./test
	@tools/gen_docs.py

lint: ## layers, sizes, names
	@tools/check_tree.py

clean: ## forget all builds
	@rm -rf build build-asan build-tsan

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
