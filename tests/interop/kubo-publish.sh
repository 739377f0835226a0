#!/bin/bash
# A closure published to real Kubo nodes: once, again, shared with another, under names, over a
# Unix socket, with credentials, to a node that is killed in the middle, forgets what it had,
# or is full; and `add` killed again and again. Nodes know nobody.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

# value EXPRESSION: of the JSON in $out
value() { printf '%s' "$out" | python3 -c "import json, sys; j = json.load(sys.stdin); print($1)"; }

add() { "$NIX_IPFS" add "$@"; }

pins() { "$IPFS" pin ls -t recursive --names | sort; }

# whole NAME CID: the node has all of it, by its own word
whole() {
    if "$IPFS" refs -r -u --offline "$2" > refs.out 2> refs.err; then pass "$1"; else
        fail "$1" "$(head -n 1 refs.err)"; fi
}

plain() {
    init_node a
    exits 'nobody is there, and nobody was named' 0 add -q "${outs[@]}"
    cid=$out
    same 'and nothing is said' '' "$err"
    exits 'nobody is there, though named' 5 add -q --to kubo "${outs[@]}"
    start_node a
    exits '--to none' 0 add -q --json --to none "${outs[@]}"
    same 'and nothing was published' False "$(value '"published" in j')"
    exits '--offline' 0 add -q --json --offline "${outs[@]}"
    same 'and nothing was, either' False "$(value '"published" in j')"
    mkdir -p conf/nix-ipfs
    echo 'publish = none' > conf/nix-ipfs/nix-ipfs.conf
    XDG_CONFIG_HOME=$PWD/conf exits 'publish = none' 0 add -q --json "${outs[@]}"
    same 'and nothing was, again' False "$(value '"published" in j')"
    echo 'publish = nonsense' > conf/nix-ipfs/nix-ipfs.conf
    XDG_CONFIG_HOME=$PWD/conf exits 'publish = nonsense' 1 add -q "${outs[@]}"

    exits 'published' 0 add -q --json "${outs[@]}"
    same 'to this node' "$("$IPFS" id -f '<id>')" "$(value 'j["published"]["node"]')"
    same 'all is new' True "$(value 'j["published"]["newBytes"] > 0 and j["published"]["newBlocks"] > 10')"
    same 'and pinned' True "$(value 'j["published"]["pinned"] and not j["published"]["wasPinned"]')"
    same 'under the base name' "$cid recursive $(printf '%s\n' "${outs[@]##*/}" | sort | head -n 1)" \
        "$(pins | grep "^$cid")"
    whole 'the node has it' "$cid"
    exits 'published again' 0 add -q --json "${outs[@]}"
    same 'nothing is sent' '0 0' "$(value 'str(j["published"]["requests"]) + " " + str(j["published"]["newBytes"])')"
    "$IPFS" get -o got "/ipfs/$cid/store/${outs[0]##*/}" > /dev/null 2>&1
    same 'ipfs get' "$("$NIX_IPFS" cid -q "${outs[0]}")" "$("$NIX_IPFS" cid -q got)"
    same 'ipfs ls' "$(printf '%s\n' "${all[@]##*/}" | sort)" \
        "$("$IPFS" ls "$cid/store" | sed 's/^[^ ]* *[^ ]* *//; s,/$,,' | sort)"
    "$IPFS" pin ls "$(value 'j["cid"]')" > /dev/null || fail 'it is pinned' ''

    # what is pinned already keeps its name
    "$IPFS" pin add --name mine "$cid" > /dev/null
    exits 'a pin of somebody else' 0 add -q "${outs[@]}"
    same 'keeps its name' "$cid recursive mine" "$(pins | grep "^$cid")"

    exits 'a name with a slash in it' 2 add -q --pin=ci/main "${outs[@]}"
    exits 'a named pin' 0 add -q --json --pin=main "${outs[@]}"
    name=$(pins | grep "^$(value 'j["published"]["namedPin"]')" | cut -d' ' -f3)
    case $name in main@20??-??-??T??:??:??Z) pass 'its name' ;; *) fail 'its name' "$name" ;; esac
    same 'holds the closure' "$cid" "$("$IPFS" resolve -r "/ipfs/$(value 'j["published"]["namedPin"]')/$name" | sed 's,/ipfs/,,')"
    exits '--pin alone is the usual' 0 add -q --pin "${outs[@]}"
    same 'the CID' "$cid" "$out"

    # one path of the closure for itself: its tree is known
    exits 'a part of it' 0 add -q --json "${outs[0]}"
    same 'sends narinfos and directories alone' True \
        "$(value 'j["published"]["newBlocks"] <= len(j["paths"]) + 8')"
    exits 'the summary' 0 add -q --summary markdown "${outs[0]}"
    case $out in *'| CID | `bafy'*'| already there | '*) pass 'has it all' ;; *) fail 'has it all' "$out" ;; esac
    exits 'not pinned' 0 add -q --json --no-pin --no-closure "${outs[0]}"
    whole 'but there' "$(value 'j["cid"]')"
    same 'and not in the list' '' "$(pins | grep "^$(value 'j["cid"]')")"
    exits 'announce nothing' 0 add -q --provide none "${outs[@]}"
    for bad in '--pin --no-pin' '--to nonsense' '--to none --pin' '--to kubo --offline' '--timeout 0'; do
        # shellcheck disable=SC2086
        exits "add $bad" 2 add -q $bad "${outs[0]}"
    done
}

