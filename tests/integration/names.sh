#!/bin/bash
# --name: odd trees, from disk and out of DAGs, become the store paths that each Nix
# makes of them, beside its collector, beside each other, and after kills.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"

# all that is registered in a chroot store, but for when
rows() {
    sqlite3 "$1/nix/var/nix/db/db.sqlite" 'select path, hash, deriver, narSize, ultimate, sigs, ca
        from ValidPaths order by path; select * from Refs'
}

attributes() { (cd "$1/nix/store" && find . ! -path . ! -path './.links*' -printf '%P %y %m %T@ %l\n') | LC_ALL=C sort; }

strays() { find "$1/nix/store" -mindepth 1 -maxdepth 1 \( -name '*.lock' -o -name '*nixipfs*' \) -printf '%f '; }

# Every tree, by Nix and by us.
from_disk() {
    local version=$1 tree name want
    for tree in odd/*; do
        name=${tree##*/}
        want=$(chroot_store "$scratch/a" nix store add-path --name "n-$name" "$tree" 2> err) ||
            fail "$version: Nix adds $name" "$(cat err)"
        exits "$version: add --name n-$name" 0 "$NIX_IPFS" add --name "n-$name" "$tree" --store "$scratch/b"
        same "$version: $name becomes the path of Nix" "$want" "${out##* }"
        same "$version: $name as nix-store --add names it" "$(nix-store --add "$tree")" \
            "$("$NIX_IPFS" add --name "$name" "$tree" | sed 's/.* //')"
    done
    same "$version: the rows that Nix has" "$(rows "$scratch/a")" "$(rows "$scratch/b")"
    same "$version: the files that Nix has" "$(attributes "$scratch/a" | sha256sum)" \
        "$(attributes "$scratch/b" | sha256sum)"
    verified "$version: all of it is sound" "$scratch/b"
    same "$version: nothing is left over" '' "$(strays "$scratch/b")"
}

# The same out of a DAG, in profile nix.
from_dags() {
    local version=$1 path name cid
    while read -r path; do
        name=${path##*/}
        cid=$("$NIX_IPFS" ls --store "$scratch/b" "$("$NIX_IPFS" add -q --store "$scratch/b" "$scratch/b/nix/store/$name")/store" |
            awk '{ print $3 }')
        "$NIX_IPFS" export --store "$scratch/b" "$cid" -o tree.car 2> err || fail "$version: export of $name" "$(cat err)"
        exits "$version: realize --name ${name#*-}" 0 "$NIX_IPFS" realize "$cid" --name "${name#*-}" \
            --from tree.car --store "$scratch/c"
        same "$version: it becomes the path of Nix: ${name#*-}" "$path" "$out"
    done < <(sqlite3 "$scratch/a/nix/var/nix/db/db.sqlite" 'select path from ValidPaths')
    same "$version: from DAGs: the rows that Nix has" "$(rows "$scratch/a")" "$(rows "$scratch/c")"
    same "$version: from DAGs: the files that Nix has" "$(attributes "$scratch/a" | sha256sum)" \
        "$(attributes "$scratch/c" | sha256sum)"
    same "$version: from DAGs: nothing is left over" '' "$(strays "$scratch/c")"
}

# What Kubo makes of a folder has no modes.
from_kubo() {
    local version=$1 cid want why
    why=$(missing kubo)
    if [ -n "$why" ]; then
        skip "$version: from Kubo" "$why"
        return
    fi
    export IPFS_PATH=$scratch/repo
    "$IPFS" init -e > /dev/null
    cid=$("$IPFS" add -r -H -Q odd/mixed)
    "$IPFS" dag export "$cid" > kubo.car 2> err
    cp -R odd/mixed plain
    chmod -R a-x,a+X plain
    want=$(nix-store --add plain)
    exits "$version: realize of what Kubo made" 0 "$NIX_IPFS" realize "$cid" --name plain --from kubo.car -o root
    same "$version: is the folder without executables" "$want" "$out"
    case $err in *'nothing in it is executable'*) pass "$version: which is said" ;; *)
        fail "$version: which is said" "$err" ;;
    esac
    same "$version: and has a root" "$want" "$(readlink root)"
    exits "$version: a file of it" 0 "$NIX_IPFS" realize "$cid/lib/big" --name big --from kubo.car -o root
    same "$version: is what Nix adds" "$(nix-store --add odd/mixed/lib/big)" "$out"
    # where there are modes, they count
    cid=$("$IPFS" add -r -H -Q --preserve-mode odd/mixed)
    "$IPFS" dag export "$cid" > kubo.car 2> err
    exits "$version: realize of what Kubo made with modes" 0 "$NIX_IPFS" realize "$cid" --name mixed --from kubo.car -o root
    same "$version: is the folder" "$(nix-store --add odd/mixed)" "$out"
}

