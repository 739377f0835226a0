#!/bin/bash
# One store, reached three ways: directly, through the daemon's socket, and through a child
# `nix-daemon --stdio`; by root, by a plain user, and by a trusted one; with each Nix. What comes
# in is what Nix says it is, what does not is refused before anything is fetched.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

outside() {
    local version why
    for version in $nix_versions; do
        why=$(missing "nix-$version")
        [ "$(id -u)" = 0 ] || why='only root can be several users'
        if [ -n "$why" ]; then
            skip "routes with Nix $version" "$why"
            continue
        fi
        chmod 755 "$scratch"
        NIX_VERSION=$version NIPFS_COUNTS="$scratch/counts" \
            nix_env "$scratch/$version" bash "$0" inside "$version" || true
        read -r p f s < "$scratch/counts" || fail "routes with Nix $version" 'it did not end'
        rm -f "$scratch/counts"
        n_pass=$((n_pass + ${p:-0})) n_fail=$((n_fail + ${f:-0})) n_skip=$((n_skip + ${s:-0}))
    done
    summary
}

# as_user COMMAND...: as nobody, with folders of its own
as_user() {
    env HOME="$user" XDG_CACHE_HOME="$user/cache" XDG_CONFIG_HOME="$user/config" \
        XDG_CONFIG_DIRS="$user/config" XDG_STATE_HOME="$user/state" XDG_DATA_HOME="$user/data" \
        NIX_IPFS_STATE_DIR="$user/nix-ipfs" \
        setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# shellcheck source=tests/nix-daemon.sh
. "$top/tests/nix-daemon.sh"

# daemon_start LINES...: a daemon with these lines more in nix.conf
daemon_start() {
    daemon_stop
    cp base.conf "$NIX_CONF_DIR/nix.conf"
    printf '%s\n' "$@" >> "$NIX_CONF_DIR/nix.conf"
    # shellcheck disable=SC2119
    spawn_daemon || fail "$version: the daemon starts" "$(tail -n 2 "$scratch/daemon.log")"
}
daemon_stop() {
    [ -z "$daemon_pid" ] || kill "$daemon_pid" 2> /dev/null
    [ -z "$daemon_pid" ] || wait "$daemon_pid" 2> /dev/null
    daemon_pid=
    rm -f "$NIX_DAEMON_SOCKET_PATH"
}

# says NAME TEXT: the last command's standard error has it
says() {
    case $err in *"$2"*) pass "$1" ;; *) fail "$1" "no '$2' in: $err" ;; esac
}

store_names() { find "$NIX_STORE_DIR" -mindepth 1 -maxdepth 1 ! -name .links -printf '%f\n' | sort; }

empty_store() {
    nix-store --gc > gc.out 2>&1 || fail "$version: gc" "$(tail -n 2 gc.out)"
    same "$version: nothing is left after a collection" '' "$(store_names)"
}

