# shellcheck shell=bash disable=SC2034,SC2154
# How every test starts a real nix-daemon. Sourced after tests/lib.sh, inside nix-env.sh.

# spawn_daemon [COMMAND...]: it listens at $NIX_DAEMON_SOCKET_PATH, and its number is $daemon_pid;
# COMMAND runs it, for instance "${readonly_store[@]}". What it says is in $scratch/daemon.log.
daemon_pid=
spawn_daemon() {
    local tries=0
    rm -f "$NIX_DAEMON_SOCKET_PATH"
    # Its store must not be `auto`: that is this daemon again when the state folder
    # is not there, and so on without end.
    NIX_REMOTE=local "$@" nix-daemon > "$scratch/daemon.log" 2>&1 < /dev/null &
    daemon_pid=$!
    while [ ! -S "$NIX_DAEMON_SOCKET_PATH" ] && [ $tries -lt 1000 ]; do
        kill -0 "$daemon_pid" 2> /dev/null || break
        sleep 0.01
        tries=$((tries + 1))
    done
    [ -S "$NIX_DAEMON_SOCKET_PATH" ]
}
