#!/bin/bash
# A closure realized from real Kubo nodes: by gateway, by RPC, over Unix sockets, with
# credentials, out of a second node that has it over Bitswap, and with a node that is killed
# in the middle and comes back. Nodes are offline but for each other.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

# realize NAME CODE ARG...: into a store of its own, which must then hold the closure
realize() {
    local name=$1 code=$2 have
    shift 2
    if [ -d "$scratch/to" ]; then
        chmod -R u+w "$scratch/to"
        rm -rf "$scratch/to"
    fi
    exits "$name" "$code" "$NIX_IPFS" realize -q "$cid" --store "$scratch/to" \
        --trusted-public-keys "$(cat pk)" "$@"
    [ "$code" = 0 ] || return
    have=$(ls "$scratch/to$NIX_STORE_DIR" 2> /dev/null || ls "$scratch/to/nix/store")
    same "$name: all of it" "$(printf '%s\n' "${all[@]##*/}" | sort)" "$(printf '%s\n' "$have" | sort)"
}

# gc NAME: the node forgets all that is not pinned
gc() { IPFS_PATH=$scratch/$1 "$IPFS" repo gc -q > /dev/null; }

gateways() {
    local url
    start_node a
    "$IPFS" dag import plain.car > /dev/null
    url=$(cat "$IPFS_PATH/gateway")
    realize 'from the gateway' 0 --from "$url"
    realize 'from localhost, which redirects' 0 --from "http://localhost:${url##*:}"
    realize 'from a gateway that is not there, and one that is' 0 --from http://127.0.0.1:1 --from "$url"
    realize 'from a CAR that lacks all, and the gateway' 0 --from other.car --from "$url"
    realize 'from the gateway, and a CAR behind it' 0 --from "$url" --from plain.car
    realize 'from kubo, by its files' 0 --from kubo
    realize 'from kubo, by its gateway alone' 0 --from kubo --gateway "$url" --api /ip4/127.0.0.1/tcp/1
    realize 'from kubo, by its API, which tells the gateway' 0 --from kubo --api "$(cat "$IPFS_PATH/api")"
    realize 'from kubo, by its RPC alone' 0 --from kubo --api "$(cat "$IPFS_PATH/api")" --gateway http://127.0.0.1:1
    exits 'a block that it looks for and does not find' 5 "$NIX_IPFS" cat "$missing" --from kubo --timeout 5
    realize 'with no --from: the index lacks it, the node has it' 0
    env -u IPFS_PATH HOME="$scratch" "$NIX_IPFS" ls "$cid" > out 2> err
    same 'and without a node' 4 $?
    exits 'verify' 0 "$NIX_IPFS" verify "$cid" --from kubo
    exits 'export' 0 "$NIX_IPFS" export "$cid" --from kubo -o again.car
    same 'the CAR is the same' "$(sha256sum < plain.car)" "$(sha256sum < again.car)"
    stop_node a
    realize 'a node that is not running' 5 --from kubo
    case $err in *'connection refused'*) pass 'and it says why' ;; *) fail 'and it says why' "$err" ;; esac
    start_node a --offline
    realize 'from an offline node' 0 --from kubo
    exits 'a block that nobody has' 4 "$NIX_IPFS" cat "$missing" --from kubo
    stop_node a
}

