#!/bin/bash
# check.sh: all tests, in stages, each of which can be run alone:
#   check.sh units cli       only these stages
# Ends with `N passed, N failed, N skipped`, and with 1 when something failed.
# O=build: where the plain build is. SCALE: how much random testing.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
: "${O:=build}" "${SCALE:=1}"
export O SCALE
jobs=$(nproc)
NIPFS_COUNTS=$(mktemp)
export NIPFS_COUNTS
log=$(mktemp -d)
trap 'rm -rf "$NIPFS_COUNTS" "$log"' EXIT

count() { echo "$1 $2 $3" >> "$NIPFS_COUNTS"; }

# Unit test programs of one build, as many at a time as there are processors,
# with Check's summary lines; $WRAP before each.
units() {
    local programs=() program out line
    for program in "$1"/tests/unit/*/test_*; do
        case $program in *.o | *.d) continue ;; esac
        programs+=("$program")
    done
    out=$(mktemp -d "$log/units-XXXXXX")
    # shellcheck disable=SC2016
    printf '%s\n' "${programs[@]}" | OUT=$out xargs -P "$jobs" -I{} bash -c '
        ${WRAP:-} "$1" > "$OUT/$(basename "$1")" 2>&1 || echo "exit code $?" >> "$OUT/$(basename "$1")"' _ {}
    for program in "${programs[@]}"; do
        # Check's line: 100%: Checks: 12, Failures: 0, Errors: 0
        line=$(grep -E '^[0-9]+%: Checks: ' "$out/${program##*/}" | tail -n 1)
        echo "${program##*/unit/}: ${line:-no summary}"
        if [ -z "$line" ] || grep -q '^exit code ' "$out/${program##*/}"; then
            cat "$out/${program##*/}"
            echo "FAILED  $program"
            count 0 1 0
        else
            count "$(echo "$line" | awk -F'[:, ]+' '{print $3 - $5 - $7}')" 0 0
        fi
    done
}

fuzz_corpora() {
    local program name
    for program in "$1"/tests/fuzz/fuzz_*; do
        case $program in *.o | *.d) continue ;; esac
        name=${program##*/fuzz_}
        if ${WRAP:-} "$program" "fixtures/fuzz/$name"; then count 1 0 0; else
            echo "FAILED  fuzz corpus $name"
            count 0 1 0
        fi
    done
}

# Scripts, as many at a time as there are processors; each is told whole, when it has ended.
scripts() {
    local out
    out=$(mktemp -d "$log/scripts-XXXXXX")
    # shellcheck disable=SC2016
    printf '%s\n' "$@" | OUT=$out xargs -P "$jobs" -I{} bash -c '
        [ -x "$1" ] || exit 0
        name=${1##*/} said=$OUT/${1//\//-}
        bash "$1" > "$said" 2>&1 < /dev/null
        code=$?
        if ! grep -q "^$name: [0-9]* passed, [0-9]* failed" "$said"; then
            echo "FAILED  $1: it did not end: exit $code" >> "$said"
            echo 0 1 0 >> "$NIPFS_COUNTS"
        fi
        flock "$OUT" sh -c "cat \"\$1\"; echo \"        \$2 s\"" sh "$said" "$SECONDS"' _ {}
}

# with_build FOLDER COMMAND...: the scripts find the program in that build
with_build() {
    local folder=$1
    shift
    O=$folder NIX_IPFS=$PWD/$folder/nix-ipfs "$@"
}

build() {
    make --no-print-directory -j"$jobs" "$@" > "$log/build" 2>&1 && return 0
    grep -v '^  ' "$log/build" | head -n 40
    return 1
}

stage_deps() { tests/deps.sh test; }
stage_build() { build WERROR=1 all units fuzz-bins && count 1 0 0; }
stage_units() { CK_TIMEOUT_MULTIPLIER=10 units "$O"; }
stage_fuzz() { fuzz_corpora "$O"; }
stage_lint() { scripts tests/lint/*.sh; }
stage_cli() { scripts tests/cli/run.sh tests/cli/man-check.sh; }
stage_interop() { scripts tests/interop/*.sh; }
stage_integration() { scripts tests/integration/*.sh; }
stage_nix() { scripts tests/nix/*.sh; }
stage_install() { scripts tests/install/run.sh; }

stage_clang() { build O="$O-clang" CC=clang WERROR=1 all units fuzz-bins && count 1 0 0 && CK_TIMEOUT_MULTIPLIER=10 units "$O-clang"; }

stage_sanitizers() {
    build O="$O-asan" SANITIZE=address,undefined WERROR=1 all units fuzz-bins || return 1
    export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
    CK_TIMEOUT_MULTIPLIER=20 units "$O-asan"
    fuzz_corpora "$O-asan"
    export NIPFS_SLOW_BUILD=1
    with_build "$O-asan" scripts tests/cli/run.sh tests/integration/*.sh
    unset NIPFS_SLOW_BUILD
    unset ASAN_OPTIONS UBSAN_OPTIONS
}

stage_valgrind() {
    CK_TIMEOUT_MULTIPLIER=100 NIPFS_VALGRIND=1 \
        WRAP='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' units "$O"
}

all='deps build units fuzz lint cli interop integration nix install clang sanitizers valgrind'
nix_before=$(ls -d /nix 2> /dev/null)

# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $all
for stage in "$@"; do
    printf '\n== %s\n' "$stage"
    begin=$SECONDS
    if ! "stage_$stage"; then
        echo "FAILED  stage $stage"
        count 0 1 0
        case $stage in deps | build) break ;; esac
    fi
    echo "== $stage took $((SECONDS - begin)) s"
done

if [ "$(ls -d /nix 2> /dev/null)" != "$nix_before" ]; then
    echo 'FAILED  a test created /nix on this machine'
    count 0 1 0
fi

printf '\n'
awk '{ p += $1; f += $2; s += $3 } END {
    printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' "$NIPFS_COUNTS"
