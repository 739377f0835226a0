#!/bin/bash
# The settings of nix.conf that say how a store is written: what we do with them beside what
# each real Nix does.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

# realize STORE CID SETTING...: all of the CAR into a chroot store
realize() {
    local store=$1 cid=$2
    shift 2
    NIX_CONFIG=$(printf '%s\n' "${NIX_CONFIG:-}" "$@") "$NIX_IPFS" realize -q "$cid" --from all.car \
        --no-check-sigs --store "$store"
}

# nix_on STORE SETTING COMMAND...: a Nix program on a chroot store
nix_on() {
    local store=$1 setting=$2 program=$3
    shift 3
    env -u NIX_STATE_DIR -u NIX_LOG_DIR "NIX_CONFIG=$(printf '%s\n' "${NIX_CONFIG:-}" "$setting")" \
        "$program" --store "$store" "$@"
}

sound() {
    if nix_on "$2" "${3:-}" nix-store --verify --check-contents > out 2>&1 &&
        ! grep -qE 'disappeared|modified|corrupt|invalid|missing' out; then
        pass "$1"
    else
        fail "$1" "$(tail -n 3 out)"
    fi
}

# with which name in .links each file of a store is one
shared() {
    (cd "$1/nix/store" && find .links -mindepth 1 -printf '%i %f\n' | sort > "$scratch/links" &&
        find . -path ./.links -prune -o \( -type f -o -type l \) -printf '%i %p\n' | sort |
        join -o 1.2,2.2 - "$scratch/links" | sort)
}

# a tree with what its neighbour has too, and something of its own
make_tree() {
    mkdir -p "$1/deeper/empty"
    echo same > "$1/a"
    echo same > "$1/deeper/b"
    printf '#!/bin/sh\necho run\n' > "$1/run"
    cp "$1/run" "$1/no-run"
    chmod +x "$1/run"
    : > "$1/empty"
    : > "$1/deeper/empty-too"
    ln -s /nowhere "$1/link"
    ln -s /nowhere "$1/deeper/link"
    echo "$2" > "$1/own"
    head -c 3000000 /dev/zero | tr '\0' "${2:0:1}" > "$1/deeper/big"
    head -c 2000000 /dev/zero > "$1/deeper/zeros"
}

equal_files() {
    local version=$1 cid=$2 on='auto-optimise-store = true' name
    exits "$version: realize with equal files as one" 0 realize "$scratch/o" "$cid" "$on"
    exits "$version: realize without" 0 realize "$scratch/p" "$cid"
    same "$version: without, no links" '' "$(ls "$scratch/p/nix/store/.links")"
    nix_on "$scratch/p" '' nix-store --optimise 2> out || fail "$version: Nix optimises" "$(cat out)"
    same "$version: the links that Nix makes" "$(ls "$scratch/p/nix/store/.links")" \
        "$(ls "$scratch/o/nix/store/.links")"
    same "$version: the same files are one" "$(shared "$scratch/p" | sha256sum)" \
        "$(shared "$scratch/o" | sha256sum)"
    [ "$(shared "$scratch/o" | wc -l)" -gt 20 ] || fail "$version: files are one" "$(shared "$scratch/o")"
    same "$version: times and modes" "$(find "$scratch/p/nix/store" -mindepth 1 -path '*/.links' -prune \
        -o -printf '%P %m %Ts\n' | sort | sha256sum)" "$(find "$scratch/o/nix/store" -mindepth 1 \
        -path '*/.links' -prune -o -printf '%P %m %Ts\n' | sort | sha256sum)"
    sound "$version: with links all is sound" "$scratch/o"
    # nothing is left for Nix to do
    nix_on "$scratch/o" '' nix-store --optimise > out 2>&1
    same "$version: the same after Nix" "$(shared "$scratch/p" | sha256sum)" \
        "$(shared "$scratch/o" | sha256sum)"
    same "$version: nothing is left beside" '' "$(find "$scratch/o/nix/store" -maxdepth 1 \
        \( -name '.tmp*' -o -name '*nixipfs*' -o -name '*.lock' \))"

    # what has a name of .links and is not what it says poisons nothing
    nix_on "$scratch/q" '' nix-store --init
    for name in "$scratch/o/nix/store/.links"/*; do
        [ -h "$name" ] || head -c "$(stat -c %s "$name")" /dev/zero | tr '\0' '?' \
            > "$scratch/q/nix/store/.links/${name##*/}"
    done
    find "$scratch/q/nix/store/.links" -type f -exec chmod 444 {} + -exec touch -d @1 {} +
    exits "$version: realize beside corrupt links" 0 realize "$scratch/q" "$cid" "$on"
    sound "$version: sound beside corrupt links" "$scratch/q"
    same "$version: the links are mended" "$(shared "$scratch/p" | sha256sum)" \
        "$(shared "$scratch/q" | sha256sum)"
    nix_on "$scratch/q" '' nix-store --gc > out 2>&1
    same "$version: the collector takes the links" '' "$(ls -A "$scratch/q/nix/store/.links")"
}

