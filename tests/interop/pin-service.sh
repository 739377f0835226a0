#!/bin/bash
# Pins on a pinning service, spoken to by its API and through Kubo, which is also a client of
# its own. The service is the mock of its API's authors: it pins one CID once, and a pin has
# the status that its name begins with, or is queued.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

service_pid=
stop_service() {
    [ -z "$service_pid" ] || kill "$service_pid" 2> /dev/null
    service_pid=
}

# start_service DELEGATE: sets $url; it begins without pins
start_service() {
    stop_service
    cp "$top/tests/js/pinning-service.mjs" "$NIPFS_DEPS/js/"
    : > port
    "$NODE" "$NIPFS_DEPS/js/pinning-service.mjs" t0ken "$@" > port 2> service.log &
    service_pid=$!
    for _ in $(seq 200); do
        [ -s port ] && break
        sleep 0.1
    done
    url=http://127.0.0.1:$(cat port)
    export NIX_IPFS_PIN_TOKEN=t0ken
}

remote() { "$NIX_IPFS" pin remote "$1" --service "$service" "${@:2}"; }

tokens() {
    service=$url
    NIX_IPFS_PIN_TOKEN=wr0ng exits 'a wrong token' 1 remote ls
    case $err in *wr0ng*) fail 'no message repeats it' "$err" ;; *'it wants another token'*) pass 'it says so' ;; *) fail 'it says so' "$err" ;; esac
    NIX_IPFS_PIN_TOKEN='' exits 'no token' 1 remote ls
    echo t0ken > token
    NIX_IPFS_PIN_TOKEN='' NIX_IPFS_PIN_TOKEN_FILE=token exits 'a token in a file' 0 remote ls
    NIX_IPFS_PIN_TOKEN=$'a\nb' exits 'no token at all' 1 remote ls
}

by_api() {
    service=$url
    exits 'ls of nothing' 0 remote ls
    same 'is nothing' '' "$out"
    exits 'add' 0 remote add "$one" --name pinned-one
    same 'it is pinned' "$one  pinned   pinned-one" "$out"
    exits 'add again' 0 remote add "$one" --name pinned-one
    exits 'add in the background' 0 remote add "$two" --name slow --background
    same 'it is queued' "$two  queued   slow" "$out"
    exits 'add, and wait in vain' 5 remote add "$two" --name slow --wait 1
    case $err in *'is still queued after 1 s'*) pass 'it says so' ;; *) fail 'it says so' "$err" ;; esac
    exits 'add of what fails' 1 remote add "$three" --name failed-three
    exits 'add of what fails, again' 1 remote add "$three" --name failed-three
    same 'ls' "$three  failed   failed-three
$one  pinned   pinned-one
$two  queued   slow" "$(remote ls)"
    same 'ls by CID' "$one" "$(remote ls -q "$one")"
    same 'ls by name' "$two" "$(remote ls -q slow)"
    same 'ls by pattern' "$one" "$(remote ls -q 'p*')"
    exits 'ls of what is not there' 4 remote ls nothing
    same 'nothing is old' '' "$(remote ls --older-than 1h)"
    same 'of each name one is kept' '' "$(remote ls --keep-last 1)"
    exits 'rm of what failed' 0 remote rm failed-three
    exits 'update' 0 remote update pinned-one "$three"
    same 'it holds the other' "$three  pinned   pinned-one" "$out"
    exits 'rm by CID' 0 remote rm "$three"
    exits 'rm by name' 0 remote rm slow
    exits 'rm again' 4 remote rm slow
    exits 'rm by pattern' 0 remote rm '*'
    same 'none is left' '' "$(remote ls)"
}

by_kubo() {
    service=kubo:mock
    "$IPFS" pin remote service add mock "$url" t0ken
    exits 'Kubo: add' 0 remote add "$one" --name pinned-one
    same 'Kubo: it is pinned' "$one  pinned   pinned-one" "$out"
    same 'Kubo says the same' "$one pinned pinned-one" "$("$IPFS" pin remote ls --service mock | tr '\t' ' ')"
    same 'and so does the API' "$out" "$("$NIX_IPFS" pin remote ls --service "$url")"
    exits 'Kubo: update' 0 remote update pinned-one "$two"
    same 'Kubo: one is there' "$two  pinned   pinned-one" "$(remote ls)"
    exits 'Kubo: rm' 0 remote rm "$two"
    same 'Kubo: none is left' '' "$("$IPFS" pin remote ls --service mock --status=queued,pinning,pinned,failed)"
    exits 'Kubo: no dates' 2 remote ls --older-than 1d
    service=kubo:other exits 'Kubo: a service that it does not know' 1 remote ls

    # one is waited for, and the other client changes its status
    remote_wait
}

remote_wait() {
    service=$url
    remote add "$three" --name slow --wait 30 > wait.out 2> wait.err &
    local waiting=$!
    for _ in $(seq 100); do
        [ -n "$(remote ls "$three" 2> /dev/null)" ] && break
        sleep 0.1
    done
    "$IPFS" pin remote add --service mock --name pinned-three --background "$three" > /dev/null
    wait $waiting
    same 'what was queued gets pinned' "0 $three  pinned   slow" "$? $(cat wait.out)"
}

# What the service is told of the node, and the node of the service.
addresses() {
    local id
    id=$("$IPFS" id -f '<id>')
    init_node b
    start_node b
    local other
    other=$("$IPFS" config Addresses.Swarm | grep -o '/ip4[^"]*')/p2p/$("$IPFS" id -f '<id>')
    export IPFS_PATH=$scratch/a
    start_service "$other"
    service=$url
    exits 'add with a node' 0 remote add "$one" --name fresh --background
    case $("$IPFS" swarm peers) in *"${other##*/}"*) pass 'the node connects to the service' ;; *) fail 'the node connects to the service' "$out" ;; esac
    case $(curl -s -H 'Authorization: Bearer t0ken' "$url/pins?status=queued") in
    *'"origins":['*"/p2p/$id"*) pass 'the service is told where the node is' ;;
    *) fail 'the service is told where the node is' ;;
    esac
    stop_node b
    exits 'a delegate that is gone' 0 remote add "$two" --name fresh --background
    stop_node a
    exits 'a node that is gone' 0 remote add "$three" --name fresh --background
    stop_service
    exits 'a service that is gone' 5 remote ls
}

inside() {
    cd "$scratch" || exit 1
    trap 'stop_service; stop_nodes; cleanup_scratch' EXIT
    init_node a
    start_node a
    one=$(echo one | "$IPFS" add -Q --cid-version=1)
    two=$(echo two | "$IPFS" add -Q --cid-version=1)
    three=$(echo three | "$IPFS" add -Q --cid-version=1)
    # an address at which nobody waits for an answer: its own
    start_service "/ip4/127.0.0.1/tcp/1/p2p/$("$IPFS" id -f '<id>')"
    tokens
    by_api
    by_kubo
    addresses
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)$(missing javascript)
    if [ -n "$why" ] || [ ! -x "$IPFS" ] || [ ! -d "$NIPFS_DEPS/js/node_modules/mock-ipfs-pinning-service" ]; then
        skip 'a pinning service' "${why:-not installed: run make deps}"
        summary
        exit
    fi
    nix_env "$scratch/env" bash "$0" inside
    ;;
esac
