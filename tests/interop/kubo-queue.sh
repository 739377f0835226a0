#!/bin/bash
# What is queued is published to a real Kubo node: in one closure directory, when the node is
# back, when `queue run` is killed, by one process only, and by one that stays. The node knows
# nobody.
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

# What is gone or damaged does not keep the others.
one_is_bad() {
    local entries=$NIX_IPFS_STATE_DIR/queue/entries
    enqueue three four lost
    rm "$NIX_IPFS_STATE_DIR"/queue/roots/*
    nix-store --delete "${paths[0]}" > /dev/null 2>&1
    rm -f "${paths[2]}"
    echo nonsense > "$entries/nonsense"
    exits 'one path is gone, one is without its file' 1 queue run
    same 'what is gone leaves the queue' 1 "$(grep -c "'${paths[0]##*/}' leaves the queue unpublished" <<< "$err")"
    same 'the latter stays alone' "${paths[2]}" "$(queue ls -q 2> /dev/null)"
    same 'what is no entry is named once' 1 "$(grep -c "'nonsense' of the queue is no entry" <<< "$err")"
    queue drop --all -q
    same 'and is dropped with all' '' "$(ls "$entries")"
}

# With an age, what waits longer is let go, and stays in the queue.
too_old() {
    enqueue old young
    sed -i 's/^queued .*/queued 5/' "$(grep -l -e -old "$NIX_IPFS_STATE_DIR"/queue/entries/*)"
    XDG_CONFIG_HOME=$PWD/conf exits 'publish = none, and an age' 5 queue run --max-age 2w
    same 'one has no root any more' 'false old true young' "$(queue ls --json | python3 -c '
import json, sys
print(*sorted("%s %s" % (str(e["root"]).lower(), e["path"].split("-", 1)[1]) for e in map(json.loads, sys.stdin)))')"
    nix-store --gc > /dev/null 2>&1
    same 'the collector takes it' "${paths[0]}" "$(nix-store --check-validity --print-invalid "${paths[@]}")"
    exits 'an age that is none' 2 queue run --max-age 14
    queue retry -q
    exits 'it leaves' 0 queue run
    same 'and is told of' 1 "$(grep -c "'${paths[0]##*/}' leaves the queue" <<< "$err")"
    same 'with the other' 0 "$(n_queued)"
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
    local tries=0 name full
    enqueue first
    full=$(date +%s%3N)
    queue run -q > /dev/null 2>&1
    full=$(($(date +%s%3N) - full))
    enqueue six seven eight
    for name in $(seq $((8 * SCALE))); do
        "$NIX_IPFS" queue run -q > /dev/null 2>&1 &
        # spread over the time that it takes
        sleep "$(awk -v ms="$full" -v i="$name" -v n=$((8 * SCALE)) 'BEGIN { print ms * i / n / 1000 }')"
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

# soon WHAT COMMAND...: until it does, within a minute
soon() {
    local what=$1 tries=0
    shift
    until "$@"; do
        tries=$((tries + 1))
        if [ $tries = 600 ]; then
            fail "$what" "it does not; $(tail -n 2 watch.err)"
            return
        fi
        sleep 0.1
    done
    pass "$what"
}
is_empty() { [ "$(n_queued)" = 0 ]; }
has_line() { grep -q "$1" "$2"; }
no_temp_roots() { [ -z "$(ls "$NIX_STATE_DIR/temproots")" ]; }

# One that stays: what comes is published, also when the node was away in the meantime.
watched() {
    local pid
    rm -rf "$NIX_IPFS_STATE_DIR/queue"
    "$NIX_IPFS" queue run --watch > watch.out 2> watch.err &
    pid=$!
    soon 'a watch makes the queue' test -d "$NIX_IPFS_STATE_DIR/queue/entries"
    enqueue nine ten
    soon 'what comes is published' is_empty
    same 'as one' 1 "$(wc -l < watch.out)"
    soon 'nothing is kept while it waits' no_temp_roots
    exits 'another run has its turn' 0 queue run
    same 'and is not kept off' '' "$err"
    stop_node a
    enqueue eleven
    soon 'a node that is away is told of' has_line 'tried again in a minute' watch.err
    same 'and what is queued stays' 1 "$(n_queued)"
    start_node a
    enqueue twelve
    kill -0 $pid || fail 'it stays' "$(cat watch.err)"
    kill "$pid"
    wait "$pid"
    same 'it ends when it is told to' 0 $?
    "$NIX_IPFS" queue run --watch > watch.out 2>> watch.err &
    pid=$!
    soon 'the next one publishes all' is_empty
    rm -rf "$NIX_IPFS_STATE_DIR/queue"
    wait "$pid"
    same 'a queue that is taken away ends it' 1 $?
}

# The closure is signed, and without what another key signs; what is queued stays in.
signed() {
    local text top cid
    nix-store --generate-binary-cache-key up up.sec up.pub
    nix-store --generate-binary-cache-key mine mine.sec mine.pub
    # shellcheck disable=SC2016
    text=$(nix-build --no-out-link -E 'derivation { name = "low"; system = builtins.currentSystem;
        builder = "/bin/sh"; args = [ "-c" "echo low > $out" ]; }' 2> /dev/null)
    top=$(nix-build --no-out-link -E "derivation { name = \"top\"; system = builtins.currentSystem; low = \"$text\";
        builder = \"/bin/sh\"; args = [ \"-c\" \"echo \$low > \$out\" ]; }" 2> /dev/null)
    nix store sign -k up.sec "$text" "$top" 2> /dev/null
    OUT_PATHS=$top "$HOOK"
    exits 'signed by us, without what upstream signs' 0 queue run -q --sign-key mine.sec --skip-signed-by "$(cat up.pub)"
    cid=$out
    same 'what is queued is in it, alone' "${top##*/}" "$("$IPFS" ls "$cid/store" 2> /dev/null | awk '{ print $3 }')"
    same 'signed by both' 'mine up' "$("$IPFS" cat "$cid/$(basename "$top" | cut -c 1-32).narinfo" |
        sed -n 's/^Sig: \(.*\):.*/\1/p' | sort | tr '\n' ' ' | sed 's/ $//')"
}

inside() {
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    dead_then_back
    one_is_bad
    only_one
    killed
    too_old
    signed
    watched
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
