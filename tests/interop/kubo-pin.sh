#!/bin/bash
# The pins of a real Kubo node: made, listed, moved and removed by store path, name and CID;
# what is pinned survives the node's garbage collector, and what is not does not.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

# closure NAME TEXT: a store path, added, its closure on the node; prints path and CID
closure() {
    local path cid
    mkdir -p "$1"
    printf '%s\n' "$2" > "$1/text"
    path=$(nix-store --add "$1")
    cid=$("$NIX_IPFS" add -q --offline --no-closure "$path")
    "$NIX_IPFS" export "$cid" -o "$1.car"
    "$IPFS" dag import --pin-roots=false "$1.car" > /dev/null
    printf '%s %s\n' "$path" "$cid"
}

pins() { "$IPFS" pin ls --type=recursive --names | sort; }
holds() { "$IPFS" repo gc -q > /dev/null && "$IPFS" --offline refs -r "$1" > /dev/null 2>&1; }
# named_at NAME TIME CID: a named pin as it was made then
named_at() {
    local dir
    dir=$("$IPFS" object patch add-link "$empty_dir" "$1@$2" "$3")
    "$IPFS" pin add --name "$1@$2" "$dir" > /dev/null
}

# on_a_terminal 'ARG...': what stands there afterwards is in log
on_a_terminal() { script -qec "$NIX_IPFS $1" /dev/null < /dev/null > log; }

empty_dir=QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn

plain() {
    exits 'add a store path' 0 "$NIX_IPFS" pin add "$a"
    same 'it is pinned under its base name' "$cid_a  ${a##*/}" "$out"
    same 'the node says the same' "$cid_a recursive ${a##*/}" "$(pins)"
    exits 'add it again, by its CID' 0 "$NIX_IPFS" pin add "$cid_a"
    same 'it keeps its name' "$cid_a  ${a##*/}" "$out"
    "$IPFS" pin add --name other "$cid_b" > /dev/null
    exits 'add what has another name' 0 "$NIX_IPFS" pin add "$b"
    same 'it keeps that' "$cid_b  other" "$out"
    exits 'ls by path' 0 "$NIX_IPFS" pin ls "$a"
    same 'finds it' "$cid_a  ${a##*/}" "$out"
    exits 'ls by pattern' 0 "$NIX_IPFS" pin ls -q 'o*r'
    same 'finds it' "$cid_b" "$out"
    exits 'ls of what is not there' 4 "$NIX_IPFS" pin ls none
    exits 'ls of a pattern that fits nothing' 0 "$NIX_IPFS" pin ls 'none*'
    exits 'rm by name' 0 "$NIX_IPFS" pin rm other
    exits 'rm by name, again' 4 "$NIX_IPFS" pin rm other
    if holds "$cid_a" && ! holds "$cid_b"; then pass 'GC keeps what is pinned'; else fail 'GC keeps what is pinned'; fi
    exits 'add of what the node lacks' 4 "$NIX_IPFS" pin add "$b"
    case $err in *"has not got all of $cid_b: 'nix-ipfs add "*) pass 'it says what to do' ;; *) fail 'it says what to do' "$err" ;; esac
    exits 'add of a CID that nobody has' 5 "$NIX_IPFS" pin add "$cid_b" --timeout 1
    on_a_terminal "pin add $cid_b --timeout 2"
    if grep -q "pinning 0  $cid_b" log; then pass 'a terminal shows how far the node is'; else fail 'a terminal shows how far the node is' "$(cat log)"; fi
    on_a_terminal "pin add -q $cid_b --timeout 2"
    if grep -q 'pinning' log; then fail 'but not with -q' "$(cat log)"; else pass 'but not with -q'; fi
    exits 'add of a path that the index lacks' 4 "$NIX_IPFS" pin add "$(nix-store --add "$top/LICENSE")"
    "$IPFS" dag import --pin-roots=false two.car > /dev/null
}