# The port of a node that is gone may be somebody else's by now.
somebody_else() {
    local port
    port=$(free_port)
    mkdir -p web
    export IPFS_PATH=$scratch/web
    (cd web && exec python3 -m http.server --bind 127.0.0.1 "$port" > /dev/null 2>&1) &
    node_pids[web]=$!
    for _ in $(seq 100); do (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break; sleep 0.05; done
    echo "/ip4/127.0.0.1/tcp/$port" > web/api
    exits 'a web server in its place' 0 add "${outs[@]}"
    case $err in *'no Kubo node'*) pass 'is told' ;; *) fail 'is told' "$err" ;; esac
    same 'in one line' 1 "$(printf '%s\n' "$err" | wc -l)"
    exits 'and no node, when one was named' 1 add -q --to kubo "${outs[@]}"
    exits 'by its address, too' 1 add -q --api "/ip4/127.0.0.1/tcp/$port" "${outs[@]}"
    stop_node web
    export IPFS_PATH=$scratch/a
}

# What must not leave.
left_out() {
    local key
    key=$(cat pk)
    exits 'all is signed, and left out' 0 add -q --json --skip-signed-by "$key" "${outs[0]}"
    same 'but for what was asked for' 1 "$(value 'len(j["paths"])')"
    exits 'another key leaves nothing out' 0 add -q --json --skip-signed-by "$(cat pk2)" "${outs[0]}"
    same 'nothing' 0 "$(value 'j["leftOut"]')"
    exits 'only signed' 0 add -q --json --only-signed-by "$key" "${outs[0]}"
    same 'which all is' 0 "$(value 'j["leftOut"]')"
    exits 'only signed by another' 1 add -q --only-signed-by "$(cat pk2)" "${outs[0]}"
    exits 'a name' 0 add -q --json --exclude "$(basename "${refs[0]}" | cut -c34-)" "${outs[0]}"
    same 'is left out' False "$(value "'${refs[0]}' in [p['path'] for p in j['paths']]")"
    exits 'what was asked for is not' 1 add -q --exclude '*' "${outs[0]}"
    exits 'no key' 2 add -q --skip-signed-by nonsense "${outs[0]}"
}

# The CI job of the README, as it stands there.
ci() {
    cp pk2 upstream.pub
    ln -sfn "${outs[0]}" result
    PATH=$(dirname "$NIX_IPFS"):$PATH sh > ci.out 2> ci.err << 'EOF'
cid=$(nix-ipfs add -q --pin=ci-main --skip-signed-by "$(cat upstream.pub)" ./result) || exit
nix-ipfs pin rm --keep-last 5 --closure ci-main
echo "$cid"
EOF
    same 'a CI job' 0 $?
    same 'prints the CID' "$(add -q --offline "${outs[0]}")" "$(tail -n 1 ci.out)"
    same 'and has pinned it' 1 "$("$NIX_IPFS" pin ls -q ci-main | wc -l)"
}

