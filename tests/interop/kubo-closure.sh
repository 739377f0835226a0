#!/bin/bash
# A closure in a real Kubo node: the CAR imported and exported again block for
# block, the tree got with its executable bits, and stock Nix that substitutes
# from the node's gateway (--nars).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kubo.sh
. "$top/tests/kubo.sh"

inside() {
    local outs all p base cid why
    cd "$scratch" || exit 1
    trap 'stop_nodes; cleanup_scratch' EXIT
    init_node repo
    start_node repo
    gateway=$(cat "$IPFS_PATH/gateway")
    nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log || fail 'the closure builds' "$(tail -n 3 build.log)"
    mapfile -t outs < outs
    mapfile -t all < <(nix-store -qR "${outs[@]}")
    nix-store --generate-binary-cache-key node-1 sk pk
    nix-store --generate-binary-cache-key other-1 other.sk other.pk
    nix store sign -k sk -r "${outs[@]}" 2> /dev/null

    exits 'add' 0 "$NIX_IPFS" add -q "${outs[@]}"
    cid=$out
    exits 'export' 0 "$NIX_IPFS" export "$cid" -o plain.car
    exits 'Kubo imports the CAR and pins its root' 0 "$IPFS" dag import --stats plain.car
    "$IPFS" dag export "$cid" > theirs.car 2> err
    same 'the blocks that ipfs dag export writes' "$(car_blocks theirs.car)" "$(car_blocks plain.car)"
    exits 'verify what Kubo exports' 0 "$NIX_IPFS" verify "$cid" --from theirs.car
    exits 'realize what Kubo exports' 0 "$NIX_IPFS" realize "$cid" --from theirs.car --store "$scratch/k" \
        --trusted-public-keys "$(cat pk)"

    "$IPFS" get -o got "$cid" > /dev/null 2> err
    same 'ipfs get keeps the executable bits' "$(cd "$NIX_STORE_DIR" && executables "${all[@]##*/}")" \
        "$(cd got/store && executables "${all[@]##*/}")"
    exits 'get' 0 "$NIX_IPFS" get "$cid/store" ours
    rm -rf got
    "$IPFS" get -o got "$cid/store" > /dev/null 2> err
    if diff -r --no-dereference got ours > diff.log; then pass 'get gives what ipfs get gives'; else
        fail 'get gives what ipfs get gives' "$(head -n 2 diff.log)"
    fi
    same 'and the same modes' "$(cd got && find . -type f -perm /100 | sort)" "$(cd ours && find . -type f -perm /100 | sort)"

    exits 'add --nars' 0 "$NIX_IPFS" add -q --nars "${outs[@]}"
    cid=$out
    exits 'add --nars again' 0 "$NIX_IPFS" add -q --nars "${outs[@]}"
    same 'add --nars is repeatable' "$cid" "$out"
    exits 'export --nars' 0 "$NIX_IPFS" export "$cid" -o nars.car
    exits 'Kubo imports it' 0 "$IPFS" dag import nars.car
    "$IPFS" dag export "$cid" > theirs.car 2> err
    same 'the same blocks with NARs' "$(car_blocks theirs.car)" "$(car_blocks nars.car)"
    for p in "${all[@]}"; do
        base=${p##*/}
        nar=$("$IPFS" cat "/ipfs/$cid/${base%%-*}.narinfo" | sed -n 's/^URL: //p')
        same "ipfs cat of the NAR of $base" "$(nix-store --dump "$p" | sha256sum)" \
            "$("$IPFS" cat "/ipfs/$cid/$nar" | sha256sum)"
    done

    # stock Nix, stock gateway, and the key that signed
    substitutes 2.8 nix-store
    why=$(missing nix-2.26)
    if [ -n "$why" ]; then
        skip 'Nix 2.26 substitutes from the gateway' "$why"
    else
        NIX_CONFIG='build-hook =' substitutes 2.26 "$NIPFS_DEPS/nix-2.26/bin/nix-store"
    fi

    # a DAG that is not ours: dag-cbor over files, odd layouts
    foreign
    summary
}

# stock STORE NIX-STORE ARG...
stock() { env -u NIX_STATE_DIR -u NIX_LOG_DIR "$2" --store "$scratch/$1" "${@:3}" --option narinfo-cache-negative-ttl 0; }

# substitutes VERSION NIX-STORE: an unmodified Nix takes the closure $cid from the gateway
substitutes() {
    local store=sub-$1
    stock "$store" "$2" --realise "${outs[@]}" --option substituters "$gateway/ipfs/$cid" \
        --option trusted-public-keys "$(cat other.pk)" > out 2> err &&
        fail "Nix $1 wants a signature by a key that it trusts"
    stock "$store" "$2" --realise "${outs[@]}" --option substituters "$gateway/ipfs/$cid" \
        --option trusted-public-keys "$(cat pk)" > out 2> err
    same "an unmodified Nix $1 substitutes from the gateway" "$(sort outs)" "$(sort -u out)"
    [ "$(sort outs)" = "$(sort -u out)" ] || tail -n 3 err
    stock "$store" "$2" --verify --check-contents 2> err ||
        fail "what Nix $1 substituted is right" "$(tail -n 2 err)"
}

executables() {
    local p
    for p in "$@"; do find "$p" -type f -perm /100; done | sort
}

foreign() {
    local file cbor
    head -c 3000000 /dev/urandom > blob
    while read -r options; do
        # shellcheck disable=SC2086
        file=$("$IPFS" add -Q $options blob)
        "$IPFS" dag export "$file" > foreign.car 2> err
        same "cat of a file made with '$options'" "$(sha256sum < blob)" \
            "$("$NIX_IPFS" cat "$file" --from foreign.car | sha256sum)"
        same "a range of it" "$(tail -c +1000001 blob | head -c 777777 | sha256sum)" \
            "$("$NIX_IPFS" cat "$file" --from foreign.car --offset 1000000 --length 777777 | sha256sum)"
    done << 'EOF'
--cid-version=0
--trickle
--trickle --raw-leaves --chunker=size-1000
--chunker=rabin --inline
--chunker=buzhash --hash=blake2b-256
EOF
    cbor=$(printf '{"a":{"/":"%s"},"b":[{"/":"%s"}]}' "$file" "$cid" | "$IPFS" dag put)
    "$IPFS" dag export "$cbor" > cbor.car 2> err
    exits 'export of dag-cbor' 0 "$NIX_IPFS" export "$cbor" --from cbor.car -o cbor2.car
    same 'a dag-cbor root: the same blocks' "$(car_blocks cbor.car)" "$(car_blocks cbor2.car)"
    same 'and the same bytes, in the order of ipfs dag export' "$(sha256sum < foreign.car)" \
        "$("$NIX_IPFS" export "$file" --from foreign.car | sha256sum)"
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing kubo)
    if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
        skip 'a closure in Kubo' "${why:-no $IPFS: run make deps}"
        summary
        exit
    fi
    nix_env "$scratch/env" bash "$0" inside
    ;;
esac
