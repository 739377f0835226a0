#!/bin/bash
# The client of the Nix daemon against the real ones: as root, as a user without
# rights, and with a child of our own. What each may do and what is answered; after
# it Nix finds the same in the store as in the one that it came from.
# Each Nix speaks another protocol.
# shellcheck disable=SC2034
each_protocol=1
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"
: "${DRIVER:=}"

# ---- what is in the source store, the one that is not served -------------------------

# All lines of a path in a database, as the driver's `info` prints them.
info_in() {
    sqlite3 "$1" "select 'path ' || path, 'hash ' || substr(hash, 8), 'size ' || narSize,
            'deriver ' || deriver from ValidPaths where path = '$2'" | tr '|' '\n' | sed '/^$/d'
    sqlite3 "$1" "select 'ref ' || b.path from Refs join ValidPaths a on a.id = referrer
            join ValidPaths b on b.id = reference where a.path = '$2' order by b.path"
    sqlite3 "$1" "select sigs from ValidPaths where path = '$2' and sigs is not null" | tr ' ' '\n' |
        sed '/^$/d; s/^/sig /' | sort
    sqlite3 "$1" "select 'ca ' || ca from ValidPaths where path = '$2' and ca is not null" | grep -vx 'ca '
    sqlite3 "$1" "select 'ultimate ' || coalesce(ultimate, 0) from ValidPaths where path = '$2'"
}

make_paths() {
    local version=$1
    if ! nix-instantiate "$top/tests/closure/closure.nix" > drvs 2> build.log ||
        ! nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2>> build.log; then
        fail "Nix $version builds the closure" "$(tail -n 3 build.log)"
        return 1
    fi
    nix-store --generate-binary-cache-key first-1 first.sk first.pk
    nix-store --generate-binary-cache-key other-1 other.sk other.pk
    mapfile -t outs < outs
    nix store sign -k first.sk -r "${outs[@]}" 2> /dev/null
    hello=$(grep -- -hello- outs) names=$(grep -- -awkward-names outs)
    many=$(grep -- -many-entries outs) nothing=$(grep -- -empty-directory outs)
    drv=$(nix-store -q --deriver "$hello")
    # one of each that is content-addressed
    mkdir -p tree/bin
    printf '#!/bin/sh\necho hi\n' > tree/bin/hi
    chmod 755 tree/bin/hi
    ln -s bin/hi tree/link
    head -c 300000 /dev/urandom > tree/big
    head -c 100000 /dev/urandom > flat
    cp -r tree tree2
    tree=$(nix-store --add tree) tree2=$(nix-store --add tree2)
    flat=$(nix-store --add-fixed sha256 flat)
    self=$(nix store make-content-addressed --json "$hello" 2> /dev/null |
        grep -o '"[^"]*": *"[^"]*"' | grep -F "$hello" | sed 's/.*"\([^"]*\)"$/\1/')
    nix copy --to "file://$scratch/cache?compression=none" "$hello" 2> /dev/null
    for p in "$hello" "$drv" "$tree" "$tree2" "$flat" "$self" "$names" "$many" "$nothing"; do
        [ -e "$p" ] || fail "$version: the paths are there" "no '$p'"
    done
}

# ---- asking ----------------------------------------------------------------------------

# Who asks: a command in front, and where: set by the callers.
as=() where=

# ask COMMAND...: what the driver prints
ask() { "${as[@]}" "$DRIVER" "$where" "$@" 2>> driver.log; }

# answers NAME EXPECTED COMMAND...: an error by its code alone
answers() {
    local name=$1 want=$2 got
    shift 2
    got=$(ask "$@")
    said=$got
    got=$(printf '%s\n' "$got" | sed 's/^\(error [A-Z]*\):.*/\1/' | tr '\n' ' ')
    if [ "$want" = "${got% }" ]; then
        pass "$name"
    else
        fail "$name" "expected '$want', got '$said'"
    fi
}

# upload_all PATH...: each of the closure of these, in one connection
upload_all() {
    local commands=() want=
    for p in $(nix-store -qR "$@"); do
        commands+=(-- nar "$source" "$p")
        want="$want ok"
    done
    answers "$title: the closure of ${1##*/}" "${want# }" "${commands[@]:1}"
}