# The node forgets what is not pinned, and is given it again.
forgets() {
    "$IPFS" pin ls -q -t recursive | xargs "$IPFS" pin rm > /dev/null 2>&1
    exits 'not pinned' 0 add -q --no-pin "${outs[@]}"
    "$IPFS" repo gc -q > /dev/null
    exits 'after a garbage collection' 0 add -q --json "${outs[@]}"
    same 'it is sent again' True "$(value 'j["published"]["newBlocks"] > 10')"
    whole 'and is there' "$cid"
    "$IPFS" pin rm "$cid" > /dev/null
    "$IPFS" block rm -f "$("$IPFS" refs -r -u "$cid" | tail -n 1)" > /dev/null
    exits 'one block is gone' 0 add -q --json --no-pin "${outs[@]}"
    same 'and is sent alone' 1 "$(value 'j["published"]["newBlocks"]')"
    whole 'it is whole again' "$cid"
    # a node that is online does not say so when it is to pin, but waits for it
    "$IPFS" block rm -f "$("$IPFS" refs -r -u "$cid" | tail -n 1)" > /dev/null
    exits 'one block is gone, and it is to be pinned' 0 add -q --json "${outs[@]}"
    same 'and is sent alone, again' 1 "$(value 'j["published"]["newBlocks"]')"
    whole 'it is whole once more' "$cid"
}

sockets_and_secrets() {
    local said api
    stop_node a
    "$IPFS" config Addresses.API "/unix$scratch/api.sock"
    "$IPFS" config --json API.Authorizations '{"one": {"AuthSecret": "bearer:s3cret-token", "AllowedPaths": ["/api/v0"]}}'
    start_node a
    exits 'no credentials, and nobody was named' 5 add -q "${outs[@]}"
    exits 'no credentials' 5 add -q --to kubo "${outs[@]}"
    said=$err
    NIX_IPFS_API_AUTH=bearer:s3cret-token exits 'credentials, over a socket' 0 add -q --to kubo --no-closure "${outs[@]}"
    api=$(cat "$IPFS_PATH/api")
    NIX_IPFS_API_AUTH=bearer:s3cret-wrong exits 'wrong ones' 5 add -q --api "$api" "${outs[@]}"
    said+=$err
    case $said in *s3cret*) fail 'no message repeats them' "$said" ;; *) pass 'no message repeats them' ;; esac
    stop_node a
    "$IPFS" config --json API.Authorizations '{}'
    "$IPFS" config Addresses.API "/ip4/127.0.0.1/tcp/$(free_port)"
}

# Killed in the middle, and back: the same run goes on.
killed_node() {
    local run
    init_node b
    start_node b
    (add --json "$big" > big.out 2> big.err; echo $? > big.code) &
    run=$!
    until [ "$(du -sk "$IPFS_PATH/blocks" | cut -f1)" -gt 20000 ] || ! kill -0 $run 2> /dev/null; do sleep 0.02; done
    stop_node b -KILL
    start_node b
    wait $run
    same 'a node that is killed and comes back' 0 "$(cat big.code)"
    out=$(cat big.out)
    whole 'has all of it' "$(value 'j["cid"]')"
    grep -q 'dag/import\|pin/' big.err || fail 'and that is told' "$(cat big.err)"
    stop_node b
}

# Interrupted: what the node has acknowledged stays with it.
interrupted_add() {
    local run code
    local -x NIX_IPFS_STATE_DIR=$PWD/new-state
    init_node i
    start_node i
    "$NIX_IPFS" add -q --to kubo "$big" > /dev/null 2> int.err &
    run=$!
    until [ "$(du -sk "$IPFS_PATH/blocks" | cut -f1)" -gt 34000 ] || ! kill -0 $run 2> /dev/null; do sleep 0.01; done
    kill -TERM $run 2> /dev/null
    wait $run
    code=$?
    case "$code $(cat int.err)" in '143 '*interrupted*|'0 ') pass 'interrupted while it hashes and sends' ;;
    *) fail 'interrupted while it hashes and sends' "$code $(cat int.err)" ;; esac
    exits 'and run again' 0 add -q --json "$big"
    same 'it sends the rest' True "$(value 'j["published"]["newBytes"] < 50000000')"
    whole 'the node has all of it' "$(value 'j["cid"]')"
    stop_node i
}

