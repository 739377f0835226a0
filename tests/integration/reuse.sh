#!/bin/bash
# What is here already is not fetched: blocks of valid paths, whatever state the index is in, and
# what killed runs left. And what --dry-run says of that, and --strict.
# SEED=...: other moments to kill at.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

# two trees that share nearly all: big and small files, executables, symlinks, folders
make_trees() {
    local i
    mkdir -p first/bin first/share/deep/er
    bytes 9000000 big > first/share/big
    bytes 3000000 run > first/bin/big-run
    bytes 70000 small-run > first/bin/run
    chmod 755 first/bin/*
    ln -s bin/run first/link
    for i in $(seq 200); do echo "file $i" > "first/share/deep/$i"; done
    echo bottom > first/share/deep/er/bottom
    cp -a first second
    echo 'only in the second' > second/only
    echo 'else' > second/share/deep/7
}

# a tree that takes some time
make_slow_tree() {
    local folder i
    for folder in $(seq 20); do
        mkdir -p "$1/$folder"
        for i in $(seq 60); do echo "$folder $i" > "$1/$folder/$i"; done
        bytes 1500000 "$folder" > "$1/$folder/big"
    done
}

# number NAME: of the last object that was printed
number() { tail -n 1 <<< "$out" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

# at_least NAME NUMBER NUMBER: the second is no smaller than the first
at_least() {
    if [ "${3:-0}" -ge "${2:-0}" ]; then pass "$1"; else fail "$1" "$3 and not $2: $out"; fi
}

# Through the daemon, by a user of his own: it is asked what is valid while a path is sent to it.
through_daemon() {
    if ! several_users; then
        skip 'through the daemon' 'only root can be several users'
        return
    fi
    chmod 755 "$scratch"
    nix-store --delete "$1" "$2" > gc.log 2>&1 || fail 'nix-store --delete' "$(tail -n 2 gc.log)"
    daemon_start
    exits 'the first through the daemon' 0 as_user "$NIX_IPFS" realize "$(cat first.cid)" \
        --from first.car --via daemon --json
    exits 'a plan for the second through the daemon' 0 as_user "$NIX_IPFS" realize \
        "$(cat second.cid)" --from second.car --via daemon --json --dry-run
    at_least 'a plan through the daemon' 12000000 "$(number hereBytes)"
    exits 'the second through the daemon' 0 as_user "$NIX_IPFS" realize "$(cat second.cid)" \
        --from second.car --via daemon --json
    at_least 'reuse through the daemon' 12000000 "$(number storeBytes)"
    at_least 'nothing else is fetched' "$(number fetchedBytes)" 60000
    exits 'it is what it was' 0 nix-store --verify-path "$2"
    daemon_stop
}

inside() {
    local first second slow name
    cd "$scratch" || exit 1
    make_trees
    make_slow_tree slow
    first=$(nix-store --add first)
    second=$(nix-store --add second)
    slow=$(nix-store --add slow)
    for name in first second slow; do
        exits "add $name" 0 "$NIX_IPFS" add -q "${!name}"
        echo "$out" > $name.cid
        exits "export $name" 0 "$NIX_IPFS" export "$out" -o $name.car
    done
    PYTHONDONTWRITEBYTECODE=1 verdicts python3 "$top/tests/support/reuse.py" "$NIX_IPFS" \
        "$scratch/reuse" "$first" "$second" "$slow"
    through_daemon "$first" "$second"
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing nix-2.8)
    if [ -n "$why" ]; then
        skip 'reuse' "$why"
        summary
    else
        # a user without rights must get at what is in here
        chmod 755 "$scratch"
        nix_env "$scratch/nix" bash "$0" inside
    fi
    ;;
esac
