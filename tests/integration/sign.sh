#!/bin/bash
# Signatures, with each Nix: those that we make are those that Nix makes, in its
# database and in narinfos; a closure is signed without a touch of its trees; and
# nobody vouches for contents that changed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

# the signatures in a database, sorted as Nix prints them or not
signatures() {
    sqlite3 "$1" "select path, sigs from ValidPaths where path in ($(printf "'%s'," "${@:2}")'') order by path" |
        python3 -c 'import sys
for line in sys.stdin:
    path, sigs = line.rstrip("\n").split("|")
    print(path, *sorted(sigs.split()))'
}

# field KEY: of the one JSON object on standard input
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

says() {
    case $2 in *"$3"*) pass "$1" ;; *) fail "$1" "'$2' does not say '$3'" ;; esac
}

# What Nix signs in one store, we sign in another.
paths() {
    local version=$1 db=$NIX_STATE_DIR/db/db.sqlite
    nix copy --no-check-sigs --to "$scratch/b" "${outs[@]}" 2> err || fail "$version: nix copy" "$(cat err)"
    chroot_store "$scratch/b" nix store sign -k first.sk -r "${outs[@]}" 2> err ||
        fail "$version: nix store sign" "$(cat err)"
    exits "$version: sign -r" 0 "$NIX_IPFS" sign -k first.sk -r "${outs[@]}"
    same "$version: sign -r prints the closure" "$(printf '%s\n' "${all[@]}" | sort)" "$(sort <<< "$out")"
    same "$version: the signatures that Nix makes" \
        "$(signatures "$scratch/b/nix/var/nix/db/db.sqlite" "${all[@]}")" "$(signatures "$db" "${all[@]}")"
    same "$version: all paths have one" "${#all[@]}" "$(signatures "$db" "${all[@]}" | grep -c ' first-1:')"
    if nix store verify --no-contents -r --sigs-needed 1 "${outs[@]}" \
        --option trusted-public-keys "$(cat first.pk)" 2> err; then
        pass "$version: Nix trusts them"
    else
        fail "$version: Nix trusts them" "$(tail -n 2 err)"
    fi
    signatures "$db" "${all[@]}" > before
    exits "$version: sign again" 0 "$NIX_IPFS" sign --json -k first.sk -r "${outs[@]}"
    same "$version: they were known" "${#all[@]}" "$(grep -c '"known":true' <<< "$out")"
    same "$version: nothing changed" "$(cat before)" "$(signatures "$db" "${all[@]}")"
    exits "$version: no such path" 4 "$NIX_IPFS" sign -k first.sk \
        "$NIX_STORE_DIR/00000000000000000000000000000000-none"
    exits "$version: no store is made" 4 "$NIX_IPFS" sign -k first.sk --store "$scratch/none" "${outs[0]}"
    [ ! -e "$scratch/none" ] || fail "$version: no store is made" 'there is one'
}

one_path() {
    local version=$1 db=$NIX_STATE_DIR/db/db.sqlite
    ln -s "${outs[0]}" result
    exits "$version: sign one path, by a symlink" 0 "$NIX_IPFS" sign -k other.sk ./result
    same "$version: that one alone" "${outs[0]}" "$out"
    same "$version: signed by both" "${outs[0]} first-1 other-1" \
        "$(signatures "$db" "${all[@]}" | grep other-1 | sed 's/:[^ ]*//g')"
}