update_plain() {
    exits 'update' 0 "$NIX_IPFS" pin update "$a" "$b"
    same 'the new one has its own name' "$cid_b recursive ${b##*/}" "$(pins)"
    exits 'update back, by CID' 0 "$NIX_IPFS" pin update "$cid_b" "$a"
    exits 'update to itself' 0 "$NIX_IPFS" pin update "$a" "$cid_a"
    exits 'update of what is not pinned' 4 "$NIX_IPFS" pin update "$b" "$a"
    # as if it had been interrupted before the new name
    "$IPFS" pin add --name "${b##*/}" "$cid_a" > /dev/null
    exits 'update that was interrupted' 0 "$NIX_IPFS" pin update "${b##*/}" "$a"
    same 'has its name in the end' "$cid_a recursive ${a##*/}" "$(pins)"
    exits 'add b' 0 "$NIX_IPFS" pin add "$b"
    exits 'update to what is pinned' 0 "$NIX_IPFS" pin update "$a" "$b"
    same 'leaves that' "$cid_b recursive ${b##*/}" "$(pins)"
    "$IPFS" pin add --name "${b##*/}" "$cid_a" > /dev/null
    exits 'a name of two' 2 "$NIX_IPFS" pin rm "${b##*/}"
    exits 'update of a name of two' 2 "$NIX_IPFS" pin update "${b##*/}" "$b"
    exits 'rm of both, by CID' 0 "$NIX_IPFS" pin rm "$cid_a" "$cid_b" "$cid_a"
    same 'none is left' '' "$(pins)"
}

named() {
    local first wrapper
    exits 'add under a name' 0 "$NIX_IPFS" pin add --name main "$a"
    first=$out
    case $first in "$cid_a  main@20"*Z) pass 'it has a time' ;; *) fail 'it has a time' "$first" ;; esac
    same 'ls' "$first" "$("$NIX_IPFS" pin ls)"
    same 'ls by CID' "$first" "$("$NIX_IPFS" pin ls "$cid_a")"
    wrapper=$("$NIX_IPFS" pin ls --json main | sed 's/.*"pin":"\([^"]*\).*/\1/')
    same 'ipfs resolves through it' "$cid_a" "$("$IPFS" resolve "/ipfs/$wrapper/${first##* }" | sed 's,/ipfs/,,')"
    exits 'another name for the same' 0 "$NIX_IPFS" pin add --name release "$cid_a"
    exits 'rm of what is only named' 4 "$NIX_IPFS" pin rm "$a"
    case $err in *"the named pin 'main@"*) pass 'it says which' ;; *) fail 'it says which' "$err" ;; esac
    exits 'rm by name' 0 "$NIX_IPFS" pin rm release
    if holds "$cid_a" && ! holds "$cid_b"; then pass 'GC keeps what is named'; else fail 'GC keeps what is named'; fi
    "$IPFS" dag import --pin-roots=false two.car > /dev/null
    exits 'update of a name' 0 "$NIX_IPFS" pin update main "$b"
    case $out in "$cid_b  main@20"*Z) pass 'it holds the other' ;; *) fail 'it holds the other' "$out" ;; esac
    same 'and is the only one' "$out" "$("$NIX_IPFS" pin ls)"
    if ! holds "$cid_a" && holds "$cid_b"; then pass 'GC sees that'; else fail 'GC sees that'; fi
    exits 'rm by the whole name' 0 "$NIX_IPFS" pin rm "${out##* }"
    exits 'a name with a slash' 2 "$NIX_IPFS" pin add --name a/b "$cid_b"
    exits 'a name that is too long' 2 "$NIX_IPFS" pin add --name "$(printf 'x%.0s' $(seq 235))" "$cid_b"
    same 'none is left' '' "$(pins)"
}

