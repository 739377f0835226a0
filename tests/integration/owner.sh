#!/bin/bash
# Whose a store is, and how it is mounted: root works on another user's store as that user, and
# writes to a store that is mounted read-only, with each real Nix before and after.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

# a Nix program, or ours, on a store with nothing of the test's own environment
bare() { env -u NIX_STATE_DIR -u NIX_LOG_DIR -u NIX_IPFS_STATE_DIR "$@"; }

# as the user nobody, at home in $scratch/home
user() {
    bare setpriv --reuid=65534 --regid=65534 --init-groups env -u XDG_STATE_HOME "HOME=$scratch/home" \
        "XDG_CACHE_HOME=$scratch/home/cache" "$@"
}

# sound NAME COMMAND...: Nix, called in that way, finds nothing wrong
sound() {
    local name=$1
    shift
    if "$@" --verify --check-contents > out 2>&1 && ! grep -qE 'disappeared|modified|corrupt' out; then
        pass "$name"
    else
        fail "$name" "$(tail -n 3 out)"
    fi
}

foreign() { find "$@" ! -user 65534 -printf '%p '; }

# the user's own state folder, whoever asks for it
another_users_store() {
    local version=$1 cid=$2 path=$3 store=$scratch/home/s state=$scratch/home/.local/state/nix-ipfs
    user nix-store --store "$store" --init || fail "$version: the user's store is made"
    chmod 600 closure.car
    exits "$version: root realizes" 0 bare "$NIX_IPFS" realize "$cid" --from closure.car \
        --no-check-sigs --store "$store" --add-root "$scratch/home/root"
    same "$version: nothing of it is root's" '' "$(foreign home)"
    [ -e "$state/index.sqlite" ] || fail "$version: the index is the user's" "$(find home)"
    user nix-store --store "$store" --gc > out 2>&1 || fail "$version: the user's gc" "$(cat out)"
    same "$version: keeps what the root needs" "$(nix-store -qR "$path" | sed 's|.*/||' | sort)" \
        "$(ls "$store/nix/store")"
    sound "$version: the user's store is sound" user nix-store --store "$store"

    exits "$version: root adds from it" 0 bare "$NIX_IPFS" add -q "$path" --store "$store"
    same "$version: the same CID" "$cid" "$out"
    exits "$version: the user has the blocks" 0 user "$NIX_IPFS" export "$cid" --store "$store"
    exits "$version: and so has root" 0 bare "$NIX_IPFS" export "$cid" --store "$store"
    exits "$version: root lists the user's index" 0 bare "$NIX_IPFS" index ls -q --store "$store"
    case $out in *"$cid"*) pass "$version: with the closure" ;; *) fail "$version: with the closure" "$out" ;; esac
    exits "$version: root prunes it" 0 bare "$NIX_IPFS" index prune --store "$store"
    same "$version: nothing is root's after that" '' "$(foreign home)"

    rm home/root
    user nix-store --store "$store" --gc > out 2>&1 || fail "$version: the user's gc" "$(cat out)"
    same "$version: takes all" '' "$(ls "$store/nix/store")"
    bare "$NIX_IPFS" realize "$cid" --from - --no-check-sigs --store "$store" -q < closure.car > out 2> err ||
        fail "$version: root realizes from a pipe" "$(cat err)"
    sound "$version: sound from a pipe" user nix-store --store "$store"
    same "$version: nothing is root's from a pipe" '' "$(foreign home)"
}

# what the installer for one user makes: store and state folder are that user's
single_user() {
    local version=$1 cid=$2 here=$scratch/single
    local nix=(env NIX_STORE_DIR="$NIX_STORE_DIR" NIX_STATE_DIR="$here/var/nix" NIX_REMOTE="local?real=$here/store")
    mkdir -p single
    chown 65534:65534 single
    user "${nix[@]}" nix-store --init || fail "$version: an installation of one user"
    exits "$version: root realizes into it" 0 bare "${nix[@]}" "$NIX_IPFS" realize "$cid" --from closure.car \
        --no-check-sigs
    same "$version: nothing of that is root's" '' "$(foreign single)"
    sound "$version: it is sound" user "${nix[@]}" nix-store
    user "${nix[@]}" nix-store --gc > out 2>&1 || fail "$version: its gc" "$(cat out)"
    same "$version: nothing stays there" '' "$(ls single/store)"
}