# What is signed in the closure is what would be signed in Nix.
closures() {
    local version=$1 unsigned=$2 signed=$3 store=$4
    exits "$version: sign a closure" 0 "$NIX_IPFS" sign -k first.sk "$unsigned"
    same "$version: the closure that add makes of what Nix signed" "$signed" "$out"
    exits "$version: sign it again" 0 "$NIX_IPFS" sign --json -k first.sk "$signed"
    same "$version: that changes nothing" "$signed ${#all[@]}" "$(field cid <<< "$out") $(field known <<< "$out")"
    exits "$version: by another key" 0 "$NIX_IPFS" sign --json -k other.sk "$signed"
    same "$version: store/ keeps its CID" "$store" "$(field storeCid <<< "$out")"
    both=$(field cid <<< "$out")
    [ "$both" != "$signed" ] || fail "$version: another key makes another closure"
    same "$version: the rest of it is the same" "$("$NIX_IPFS" ls "$signed" | grep -v narinfo)" \
        "$("$NIX_IPFS" ls "$both" | grep -v narinfo)"
    exits "$version: the new closure can be exported" 0 "$NIX_IPFS" export "$both" -o both.car
    exits "$version: and is whole" 0 "$NIX_IPFS" verify "$both" --from both.car
    exits "$version: and realized with either key" 0 "$NIX_IPFS" realize "$both" --from both.car \
        --store "$scratch/c" --trusted-public-keys "$(cat other.pk)"
    same "$version: with both signatures" "${#all[@]}" "$(signatures "$scratch/c/nix/var/nix/db/db.sqlite" \
        "${all[@]}" | grep -c ' first-1:.* other-1:')"

    # a machine with the key, and neither store nor index
    "$NIX_IPFS" export "$unsigned" -o unsigned.car
    exits "$version: sign a CAR" 0 env NIX_IPFS_STATE_DIR="$scratch/no-index" "$NIX_IPFS" sign -k first.sk \
        "$unsigned" --from unsigned.car -o signed.car --store "$scratch/none"
    same "$version: a CAR gives the same closure" "$signed" "$out"
    "$NIX_IPFS" export "$signed" -o wanted.car
    same "$version: and the CAR that export makes" "$(sha256sum < wanted.car)" "$(sha256sum < signed.car)"
    exits "$version: sign a CAR from a pipe" 0 bash -c "cat unsigned.car |
        '$NIX_IPFS' sign -k first.sk $unsigned --from - -o piped.car --store '$scratch/none'"
    same "$version: which is the same too" "$(sha256sum < wanted.car)" "$(sha256sum < piped.car)"

    # whatever stock Nix needs of a closure with NARs stays
    exits "$version: add --nars" 0 "$NIX_IPFS" add -q --nars "${outs[@]}"
    local with_nars=$out
    exits "$version: sign a closure with NARs" 0 "$NIX_IPFS" sign -k other.sk "$with_nars"
    same "$version: NARs and all else stay" "$("$NIX_IPFS" ls "$with_nars" | grep -v narinfo)" \
        "$("$NIX_IPFS" ls "$out" | grep -v narinfo)"
    "$NIX_IPFS" ls "$out" | grep -q ' nix-cache-info$' || fail "$version: nix-cache-info is there"
    exits "$version: it can be exported" 0 "$NIX_IPFS" export "$out" -o nars.car
    exits "$version: what is no closure" 1 "$NIX_IPFS" sign -k first.sk "$signed/store"
}

add_signs() {
    local version=$1 signed=$2
    signatures "$NIX_STATE_DIR/db/db.sqlite" "${all[@]}" > before
    exits "$version: add --sign-key" 0 "$NIX_IPFS" add -q --sign-key third.sk "${outs[@]}"
    same "$version: as sign does" "$("$NIX_IPFS" sign -k third.sk "$signed")" "$out"
    same "$version: Nix is not told" "$(cat before)" "$(signatures "$NIX_STATE_DIR/db/db.sqlite" "${all[@]}")"
    exits "$version: add --sign-key with a key that Nix has" 0 "$NIX_IPFS" add -q --sign-key first.sk "${outs[@]}"
    same "$version: changes nothing" "$signed" "$out"
}

shown() {
    local version=$1 cid=$2 ca
    exits "$version: show --sigs" 0 "$NIX_IPFS" show --sigs "$cid" --trusted-public-keys "$(cat first.pk)"
    same "$version: trusted" "${#all[@]}" "$(grep -c '^  trusted  *first-1$' <<< "$out")"
    same "$version: unknown" 1 "$(grep -c '^  unknown key  *other-1$' <<< "$out")"
    exits "$version: nothing to refuse" 0 "$NIX_IPFS" show -q --sigs "$cid" --trusted-public-keys "$(cat first.pk)"
    same "$version: and none is named" '' "$out"
    exits "$version: without the key" 0 "$NIX_IPFS" show -q --sigs "$cid" --trusted-public-keys "$(cat third.pk)"
    # the text file is content-addressed
    same "$version: all but what is content-addressed is named" "$(printf '%s\n' "${all[@]}" |
        grep -v greeting.txt | sort)" "$(sort <<< "$out")"
    exits "$version: a key that is not the one" 0 "$NIX_IPFS" show --sigs "$cid" \
        --trusted-public-keys "first-1:$(cut -d: -f2 other.pk)"
    same "$version: is found out" "${#all[@]}" "$(grep -c '^  WRONG signature  *first-1$' <<< "$out")"
    exits "$version: as JSON" 0 "$NIX_IPFS" show --json --sigs "$cid" --trusted-public-keys "$(cat first.pk)"
    same "$version: as JSON: trusted" "${#all[@]}" "$(grep -c '"trusted":true' <<< "$out")"
    same "$version: as JSON: content-addressed" 1 "$(grep -c '"contentAddress":"right"' <<< "$out")"
    nix store make-content-addressed "${outs[0]}" > ca.log 2>&1
    ca=$(sed -n "s/.*' to '\([^']*\)'.*/\1/p" ca.log | tail -n 1)
    exits "$version: add of content-addressed paths" 0 "$NIX_IPFS" add -q "$ca"
    exits "$version: show --sigs of them" 0 "$NIX_IPFS" show --sigs "$out" --trusted-public-keys ''
    same "$version: they need no signature" "$(nix-store -qR "$ca" | wc -l)" \
        "$(grep -c '^  content-addressed  *[ft]' <<< "$out")"
    exits "$version: they can be signed" 0 "$NIX_IPFS" sign -k first.sk -r "$ca"
}