# start_daemon STORE NAME: serves a chroot store at $socket; dies with this script
start_daemon() {
    local n=0
    socket=$scratch/$2.socket
    rm -f "$socket"
    NIX_REMOTE="$1" NIX_DAEMON_SOCKET_PATH="$socket" setpriv --pdeathsig KILL \
        nix-daemon --option trusted-public-keys "$(cat first.pk)" --option trusted-users "$(id -un)" \
        --option substituters "file://$scratch/cache" > "$2.daemon.log" 2>&1 &
    daemon=$!
    while [ ! -S "$socket" ] && [ $n -lt 100 ]; do
        sleep 0.1
        n=$((n + 1))
    done
}

stop_daemon() {
    kill "$daemon"
    wait "$daemon" 2> /dev/null
}

# ---- tests -----------------------------------------------------------------------------

queries() {
    local p
    upload_all "$hello"
    for p in $(nix-store -qR "$hello"); do
        same "$title: all of ${p##*/} is as it was" \
            "$(info_in "$NIX_STATE_DIR/db/db.sqlite" "$p" | sed 's/^ultimate .*/ultimate 0/')" \
            "$(ask info "$p")"
        same "$title: ${p##*/} by its hash part" "$p" "$(ask find "$(basename "$p" | cut -c 1-32)")"
        same "$title: what refers to ${p##*/}" \
            "$(nix-store --store "$store" -q --referrers "$p" | sort)" "$(ask referrers "$p")"
    done
    same "$title: all valid paths" "$(nix-store -qR "$hello" | sort)" "$(ask all)"
    answers "$title: valid" 1 valid "$hello"
    answers "$title: not valid" 0 valid "$names"
    answers "$title: nothing of what is not valid" 'error NOTFOUND' info "$names"
    answers "$title: no such hash part" 'error NOTFOUND' find 00000000000000000000000000000000
    answers "$title: nothing refers to it" '' referrers "$names"
    answers "$title: many in one connection" '1 0 error NOTFOUND 1 error NOTFOUND 0' \
        valid "$hello" -- valid "$names" -- info "$names" -- valid "$hello" -- \
        ensure "$NIX_STORE_DIR/00000000000000000000000000000000-none" -- valid "$names"
}

# What is taken of whom. $trusted: whether the daemon believes this user.
uploads() {
    local unsigned='error UNTRUSTED'
    [ "$trusted" = no ] || unsigned=ok
    answers "$title: signed" ok nar "$source" "$names"
    answers "$title: signed, and valid already" ok nar "$source" "$names"
    answers "$title: not signed" 'error UNTRUSTED 0' nar "$source" "$many" no-sigs -- valid "$many"
    case $said in *"the Nix daemon says: cannot add path '$many' because it lacks a "*) pass "$title: says so" ;;
    *) fail "$title: says so" "$said" ;;
    esac
    answers "$title: not signed, not to be checked" "$unsigned" nar "$source" "$many" no-sigs no-check-sigs
    answers "$title: signed by who is not known" 'error UNTRUSTED' nar "$other_source" "$nothing"
    answers "$title: signed, and with another hash" 'error UNTRUSTED' nar "$source" "$nothing" bad-hash
    answers "$title: content-addressed tree" 'ok 1' nar "$source" "$tree" no-sigs -- valid "$tree"
    answers "$title: content-addressed file" 'ok 1' nar "$source" "$flat" no-sigs -- valid "$flat"
    answers "$title: content-addressed and not said so" 'error UNTRUSTED' nar "$source" "$tree2" no-ca
    answers "$title: another hash" 'error MISMATCH 0' nar "$source" "$tree2" bad-hash -- valid "$tree2"
    answers "$title: another size" 'error MISMATCH 0' nar "$source" "$tree2" bad-size -- valid "$tree2"
    answers "$title: a path without what it refers to" 'error NOTFOUND' nar "$source" "$drv" no-sigs
    upload_all "$drv"
    upload_all "$self"
    # given up at the start, within the first frame, within others; each time it goes on
    answers "$title: given up, and done" 'ok 0 ok 0 ok 0 error MISMATCH ok 1' \
        nar "$source" "$tree2" abort=0 -- valid "$tree2" -- nar "$source" "$tree2" abort=200 -- \
        valid "$tree2" -- nar "$source" "$tree2" abort=200000 -- valid "$tree2" -- \
        nar "$source" "$tree2" bad-hash -- nar "$source" "$tree2" -- valid "$tree2"
}

