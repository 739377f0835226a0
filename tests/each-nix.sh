# shellcheck shell=bash disable=SC2154
# For test scripts that run with each real Nix. A script sources this after lib.sh,
# calls `each_nix WHAT` when it is started without arguments, and is then run again as
# `SCRIPT inside VERSION` in an environment of its own for each of them.

# each_nix WHAT [NAME=VALUE...]: with these variables for nix-env.sh
each_nix() {
    local what=$1 version why p f s
    shift
    # a user without rights must get at what is in here
    chmod 755 "$scratch"
    for version in $nix_versions; do
        why=$(missing "nix-$version")
        if [ -n "$why" ]; then
            skip "$what with Nix $version" "$why"
            continue
        fi
        rm -f "$scratch/counts"
        env "NIX_VERSION=$version" "NIPFS_COUNTS=$scratch/counts" "$@" \
            "$top/tests/nix-env.sh" "$scratch/$version" bash "$0" inside "$version" || true
        if read -r p f s 2> /dev/null < "$scratch/counts"; then
            n_pass=$((n_pass + p)) n_fail=$((n_fail + f)) n_skip=$((n_skip + s))
        else
            fail "$what with Nix $version" 'it did not end'
        fi
    done
    summary
}

# with_driver NAME WHAT [NAME=VALUE...]: the same, with the program tests/integration/NAME.c,
# linked with the library, as $DRIVER
with_driver() {
    local name=$1 libs
    shift
    libs=$(pkg-config --libs libcrypto libsodium libb2 libcbor sqlite3)
    # .flags is the compiler with its flags, as the library was built
    if (cd "$top" && eval "$(cat "$O/.flags") -o '$scratch/driver' 'tests/integration/$name.c' \
        '$O/libnixipfs.a' $libs -pthread") 2> "$scratch/build.log"; then
        each_nix "$@" "DRIVER=$scratch/driver"
    else
        fail "$name is built" "$(grep -m 1 error "$scratch/build.log")"
        summary
    fi
}

# chroot_store STORE COMMAND...: a Nix program on a chroot store
chroot_store() { env -u NIX_STATE_DIR -u NIX_LOG_DIR "$2" --store "$1" "${@:3}"; }

# verified NAME STORE: Nix finds nothing wrong in a chroot store
verified() {
    if chroot_store "$2" nix-store --verify --check-contents > "$scratch/out.verify" 2>&1; then
        pass "$1"
    else
        fail "$1" "$(tail -n 2 "$scratch/out.verify")"
    fi
}

several_users() { [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; }

# as_user COMMAND...: as nobody, whose home is the folder u
as_user() {
    if [ ! -d "$scratch/u" ]; then
        mkdir "$scratch/u"
        chown 65534:65534 "$scratch/u"
    fi
    env "HOME=$scratch/u" "XDG_CONFIG_HOME=$scratch/u" "XDG_CONFIG_DIRS=$scratch/u" \
        "NIX_IPFS_STATE_DIR=$scratch/u/state" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# shellcheck source=tests/nix-daemon.sh
. "$top/tests/nix-daemon.sh"

# It ends with the script, whatever becomes of that.
daemon_start() {
    trap 'daemon_stop; cleanup_scratch' EXIT
    # shellcheck disable=SC2119
    spawn_daemon || fail 'the daemon starts' "$(tail -n 2 "$scratch/daemon.log")"
}

# The socket stays, as when a daemon is killed.
daemon_stop() {
    [ -n "$daemon_pid" ] || return 0
    kill "$daemon_pid" 2> /dev/null
    wait "$daemon_pid" 2> /dev/null
    daemon_pid=
}