journal() { od -An -tu1 -j18 -N1 "$1/nix/var/nix/db/db.sqlite" | tr -d ' '; }

no_wal() {
    local version=$1 cid=$2 off='use-sqlite-wal = false' added
    exits "$version: realize without a write-ahead log" 0 realize "$scratch/w" "$cid" "$off"
    same "$version: the database has none" 1 "$(journal "$scratch/w")"
    sound "$version: without a log all is sound" "$scratch/w" "$off"
    added=$(nix_on "$scratch/w" "$off" nix-store --add own-file)
    same "$version: Nix leaves it so" 1 "$(journal "$scratch/w")"
    exits "$version: what Nix added is valid" 0 env "NIX_CONFIG=$off" "$NIX_IPFS" add -q \
        "$added" --store "$scratch/w"
    nix_on "$scratch/w" "$off" nix-store --gc > out 2>&1
    # another program that locks as Nix does there is waited for
    sqlite3 "file:$scratch/w/nix/var/nix/db/db.sqlite?vfs=unix-dotfile" \
        'begin exclusive' '.shell touch held; sleep 2' commit > out 2>&1 &
    until [ -e held ]; do sleep 0.05; done
    exits "$version: realize beside another writer" 0 realize "$scratch/w" "$cid" "$off"
    wait $!
    sound "$version: sound beside another writer" "$scratch/w" "$off"
    # once there is a log, it is kept: Nix itself cannot open such a database then
    exits "$version: a database with a log" 0 realize "$scratch/p" "$cid" "$off"
    same "$version: keeps it" 2 "$(journal "$scratch/p")"
}

# calls OF STORE SETTING...: how often realize called a function
calls() {
    local of=$1 store=$2
    shift 2
    rm -f calls.log
    NIPFS_CALLS=$scratch/calls.log LD_PRELOAD=$scratch/calls.so realize "$store" "$cid" "$@" > out 2>&1 ||
        fail "$store with $*" "$(cat out)"
    grep -c "^$of " calls.log
}

syncs() {
    local version=$1 cid=$2 none='fsync-metadata = false' n
    # a program with sanitizers takes no other library
    [ -z "${NIPFS_SLOW_BUILD:-}" ] || return 0
    [ "$(calls syncfs "$scratch/f1")" -gt 0 ] || fail "$version: trees are synced" "$(cat calls.log)"
    [ "$(grep -c '^fdatasync .*db.sqlite' calls.log)" -gt 0 ] || fail "$version: the database is synced"
    same "$version: no tree is synced" 0 "$(calls syncfs "$scratch/f2" "$none")"
    same "$version: and no database" 0 "$(grep -c '^f.*sync .*db.sqlite' calls.log)"
    for n in fsync-store-paths sync-before-registering; do
        [ "$(calls syncfs "$scratch/f-$n" "$none" "$n = true")" -gt 0 ] ||
            fail "$version: trees are synced with $n" "$(cat calls.log)"
        # before they are registered
        same "$version: with $n, rows come last" pwrite64 \
            "$(grep -oE '^(syncfs|pwrite64 .*db.sqlite-wal)' calls.log | tail -n 1 | cut -d ' ' -f 1)"
        sound "$version: sound with $n" "$scratch/f-$n"
    done
}