ages() {
    local day
    for day in 01 02 03; do named_at ci "2025-01-${day}T00:00:00Z" "$cid_b"; done
    named_at other 2025-01-01T00:00:00Z "$cid_b"
    "$IPFS" pin add --name someone@2025-01-01T00:00:00Z "$cid_b" > /dev/null
    exits 'a new one' 0 "$NIX_IPFS" pin add --name ci "$cid_b"
    same 'what --older-than means' 4 "$("$NIX_IPFS" pin ls -q --older-than 1d | wc -l)"
    same 'a name of no directory is a plain pin' \
        "{\"cid\":\"$cid_b\",\"pin\":\"$cid_b\",\"named\":false,\"name\":\"someone@2025-01-01T00:00:00Z\"}" \
        "$("$NIX_IPFS" pin ls --json 'someone*')"
    same 'what --keep-last means' "$cid_b  ci@2025-01-02T00:00:00Z
$cid_b  ci@2025-01-01T00:00:00Z" "$("$NIX_IPFS" pin ls --keep-last 2)"
    exits 'rm --keep-last' 0 "$NIX_IPFS" pin rm ci --keep-last 2
    same 'two are left' 2 "$("$NIX_IPFS" pin ls ci | wc -l)"
    exits 'rm --older-than, by pattern' 0 "$NIX_IPFS" pin rm 'c*' --older-than 52w
    same 'one is left' 1 "$("$NIX_IPFS" pin ls ci | wc -l)"
    exits 'rm --keep-last of a CID' 2 "$NIX_IPFS" pin rm "$cid_b" --keep-last 1
    exits 'rm --closure, held by another' 0 "$NIX_IPFS" pin rm ci --closure
    exits 'still pinned' 0 "$NIX_IPFS" pin ls someone@2025-01-01T00:00:00Z
    exits 'rm --closure' 0 "$NIX_IPFS" pin rm other --closure
    same 'the last one takes the pin of the closure with it' '' "$(pins)"
    exits 'ls of nothing' 0 "$NIX_IPFS" pin ls
    same 'is nothing' '' "$out"
}

killed_after() {
    { timeout -s KILL "0.0$(printf '%02d' "$1")" "$NIX_IPFS" pin "${@:2}" > /dev/null; } 2> /dev/null
}

# Killed at any moment and run again, it ends as if nothing had happened.
killed() {
    local i
    "$IPFS" dag import --pin-roots=false one.car two.car > /dev/null
    exits 'a name to be moved' 0 "$NIX_IPFS" pin add --name moved "$cid_a"
    exits 'a plain pin to be moved' 0 "$NIX_IPFS" pin add "$a"
    for i in 3 6 9 12 20; do
        killed_after "$i" update moved "$cid_b"
        killed_after "$i" update "$a" "$b"
        "$NIX_IPFS" pin update moved "$cid_b" > /dev/null 2>> kill.err
        # it may be under the old name still, or be there already
        "$NIX_IPFS" pin update "$a" "$b" > /dev/null 2>&1 || "$NIX_IPFS" pin add "$b" > /dev/null 2>> kill.err
        same "killed after $i ms: what is pinned" "$(printf '%s\n' "$cid_b  ${b##*/}" "$cid_b  moved" | sort)" \
            "$("$NIX_IPFS" pin ls | sed 's/@.*//' | sort)"
        "$NIX_IPFS" pin update moved "$cid_a" > /dev/null 2>> kill.err
        "$NIX_IPFS" pin update "$b" "$a" > /dev/null 2>> kill.err
    done
    same 'nothing was said' '' "$(cat kill.err)"
    exits 'rm' 0 "$NIX_IPFS" pin rm moved "$a"
}

inside() {
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    init_node a
    start_node a
    "$IPFS" pin rm "$empty_dir" > /dev/null
    read -r a cid_a < <(closure one 'the first')
    read -r b cid_b < <(closure two 'the second')
    plain
    update_plain
    named
    ages
    killed
    stop_node a
    exits 'a node that is not running' 5 "$NIX_IPFS" pin ls
    exits 'nor for adding' 5 "$NIX_IPFS" pin add "$a"
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)
    if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
        skip 'pins in Kubo' "${why:-no $IPFS: run make deps}"
        summary
        exit
    fi
    nix_env "$scratch/env" bash "$0" inside
    ;;
esac
