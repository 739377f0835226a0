#!/bin/bash
# Stores that cannot be written, and disks that fail: each is said in one line, with the right
# exit code, and nothing is left behind in the store; when it is mended, the next run is through.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

bare() { env -u NIX_STATE_DIR -u NIX_LOG_DIR "$@"; }

# refused NAME CODE WORDS COMMAND...: one line on stderr, with those words in it, and no output
refused() {
    local name=$1 code=$2 words=$3
    shift 3
    exits "$name" "$code" "$@"
    case $err in
    *$'\n'*) fail "$name: in one line" "$err" ;;
    *"$words"*) pass "$name: it is said" ;;
    *) fail "$name: it is said" "'$words' is not in: $err" ;;
    esac
    same "$name: no output" '' "$out"
}

# realize STORE [COMMAND...]: the closure into it, called by COMMAND
realize() {
    bare "${@:2}" "$NIX_IPFS" realize -q "$cid" --from closure.car --no-check-sigs --store "$1"
}

files() { (cd "$1" && find . ! -name 'db.sqlite-*' -printf '%p %y %m %s %l\n' | sort); }

# what lies in the store folder of a chroot store and is not valid
strays() {
    comm -3 <(find "$1/nix/store" -mindepth 1 -maxdepth 1 ! -name .links -printf '%f\n' | sort) \
        <(sqlite3 "$1/nix/var/nix/db/db.sqlite" 'select path from ValidPaths' 2> /dev/null |
            sed 's|.*/||' | sort) | tr -d '\t'
}

# whole NAME STORE: the next run is through, and Nix finds nothing wrong
whole() {
    exits "$1: the next run" 0 realize "$2"
    verified "$1: all is sound" "$2"
    same "$1: nothing else" "$(nix-store -qR "$path" | sed 's|.*/||' | sort)" "$(ls "$2/nix/store")"
}

databases() {
    local version=$1 schema store=$scratch/db before sql
    chroot_store "$store" nix-store --init
    before=$(files "$store/nix/store")
    for schema in 9 11 100 x ''; do
        printf '%s' "$schema" > "$store/nix/var/nix/db/schema"
        refused "$version: schema '$schema'" 1 "schema '$schema'" realize "$store"
        refused "$version: to read schema '$schema'" 1 "schema '$schema'" bare "$NIX_IPFS" add "$path" \
            --store "$store"
    done
    printf 10 > "$store/nix/var/nix/db/schema"
    for sql in 'alter table ValidPaths add column more text' 'drop table Refs' \
        'alter table DerivationOutputs rename column id to name'; do
        cp "$store/nix/var/nix/db/db.sqlite" kept.sqlite
        sqlite3 "$store/nix/var/nix/db/db.sqlite" "$sql"
        refused "$version: $sql" 1 'is not the one that Nix 2 has' realize "$store"
        cp kept.sqlite "$store/nix/var/nix/db/db.sqlite"
    done
    head -c 20000 /dev/zero > "$store/nix/var/nix/db/db.sqlite"
    refused "$version: no database" 1 'is not an SQLite database' realize "$store"
    cp kept.sqlite "$store/nix/var/nix/db/db.sqlite"
    # a page in its middle
    dd if=/dev/urandom of="$store/nix/var/nix/db/db.sqlite" bs=4096 seek=1 count=3 conv=notrunc 2> out
    refused "$version: a damaged database" 1 'damaged' realize "$store"
    same "$version: the store is as it was" "$before" "$(files "$store/nix/store")"
    cp kept.sqlite "$store/nix/var/nix/db/db.sqlite"
    rm -f "$store/nix/var/nix/db/db.sqlite-"*
    whole "$version: a database that was mended" "$store"
}

kinds_of_stores() {
    local version=$1 uri
    for uri in ssh-ng://localhost ssh://localhost https://cache.example.org http://localhost \
        s3://bucket "local-overlay://?root=$scratch/none" dummy:// "file://$scratch/none" \
        mounted-ssh-ng://localhost; do
        refused "$version: $uri" 1 "'${uri%%:*}'" realize "$uri"
        refused "$version: to read $uri" 1 "'${uri%%:*}'" bare "$NIX_IPFS" add "$path" --store "$uri"
    done
    refused "$version: NIX_REMOTE" 1 "'ssh-ng'" env NIX_REMOTE=ssh-ng://localhost "$NIX_IPFS" realize \
        "$cid" --from closure.car --no-check-sigs
    refused "$version: the setting 'store'" 1 "'s3'" env NIX_CONFIG='store = s3://bucket' "$NIX_IPFS" \
        realize "$cid" --from closure.car --no-check-sigs
    refused "$version: no kind at all" 1 'names no store' realize none
    refused "$version: a store that is not to be written" 1 'not to be written' realize \
        "local?root=$scratch/none&read-only=true"
    ln -s "$scratch/none" way
    refused "$version: a symlink" 1 "'$scratch/way' is a symlink" realize "$scratch/way"
    same "$version: of all these nothing is made" '' "$(ls -A "$scratch/none" 2> /dev/null)"
    refused "$version: to read a store that is not there" 4 'there is no Nix store' bare "$NIX_IPFS" add \
        "$path" --store "$scratch/none"
    # the closure is of another store folder
    bare env NIX_STORE_DIR=/other/store nix-store --store "$scratch/other" --init
    refused "$version: another store folder" 1 "'$path' is of another store folder than '/other/store'" \
        realize "$scratch/other" env NIX_STORE_DIR=/other/store
    same "$version: nothing is left in it" '' "$(strays "$scratch/other")"
}

