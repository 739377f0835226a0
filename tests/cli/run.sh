#!/bin/bash
# The tests of the command line: run.sh [--update] [PATTERN...]
# Each NN-name.sh runs in an empty folder of its own, with nix-ipfs in PATH and no
# store, index or configuration; what it prints must be NN-name.out and
# NN-name.err, and it must end with the number in NN-name.exit (0 without that
# file). --update writes these files anew: read the difference before you commit.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
update=
if [ "${1:-}" = --update ]; then
    update=1
    shift
fi

[ -x "$NIX_IPFS" ] || { echo "run.sh: there is no $NIX_IPFS: run make" >&2; exit 1; }
here=$top/tests/cli
mkdir "$scratch/bin"
ln -s "$NIX_IPFS" "$scratch/bin/nix-ipfs"

# Runs a script; its output is in $scratch/out, err and exit.
run_script() {
    local folder=$scratch/work
    rm -rf "$folder"
    mkdir -p "$folder/home" "$folder/here"
    (cd "$folder/here" && env -i PATH="$scratch/bin:$PATH" HOME="$folder/home" LC_ALL=C TZ=UTC \
        TMPDIR="$folder" NIX_IPFS_STATE_DIR="$folder/state" NIX_STORE_DIR="$folder/store" \
        NIX_STATE_DIR="$folder/var" NIX_CONF_DIR="$folder/etc" NIX_LOG_DIR="$folder/log" \
        XDG_CONFIG_DIRS="$folder/etc" ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
        UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" SHELL=/bin/bash fixtures="$top/fixtures/cli" \
        prelude="$here/prelude.sh" bash -u "$1" \
        > "$scratch/out" 2> "$scratch/err" < /dev/null)
    echo $? > "$scratch/exit"
}

# compare NAME PART ACTUAL: with the expectation, which may be missing for nothing
compare() {
    local want=$here/$1.$2
    [ -e "$want" ] || want=/dev/null
    if problem=$(diff -a -u --label "$1.$2" --label got "$want" "$3" 2>&1); then
        pass "$1 $2"
    else
        fail "$1 $2" "$(printf '%s\n' "$problem" | head -n 40)"
    fi
}

# keep NAME PART ACTUAL: as the new expectation, without a file for nothing
keep() {
    if [ -s "$3" ]; then cp "$3" "$here/$1.$2"; else rm -f "$here/$1.$2"; fi
}

for script in "$here"/[0-9][0-9]-*.sh; do
    name=${script##*/}
    name=${name%.sh}
    if [ $# -gt 0 ]; then
        wanted=
        for pattern in "$@"; do case $name in *$pattern*) wanted=1 ;; esac; done
        [ -n "$wanted" ] || continue
    fi
    run_script "$script"
    [ "$(cat "$scratch/exit")" = 0 ] && : > "$scratch/exit"
    for part in out err exit; do
        if [ -n "$update" ]; then
            keep "$name" $part "$scratch/$part"
        else
            compare "$name" $part "$scratch/$part"
        fi
    done
done
[ -n "$update" ] || summary