probes() {
    answers "$title: would be taken, signed" '1 0' probe "$source" "$nothing" -- valid "$nothing"
    answers "$title: would be taken, content-addressed" 1 probe "$source" "$tree" no-sigs
    answers "$title: would not be taken" 'error UNTRUSTED 0 1' \
        probe "$source" "$nothing" no-sigs -- valid "$nothing" -- valid "$tree"
    answers "$title: would be taken, valid already" 1 probe "$source" "$names"
    answers "$title: is taken after all" 'ok 1' nar "$source" "$nothing" -- valid "$nothing"
}

# Contents that become paths there, and that Nix makes the same path of.
additions() {
    # shellcheck disable=SC2016
    local text see='builtins.toFile "see" "see ${builtins.toFile "greeting" "hello\n"}\n"'
    text=$(nix-instantiate --eval -E 'builtins.toFile "greeting" "hello\n"' | tr -d '"')
    printf 'hello\n' > greeting
    answers "$title: adds a text" "$text" add greeting text:sha256 greeting
    answers "$title: adds a file" "$(nix-store --add-fixed sha256 greeting)" \
        add greeting fixed:sha256 greeting
    answers "$title: adds a tree" "$(nix-store --add tree)" add tree fixed:r:sha256 tree
    answers "$title: adds by another hash" "$(nix-store --add-fixed --recursive sha1 tree)" \
        add tree fixed:r:sha1 tree
    printf 'see %s\n' "$text" > see
    answers "$title: adds a text with a reference" \
        "$(nix-instantiate --eval -E "$see" | tr -d '"')" \
        add see text:sha256 see "$text"
    answers "$title: adds again" "$text $text" \
        add greeting text:sha256 greeting -- add greeting text:sha256 greeting
}

commands() {
    local version=$1 sig extra refused=ok
    answers "$title: what is valid is there" ok ensure "$hello"
    sig=$(sqlite3 "$NIX_STATE_DIR/db/db.sqlite" "select sigs from ValidPaths where path = '$hello'")
    extra=other-1:$(printf '%064d' 0 | base64 -w 0)
    # up to 2.16 only who is trusted may add a signature
    [ "$trusted$version" != no2.8 ] || refused='error UNSUPPORTED'
    answers "$title: adds a signature" "$refused" sign "$hello" "$extra"
    if [ "$refused" = ok ]; then
        same "$title: it has both" "$(printf 'sig %s\n' "$sig" "$extra" | sort)" \
            "$(ask info "$hello" | grep '^sig ')"
    fi
    answers "$title: goes on" 1 valid "$hello"
}

collect() { nix-store --store "$store" --gc > gc.log 2>&1 || fail "$title: gc" "$(tail -n 2 gc.log)"; }

# hold COMMAND...: a driver that has done these and waits; its words are in $said
hold() {
    local line
    coproc HELD { exec "${as[@]}" "$DRIVER" "$where" "$@" -- wait 2>> driver.log; }
    held=$HELD_PID said=
    while read -r -t 60 line <&"${HELD[0]}" && [ "$line" != waiting ]; do
        said="$said$line "
    done
}

let_go() {
    echo >&"${HELD[1]}"
    wait "$held" || fail "$title: who held something ends" "exit $?"
}

roots() {
    local links=$scratch/links-$who
    hold temp-root "$hello"
    same "$title: a temp root" 'ok ' "$said"
    mkdir -p "$links"
    [ "${#as[@]}" = 0 ] || chown 65534:65534 "$links"
    "${as[@]}" ln -s "$names" "$links/names"
    answers "$title: an indirect root" ok indirect-root "$links/names"
    collect
    same "$title: the collector leaves both" \
        "$({ nix-store -qR "$hello"; echo "$names"; } | sort)" "$(ask all)"
    let_go
    collect
    same "$title: the temp root ends with its connection" "$names" "$(ask all)"
    rm "$links/names"
    collect
    same "$title: the other with its link" '' "$(ask all)"
    # a root of what comes later, and everything that is needed with it
    hold temp-root "$hello" -- ensure "$hello" -- valid "$hello"
    same "$title: substitutes" 'ok ok 1 ' "$said"
    collect
    same "$title: what came later is kept" "$(nix-store -qR "$hello" | sort)" "$(ask all)"
    let_go
    answers "$title: can't be had" 'error NOTFOUND' ensure "$NIX_STORE_DIR/00000000000000000000000000000000-none"
}

