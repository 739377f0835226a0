#!/bin/bash
# What is queued is published to a real Kubo node: in one closure directory, when the node is
# back, when `queue run` is killed, and by one process only. The node knows nobody.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

HOOK=$O/nix-ipfs-post-build-hook
queue() { "$NIX_IPFS" queue "$@"; }
n_queued() { queue ls -q | wc -l; }

# value EXPRESSION: of the JSON in $out
value() { printf '%s' "$out" | python3 -c "import json, sys; j = json.loads(sys.stdin.readline()); print($1)"; }

# enqueue NAME...: two paths that were built together, say
enqueue() {
    local name
    paths=()
    for name; do
        head -c 300000 /dev/urandom > "$name"
        paths+=("$(nix-store --add "$name")")
    done
    OUT_PATHS="${paths[*]}" "$HOOK"
}

dead_then_back() {
    init_node a
    enqueue one two
    exits 'without a node' 5 queue run
    same 'they stay' 2 "$(n_queued)"
    out=$(queue ls --json)
    same 'with what was said' '1 True True' "$(value 'j["tries"], j["next"] > j["queued"], "failed" in j' | tr -d '(),')"
    start_node a
    exits 'not before their time' 0 queue run
    same 'nothing is done' '2 ' "$(n_queued) $out"
    exits 'retry' 0 queue retry
    mkdir -p conf/nix-ipfs
    echo 'publish = none' > conf/nix-ipfs/nix-ipfs.conf
    XDG_CONFIG_HOME=$PWD/conf exits 'publish = none' 5 queue run
    same 'nothing leaves' 2 "$(n_queued)"
    queue retry -q
    exits 'with a node' 0 queue run --json --pin=built
    same 'both are published together' "$(printf '%s\n' "${paths[@]}" | sort)" \
        "$(value '"\n".join(sorted(p["path"] for p in j["paths"]))')"
    same 'as add does' "$("$NIX_IPFS" add -q --offline "${paths[@]}")" "$(value 'j["cid"]')"
    if "$IPFS" refs -r -u --offline "$(value 'j["cid"]')" > /dev/null 2> refs.err; then pass 'the node has it'; else
        fail 'the node has it' "$(head -n 1 refs.err)"; fi
    same 'none is queued' 0 "$(n_queued)"
    same 'no root is left' '' "$(ls "$NIX_IPFS_STATE_DIR/queue/roots")"
    exits 'again' 0 queue run
    same 'nothing is done again' '' "$out"
}

# A path that is gone does not keep the others.
one_is_bad() {
    enqueue three four
    rm "$NIX_IPFS_STATE_DIR"/queue/roots/*
    nix-store --delete "${paths[0]}" > /dev/null 2>&1
    exits 'one path is gone' 1 queue run -q
    same 'it stays alone' "${paths[0]}" "$(queue ls -q)"
    queue drop --all -q
}

only_one() {
    enqueue five
    exec 7<> "$NIX_IPFS_STATE_DIR/queue/lock"
    flock 7
    exits 'another one publishes' 0 queue run
    same 'nothing is done beside it' '1 ' "$(n_queued) $out"
    flock -u 7
    exec 7>&-
}

killed() {
    local tries=0 name
    enqueue six seven eight
    for name in $(seq $((8 * SCALE))); do
        queue run -q > /dev/null 2>&1 &
        sleep "0.0$name"
        kill -9 $! 2> /dev/null
        wait $! 2> /dev/null
        tries=$((tries + 1))
    done
    exits "killed $tries times" 0 queue run -q
    same 'all left the queue' 0 "$(n_queued)"
    for name in "${paths[@]}"; do
        "$IPFS" refs -r -u --offline "$("$NIX_IPFS" cid -q "$name")" > /dev/null 2>&1 || fail 'the node has each' "$name"
    done
}

inside() {
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    dead_then_back
    one_is_bad
    only_one
    killed
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)
    if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
        skip 'publishing the queue to Kubo' "${why:-no $IPFS: run make deps}"
        summary
        exit
    fi
    NIX_EXTRA_CONF='fsync-metadata = false' nix_env "$scratch/env" bash "$0" inside
    ;;
esac
