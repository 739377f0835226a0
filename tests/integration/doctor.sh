#!/bin/bash
# What the doctor says of real stores: a single user's, root's beside a daemon, another
# user's with and without one; of a schema that is not known, and a read-only mount.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

# fact TOPIC NAME: out of the JSON in $out
fact() {
    python3 -c 'import json, sys
for line in sys.stdin:
    checkup = json.loads(line)
    if checkup["topic"] == sys.argv[1]:
        print(checkup["facts"].get(sys.argv[2], checkup.get(sys.argv[2])))' "$1" "$2" <<< "$out"
}

inside() {
    local version=$1 full
    cd "$scratch" || exit 1
    chmod 755 "$scratch"
    nix-store --init
    full=$(nix-store --version | sed 's/.* //')

    exits "$version: a store of our own" 0 "$NIX_IPFS" doctor --json
    same "$version: it is" "single direct False True" \
        "$(fact store users) $(fact realize via) $(fact store readOnly) $(fact realize works)"
    same "$version: nothing is to be done" '' "$("$NIX_IPFS" doctor -q)"
    exits "$version: another user's, without a daemon" 1 as_user "$NIX_IPFS" doctor --json
    same "$version: that is told" False "$(fact realize works)"

    daemon_start
    exits "$version: beside a daemon" 0 "$NIX_IPFS" doctor --json
    same "$version: the daemon's version" "$full" "$(fact nix nixVersion)"
    same "$version: root writes directly" direct "$(fact realize via)"
    exits "$version: another user's, with a daemon" 0 as_user "$NIX_IPFS" doctor --json
    same "$version: through the daemon" "multi daemon $full" \
        "$(fact store users) $(fact realize via) $(fact nix nixVersion)"
    if [ "$version" = 2.8 ]; then
        same "$version: an old daemon does not tell" unknown "$(fact daemon trusted)"
    else
        same "$version: it does not trust a stranger" False "$(fact daemon trusted)"
    fi
    exits "$version: by a child" 0 "$NIX_IPFS" doctor --json --via stdio
    same "$version: which is told" stdio "$(fact realize via)"
    daemon_stop
    # a socket that nobody listens at
    exits "$version: a dead socket" 1 as_user "$NIX_IPFS" doctor --json
    rm -f "$NIX_DAEMON_SOCKET_PATH"

    mount --bind "$NIX_STORE_DIR" "$NIX_STORE_DIR"
    mount -o remount,bind,ro "$NIX_STORE_DIR"
    # which root remounts for itself
    exits "$version: a store on a read-only mount" 0 "$NIX_IPFS" doctor --json
    same "$version: a read-only mount" True "$(fact store readOnly)"
    umount "$NIX_STORE_DIR"

    echo 11 > "$NIX_STATE_DIR/db/schema"
    exits "$version: another schema" 1 "$NIX_IPFS" doctor --json
    same "$version: is named" '11 False' "$(fact schema schema) $(fact schema ok)"
    exits "$version: a chroot store that is not there" 0 "$NIX_IPFS" doctor --store "$scratch/new"
    [ ! -e "$scratch/new" ] || fail "$version: none is made" 'there is one'
    exits "$version: one that cannot be made" 1 as_user "$NIX_IPFS" doctor --store "$scratch/new"
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*)
    if several_users; then
        each_nix 'the doctor'
    else
        skip 'the doctor' 'needs root and setpriv'
        summary
    fi
    ;;
esac