# facts PATH...: all that Nix says of them, but when they came
facts() {
    local p all=() derivations=()
    for p in "$@"; do
        case $p in *.drv) derivations+=("$p") ;; *) all+=("$p") ;; esac
    done
    nix-store --verify-path "$@" 2>&1 || echo 'bad'
    # with references and derivers, sorted by path
    {
        nix path-info --json "${all[@]}"
        [ ${#derivations[@]} = 0 ] || nix path-info --json --derivation "${derivations[@]}"
    } | sed -E 's/,?"registrationTime":[0-9]+//g; s/,?"ultimate":(true|false)//g'
}

# compare NAME FACTS PATH...
compare() {
    facts "${@:3}" > facts.now
    if cmp -s "$2" facts.now; then pass "$1"; else fail "$1" "$(diff "$2" facts.now | head -n 4)"; fi
}

# realized NAME FACTS PATHS COMMAND...: it exits with 0, and then all is as it was in the beginning
realized() {
    local name=$1 facts=$2 paths=$3
    shift 3
    exits "$name" 0 "$@"
    # shellcheck disable=SC2086
    compare "$name: as Nix had it" "$facts" $paths
    same "$name: no leftovers" '' "$(store_names | grep -E '\.lock$|nixipfs' | tr '\n' ' ')"
}

build() {
    nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2> build.log ||
        { fail "$version: Nix builds the closure" "$(tail -n 3 build.log)"; return 1; }
    mapfile -t outs < outs
    nix-store --generate-binary-cache-key first-1 first.sk first.pk
    nix-store --generate-binary-cache-key other-1 other.sk other.pk
    echo text > flat.txt
    mkdir folder
    echo text > folder/file
    ca=$(nix store make-content-addressed "${outs[0]}" 2>&1 | sed -n "s/.*' to '\([^']*\)'.*/\1/p" |
        tail -n 1)
    [ -n "$ca" ] || fail "$version: make-content-addressed" 'it names no path'
    ca="$ca $(nix-store --add folder) $(nix-store --add-fixed sha256 flat.txt)"
    ca="$ca $(nix-store -qd "${outs[0]}")"
    # shellcheck disable=SC2086
    mapfile -t all_ca < <(nix-store -qR $ca)
    mapfile -t all < <(nix-store -qR "${outs[@]}")
    nix copy --to "file://$scratch/cache?compression=none&secret-key=$scratch/first.sk" \
        "${outs[@]}" 2> copy.log
}

# The same closure three times: signed, signed but for one path, and content-addressed.
export_closures() {
    exits "$version: add" 0 "$NIX_IPFS" add -q "${outs[@]}"
    unsigned=$out
    "$NIX_IPFS" export "$unsigned" -o unsigned.car
    facts "${all[@]}" > unsigned.facts
    # shellcheck disable=SC2086
    exits "$version: add what is content-addressed" 0 "$NIX_IPFS" add -q $ca
    cid_ca=$out
    "$NIX_IPFS" export "$cid_ca" -o ca.car
    facts "${all_ca[@]}" > ca.facts
    exits "$version: add --no-closure" 0 "$NIX_IPFS" add -q --no-closure "${outs[0]}"
    alone=$out
    "$NIX_IPFS" export "$alone" -o alone.car
    for p in "${all[@]}"; do
        [ "$p" = "${outs[0]}" ] || nix store sign -k first.sk "$p" 2> /dev/null
    done
    exits "$version: add what is partly signed" 0 "$NIX_IPFS" add -q "${outs[@]}"
    partly=$out
    "$NIX_IPFS" export "$partly" -o partly.car
    nix store sign -k first.sk "${outs[0]}" 2> /dev/null
    exits "$version: add what is signed" 0 "$NIX_IPFS" add -q "${outs[@]}"
    signed=$out
    "$NIX_IPFS" export "$signed" -o signed.car
    facts "${all[@]}" > signed.facts
}

as_root() {
    local via key
    key=$(cat first.pk)
    daemon_start
    for via in direct daemon stdio; do
        empty_store
        exits "$version: $via: no key" 1 "$NIX_IPFS" realize "$signed" --from signed.car --via $via
        says "$version: $via: the key is named" first-1
        same "$version: $via: nothing was placed" '' "$(store_names)"
        realized "$version: $via: signed" signed.facts "${all[*]}" "$NIX_IPFS" realize -v "$signed" \
            --from signed.car --via $via --trusted-public-keys "$key"
        realized "$version: $via: again" signed.facts "${all[*]}" "$NIX_IPFS" realize "$signed" \
            --from signed.car --via $via --trusted-public-keys "$key"
        empty_store
        realized "$version: $via: unsigned" unsigned.facts "${all[*]}" "$NIX_IPFS" realize "$unsigned" \
            --from unsigned.car --via $via --no-check-sigs
        realized "$version: $via: content-addressed" ca.facts "${all_ca[*]}" "$NIX_IPFS" realize \
            "$cid_ca" --from ca.car --via $via --trusted-public-keys ''
    done
    exits "$version: root writes directly" 0 "$NIX_IPFS" realize -v "$cid_ca" --from ca.car
    says "$version: root writes directly: -v tells" 'written directly'
    exits "$version: root through the daemon" 0 "$NIX_IPFS" realize -v "$cid_ca" --from ca.car \
        --store daemon
    says "$version: root through the daemon: -v tells" "$NIX_DAEMON_SOCKET_PATH"
    empty_store
    realized "$version: root, NIX_REMOTE=daemon, directly" ca.facts "${all_ca[*]}" \
        env NIX_REMOTE=daemon "$NIX_IPFS" realize "$cid_ca" --from ca.car --via direct
    exits "$version: a chroot store by stdio" 0 "$NIX_IPFS" realize "$cid_ca" --from ca.car \
        --store "$scratch/chroot" --via stdio
    same "$version: a chroot store by stdio: it is there" "${#all_ca[@]}" \
        "$(find "$scratch/chroot/nix/store" -mindepth 1 -maxdepth 1 ! -name .links | wc -l)"
    exits "$version: a chroot store has no daemon" 2 "$NIX_IPFS" realize "$cid_ca" --from ca.car \
        --store "$scratch/chroot" --via daemon
}

as_plain_user() {
    local via
    # the metadata has to come through the socket
    chmod 700 "$NIX_STATE_DIR/db"
    daemon_start
    empty_store
    for via in auto daemon stdio; do
        exits "$version: user, $via: not signed" 1 as_user "$NIX_IPFS" realize -v "$unsigned" \
            --from unsigned.car --via $via
        says "$version: user, $via: which setting" trusted-users
        exits "$version: user, $via: no such key" 1 as_user "$NIX_IPFS" realize "$signed" \
            --from signed.car --via $via
        says "$version: user, $via: which key" first-1
        exits "$version: user, $via: --no-check-sigs" 2 as_user "$NIX_IPFS" realize "$unsigned" \
            --from unsigned.car --via $via --no-check-sigs
        says "$version: user, $via: --no-check-sigs means nothing" '--no-check-sigs means nothing'
        exits "$version: user, $via: --trusted-public-keys" 2 as_user "$NIX_IPFS" realize "$signed" \
            --from signed.car --via $via --trusted-public-keys "$(cat first.pk)"
        same "$version: user, $via: nothing was placed" '' "$(store_names | grep -v '\.lock$')"
    done
    mkdir -p "$user/config/nix"
    echo "trusted-public-keys = $(cat first.pk)" > "$user/config/nix/nix.conf"
    exits "$version: the user's own settings do not count" 1 as_user "$NIX_IPFS" realize "$signed" \
        --from signed.car
    rm "$user/config/nix/nix.conf"
    exits "$version: user: not directly" 1 as_user "$NIX_IPFS" realize "$cid_ca" --from ca.car \
        --via direct
    realized "$version: user: content-addressed" ca.facts "${all_ca[*]}" as_user "$NIX_IPFS" realize \
        "$cid_ca" --from ca.car

    daemon_start "trusted-public-keys = $(cat first.pk)"
    for via in auto stdio; do
        empty_store
        exits "$version: user, $via: one path is not signed" 1 as_user "$NIX_IPFS" realize "$partly" \
            --from partly.car --via $via
        same "$version: user, $via: so none was placed" '' "$(store_names | grep -v '\.lock$')"
        realized "$version: user, $via: signed" signed.facts "${all[*]}" as_user "$NIX_IPFS" realize \
            -v "$signed" --from signed.car --via $via
        says "$version: user, $via: -v tells" 'this user'
    done
    # what the daemon goes by need not be what can be seen
    mkdir -p other-etc
    echo 'substituters =' > other-etc/nix.conf
    empty_store
    realized "$version: user: a daemon with other settings" signed.facts "${all[*]}" \
        env NIX_CONF_DIR="$scratch/other-etc" bash -c 'as_user "$@"' _ \
        "$NIX_IPFS" realize --json "$signed" --from signed.car
    case $out in *'"trust":"daemon"'*) pass "$version: the daemon was asked" ;;
    *) fail "$version: the daemon was asked" "$out" ;; esac
    chmod 755 "$NIX_STATE_DIR/db"
}

