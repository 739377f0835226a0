#!/bin/bash
# kill -9, signals and neighbours: whatever happened, the next run finishes, the store is what
# Nix says it is, and a garbage collection leaves nothing that is not registered.
# SCALE=20: a thousand kills of each command. SEED=...: other moments.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"

# a tree that takes some time: small files in folders, and a big one
make_big_tree() {
    local folder i
    for folder in $(seq 30); do
        mkdir -p "$1/$folder"
        for i in $(seq 40); do echo "$folder $i" > "$1/$folder/$i"; done
    done
    bytes 20000000 big > "$1/big"
}

inside() {
    local outs cid
    cd "$scratch" || exit 1
    if ! nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log; then
        fail 'Nix builds the closure' "$(tail -n 3 build.log)"
        summary
        return
    fi
    make_big_tree big-tree
    nix-store --add big-tree >> outs
    mapfile -t outs < outs
    exits 'add' 0 "$NIX_IPFS" add -q "${outs[@]}"
    cid=$out
    exits 'export' 0 "$NIX_IPFS" export "$cid" -o closure.car
    PYTHONDONTWRITEBYTECODE=1 verdicts python3 "$top/tests/support/kill.py" "$NIX_IPFS" \
        "$scratch/kill" closure.car "$cid" "${outs[@]}"
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing nix-2.8)
    if [ -n "$why" ]; then
        skip 'kills' "$why"
        summary
    else
        nix_env "$scratch/nix" bash "$0" inside
    fi
    ;;
esac
