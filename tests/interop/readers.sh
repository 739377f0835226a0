#!/bin/bash
# Other programs of IPFS read what we make, and we realize what they make: Helia over Bitswap
# from a node that has a closure, and ipfs-car. (ipfs get: kubo-closure.sh; ipfs add:
# tests/integration/names.sh)
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

ipfs_car() { "$NODE" "$NIPFS_DEPS/js/node_modules/ipfs-car/bin.js" "$@"; }
executables() { (cd "$1" && find . -type f -perm /100 | sort); }

# what is in the files of $scratch/kubo, in another folder
files() { (cd "$1" && (cd "$scratch/kubo" && find . -type f -print0) | sort -z | xargs -0 sha256sum | sha256sum); }

# same_tree NAME ONE OTHER: also in what is executable
same_tree() {
    if diff -r --no-dereference "$2" "$3" > diff.log; then pass "$1"; else fail "$1" "$(head -n 2 diff.log)"; fi
    same "$1: executables" "$(executables "$2")" "$(executables "$3")"
}

tree() {
    mkdir -p tree/many
    for i in $(seq 1200); do printf 'file %d\n' "$i" > "tree/many/$i with a name that makes it a directory of shards $(printf 'x%.0s' {1..150})"; done
    head -c 5000000 /dev/urandom > tree/big
    : > tree/nothing
    printf hidden > tree/.hidden
}

helia() {
    local outs id address
    nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log || fail 'the closure builds' "$(tail -n 3 build.log)"
    # our own folder of shards is smaller
    mapfile -t outs < <(grep -v many-entries outs; nix-store --add tree)
    "$NIX_IPFS" add -q --nars "${outs[@]}" > closure.cid
    cid=$(cat closure.cid)
    exits 'export' 0 "$NIX_IPFS" export "$cid" -o plain.car
    init_node a
    start_node a
    "$IPFS" dag import plain.car > /dev/null
    id=$("$IPFS" id -f '<id>')
    address=$("$IPFS" config Addresses.Swarm | grep -o '/ip4[^"]*')/p2p/$id
    cp "$top/tests/js/helia.mjs" "$NIPFS_DEPS/js/"
    exits 'Helia gets the closure' 0 "$NODE" "$NIPFS_DEPS/js/helia.mjs" "$address" "$cid" helia
    exits 'so does ipfs get' 0 "$IPFS" get -o kubo "$cid"
    # JavaScript has names as text
    rm -f {helia,kubo}/store/*-awkward-names/not-utf8-*
    same_tree 'Helia reads what Kubo reads' kubo helia
    stop_node a
}

# made NAME FOLDER: a CAR that ipfs-car made becomes the store path that Nix makes of the folder
made() {
    local root theirs
    exits "ipfs-car packs $1" 0 ipfs_car pack "$2" --no-wrap --hidden --output "$1.car"
    root=$out
    theirs=$(nix store add-path --name "$1" "$2")
    nix-store --delete "$theirs" > /dev/null 2>&1
    exits "realize of $1" 0 "$NIX_IPFS" realize -q "$root" --name "$1" --from "$1.car"
    same "$1 is the path that Nix makes of it" "$theirs" "$out"
    exits "verify of $1" 0 "$NIX_IPFS" verify "$out"
}

car() {
    made tree tree
    made file tree/big
    # and the other way round: it reads closures
    exits 'ipfs-car unpacks a closure' 0 ipfs_car unpack plain.car --output unpacked
    rm -f unpacked/store/*-awkward-names/not-utf8-*
    # it makes empty files of symlinks
    same 'all files of it' "$(files kubo)" "$(files unpacked)"
    exits 'ipfs-car finds its root' 0 ipfs_car roots plain.car
    same 'which is the CID' "$cid" "$out"
    exits 'ipfs-car lists its blocks' 0 ipfs_car blocks plain.car
}

inside() {
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    tree
    helia
    car
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)$(missing javascript)
    if [ -n "$why" ] || [ ! -x "$IPFS" ] || [ ! -d "$NIPFS_DEPS/js/node_modules/helia" ]; then
        skip 'other readers' "${why:-not installed: run make deps}"
        summary
        exit
    fi
    nix_env "$scratch/env" bash "$0" inside
    ;;
esac
