#!/bin/bash
# Several closures in one call, and the roots that are made of them: named as each
# Nix names its own, and kept by its collector.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

# the links in a folder, and where they lead
links() { (cd "$1" && for link in *; do echo "$link $(readlink "$link")"; done); }

# Names of roots, as Nix gives them.
names() {
    local version=$1 store=$scratch/b
    mkdir add-root out-link by-nix-store by-nix-build
    exits "$version: --add-root" 0 "$NIX_IPFS" realize "${cids[@]}" --store "$store" --no-check-sigs \
        --add-root add-root/r
    same "$version: all are printed" "$(printf '%s\n' "${outs[@]}" | sort)" "$(sort <<< "$out")"
    nix-store --realise "${outs[@]}" --add-root by-nix-store/r > out 2> err || fail "$version: nix-store" "$(cat err)"
    same "$version: named as nix-store --add-root does" "$(links by-nix-store)" "$(links add-root)"
    exits "$version: -o" 0 "$NIX_IPFS" realize "${cids[@]}" --store "$store" --no-check-sigs -o out-link/r
    nix build --out-link by-nix-build/r "${outs[@]}" 2> err || fail "$version: nix build" "$(cat err)"
    same "$version: named as nix build -o does" "$(ls by-nix-build)" "$(ls out-link)"
    # 2.8 numbers store paths in an order of its own
    [ "$version" = 2.8 ] || same "$version: in the same order" "$(links by-nix-build)" "$(links out-link)"
    same "$version: no root is warned of" '' "$err"
    # they stand in the order of what was asked for, whatever is there already
    mkdir again backwards
    exits "$version: both" 0 "$NIX_IPFS" realize "${cids[@]}" --store "$store" --no-check-sigs \
        --add-root again/a -o again/o
    same "$version: both are made" "$(links add-root | sed 's/^r/a/'; links out-link | sed 's/^r/o/')" \
        "$(links again)"
    # of one closure in the order of the names given
    exits "$version: one closure" 0 "$NIX_IPFS" realize "$all" "${outs[1]}" "${outs[0]##*/}" \
        --store "$store" --no-check-sigs -o backwards/r
    same "$version: in the order given" "r ${outs[1]}
r-1 ${outs[0]}" "$(links backwards)"
    # a path of a closure, named by what leads to it
    exits "$version: CID/result-1" 0 "$NIX_IPFS" realize "$all/result-1" --store "$store" --no-check-sigs
    same "$version: is a path of it" "$("$NIX_IPFS" ls "$all" | sed -n "s|.* result-1 -> store|$NIX_STORE_DIR|p")" "$out"
    exits "$version: CID/store/NAME" 0 "$NIX_IPFS" realize "$all/store/${outs[0]##*/}" --store "$store" --no-check-sigs
    same "$version: is that path" "${outs[0]}" "$out"
    # what stands there
    ln -sfn "${outs[0]}" add-root/r-2
    exits "$version: a link into the store is replaced" 0 "$NIX_IPFS" realize "${cids[@]}" \
        --store "$store" --no-check-sigs --add-root add-root/r
    same "$version: it is" "$(links by-nix-store)" "$(links add-root)"
    rm add-root/r-2
    echo mine > add-root/r-2
    exits "$version: a file is not" 1 "$NIX_IPFS" realize "${cids[@]}" --store "$store" --no-check-sigs \
        --add-root add-root/r
    same "$version: and stays" mine "$(cat add-root/r-2)"
    rm -r add-root again backwards out-link/r-1
    chroot_store "$store" nix-store --gc > out 2> err || fail "$version: gc" "$(cat err)"
    same "$version: the collector keeps what has a link" \
        "$(nix-store -qR "${outs[0]}" "${outs[@]:2}" | sort -u | sed 's|.*/||')" \
        "$(find "$store/nix/store" -mindepth 1 -maxdepth 1 ! -name .links -printf '%f\n' | sort)"
}

lists() {
    local version=$1 i
    for i in "${!cids[@]}"; do printf '%s\n' "${cids[$i]}"; done > list
    exits "$version: without a root" 0 bash -c \
        "'$NIX_IPFS' realize --stdin --store '$scratch/c' --no-check-sigs < list"
    same "$version: from a list" "$(printf '%s\n' "${outs[@]}" | sort)" "$(sort <<< "$out")"
    case $err in *'garbage collector'*) pass "$version: warns once" ;; *) fail "$version: warns once" "$err" ;; esac
    same "$version: one warning" 1 "$(grep -c 'garbage collector' <<< "$err")"
    printf '%s/store/%s\0' "$all" "${outs[1]##*/}" "$all" "${outs[0]##*/}" > list
    exits "$version: with NUL, paths of a closure" 0 bash -c \
        "'$NIX_IPFS' realize --stdin -0 --store '$scratch/d' --no-check-sigs < list | tr '\\0' '\\n'"
    same "$version: both, in their order" "${outs[1]}
