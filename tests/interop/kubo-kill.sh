#!/bin/bash
# kill -9 over publishing to a real Kubo node and realizing from it: nothing is lost, nothing that
# the node acknowledged is sent again, and the store is what Nix says it is.
# SCALE=20: a thousand kills. SEED=...: other moments.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

inside() {
    local outs cid i
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log || fail 'the closure builds' "$(tail -n 3 build.log)"
    # three requests, and small files
    mkdir big
    head -c 80000000 /dev/urandom > big/data
    for i in $(seq 500); do echo "file $i" > "big/$i"; done
    nix-store --add big >> outs
    mapfile -t outs < outs
    exits 'add' 0 "$NIX_IPFS" add -q --offline "${outs[@]}"
    cid=$out
    exits 'export' 0 "$NIX_IPFS" export "$cid" -o closure.car
    init_node a
    start_node a
    PYTHONDONTWRITEBYTECODE=1 verdicts python3 "$top/tests/support/kill_kubo.py" "$NIX_IPFS" \
        "$scratch/kill" closure.car "$cid" "${outs[@]}"
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)
    if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
        skip 'kills and Kubo' "${why:-no $IPFS: run make deps}"
        summary
        exit
    fi
    nix_env "$scratch/env" bash "$0" inside
    ;;
esac