# Where a daemon writes the store it is asked to add the signatures.
daemons() {
    local version=$1 db=$NIX_STATE_DIR/db/db.sqlite
    if ! several_users; then
        skip "$version: through a daemon" 'needs root and setpriv'
        return
    fi
    daemon_start
    nix-store --generate-binary-cache-key daemon-1 daemon.sk daemon.pk
    nix-store --generate-binary-cache-key user-1 user.sk user.pk
    chown 65534:65534 user.sk
    exits "$version: a daemon that trusts us" 0 "$NIX_IPFS" sign -k daemon.sk -r "${outs[0]}" --via daemon
    same "$version: it added the signatures" "$(nix-store -qR "${outs[0]}" | wc -l)" \
        "$(signatures "$db" "${all[@]}" | grep -c ' daemon-1:')"
    if [ "$version" = 2.8 ]; then
        exits "$version: a daemon that does not" 1 as_user "$NIX_IPFS" sign -k user.sk "${outs[0]}"
        says "$version: says so" "$err" 'Nix daemon says'
    else
        exits "$version: a daemon that does not" 0 as_user "$NIX_IPFS" sign -k user.sk "${outs[0]}"
        same "$version: takes them all the same" 1 "$(signatures "$db" "${all[@]}" | grep -c ' user-1:')"
    fi
    daemon_stop
}

# Contents that are not what is stated are signed by nobody.
tampered() {
    local version=$1 signed=$2 db=$NIX_STATE_DIR/db/db.sqlite
    signatures "$db" "${all[@]}" > before
    chmod u+w "${outs[0]}/etc" "${outs[0]}/etc/hello.conf"
    echo tampered >> "${outs[0]}/etc/hello.conf"
    exits "$version: sign of a tampered path" 3 "$NIX_IPFS" sign -k third.sk "${outs[0]}"
    says "$version: it is named" "$err" "${outs[0]##*/}"
    same "$version: it is not signed" "$(cat before)" "$(signatures "$db" "${all[@]}")"
    exits "$version: add --sign-key of a tampered path" 3 "$NIX_IPFS" add --sign-key third.sk "${outs[0]}"
    exits "$version: sign of its closure" 3 "$NIX_IPFS" sign -k third.sk "$signed"
    exits "$version: --trust-nar-hash" 0 "$NIX_IPFS" sign --trust-nar-hash -k third.sk "${outs[0]}"
    exits "$version: add --trust-nar-hash" 0 "$NIX_IPFS" add --trust-nar-hash --sign-key third.sk "${outs[0]}"
    exits "$version: a closure with --trust-nar-hash" 0 "$NIX_IPFS" sign --trust-nar-hash -k third.sk "$signed"
}

inside() {
    local version=$1 unsigned signed store all outs
    cd "$scratch" || exit 1
    chmod 755 "$scratch"
    if ! nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log; then
        fail "Nix $version builds the closure" "$(tail -n 3 build.log)"
        summary
        return
    fi
    mapfile -t outs < outs
    mapfile -t all < <(nix-store -qR "${outs[@]}")
    for key in first other third; do
        nix-store --generate-binary-cache-key "$key-1" $key.sk $key.pk
    done
    unsigned=$("$NIX_IPFS" add -q "${outs[@]}")
    paths "$version"
    exits "$version: add" 0 "$NIX_IPFS" add --json "${outs[@]}"
    signed=$(field cid <<< "$out")
    store=$(field storeCid <<< "$out")
    closures "$version" "$unsigned" "$signed" "$store"
    one_path "$version"
    exits "$version: add of what two keys signed" 0 "$NIX_IPFS" add -q "${outs[@]}"
    signed=$out
    add_signs "$version" "$signed"
    shown "$version" "$signed"
    daemons "$version"
    tampered "$version" "$signed"
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) each_nix signatures 'NIX_EXTRA_CONF=fsync-metadata = false' ;;
esac