owner_of() { stat -c '%U:%G %a' "$1/nix/store"; }

build_users() {
    local version=$1 cid=$2 group='build-users-group = daemon' missing='build-users-group = no-such-group'
    if [ "$(id -u)" != 0 ]; then
        skip "$version: build-users-group" 'needs root'
        return
    fi
    nix_on "$scratch/g1" "$group" nix-store --init
    exits "$version: a store for build users" 0 realize "$scratch/g2" "$cid" "$group"
    same "$version: is as Nix makes it" "$(owner_of "$scratch/g1")" "$(owner_of "$scratch/g2")"
    same "$version: that is" 'root:daemon 1775' "$(owner_of "$scratch/g2")"
    nix_on "$scratch/g3" "$missing" nix-store --init 2> out
    exits "$version: a group that is missing" 0 env "NIX_CONFIG=$missing" "$NIX_IPFS" realize "$cid" \
        --from all.car --no-check-sigs --store "$scratch/g4"
    same "$version: and is missing to Nix" "$(owner_of "$scratch/g3")" "$(owner_of "$scratch/g4")"
    case $err in
    *"group 'no-such-group'"*) pass "$version: it is named" ;;
    *) fail "$version: it is named" "$err" ;;
    esac
    exits "$version: once, when the store is made" 0 env "NIX_CONFIG=$missing" "$NIX_IPFS" realize "$cid" \
        --from all.car --no-check-sigs --store "$scratch/g4"
    case $err in *no-such-group*) fail "$version: once" "$err" ;; *) pass "$version: once" ;; esac
}

# which entries of a tree have which attributes
attributes() { python3 "$top/tests/support/xattrs.py" list "$1"; }

acls() {
    local version=$1 cid=$2 keep='ignored-acls = system.posix_acl_access system.posix_acl_default' s
    local base=${outs[0]##*/} added
    for s in x1 x2 x3; do
        nix_on "$scratch/$s" '' nix-store --init
        if ! python3 "$top/tests/support/xattrs.py" inherit "$scratch/$s/nix/store" 2> out; then
            skip "$version: ignored-acls" "$(tail -n 1 out)"
            return
        fi
    done
    exits "$version: realize below an ACL" 0 realize "$scratch/x1" "$cid"
    same "$version: it goes" '' "$(attributes "$scratch/x1/nix/store/$base")"
    exits "$version: realize with an ACL that is ignored" 0 realize "$scratch/x2" "$cid" "$keep"
    [ -n "$(attributes "$scratch/x2/nix/store/$base")" ] || fail "$version: it stays"
    added=$(nix_on "$scratch/x3" "$keep" nix-store --add tree-1)
    same "$version: as with Nix" "$(attributes "$scratch/x3/nix/store/${added##*/}")" \
        "$(attributes "$scratch/x2/nix/store/$base")"
    sound "$version: sound with an ACL" "$scratch/x2"
}

inside() {
    local version=$1 outs cid
    cd "$scratch" || exit 1
    # the chroot stores get the logical folder that all of this has
    make_tree tree-1 one
    make_tree tree-2 two
    echo own > own-file
    echo same > same-file
    ln -s /nowhere same-link
    mapfile -t outs < <(nix-store --add tree-1 tree-2 same-file same-link)
    outs+=("$(nix-build --no-out-link "$top/tests/closure/closure.nix" -A hello 2> build.log)")
    exits "$version: add" 0 "$NIX_IPFS" add -q "${outs[@]}"
    cid=$out
    exits "$version: export" 0 "$NIX_IPFS" export "$cid" -o all.car
    cc -D_GNU_SOURCE -shared -fPIC -o calls.so "$top/tests/integration/calls.c" -ldl 2> build.log ||
        fail "$version: calls.so" "$(cat build.log)"
    equal_files "$version" "$cid"
    no_wal "$version" "$cid"
    syncs "$version" "$cid"
    build_users "$version" "$cid"
    acls "$version" "$cid"
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) each_nix 'settings' ;;
esac
