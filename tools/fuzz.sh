#!/bin/sh
# Fuzzes one parser: tools/fuzz.sh [--smoke] NAME SECONDS, once `make asan` has built it.
# New inputs go to build-asan/corpus/NAME (to keep those that add coverage:
# build-asan/tests/fuzz/fuzz_NAME -merge=1 tests/fuzz/corpus/NAME build-asan/corpus/NAME).
# A crash leaves the input in build-asan/. --smoke starts from the committed corpus alone.
set -eu
cd "$(dirname "$0")/.."
smoke=
if [ "${1:-}" = --smoke ]; then
    smoke=yes
    shift
fi
name=${1:-}
seconds=${2:-60}
target=build-asan/tests/fuzz/fuzz_$name
if [ -z "$name" ] || [ ! -x "$target" ]; then
    echo "usage: make fuzz T=name SECONDS=n, where name is one of:" >&2
    find build-asan/tests/fuzz -maxdepth 1 -type f -name 'fuzz_*' 2>/dev/null | sed 's#.*/fuzz_#  #' | sort >&2
    exit 2
fi
found=build-asan/corpus/$name
if [ -n "$smoke" ]; then
    found=$(mktemp -d)
    trap 'rm -rf "$found"' EXIT
fi
mkdir -p "$found"
set -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build-asan/$name-"
[ ! -f "tests/fuzz/$name.dict" ] || set -- "$@" -dict="tests/fuzz/$name.dict"
set -- "$@" "$found"
[ ! -d "tests/fuzz/corpus/$name" ] || set -- "$@" "tests/fuzz/corpus/$name"
"$target" "$@"
