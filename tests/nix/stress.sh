#!/bin/bash
# Many realizes of closures that overlap, at the same time in one store, beside a collector that
# runs over and over and one that is frozen half way, and any of them killed at any moment: what
# is kept is there, nobody waits for ever, and in the end one collection leaves nothing beside
# what is registered.
# SCALE: more at a time, and for longer. SEED=...: other moments.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

inside() {
    local version=$1 n=$((10 * SCALE)) i paths
    cd "$scratch" || exit 1
    [ $n -le 50 ] || n=50
    if ! nix-build --no-out-link -j4 "$top/tests/nix/stress.nix" --arg apps $n > paths 2> build.log; then
        fail "Nix $version builds the closures" "$(tail -n 3 build.log)"
        summary
        return
    fi
    mapfile -t paths < paths
    for ((i = 0; i < n; i++)); do
        if ! { "$NIX_IPFS" add -q "${paths[i]}" > cid && "$NIX_IPFS" export "$(cat cid)" -o "$i.car"; } 2> err; then
            fail "$version: export of ${paths[i]}" "$(cat err)"
        fi
        # a line for each: CID, CAR, and all paths of the closure, the one itself first
        echo "$(cat cid) $scratch/$i.car ${paths[i]} $(nix-store -qR "${paths[i]}" | grep -vxF "${paths[i]}" | tr '\n' ' ')"
    done > closures
    PYTHONDONTWRITEBYTECODE=1 verdicts python3 "$top/tests/support/stress.py" "$NIX_IPFS" "$version" \
        "$scratch/target" closures $((6 * SCALE))
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) each_nix 'stress' ;;
esac