# After all: what Nix finds in the store that was served.
sound() {
    if nix-store --store "$store" --verify --check-contents > out 2>&1 &&
        ! grep -qE 'disappeared|modified|invalid|missing' out; then
        pass "$title: sound"
    else
        fail "$title: sound" "$(tail -n 3 out)"
    fi
}

# table VERSION: all of it, for one way to a store
table() {
    queries
    uploads
    probes
    sound
    additions
    commands "$1"
    sound
    roots
}

as_root() {
    title="$1: root" who=root trusted=yes as=() store=$scratch/root
    start_daemon "$store" root
    where=$socket
    if [ "$1" = 2.8 ]; then greeting='1.34 2.8.0 unknown'; else greeting='1.37 2.26.3 trusted'; fi
    answers "$title: greets" "$greeting" hello
    table "$1"
    stop_daemon
    answers "$title: is gone" 'error UNREACHABLE' hello
    case $said in *'nobody listens'*) pass "$title: says that it is" ;;
    *) fail "$title: says that it is" "$said" ;;
    esac
}

as_user() {
    title="$1: user" who=user trusted=no store=$scratch/user
    if [ "$(id -u)" != 0 ]; then
        skip "$title" 'needs root'
        return
    fi
    mkdir home-of-user
    chown 65534:65534 home-of-user
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$scratch/home-of-user"
        "XDG_CACHE_HOME=$scratch/home-of-user")
    start_daemon "$store" user
    where=$socket
    if [ "$1" = 2.8 ]; then greeting='1.34 2.8.0 unknown'; else greeting='1.37 2.26.3 untrusted'; fi
    answers "$title: greets" "$greeting" hello
    table "$1"
    # a child that hands on all to the daemon
    title="$1: user, by a child" where=stdio=unix://$socket
    answers "$title: greets" "$greeting" hello
    uploads
    sound
    stop_daemon
    # a folder that is not for everybody
    title="$1: a user who may not" where=$scratch/for-some/socket
    mkdir -m 750 for-some
    chgrp 1 for-some
    answers "$title" 'error SYS' hello
    case $said in *"only members of the group '$(getent group 1 | cut -d : -f 1)'"*) pass "$title: is told why" ;;
    *) fail "$title: is told why" "$said" ;;
    esac
}

by_child() {
    title="$1: child" who=child trusted=yes as=() store=$scratch/child where=stdio=$scratch/child
    # a child has no options of its own
    NIX_CONFIG=$(printf '%s\n' "${NIX_CONFIG:-}" "trusted-public-keys = $(cat first.pk)" \
        "substituters = file://$scratch/cache")
    export NIX_CONFIG
    if [ "$1" = 2.8 ]; then greeting='1.34 2.8.0 unknown'; else greeting='1.37 2.26.3 trusted'; fi
    answers "$title: greets" "$greeting" hello
    table "$1"
    same "$title: none is left" '' "$(pgrep -f 'nix-daemon --stdio' --parent $$)"
}

inside() {
    local version=$1
    cd "$scratch" || exit 1
    chmod 755 "$scratch"
    make_paths "$version" || { summary; return; }
    # the same paths, signed by somebody else
    source=local other_source=$scratch/other
    nix copy --no-check-sigs --to "$other_source" "$nothing" 2> /dev/null
    sqlite3 "$other_source/nix/var/nix/db/db.sqlite" 'update ValidPaths set sigs = null'
    nix store sign --store "$other_source" -k other.sk "$nothing" 2> /dev/null
    as_root "$version"
    as_user "$version"
    (by_child "$version"; echo "$n_pass $n_fail $n_skip" > by_child.counts)
    read -r n_pass n_fail n_skip < by_child.counts
    summary
}

if [ "${1:-}" = inside ]; then
    inside "$2"
else
    with_driver daemon_driver 'the daemon' 'NIX_EXTRA_CONF=keep-derivations = false'
fi