# The daemon finds out the path itself; for a plain user too, as nothing is to be trusted.
through_daemons() {
    local version=$1 name want cid
    if ! several_users; then
        skip "$version: through a daemon" 'needs root and setpriv'
        return
    fi
    chmod -R go+rX odd
    daemon_start
    for name in empty-file executable empty-dir dangling names sizes mixed deep; do
        want=$(nix store add-path --name "d-$name" "odd/$name")
        nix-store --delete "$want" > out 2>&1 || fail "$version: delete" "$(cat out)"
        exits "$version: a user adds d-$name" 0 as_user "$NIX_IPFS" add --name "d-$name" "odd/$name"
        same "$version: d-$name by the daemon" "$want" "${out##* }"
        nix-store --verify-path "$want" 2> err || fail "$version: d-$name is right" "$(cat err)"
        same "$version: d-$name is content-addressed" "fixed:r:$(nix-store -q --hash "$want")" \
            "$(sqlite3 "$NIX_STATE_DIR/db/db.sqlite" "select ca from ValidPaths where path = '$want'")"
    done
    cid=$("$NIX_IPFS" ls "$("$NIX_IPFS" add -q "$want")/store" | awk '{ print $3 }')
    "$NIX_IPFS" export "$cid" -o user.car
    nix-store --delete "$want" > out 2>&1
    exits "$version: a user realizes a DAG" 0 as_user "$NIX_IPFS" realize "$cid" --name d-deep --from user.car \
        -o "$scratch/u/root"
    same "$version: the same path" "$want" "$out"
    nix-store --gc > out 2>&1
    same "$version: it has a root" "$want" "$(nix-store -q --roots "$want" | sed 's/.* -> //')"
    head -c 300 user.car > cut.car
    exits "$version: half a DAG" 4 as_user "$NIX_IPFS" realize "$cid" --name half --from cut.car
    exits "$version: by a child" 0 "$NIX_IPFS" add --name child odd/mixed --via stdio
    same "$version: by a child: the same path" "$(nix store add-path --name child odd/mixed)" "${out##* }"
    daemon_stop
    same "$version: nothing is left of half a DAG" '' \
        "$(nix-store --gc > out 2>&1; find "$NIX_STORE_DIR" -maxdepth 1 -name '*-half*')"
}