permissions() {
    local version=$1 before
    local user=(setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$scratch/u" "NIX_IPFS_STATE_DIR=$scratch/u/i")
    if ! several_users; then
        skip "$version: no permission" 'needs root and setpriv'
        return
    fi
    chmod 755 .
    mkdir u
    chown 65534:65534 u
    chroot_store "$scratch/p" nix-store --init
    before=$(files p)
    refused "$version: a store of root" 1 'belongs to another user' realize "$scratch/p" "${user[@]}"
    same "$version: it is as it was" "$before" "$(files p)"
    refused "$version: a folder of root" 1 'Permission denied' realize "$scratch/p/new" "${user[@]}"
    same "$version: nothing is made there" "$before" "$(files p)"
    # one's own, but not to be written
    "${user[@]}" bash -c "env -u NIX_STATE_DIR -u NIX_LOG_DIR nix-store --store '$scratch/u/s' --init"
    chmod 555 u/s/nix/store
    refused "$version: a folder without write permission" 1 'Permission denied' realize "$scratch/u/s" \
        "${user[@]}"
    chmod 755 u/s/nix/store
    chmod 444 u/s/nix/var/nix/db/db.sqlite
    refused "$version: a database without write permission" 1 'db.sqlite' realize "$scratch/u/s" \
        "${user[@]}"
    same "$version: nothing is left there" '' "$(strays "$scratch/u/s")"
}

# full NAME OPTIONS: a small disk, as often as a bigger one is needed; then there is room
full() {
    local name=$1 what=$2 n store=$scratch/full n_full=0
    shift 2
    mkdir -p full
    for n in "$@"; do
        if ! mount -t tmpfs -o "$what=$n" none full 2> out; then
            skip "$name" "$(cat out)"
            return
        fi
        if realize "$store" 2> err > out; then
            umount full
            continue
        fi
        n_full=$((n_full + 1))
        same "$name, $n: one line" 1 "$(wc -l < err)"
        grep -qE 'No space left|disk is full' err || fail "$name, $n: it is said" "$(cat err)"
        [ ! -d "$store/nix/store" ] || same "$name, $n: nothing is left" '' "$(strays "$store")"
        mount -o "remount,size=64m,nr_inodes=10000" full
        whole "$name, $n" "$store"
        umount full
    done
    [ $n_full -gt 2 ] || fail "$name" "only $n_full were full"
}

disks() {
    local version=$1 before
    if [ "$(id -u)" != 0 ] || ! mkdir m || ! mount --bind m m 2> out; then
        skip "$version: disks" "needs root and mounts: $(cat out)"
        return
    fi
    chroot_store "$scratch/m" nix-store --init
    before=$(files m)
    mount -o remount,bind,ro m
    refused "$version: a read-only disk" 1 'mounted read-only' realize "$scratch/m"
    same "$version: it stays as it was" "$before" "$(files m)"
    refused "$version: a new store on it" 1 'Read-only file system' realize "$scratch/m/new"
    umount m
    # a disk of the store folder's own, which no mount namespace makes writable
    mount -t tmpfs none m/nix/store
    mount -o remount,ro m/nix/store
    refused "$version: a read-only disk in its place" 1 'on a file system that is mounted read-only' \
        realize "$scratch/m"
    umount m/nix/store
    full "$version: a full disk" size 16k 64k 128k 256k 512k 1m 2m 3m 4m 5m 6m 7m 9m 10m 12m
    full "$version: no more files" nr_inodes 5 10 15 20 25 30 35 40 45 50 60
}

# broken NAME FUNCTION ERRNO PART AFTER: calls of a function on some files fail
n_broken=0
broken() {
    n_broken=$((n_broken + 1))
    local name=$1 store=$scratch/io-$n_broken
    chroot_store "$store" nix-store --init
    refused "$name" 1 "$6" realize "$store" "LD_PRELOAD=$scratch/calls.so" "NIPFS_FAIL=$2 $3 $4 $5"
    same "$name: nothing is left" '' "$(strays "$store")"
    whole "$name" "$store"
}

errors() {
    local version=$1
    # a program with sanitizers takes no other library
    [ -z "${NIPFS_SLOW_BUILD:-}" ] || return 0
    cc -D_GNU_SOURCE -shared -fPIC -o calls.so "$top/tests/integration/calls.c" -ldl 2> out ||
        fail "$version: calls.so" "$(cat out)"
    local io='Input/output error'
    broken "$version: EIO in the first file" pwrite64 5 nixipfs.tmp 0 "$io"
    broken "$version: EIO in the fifth file" pwrite64 5 nixipfs.tmp 4 "$io"
    broken "$version: EIO in the sync" syncfs 5 nix/store 0 "$io"
    broken "$version: EIO in the database" pread64 5 db.sqlite 0 "$io"
    broken "$version: EIO in a write of the database" pwrite64 5 db.sqlite-wal 0 'disk I/O error'
    broken "$version: EIO later in the database" pwrite64 5 db.sqlite-wal 3 'disk I/O error'
    broken "$version: a disk that the rows fill" pwrite64 28 db.sqlite-wal 0 'disk is full'
    broken "$version: EIO in the temp roots" pwrite64 5 temproots 0 "$io"
    broken "$version: EIO in the CAR" pread64 5 closure.car 2 "$io"
}

inside() {
    local version=$1 path cid
    cd "$scratch" || exit 1
    if ! path=$(nix-build --no-out-link "$top/tests/closure/closure.nix" -A hello 2> build.log); then
        fail "Nix $version builds the closure" "$(tail -n 3 build.log)"
        summary
        return
    fi
    exits "$version: add" 0 "$NIX_IPFS" add -q "$path"
    cid=$out
    exits "$version: export" 0 "$NIX_IPFS" export "$cid" -o closure.car
    databases "$version"
    kinds_of_stores "$version"
    permissions "$version"
    disks "$version"
    errors "$version"
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) each_nix 'what is refused' ;;
esac