# What is read, and what is kept, through the socket.
reading() {
    chmod 700 "$NIX_STATE_DIR/db"
    exits "$version: user: a root" 0 as_user "$NIX_IPFS" realize "$signed" --from signed.car \
        --add-root "$user/root"
    nix-store --gc > gc.out 2>&1
    compare "$version: user: what the root keeps" signed.facts "${all[@]}"
    exits "$version: user: add" 0 as_user "$NIX_IPFS" add -q "${outs[@]}"
    same "$version: user: add gives the same closure" "$signed" "$out"
    same "$version: user: add is protected" '' "$err"
    exits "$version: user: verify" 0 as_user "$NIX_IPFS" verify "${outs[0]}"
    exits "$version: user: index build" 0 as_user "$NIX_IPFS" index build --all
    exits "$version: user: cat by the index" 0 as_user "$NIX_IPFS" cat "$signed/store/${outs[0]##*/}/bin/hello"
    chmod 755 "$NIX_STATE_DIR/db"
    daemon_stop
    exits "$version: user: no daemon, readable database" 0 as_user "$NIX_IPFS" verify "${outs[0]}"
    exits "$version: user: no daemon to write by" 1 as_user "$NIX_IPFS" realize "$cid_ca" --from ca.car
    exits "$version: user: --via daemon without one" 5 as_user "$NIX_IPFS" realize "$cid_ca" \
        --from ca.car --via daemon
    exits "$version: user: stdio on another's store" 5 as_user "$NIX_IPFS" realize "$cid_ca" \
        --from ca.car --via stdio
    rm "$user"/root*
}

