#!/bin/bash
# A real closure from store to store, with each Nix: narinfos and NARs equal to
# Nix's own, trust, registration, what Nix says of the second store.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

# the store paths of a chroot store, as files
names_in() {
    find "$1/nix/store" -mindepth 1 -maxdepth 1 ! -name .links -printf '%f\n' 2> /dev/null | sort
}

# What Nix must agree about in the store that was realized into.
compare_stores() {
    local name=$1 store=$2 p
    shift 2
    for p in "$@"; do
        chroot_store "$store" nix-store --verify-path "$p" 2> "$scratch/err" ||
            fail "$name: verify-path $p" "$(cat "$scratch/err")"
        same "$name: references of ${p##*/}" "$(nix-store -q --references "$p" | sort)" \
            "$(chroot_store "$store" nix-store -q --references "$p" | sort)"
        same "$name: deriver of ${p##*/}" "$(nix-store -q --deriver "$p")" \
            "$(chroot_store "$store" nix-store -q --deriver "$p")"
        same "$name: NAR of ${p##*/}" "$(nix-store --dump "$p" | sha256sum)" \
            "$(nix-store --dump "$store/nix/store/${p##*/}" | sha256sum)"
    done
    if chroot_store "$store" nix-store --verify --check-contents > "$scratch/out" 2>&1; then
        pass "$name: verify --check-contents"
    else
        fail "$name: verify --check-contents" "$(tail -n 2 "$scratch/out")"
    fi
    same "$name: nothing left over" '' \
        "$(find "$store/nix/store" -maxdepth 1 \( -name '*.lock' -o -name '*nixipfs*' \) -printf '%f ')"
}

inside() {
    local version=$1 outs all p base cid
    cd "$scratch" || exit 1
    if ! nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log; then
        fail "Nix $version builds the closure" "$(tail -n 3 build.log)"
        summary
        return
    fi
    mapfile -t outs < outs
    mapfile -t all < <(nix-store -qR "${outs[@]}")
    nix-store --generate-binary-cache-key first-1 first.sk first.pk
    nix-store --generate-binary-cache-key other-1 other.sk other.pk
    nix store sign -k first.sk -r "${outs[@]}" 2> /dev/null
    nix store sign -k other.sk "${outs[0]}" 2> /dev/null
    # content-addressed ones too, with references to themselves
    nix store make-content-addressed "${outs[0]}" > ca.log 2>&1
    local ca
    ca=$(sed -n "s/.*' to '\([^']*\)'.*/\1/p" ca.log | tail -n 1)

    exits "$version: add" 0 "$NIX_IPFS" add -q "${outs[@]}"
    cid=$out
    exits "$version: add again" 0 "$NIX_IPFS" add -q --check "${outs[@]}"
    same "$version: add is repeatable" "$cid" "$out"

    nix copy --to "file://$scratch/cache?compression=none" "${outs[@]}" 2> copy.log
    for p in "${all[@]}"; do
        base=${p##*/}
        "$NIX_IPFS" cat "$cid/${base%%-*}.narinfo" > narinfo 2> err
        if cmp -s narinfo "cache/${base%%-*}.narinfo"; then
            pass "$version: narinfo of $base"
        else
            fail "$version: narinfo of $base" "$(diff narinfo "cache/${base%%-*}.narinfo" | head -n 4; cat err)"
        fi
        same "$version: dump of $base" "$(nix-store --dump "$p" | sha256sum)" \
            "$("$NIX_IPFS" dump "$cid/store/$base" | sha256sum)"
    done

    exits "$version: export" 0 "$NIX_IPFS" export "$cid" -o closure.car
    exits "$version: export again" 0 "$NIX_IPFS" export "$cid" -o again.car
    same "$version: export is deterministic" "$(sha256sum < closure.car)" "$(sha256sum < again.car)"
    exits "$version: verify the CAR" 0 "$NIX_IPFS" verify "$cid" --from closure.car
    exits "$version: show" 0 "$NIX_IPFS" show "$cid" --from closure.car
    exits "$version: show --closure" 0 "$NIX_IPFS" show --closure "$cid"

    exits "$version: no key" 1 "$NIX_IPFS" realize "$cid" --from closure.car --store "$scratch/b"
    case $err in *first-1*) pass "$version: the error names the key" ;; *)
        fail "$version: the error names the key" "$err" ;;
    esac
    exits "$version: the wrong key" 1 "$NIX_IPFS" realize "$cid" --from closure.car --store "$scratch/b" \
        --trusted-public-keys "$(cat other.pk)"
    # a key of the right name that did not make the signatures
    exits "$version: a bad signature" 3 "$NIX_IPFS" realize "$cid" --from closure.car --store "$scratch/b" \
        --trusted-public-keys "first-1:$(cut -d: -f2 other.pk)"
    # all that trust needs to know comes first
    head -c 40000 closure.car > begin.car
    exits "$version: no key, and no tree yet" 1 "$NIX_IPFS" realize "$cid" --from begin.car --store "$scratch/b"
    same "$version: nothing was placed" '' "$(names_in "$scratch/b")"

    exits "$version: realize" 0 "$NIX_IPFS" realize "$cid" --from closure.car --store "$scratch/b" \
        --trusted-public-keys "$(cat first.pk)"
    same "$version: realize prints the results" "$(sort outs)" "$(sort <<< "$out")"
    compare_stores "$version: realized" "$scratch/b" "${all[@]}"
    exits "$version: realize again" 0 "$NIX_IPFS" realize "$cid" --from closure.car --store "$scratch/b" \
        --trusted-public-keys "$(cat first.pk)"
    # signatures came along
    same "$version: signatures" "$(nix path-info --json "${outs[0]}" | grep -o 'first-1:[^"]*')" \
        "$(chroot_store "$scratch/b" nix path-info --json "${outs[0]}" | grep -o 'first-1:[^"]*')"

    # another machine adds the same closure, with other signatures
    cid_b=$(env -u NIX_STATE_DIR -u NIX_LOG_DIR NIX_IPFS_STATE_DIR="$scratch/state-b" \
        "$NIX_IPFS" add --json --store "$scratch/b" "${outs[@]}" | sed 's/.*"storeCid": *"\([^"]*\)".*/\1/')
    same "$version: store/ is the same on another machine" "$("$NIX_IPFS" add --json "${outs[@]}" |
        sed 's/.*"storeCid": *"\([^"]*\)".*/\1/')" "$cid_b"

    # from a pipe, in one pass; one path by its name; without keys
    "$NIX_IPFS" export "$cid" | "$NIX_IPFS" realize "$cid/store/${outs[0]##*/}" --from - --no-check-sigs \
        --store "$scratch/c" > out 2> err
    same "$version: realize from a pipe" "${outs[0]}" "$(cat out)"
    mapfile -t needed < <(nix-store -qR "${outs[0]}")
    same "$version: only what it needs" "$(printf '%s\n' "${needed[@]##*/}" | sort)" \
        "$(names_in "$scratch/c")"
    compare_stores "$version: from a pipe" "$scratch/c" "${needed[@]}"

    # content-addressed paths need no signature
    if [ -n "$ca" ]; then
        exits "$version: add of content-addressed paths" 0 "$NIX_IPFS" add -q "$ca"
        "$NIX_IPFS" export "$out" -o ca.car
        exits "$version: realize of content-addressed paths" 0 "$NIX_IPFS" realize "$out" --from ca.car \
            --store "$scratch/d" --trusted-public-keys ''
        mapfile -t needed < <(nix-store -qR "$ca")
        compare_stores "$version: content-addressed" "$scratch/d" "${needed[@]}"
    else
        fail "$version: make-content-addressed" "$(tail -n 2 ca.log)"
    fi

    # a closure without what it refers to
    exits "$version: add --no-closure" 0 "$NIX_IPFS" add -q --no-closure "${outs[0]}"
    cid=$out
    same "$version: show names what is not included" \
        "$(nix-store -q --references "${outs[0]}" | grep -vxF "${outs[0]}" | sort)" \
        "$("$NIX_IPFS" show --json "$cid" | sed -n 's/^{"path":"\(.*\)","included":false}$/\1/p')"
    "$NIX_IPFS" export "$cid" -o alone.car
    exits "$version: references that are not here" 4 "$NIX_IPFS" realize "$cid" --from alone.car \
        --store "$scratch/e" --no-check-sigs
    exits "$version: references that are here" 0 "$NIX_IPFS" realize "$cid" --from alone.car \
        --store "$scratch/b" --no-check-sigs

    # what the user gets wrong
    exits "$version: a path below a store path" 2 "$NIX_IPFS" add "${outs[0]}/bin/hello"
    exits "$version: a path that is not in the store" 4 "$NIX_IPFS" add /etc/hostname
    exits "$version: a path that is not valid" 4 "$NIX_IPFS" add \
        "${NIX_STORE_DIR}/00000000000000000000000000000000-none"
    ln -s "${outs[0]}" result
    exits "$version: a symlink to a store path" 0 "$NIX_IPFS" add -q ./result
    exits "$version: paths on standard input" 0 bash -c "'$NIX_IPFS' add -q --stdin < outs"

    # a store path that was tampered with is found out
    chmod u+w "${outs[0]}/etc" "${outs[0]}/etc/hello.conf"
    echo tampered >> "${outs[0]}/etc/hello.conf"
    exits "$version: verify of a tampered path" 3 "$NIX_IPFS" verify "${outs[0]}"
    case $out in *etc/hello.conf*) pass "$version: verify names the file" ;; *)
        fail "$version: verify names the file" "$out" ;;
    esac
    exits "$version: add --check of a tampered path" 3 "$NIX_IPFS" add --check "${outs[0]}"
    exits "$version: verify of a good path" 0 "$NIX_IPFS" verify "${outs[1]}"
    summary
}

if [ "${1:-}" = inside ]; then
    inside "$2"
else
    each_nix closure
fi
