# The verbs. Meson does the work; `make help` lists them.
MESON ?= meson
JOBS ?= $(shell nproc)
T ?=

.PHONY: all run test check asan tsan fuzz-build fuzz bench fmt lint help clean
.DEFAULT_GOAL := all

build/build.ninja:
	@$(MESON) setup build >/dev/null
build-asan/build.ninja:
	@$(MESON) setup build-asan --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
build-tsan/build.ninja:
	@$(MESON) setup build-tsan --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false >/dev/null
build-fuzz/build.ninja:
	@CC=clang $(MESON) setup build-fuzz --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true -Dtests=false >/dev/null
build-clang/build.ninja:
	@CC=clang $(MESON) setup build-clang >/dev/null

all: build/build.ninja ## build build/stator
	@ninja -C build --quiet

run: all ## serve, with data in build/data
	@build/stator serve --data-dir build/data

test: all ## unit and engine tests: the ten-second loop (T=name for some)
	@tools/run_tests.py --unit build $(if $(T),--match $(T))

check: ## everything a change must pass
	@./test

asan: build-asan/build.ninja ## unit, engine and API tests under address and undefined-behaviour sanitizers
	@ninja -C build-asan --quiet
	@tools/run_tests.py --unit build-asan --api build-asan $(if $(T),--match $(T))

tsan: build-tsan/build.ninja ## kv, http and server tests under the thread sanitizer
	@ninja -C build-tsan --quiet
	@tools/run_tests.py --unit build-tsan --threads-only --api build-tsan $(if $(T),--match $(T))

fuzz-build: build-fuzz/build.ninja
	@ninja -C build-fuzz --quiet

fuzz: fuzz-build ## fuzz one parser: make fuzz T=json SECONDS=60
	@tools/fuzz.sh "$(T)" "$(or $(SECONDS),60)"

bench: all ## measure, against the peers that npm has
	@bench/bench.py

fmt: ## lay out all C files
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | xargs clang-format -i

lint: ## layers, sizes, names
	@tools/check_tree.py

clean: ## forget all builds
	@rm -rf build build-asan build-tsan build-fuzz build-clang

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