# The symlinks to its paths are more than are asked for at once.
many_paths() {
    local i cid want
    mkdir -p paths
    for i in $(seq 70); do echo "$i" > paths/"p$i"; done
    want=$(nix-store --add paths/* | sort)
    # shellcheck disable=SC2086
    cid=$("$NIX_IPFS" add -q --offline $want)
    "$NIX_IPFS" export "$cid" -o paths.car
    start_node a
    "$IPFS" dag import --pin-roots=false paths.car > /dev/null
    export NIX_IPFS_STATE_DIR=$scratch/state-of-many
    exits 'a closure that was made for 70 paths' 0 "$NIX_IPFS" realize -q "$cid" --no-check-sigs --store "$scratch/many-to" --from kubo
    same 'all of them' "$want" "$(sort <<< "$out")"
    export NIX_IPFS_STATE_DIR=$scratch/state
    stop_node a
}

sockets() {
    local tcp_api tcp_gateway
    tcp_api=$("$IPFS" config Addresses.API)
    tcp_gateway=$("$IPFS" config Addresses.Gateway)
    "$IPFS" config Addresses.API "/unix$scratch/api.sock"
    "$IPFS" config Addresses.Gateway "/unix$scratch/gw.sock"
    start_node a
    realize 'over sockets' 0 --from kubo
    realize 'over the socket of the API' 0 --from kubo --api "/unix$scratch/api.sock"
    realize 'over the socket of the gateway' 0 --from kubo --gateway "/unix$scratch/gw.sock" --api /ip4/127.0.0.1/tcp/1
    realize 'over the RPC alone' 0 --from kubo --gateway "/unix$scratch/none.sock"
    stop_node a
    "$IPFS" config Addresses.API "$tcp_api"
    "$IPFS" config Addresses.Gateway "$tcp_gateway"
}

credentials() {
    local api said
    "$IPFS" config --json API.Authorizations '{
        "one": {"AuthSecret": "bearer:s3cret-token", "AllowedPaths": ["/api/v0"]},
        "two": {"AuthSecret": "basic:user:s3cret-word", "AllowedPaths": ["/api/v0/block/get", "/api/v0/refs"]}}'
    start_node a
    api=$(cat "$IPFS_PATH/api")
    realize 'no credentials, and a gateway that needs none' 0 --from kubo
    realize 'no credentials, and no gateway' 5 --from kubo --api "$api" --gateway http://127.0.0.1:1
    case $err in *'HTTP 403: it wants other credentials'*) pass 'and it says why' ;; *) fail 'and it says why' "$err" ;; esac
    NIX_IPFS_API_AUTH=bearer:s3cret-token realize 'bearer, from the environment' 0 \
        --from kubo --api "$api" --gateway http://127.0.0.1:1
    echo 'basic:user:s3cret-word' > auth
    NIX_IPFS_API_AUTH_FILE=auth realize 'basic, from a file' 0 --from kubo --api "$api" --gateway http://127.0.0.1:1
    NIX_IPFS_API_AUTH_FILE=auth realize 'basic, that may not read the configuration' 0 --from kubo --api "$api"
    NIX_IPFS_API_AUTH=bearer:s3cret-wrong realize 'a wrong one' 5 --from kubo --api "$api" --gateway http://127.0.0.1:1
    said=$out$err
    NIX_IPFS_API_AUTH='s3cret' realize 'a malformed one' 1 --from kubo --api "$api"
    said+=$out$err
    case $said in *s3cret*) fail 'no message repeats them' "$said" ;; *) pass 'no message repeats them' ;; esac
    stop_node a
    "$IPFS" config --json API.Authorizations '{}'
}

# Node b has nothing, and a over Bitswap.
second_node() {
    local id address
    start_node a
    id=$("$IPFS" id -f '<id>')
    address=$("$IPFS" config Addresses.Swarm | grep -o '/ip4[^"]*')/p2p/$id
    init_node b
    start_node b
    "$IPFS" swarm connect "$address" > /dev/null || fail 'the nodes are connected' "$(tail -n 3 "$scratch/b.log")"
    realize 'from a node that fetches it' 0 --from kubo
    gc b
    realize 'from its gateway, which fetches block after block' 0 --from "$(cat "$IPFS_PATH/gateway")"
    gc b
    realize 'from its RPC, which fetches' 0 --from kubo --gateway http://127.0.0.1:1 --api "$(cat "$IPFS_PATH/api")"
    "$IPFS" config --json Gateway.NoFetch true
    gc b
    stop_node b
    start_node b
    "$IPFS" swarm connect "$address" > /dev/null
    realize 'from a node whose gateway does not fetch' 0 --from kubo

    # a folder of many small files: it is made to fetch all of it
    rm -rf many got
    mkdir many
    for i in $(seq 1500); do printf 'file %d\n' "$i" > many/"$i"; done
    many=$(IPFS_PATH=$scratch/a "$IPFS" add -r -Q --cid-version=1 many)
    exits 'many small files from a node that fetches them' 0 "$NIX_IPFS" get "$many" got --from kubo
    if diff -r many got > diff.log; then pass 'and they are right'; else fail 'and they are right' "$(head -n 2 diff.log)"; fi
    stop_node b
    exits 'a node that is gone' 5 "$NIX_IPFS" dump "$many" --from kubo
    export IPFS_PATH=$scratch/a
}

# killed in the middle, and back: the run goes on, or the next one does
restart() {
    local run n=0
    for i in $(seq 1500); do printf 'more %d\n' "$i" > many/"$i"; done
    many=$("$IPFS" add -r -Q --cid-version=1 many)
    for delay in 0.05 0.2; do
        rm -rf got
        ("$NIX_IPFS" get "$many" got --from kubo > get.out 2> get.err; echo $? > get.code) &
        run=$!
        sleep $delay
        stop_node a -KILL
        start_node a
        wait $run
        if [ "$(cat get.code)" = 0 ] && diff -r many got > diff.log; then n=$((n + 1)); else
            fail "killed after $delay s, and back" "$(cat get.code): $(head -n 2 get.err)"
        fi
    done
    same 'a node that is killed and comes back' 2 $n

    # and one that does not come back in time: what is registered stays
    "$NIX_IPFS" realize -q "$cid" --store "$scratch/again" --trusted-public-keys "$(cat pk)" --from kubo > /dev/null 2> err &
    run=$!
    sleep 0.1
    stop_node a
    wait $run
    start_node a
    exits 'realize again' 0 "$NIX_IPFS" realize -q "$cid" --store "$scratch/again" --trusted-public-keys "$(cat pk)" --from kubo
    env -u NIX_STATE_DIR -u NIX_LOG_DIR nix-store --store "$scratch/again" --verify --check-contents 2> err ||
        fail 'what was realized is right' "$(tail -n 2 err)"
    stop_node a
}

inside() {
    local outs
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log || fail 'the closure builds' "$(tail -n 3 build.log)"
    mapfile -t outs < outs
    mapfile -t all < <(nix-store -qR "${outs[@]}")
    nix-store --generate-binary-cache-key node-1 sk pk
    nix store sign -k sk -r "${outs[@]}" 2> /dev/null
    exits 'add' 0 "$NIX_IPFS" add -q "${outs[@]}"
    cid=$out
    exits 'export' 0 "$NIX_IPFS" export "$cid" -o plain.car
    # the index of what is realized must not be asked for it
    export NIX_IPFS_STATE_DIR=$scratch/state
    init_node a
    echo something else > other
    "$IPFS" dag export "$("$IPFS" add -Q --cid-version=1 other)" > other.car 2> err
    echo nobody has this > nothing
    missing=$("$NIX_IPFS" cid -q nothing)
    gateways
    many_paths
    sockets
    credentials
    second_node
    restart
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)
    if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
        skip 'fetching from Kubo' "${why:-no $IPFS: run make deps}"
        summary
        exit
    fi
    NIX_EXTRA_CONF='fsync-metadata = false' nix_env "$scratch/env" bash "$0" inside
    ;;
esac
