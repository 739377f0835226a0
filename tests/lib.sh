# shellcheck shell=bash disable=SC2034
# For the test scripts: counting, naming and skipping. A script sources this,
# says `pass NAME`, `fail NAME why` or `skip NAME why`, and ends with `summary`.
# NIX_IPFS is the program under test, NIPFS_DEPS what tests/deps.sh made.
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
: "${O:=build}" "${SCALE:=1}"
case $O in /*) ;; *) O=$top/$O ;; esac
: "${NIX_IPFS:=$O/nix-ipfs}"
export NIPFS_DEPS=${NIPFS_DEPS:-$top/build-deps}
export NIX_IPFS SCALE
IPFS=$NIPFS_DEPS/bin/ipfs
NODE=$NIPFS_DEPS/bin/node

# Where programs are slow one Nix stands for both, but for scripts that say each_protocol=1.
nix_versions='2.8 2.26'
[ -z "${NIPFS_SLOW_BUILD:-}" ] || [ -n "${each_protocol:-}" ] || nix_versions=2.26
nix_versions=${NIX_VERSIONS:-$nix_versions}

n_pass=0 n_fail=0 n_skip=0

pass() { n_pass=$((n_pass + 1)); [ -n "${V:-}" ] && echo "ok      $1"; return 0; }
fail() { n_fail=$((n_fail + 1)); echo "FAILED  $1${2:+: $2}"; return 0; }
# In CI everything can be had, so a skip is a failure.
skip() {
    if [ "${CI:-}" = true ]; then
        fail "$1" "skipped in CI: $2"
    else
        n_skip=$((n_skip + 1))
        echo "skipped $1: $2"
    fi
}

# same NAME EXPECTED ACTUAL
same() {
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "expected '$2', got '$3'"; fi
}

# exits NAME CODE COMMAND...: runs it; its output is in $out and $err afterwards
exits() {
    local name=$1 want=$2 got
    shift 2
    "$@" > "$scratch/.out" 2> "$scratch/.err" < /dev/null
    got=$?
    out=$(tr -d '\0' < "$scratch/.out")
    err=$(tr -d '\0' < "$scratch/.err")
    if [ "$got" = "$want" ]; then
        pass "$name"
    else
        fail "$name" "exit $got instead of $want: $(head -n 3 "$scratch/.err" | tr '\n' ' ')"
    fi
}

# verdicts python3 SCRIPT...: counts the lines that it prints: ok or failed, name, why, with tabs between
verdicts() {
    local verdict name why n=0
    while IFS=$'\t' read -r verdict name why; do
        n=$((n + 1))
        if [ "$verdict" = ok ]; then pass "$name"; else fail "$name" "$why"; fi
    done < <("$@")
    wait $! || fail "${2##*/}" "exit $? after $n verdicts"
}

# why a dependency is missing, empty when it is there
missing() { sed -n "s/^$1: //p" "$NIPFS_DEPS/missing" 2> /dev/null | head -n 1; }

# car_blocks CARV1: a hash over its blocks, and how many; the same for every order
car_blocks() { PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/support/car_blocks.py" "$1"; }

nix_env() { "$top/tests/nix-env.sh" "$@"; }

summary() {
    echo "${0##*/}: $n_pass passed, $n_fail failed, $n_skip skipped"
    [ -n "${NIPFS_COUNTS:-}" ] && echo "$n_pass $n_fail $n_skip" >> "$NIPFS_COUNTS"
    [ "$n_fail" = 0 ]
}

# In memory where there is room: on a disk most of the time goes into making small files durable.
if [ -z "${TMPDIR:-}" ] &&
    [ "$(df --output=avail /dev/shm 2> /dev/null | tail -n 1)" -gt 4000000 ] 2> /dev/null; then
    export TMPDIR=/dev/shm
fi
scratch=$(mktemp -d)
# nothing is published to a node of whoever runs the tests
export IPFS_PATH=$scratch/no-node
cleanup_scratch() {
    chmod -R u+w "$scratch" 2> /dev/null
    rm -rf "$scratch"
}
trap cleanup_scratch EXIT