trusted_user() {
    daemon_start 'trusted-users = root nobody'
    empty_store
    realized "$version: trusted user: unsigned" unsigned.facts "${all[*]}" as_user "$NIX_IPFS" realize \
        "$unsigned" --from unsigned.car --no-check-sigs
    daemon_start 'trusted-users = @nogroup'
    empty_store
    realized "$version: trusted group: own key" signed.facts "${all[*]}" as_user "$NIX_IPFS" realize \
        "$signed" --from signed.car --trusted-public-keys "$(cat first.pk)"
}

substitution() {
    local via
    daemon_start
    empty_store
    for via in direct daemon stdio; do
        exits "$version: $via: references that nobody has" 4 "$NIX_IPFS" realize "$alone" \
            --from alone.car --via $via --no-check-sigs
        says "$version: $via: which they are" busyshell
    done
    daemon_start "substituters = file://$scratch/cache" "trusted-public-keys = $(cat first.pk)"
    for via in direct daemon stdio; do
        empty_store
        exits "$version: $via: references that Nix can get" 0 "$NIX_IPFS" realize "$alone" \
            --from alone.car --via $via --no-check-sigs
        nix-store --verify --check-contents > verify.out 2>&1 ||
            fail "$version: $via: sound" "$(tail -n 2 verify.out)"
    done
}

# A tree that is given up in the middle is not taken, and the next one is.
given_up() {
    local via
    daemon_start
    sed 's/prefix=/PREFIX=/' unsigned.car > bad.car
    for via in daemon stdio; do
        empty_store
        exits "$version: $via: a block that lies" 3 "$NIX_IPFS" realize "$unsigned" --from bad.car \
            --via $via --no-check-sigs
        says "$version: $via: a block that lies: which path" hello-2.0
        exits "$version: $via: its path is not valid" 1 nix-store --check-validity "${outs[0]}"
        realized "$version: $via: and then the right one" unsigned.facts "${all[*]}" "$NIX_IPFS" \
            realize "$unsigned" --from unsigned.car --via $via --no-check-sigs
    done
}

kills() {
    local via i pid
    daemon_start
    for via in daemon stdio; do
        empty_store
        for i in $(seq $((6 * SCALE))); do
            "$NIX_IPFS" realize "$unsigned" --from unsigned.car --via $via --no-check-sigs \
                > /dev/null 2>&1 &
            pid=$!
            sleep "0.0$((i * 17 % 90 + 10))"
            kill -9 "$pid" 2> /dev/null
            wait "$pid" 2> /dev/null
        done
        exits "$version: $via: after kills" 0 "$NIX_IPFS" realize "$unsigned" --from unsigned.car \
            --via $via --no-check-sigs --add-root "$scratch/root"
        compare "$version: $via: after kills: as Nix had it" unsigned.facts "${all[@]}"
        nix-store --gc > gc.out 2>&1
        nix-store --verify --check-contents > verify.out 2>&1 ||
            fail "$version: $via: sound after kills" "$(tail -n 2 verify.out)"
        same "$version: $via: nothing else is left" "$(printf '%s\n' "${all[@]##*/}" | sort)" \
            "$(store_names)"
        rm "$scratch"/root*
    done
}

refused() {
    local uri via
    for uri in ssh-ng://host https://cache.example.org 'local-overlay://?root=/x' dummy:// s3://x; do
        exits "$version: refused by name: $uri" 1 "$NIX_IPFS" realize "$cid_ca" --from ca.car \
            --store "$uri"
        says "$version: refused by name: $uri: it is named" "${uri%%:*}"
    done
    printf 11 > "$NIX_STATE_DIR/db/schema"
    daemon_stop
    for via in auto direct stdio; do
        exits "$version: $via: another schema" "$([ $via = stdio ] && echo 5 || echo 1)" "$NIX_IPFS" \
            realize "$cid_ca" --from ca.car --via $via
        says "$version: $via: another schema: it is named" 11
    done
    printf 10 > "$NIX_STATE_DIR/db/schema"
}

inside() {
    version=$1 user=$scratch/user
    cd "$scratch" || exit 1
    chmod 755 "$scratch"
    mkdir -p "$user"
    chown 65534:65534 "$user"
    export user
    export -f as_user
    cp "$NIX_CONF_DIR/nix.conf" base.conf
    trap 'daemon_stop; cleanup_scratch' EXIT
    if build; then
        export_closures
        as_root
        as_plain_user
        reading
        trusted_user
        substitution
        given_up
        kills
        refused
    fi
    daemon_stop
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) outside ;;
esac
