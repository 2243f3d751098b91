# The Debian packages the project needs, and the one function that installs those that are missing.
# Read by ./run and ./test (`. tools/packages.sh`); Debian 12's versions are what it is tried with.

build_packages="gcc g++ libc6-dev make meson ninja-build pkg-config
    librocksdb-dev libdeflate-dev libxxhash-dev libssl-dev libzstd-dev libcurl4-openssl-dev"

# g++: its static C++ library, which RocksDB wants. git: the tree lint asks it for the files. util-linux: setarch, for the thread sanitizer.
test_packages="git python3 util-linux libcmocka-dev clang clang-14 libclang-rt-14-dev clang-format-14
    awscli python3-boto3 curl"

bench_packages="python3 wrk"

# missing_packages NAME...: those that dpkg does not know as installed. No apt: this takes 20 ms.
missing_packages() {
    command -v dpkg-query >/dev/null || return 0 # not a Debian: what is missing shows in the build
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
    for package in "$@"; do
        case "
$installed
" in
        *"
$package
"*) ;;
        *) printf '%s\n' "$package" ;;
        esac
    done
}

# install_packages NAME...: the missing ones, with root's rights or sudo. Quiet unless it fails.
install_packages() {
    wanted=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "$wanted" ] || return 0
    echo "installing: $wanted" >&2
    as_root=
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "these Debian packages are missing; as root: apt-get install $wanted" >&2
            return 1
        fi
        as_root=sudo
    fi
    log=$(mktemp)
    # An update that fails (no network) is no reason to stop: the lists may be good enough.
    $as_root apt-get update -qq >"$log" 2>&1 </dev/null || true
    # shellcheck disable=SC2086 # words on purpose
    if $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=120 $wanted >>"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    tail -n 30 "$log" >&2
    rm -f "$log"
    echo "installing $wanted failed" >&2
    return 1
}