# A folder becomes a mount of its own, read-only; tells the way in which it is mounted.
mount_read_only() { mount --bind "$1" "$1" && mount -o remount,bind,ro,nosuid,nodev "$1"; }
mounts() { grep -F " $1 " /proc/self/mountinfo; }

read_only() {
    local version=$1 cid=$2 path=$3 store=$scratch/m before
    chroot_store "$store" nix-store --init
    if ! mount_read_only "$store/nix/store" 2> out; then
        skip "$version: a store that is mounted read-only" "$(cat out)"
        return
    fi
    before=$(mounts "$store/nix/store")
    exits "$version: it can't be written" 1 touch "$store/nix/store/x"
    exits "$version: root realizes" 0 bare "$NIX_IPFS" realize "$cid" --from closure.car --no-check-sigs \
        --store "$store" --add-root "$scratch/m-root"
    same "$version: nobody else sees that" "$before" "$(mounts "$store/nix/store")"
    exits "$version: it still can't be written" 1 touch "$store/nix/store/x"
    verified "$version: sound behind a read-only mount" "$store"
    chroot_store "$store" nix-store --gc > out 2>&1 || fail "$version: gc behind it" "$(cat out)"
    same "$version: gc keeps what the root needs" "$(nix-store -qR "$path" | sed 's|.*/||' | sort)" \
        "$(ls "$store/nix/store")"
    chown -R 65534:65534 "$store/nix/var"
    exits "$version: parts of two users" 1 bare "$NIX_IPFS" realize "$cid" --from closure.car \
        --no-check-sigs --store "$store"
    umount "$store/nix/store"

    # of another user, and read-only as well
    mount_read_only home/s/nix/store
    exits "$version: another user's, read-only" 0 bare "$NIX_IPFS" realize "$cid" --from closure.car \
        --no-check-sigs --store "$scratch/home/s"
    umount home/s/nix/store
    sound "$version: it is sound" user nix-store --store "$scratch/home/s"
    same "$version: nothing of it is root's" '' "$(foreign home)"
}

# Who may not have a mount namespace is served by the daemon, where one is running.
daemon_instead() {
    local version=$1 cid=$2 path=$3
    local kept=(setpriv --bounding-set=-sys_admin "$NIX_IPFS" realize "$cid" --from closure.car --no-check-sigs -v)
    nix-store --gc > out 2>&1 || fail "$version: gc" "$(cat out)"
    mount_read_only "$NIX_STORE_DIR" || return
    exits "$version: no mount namespace, no daemon" 1 "${kept[@]}"
    case $err in
    *"'$NIX_STORE_DIR' is mounted read-only"*'not to be had'*) pass "$version: and says so" ;;
    *) fail "$version: and says so" "$err" ;;
    esac
    daemon_start
    exits "$version: no mount namespace, and a daemon" 0 "${kept[@]}"
    case $err in *'the Nix daemon at'*) pass "$version: by way of it" ;; *) fail "$version: by way of it" "$err" ;; esac
    same "$version: the path" "$path" "$out"
    exits "$version: the daemon is not to be asked" 1 "${kept[@]}" --via direct
    daemon_stop
    umount "$NIX_STORE_DIR"
    nix-store --verify --check-contents > out 2>&1 || fail "$version: sound by the daemon" "$(cat out)"
}

inside() {
    local version=$1 path
    cd "$scratch" || exit 1
    if ! several_users; then
        skip "$version: whose a store is" 'needs root and setpriv'
        summary
        return
    fi
    if ! path=$(nix-build --no-out-link "$top/tests/closure/closure.nix" -A hello 2> build.log); then
        fail "Nix $version builds the closure" "$(tail -n 3 build.log)"
        summary
        return
    fi
    exits "$version: add" 0 "$NIX_IPFS" add -q "$path"
    local cid=$out
    exits "$version: export" 0 "$NIX_IPFS" export "$cid" -o closure.car
    # the user has a home here: this namespace is the test's own
    chmod 755 .
    mkdir home
    chown 65534:65534 home
    awk -F: -v OFS=: -v home="$scratch/home" '$3 == 65534 { $6 = home } { print }' /etc/passwd > passwd
    if ! mount --bind passwd /etc/passwd 2> out; then
        skip "$version: whose a store is" "$(cat out)"
        summary
        return
    fi
    another_users_store "$version" "$cid" "$path"
    single_user "$version" "$cid"
    read_only "$version" "$cid" "$path"
    daemon_instead "$version" "$cid" "$path"
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) each_nix 'owners and mounts' ;;
esac
