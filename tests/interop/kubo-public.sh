#!/bin/bash
# What others learn of what is published: real nodes in a network of their own, in which the
# loopback has addresses that look private and public. The note about the public network, what
# --provide announces, and what doctor says of it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

# value EXPRESSION: of the JSON in $out
value() { printf '%s' "$out" | python3 -c "import json, sys; j = json.load(sys.stdin); print($1)"; }

# path NAME: a store path
path() {
    echo "this is $1" > "$1"
    nix-store --add "$1"
}

# checkup: what doctor says of the node, into $out
checkup() { out=$("$NIX_IPFS" doctor --json | grep '"topic":"kubo"'); }

# init_online NAME ADDRESS: a node that others can ask
init_online() {
    init_node "$1"
    "$IPFS" config --json Addresses.Swarm "[\"/ip4/$2/tcp/4001\"]"
    "$IPFS" config Routing.Type dhtserver
    "$IPFS" config --json Routing.LoopbackAddressesOnLanDHT true
    "$IPFS" config --json Provide.Enabled true
    "$IPFS" config Provide.Strategy roots
}

# The address of the node that IPFS_PATH names.
address() { echo "/ip4/$1/tcp/4001/p2p/$("$IPFS" id -f '<id>')"; }

public() {
    local peer
    init_online far 9.9.9.9
    start_node far
    peer=$(address 9.9.9.9)
    init_online near 10.7.0.1
    start_node near
    exits 'nobody is connected' 0 "$NIX_IPFS" add "$one"
    same 'nothing is said' '' "$err"
    "$IPFS" swarm connect "$peer" > /dev/null || fail 'it is connected' "$(tail -n 3 near.log)"
    exits 'a peer on the public network' 0 "$NIX_IPFS" add "$one"
    case $err in *'is connected to 1 peers on the public network: whoever has a CID can fetch what is published there'*)
        pass 'is told' ;; *) fail 'is told' "$err" ;; esac
    same 'in one line' 1 "$(printf '%s\n' "$err" | wc -l)"
    exits 'and once more' 0 "$NIX_IPFS" add "$two"
    same 'is told once' '' "$err"
    checkup
    same 'doctor has it' True "$(value 'j["facts"]["public"]')"
}

# found CID: whether the other node finds a provider of it
found() {
    [ -n "$(IPFS_PATH=$scratch/asker timeout 20 "$IPFS" routing findprovs -n 1 "$1" 2> /dev/null)" ] && echo yes || echo no
}

provide() {
    local peer
    init_online asker 10.7.0.2
    start_node asker
    peer=$(address 10.7.0.2)
    export IPFS_PATH=$scratch/near
    "$IPFS" swarm connect "$peer" > /dev/null || fail 'it is connected' "$(tail -n 3 near.log)"
    exits '--provide root' 0 "$NIX_IPFS" add -q --provide root --no-closure "$three"
    same 'the root is found by another node' yes "$(found "$out")"
    # and no more can be seen than that: what is not announced now the node may announce in a
    # moment, by its own strategy
    exits '--provide none' 0 "$NIX_IPFS" add -q --provide none --no-closure "$four"
}

# What is announced over time is for the node: doctor reads it.
strategy() {
    local advice="'ipfs config Provide.Strategy pinned+entities'"
    "$IPFS" config --json Provide.Strategy null
    checkup
    same 'the default announces every block' all "$(value 'j["facts"]["provide"]')"
    case $out in *"$advice"*) pass 'doctor says what to do' ;; *) fail 'doctor says what to do' "$out" ;; esac
    "$IPFS" config Provide.Strategy pinned+entities
    checkup
    same 'done' pinned+entities "$(value 'j["facts"]["provide"]')"
    case $out in *"$advice"*) fail 'and no more is to be done' "$out" ;; *) pass 'and no more is to be done' ;; esac
    "$IPFS" config --json Provide.Enabled false
    checkup
    same 'nothing at all' off "$(value 'j["facts"]["provide"]')"
}

inside() {
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    ip link set lo up
    ip address add 9.9.9.9/32 dev lo
    ip address add 10.7.0.1/24 dev lo
    ip address add 10.7.0.2/24 dev lo
    one=$(path one)
    two=$(path two)
    three=$(path three)
    four=$(path four)
    public
    provide
    strategy
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)
    if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
        skip 'nodes on a public network' "${why:-no $IPFS: run make deps}"
        summary
    elif ! unshare -n ip link set lo up 2> /dev/null; then
        skip 'nodes on a public network' 'no network namespace can be made'
        summary
    else
        nix_env "$scratch/env" unshare -n bash "$0" inside
    fi
    ;;
esac