# A collector that runs while the tree is written, and one that had begun before.
collectors() {
    local version=$1 cid path writer n=1 variable=_NIX_TEST_GC_SYNC
    path=$(nix-store --add odd/sizes)
    cid=$("$NIX_IPFS" ls "$("$NIX_IPFS" add -q "$path")/store" | awk '{ print $3 }')
    "$NIX_IPFS" export "$cid" -o tree.car
    "$NIX_IPFS" add --name any odd/file --store "$scratch/d" > /dev/null
    mkfifo car
    "$NIX_IPFS" realize "$cid" --name sizes --from car --store "$scratch/d" > out.writer 2> err.writer &
    writer=$!
    exec 9> car
    head -c 4000000 tree.car >&9
    while [ -z "$(find "$scratch/d/nix/store" -maxdepth 1 -name '*-nixipfs.tmp')" ] && [ $n -lt 100 ]; do
        sleep 0.1
        n=$((n + 1))
    done
    chroot_store "$scratch/d" nix-store --gc > out 2> err || fail "$version: gc" "$(cat err)"
    tail -c +4000001 tree.car >&9
    exec 9>&-
    wait "$writer" || fail "$version: realize beside a collector" "$(cat err.writer)"
    same "$version: the collector left what was being written" "/nix/store/${path##*/}" \
        "$(sed "s|$NIX_STORE_DIR|/nix/store|" out.writer)"
    verified "$version: sound after it" "$scratch/d"
    chroot_store "$scratch/d" nix-store --gc > out 2> err
    same "$version: without a root it goes" '' "$(ls "$scratch/d/nix/store")"

    # something for the collector to delete
    "$NIX_IPFS" add --name any odd/file --store "$scratch/d" > /dev/null
    mkfifo fifo
    [ "$version" = 2.8 ] || variable=_NIX_TEST_GC_SYNC_2
    env "$variable=$PWD/fifo" "NIX_REMOTE=$scratch/d" nix-store --gc > gc.out 2> gc.err &
    writer=$!
    n=1
    while [ ! -S "$scratch/d/nix/var/nix/gc-socket/socket" ] && [ $n -lt 100 ]; do
        sleep 0.1
        n=$((n + 1))
    done
    sleep 0.3
    exits "$version: add --name while a collector is frozen" 0 "$NIX_IPFS" add --name sizes odd/sizes \
        --store "$scratch/d"
    echo > fifo
    wait "$writer" || fail "$version: the collector ends" "$(tail -n 2 gc.err)"
    same "$version: it keeps what came meanwhile" "${path##*/}" "$(ls "$scratch/d/nix/store")"
    verified "$version: sound after the frozen one" "$scratch/d"
}

neighbours() {
    local version=$1 i pids=()
    for i in 1 2 3 4; do
        "$NIX_IPFS" add -q --name same odd/many --store "$scratch/e" > "cid.$i" 2> "err.$i" &
        pids+=($!)
    done
    for i in 1 2 3 4; do
        wait "${pids[$((i - 1))]}" || fail "$version: neighbour $i" "$(cat "err.$i")"
    done
    same "$version: neighbours agree" 1 "$(cat cid.? | sort -u | wc -l)"
    same "$version: one path" 1 "$(find "$scratch/e/nix/store" -mindepth 1 -maxdepth 1 ! -name .links | wc -l)"
    verified "$version: sound beside neighbours" "$scratch/e"
}

kills() {
    local version=$1 i pid begin longest
    begin=${EPOCHREALTIME/./}
    "$NIX_IPFS" add -q --name first odd/many --store "$scratch/k" > out
    longest=$((${EPOCHREALTIME/./} - begin + 1000))
    for ((i = 0; i < 10 * SCALE; i++)); do
        "$NIX_IPFS" add -q --name "k$i" odd/many --store "$scratch/k" > out 2>&1 &
        pid=$!
        sleep "$(printf '0.%06d' $((RANDOM * 32768 % longest)))"
        kill -9 "$pid" 2> /dev/null
        wait "$pid" 2> /dev/null
    done
    verified "$version: sound after kills" "$scratch/k"
    exits "$version: after kills" 0 "$NIX_IPFS" add -q --name last odd/many --store "$scratch/k"
    chroot_store "$scratch/k" nix-store --gc > out 2> err || fail "$version: gc after kills" "$(cat err)"
    same "$version: a collector leaves nothing of them" '' "$(ls "$scratch/k/nix/store")"
}

inside() {
    local version=$1
    cd "$scratch" || exit 1
    chmod 755 "$scratch"
    make_corpus odd
    from_disk "$version"
    from_dags "$version"
    from_kubo "$version"
    through_daemons "$version"
    collectors "$version"
    neighbours "$version"
    kills "$version"
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) each_nix names 'NIX_EXTRA_CONF=fsync-metadata = false' ;;
esac
