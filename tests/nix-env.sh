#!/bin/sh
# nix-env.sh DIR COMMAND [ARG...]: runs COMMAND, and the Nix programs it calls,
# with a store, state, configuration and caches below DIR, and nothing of the
# machine's own. As root it gets a mount namespace in which nothing else can be
# written to.
#
# NIX_VERSION=2.8 (default; the nix in PATH) or 2.26 (unpacked by tests/deps.sh)
# NIX_CHROOT_STORE=1  the store is the chroot store DIR/root: files in
#                     DIR/root/nix/store, paths named /nix/store/...
# NIX_EXTRA_CONF      lines to add to nix.conf
set -eu

[ $# -ge 2 ] || { echo 'usage: nix-env.sh DIR COMMAND [ARG...]' >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd -P)
shift

here=$(cd "$(dirname "$0")" && pwd -P)
deps=${NIPFS_DEPS:-$here/../build-deps}

unset NIX_PATH NIX_REMOTE NIX_STORE NIX_CONFIG NIX_USER_CONF_FILES NIX_PROFILES NIX_SSL_CERT_FILE
export HOME="$dir/home" XDG_CACHE_HOME="$dir/cache" XDG_CONFIG_HOME="$dir/config" \
    XDG_CONFIG_DIRS="$dir/config" XDG_STATE_HOME="$dir/state" XDG_DATA_HOME="$dir/data" \
    NIX_CONF_DIR="$dir/etc" NIX_LOG_DIR="$dir/var/log/nix" NIX_STATE_DIR="$dir/var/nix" \
    NIX_DAEMON_SOCKET_PATH="$dir/socket/socket" NIX_IPFS_STATE_DIR="$dir/nix-ipfs"
if [ "${NIX_CHROOT_STORE:-}" = 1 ]; then
    # In a chroot store the other locations follow from NIX_REMOTE.
    unset NIX_STATE_DIR NIX_LOG_DIR NIX_STORE_DIR
    export NIX_REMOTE="$dir/root"
else
    export NIX_STORE_DIR="$dir/store"
fi
mkdir -p "$HOME" "$NIX_CONF_DIR" "$dir/socket" "$dir/config"

cat > "$NIX_CONF_DIR/nix.conf" <<EOF
sandbox = false
build-users-group =
substituters =
experimental-features = nix-command flakes
${NIX_EXTRA_CONF:-}
EOF

case ${NIX_VERSION:-2.8} in
2.8) ;;
2.26)
    # build-hook has no effect in nix.conf (reference nix.md, section 9)
    export NIX_CONFIG='build-hook ='
    bin="$deps/nix-2.26/bin"
    [ -x "$bin/nix-store" ] || { echo "nix-env.sh: no Nix 2.26 in $bin: run make deps" >&2; exit 1; }
    PATH="$bin:$PATH"
    export PATH
    ;;
*) echo "nix-env.sh: NIX_VERSION is 2.8 or 2.26, not '$NIX_VERSION'" >&2; exit 2 ;;
esac

# As root: everything but the scratch folders and the project is read-only, and
# /nix is empty where there is one. Nix makes a store in /nix at the slightest
# occasion.
if [ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null; then
    top=$(cd "$here/.." && pwd -P)
    # shellcheck disable=SC2016
    exec unshare -m sh -c '
        for folder in /tmp /var/tmp "${TMPDIR:-/tmp}" "$1" "$2" "$3"; do
            [ ! -d "$folder" ] || mount --bind "$folder" "$folder"
        done
        [ ! -d /nix ] || mount -t tmpfs -o mode=755 none /nix
        mount -o remount,bind,ro / 2> /dev/null || :
        cd "$PWD"
        shift 3
        exec "$@"' sh "$top" "$deps" "$dir" "$@"
fi
exec "$@"
