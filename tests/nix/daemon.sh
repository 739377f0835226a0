# shellcheck shell=bash disable=SC2034,SC2154
# A real nix-daemon for a test: its socket and all it makes are in the folder of
# nix-env.sh, and it ends with the script. And somebody else to speak with it.
# Sourced after tests/lib.sh, inside nix-env.sh.

# shellcheck source=tests/nix-daemon.sh
. "$top/tests/nix-daemon.sh"

# Each connection has a process, which ends soon after it.
connections() { cat "/proc/$daemon_pid/task/$daemon_pid/children" 2> /dev/null; }

stop_daemon() {
    local tries=0 rest
    [ -n "$daemon_pid" ] || return 0
    while rest=$(connections) && [ -n "$rest" ] && [ $tries -lt 200 ]; do
        sleep 0.01
        tries=$((tries + 1))
    done
    # shellcheck disable=SC2086
    kill "$daemon_pid" $rest 2> /dev/null
    wait "$daemon_pid" 2> /dev/null
    daemon_pid=
    rm -f "$NIX_DAEMON_SOCKET_PATH"
}

# "${as_user[@]}" COMMAND...: somebody who is not root and owns nothing but
# $user_home, which make_user makes
user_home=$scratch/user
as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups env -u NIX_CONFIG HOME="$user_home"
    XDG_CACHE_HOME="$user_home/cache" XDG_CONFIG_HOME="$user_home/config"
    XDG_STATE_HOME="$user_home/state" XDG_DATA_HOME="$user_home/data")
make_user() {
    rm -rf "$user_home"
    mkdir "$user_home" && chown 65534:65534 "$user_home"
}

# "${readonly_store[@]}" COMMAND...: with the store folder mounted read-only, as in NixOS
# shellcheck disable=SC2016
readonly_store=(unshare -m sh -c
    'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
    sh "${NIX_STORE_DIR:-}")

# why_no_user, why_no_mount: why it can't be done here; nothing when it can
why_no_user() {
    if [ "$(id -u)" != 0 ]; then
        echo 'needs root'
    elif ! command -v setpriv > /dev/null; then
        echo 'needs setpriv'
    elif ! "${as_user[@]}" nix-store --version > /dev/null 2>&1; then
        echo 'another user may not run this Nix'
    elif ! "${as_user[@]}" "$NIX_IPFS" --version > /dev/null 2>&1; then
        echo "another user may not run $NIX_IPFS"
    fi
}
why_no_mount() {
    if [ "$(id -u)" != 0 ] || ! unshare -m true 2> /dev/null; then
        echo 'needs root and mount namespaces'
    fi
}

cleanup_daemon() {
    stop_daemon
    cleanup_scratch
}
trap cleanup_daemon EXIT
