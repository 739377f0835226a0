#!/bin/bash
# Hostile input: CARs, closures and trees that are cut, bent, or lie, and gateways that do, or stall,
# lead astray and never come to an end. Nothing may crash, hang or take much memory; what is wrong is
# refused in one line, or comes from another gateway, and nothing of it stays in the store.
# What lies is made by tests/support/ipld.py, not by our own code.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

inside() {
    local cid
    cd "$scratch" || exit 1
    if ! nix-build --no-out-link "$top/tests/closure/closure.nix" -A hello > outs 2> build.log; then
        fail 'Nix builds the closure' "$(tail -n 3 build.log)"
        summary
        return
    fi
    # two keys of one name
    nix-store --generate-binary-cache-key first-1 first.sk first.pk
    nix-store --generate-binary-cache-key first-1 other.sk other.pk
    nix store sign -k first.sk -r "$(cat outs)" 2> sign.log
    exits 'add' 0 "$NIX_IPFS" add -q "$(cat outs)"
    cid=$out
    exits 'export' 0 "$NIX_IPFS" export "$cid" -o closure.car

    export PYTHONDONTWRITEBYTECODE=1
    local support=$top/tests/support
    # It mostly waits, so the others run beside it. What the environment says of proxies is not about
    # this machine.
    http_proxy=http://127.0.0.1:1 python3 "$support/hostile_gateway.py" "$NIX_IPFS" \
        "$scratch/gateway" closure.car "$cid" "$(cat first.pk)" > gateway.verdicts &
    local gateway=$!
    verdicts python3 "$support/hostile_car.py" "$NIX_IPFS" "$scratch/car" \
        closure.car "$cid" "$(cat first.pk)"
    verdicts python3 "$support/hostile_narinfo.py" "$NIX_IPFS" "$scratch/narinfo" \
        closure.car "$cid" "$(cat first.pk)" "$(cat other.pk)"
    verdicts python3 "$support/hostile_tree.py" "$NIX_IPFS" "$scratch/tree"
    wait "$gateway" || fail hostile_gateway.py "exit $?"
    verdicts cat gateway.verdicts
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing nix-2.8)
    if [ -n "$why" ]; then
        skip 'hostile input' "$why"
        summary
    else
        NIX_EXTRA_CONF='fsync-metadata = false' nix_env "$scratch/nix" bash "$0" inside
    fi
    ;;
esac