${outs[0]}" "$out"
    # a store path out of whichever has it
    exits "$version: a path of the second closure" 0 "$NIX_IPFS" realize "${cids[1]}" "${cids[0]}" \
        "${outs[0]}" --store "$scratch/e" --no-check-sigs
    same "$version: that alone" "${outs[0]}" "$out"
    # what one does not include another holds
    local alone brings=() path tree
    alone=$("$NIX_IPFS" add -q --no-closure "${outs[0]}")
    "$NIX_IPFS" export "$alone" -o alone.car
    "$NIX_IPFS" export "$all" -o all.car
    exits "$version: not included" 4 "$NIX_IPFS" realize "$alone" --store "$scratch/f" --no-check-sigs \
        --from alone.car
    mapfile -t needed < <(nix-store -q --references "${outs[0]}" | grep -vxF "${outs[0]}")
    exits "$version: nor named" 0 "$NIX_IPFS" realize "$all" "${needed[@]}" --store "$scratch/f" \
        --no-check-sigs --from alone.car --from all.car
    exits "$version: included by then" 0 "$NIX_IPFS" realize "$alone" --store "$scratch/f" \
        --no-check-sigs --from alone.car
    same "$version: it is" "${outs[0]}" "$out"
    # what a closure lacks one before it brings, not one behind it
    for path in "${needed[@]}"; do brings+=("$all/store/${path##*/}"); done
    exits "$version: would be brought before" 0 "$NIX_IPFS" realize "${brings[@]}" "$alone" \
        --store "$scratch/h" --no-check-sigs --from alone.car --from all.car --dry-run
    exits "$version: brought by the one behind" 4 "$NIX_IPFS" realize "$alone" "$all" --store "$scratch/h" \
        --no-check-sigs --from alone.car --from all.car
    exits "$version: all brought before" 0 "$NIX_IPFS" realize "${brings[@]}" "$alone" --json \
        --store "$scratch/h" --no-check-sigs --from alone.car --from all.car
    same "$version: and placed once" '' "$(grep -o '"path":"[^"]*","status":"placed"' <<< "$out" | sort | uniq -d)"
    same "$version: each that was asked for" "$(printf '%s\n' "${needed[@]}" "${outs[0]}" | sort -u)" \
        "$(sed -n 's/.*"path":"\([^"]*\)".*"result":true.*/\1/p' <<< "$out" | sort -u)"
    # a failure keeps what came before it
    tree=$("$NIX_IPFS" cid -q "${outs[0]}")
    PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/support/car_without.py" broken.car "$tree" alone.car all.car ||
        fail "$version: a CAR without a tree"
    exits "$version: one that fails" 4 env NIX_IPFS_STATE_DIR="$scratch/fresh" "$NIX_IPFS" realize "${brings[@]}" "$alone" --store "$scratch/g" \
        --no-check-sigs --from broken.car --add-root kept
    same "$version: keeps those before it" "${needed[0]}" "$(readlink kept)"
}

# However many are written at the same time, what is said and what is there is the same.
at_a_time() {
    local version=$1 n cars=()
    for n in "${!cids[@]}"; do
        "$NIX_IPFS" export "${cids[$n]}" -o "$n.car"
        cars+=(--from "$n.car")
    done
    for n in 1 2 8 64; do
        exits "$version: -j $n" 0 env NIX_IPFS_STATE_DIR="$scratch/fresh-$n" "$NIX_IPFS" realize "${cids[@]}" \
            "${cars[@]}" --store "$scratch/j-$n" --no-check-sigs --json -j "$n"
        grep '"path"' <<< "$out" > "said-$n"
        same "$version: -j $n: as with one" "$(cat said-1)" "$(cat "said-$n")"
        same "$version: -j $n: all is here" "$(find "$scratch/j-1" -path '*/nix/store/*' -printf '%P %m %s %l\n' | sort)" \
            "$(find "$scratch/j-$n" -path '*/nix/store/*' -printf '%P %m %s %l\n' | sort)"
        exits "$version: -j $n: Nix finds no fault" 0 chroot_store "$scratch/j-$n" nix-store --verify --check-contents
    done
}

# Nothing of any closure is fetched before all are known to be trusted and whole.
refusals() {
    local version=$1 key signed alone
    nix-store --generate-binary-cache-key several-1 secret public || fail 'a key'
    key=$(cat public)
    signed=$("$NIX_IPFS" sign -q -k secret "${cids[1]}")
    alone=$("$NIX_IPFS" add -q --no-closure "${outs[0]}")
    exits "$version: the first is trusted" 0 "$NIX_IPFS" realize "$signed" --dry-run --store "$scratch/i" \
        --trusted-public-keys "$key"
    exits "$version: the second is not" 1 "$NIX_IPFS" realize "$signed" "${cids[0]}" --store "$scratch/i" \
        --trusted-public-keys "$key" --add-root untrusted
    same "$version: nothing is said to be done" '' "$out"
    same "$version: nor is anything placed" '' "$(ls "$scratch/i/nix/store")"
    same "$version: no root is made" "" "$(readlink untrusted)"
    exits "$version: the second lacks references" 4 "$NIX_IPFS" realize "${cids[1]}" "$alone" \
        --store "$scratch/i" --no-check-sigs
    same "$version: nothing is placed then" '' "$(ls "$scratch/i/nix/store")"
    exits "$version: alone the first goes in" 0 "$NIX_IPFS" realize "$signed" --store "$scratch/i" \
        --trusted-public-keys "$key"
    same "$version: it does" "${outs[1]}" "$out"
}

inside() {
    local version=$1 cids=() all outs path
    cd "$scratch" || exit 1
    if ! nix-build --no-out-link "$top/tests/closure/closure.nix" -A hello -A script -A link -A nothing \
        > outs 2> build.log; then
        fail "Nix $version builds the closure" "$(tail -n 3 build.log)"
        summary
        return
    fi
    mapfile -t outs < outs
    for path in "${outs[@]}"; do cids+=("$("$NIX_IPFS" add -q "$path")"); done
    all=$("$NIX_IPFS" add -q "${outs[@]}")
    names "$version"
    lists "$version"
    at_a_time "$version"
    refusals "$version"
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) each_nix 'several closures' 'NIX_EXTRA_CONF=fsync-metadata = false' ;;
esac