# `add` itself is killed: nothing is sent twice but what was in flight.
killed_add() {
    local n=$((2 * SCALE)) sum run
    init_node c
    start_node c
    for _ in $(seq $n); do
        add -q "$big" > /dev/null 2>&1 &
        run=$!
        sleep "0.$((RANDOM % 4 + 1))"
        kill -KILL $run 2> /dev/null
        wait $run 2> /dev/null
    done
    exits 'killed again and again, and run once more' 0 add -q --json "$big"
    whole 'the node has all of it' "$(value 'j["cid"]')"
    sum=$(value 'j["published"]["newBytes"] + j["published"]["knownBytes"]')
    same 'what is known and what is new is all' True "$([ "$sum" -gt 70000000 ] && echo True)"
    # StorageMax is 1 MB: a word of warning
    stop_node c
    "$IPFS" config Datastore.StorageMax 1MB
    start_node c
    exits 'above StorageMax' 0 add "${outs[@]}"
    case $err in *'StorageMax is 1.0 MB'*) pass 'a warning' ;; *) fail 'a warning' "$err" ;; esac
    stop_node c
}

# A disk that is full is told, and when there is room again it goes on.
full_disk() {
    mkdir -p "$scratch/small"
    mount -t tmpfs -o size=40m tmpfs "$scratch/small" 2> /dev/null || { skip 'a full disk' 'no tmpfs can be mounted'; return; }
    init_node small/d
    start_node small/d
    exits 'a full disk' 1 add -q --to kubo "$big"
    case $err in *'no space left'*) pass 'it says so' ;; *) fail 'it says so' "$err" ;; esac
    mount -o remount,size=300m "$scratch/small"
    exits 'and with room again' 0 add -q --json "$big"
    whole 'it is whole' "$(value 'j["cid"]')"
    stop_node small/d
    umount "$scratch/small"
}

# The oldest Kubo that is supported.
oldest() {
    local IPFS=$NIPFS_DEPS/bin/ipfs-0.30
    [ -x "$IPFS" ] || { skip 'Kubo 0.30' "$(missing kubo-0.30)"; return; }
    init_node old
    start_node old
    exits 'Kubo 0.30 takes a closure, with executables of over 1 MiB' 0 add -q --pin=old "${outs[@]}" "$big"
    old=$out
    same 'it pins it, and by name' 2 "$(pins | grep -c "^$old\|old@")"
    whole 'it has all of it' "$old"
    mkdir from-old
    exits 'and gives it back' 0 "$NIX_IPFS" get "$old/store/${big##*/}" from-old/big --from kubo
    same 'as it was' "$("$NIX_IPFS" cid -q "$big")" "$("$NIX_IPFS" cid -q from-old/big)"
    stop_node old
}

inside() {
    cd "$scratch" || exit 1
    trap 'stop_nodes; umount "$scratch/small" 2> /dev/null; cleanup_scratch' EXIT
    nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log || fail 'the closure builds' "$(tail -n 3 build.log)"
    mapfile -t outs < outs
    mapfile -t all < <(nix-store -qR "${outs[@]}")
    mapfile -t refs < <(nix-store -q --references "${outs[0]}" | grep -vF "${outs[0]}")
    nix-store --generate-binary-cache-key node-1 sk pk
    nix-store --generate-binary-cache-key node-2 sk2 pk2
    nix store sign -k sk -r "${outs[@]}" 2> /dev/null
    mkdir big
    head -c 1500000 /dev/urandom > big/program
    chmod +x big/program
    head -c 1048570 /dev/urandom > big/almost
    chmod +x big/almost
    head -c 70000000 /dev/urandom > big/data
    big=$(nix-store --add big)
    plain
    somebody_else
    left_out
    ci
    forgets
    sockets_and_secrets
    killed_node
    interrupted_add
    killed_add
    full_disk
    oldest
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)
    if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
        skip 'publishing to Kubo' "${why:-no $IPFS: run make deps}"
        summary
        exit
    fi
    NIX_EXTRA_CONF='fsync-metadata = false' nix_env "$scratch/env" bash "$0" inside
    ;;
esac
