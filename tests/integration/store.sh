#!/bin/bash
# Nix stores written and read directly, with each real Nix beside us: what we
# register is what Nix would have, collectors and we leave each other's paths
# alone, and a kill at any moment is made good by the next run.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"
: "${DRIVER:=}"

sql() { sqlite3 "$1/nix/var/nix/db/db.sqlite" "$2"; }

# all that is registered in a database, but for when and by whom
rows() {
    sqlite3 "$1" "select path, hash, deriver, narSize, sigs, ca from ValidPaths order by path;
        select a.path, b.path from Refs join ValidPaths a on a.id = referrer
            join ValidPaths b on b.id = reference order by 1, 2;
        select v.path, o.id, o.path from DerivationOutputs o join ValidPaths v on v.id = o.drv
            order by 1, 2"
}

# what lies in the store folder of a chroot store and is no valid path
strays() {
    comm -3 <(find "$1/nix/store" -mindepth 1 -maxdepth 1 ! -name .links -printf '%f\n' | sort) \
        <("$DRIVER" list "$1" | sed 's|.*/||' | sort) | tr -d '\t'
}

attributes() {
    find "$1" -printf '%P %y %m %Ts %l ' \( -type f -printf '%s\n' -o -printf '\n' \) |
        sort | sha256sum
}

# sound NAME STORE: Nix finds nothing wrong
sound() {
    if chroot_store "$2" nix-store --verify --check-contents > "$scratch/out" 2>&1 &&
        ! grep -qE 'disappeared|modified|invalid|missing' "$scratch/out"; then
        pass "$1"
    else
        fail "$1" "$(tail -n 3 "$scratch/out")"
    fi
}

# A store as we make it beside one as Nix makes it.
same_as_made_by_nix() {
    local version=$1 d
    mkdir by-nix
    chroot_store "$scratch/by-nix" nix-store --init
    "$DRIVER" copy local "$scratch/by-us" 1 2> err
    same "$version: an empty store is made" '' "$(cat err)"
    if [ "$version" = 2.8 ]; then
        same "$version: the same tables" "$(sql "$scratch/by-nix" .schema)" \
            "$(sql "$scratch/by-us" .schema)"
    fi
    for d in by-nix by-us; do
        (cd "$scratch/$d" && find nix ! -path '*/per-user/*' ! -path '*/schema' \
            ! -name 'db.sqlite-*' ! -name nix -printf '%P %y %m %l ' \
            \( -type f ! -name db.sqlite -printf '%s\n' -o -printf '\n' \) |
            sed "s|$scratch/$d||" | sort) > "$scratch/$d.files"
    done
    same "$version: the same files" '' "$(diff "$scratch/by-nix.files" "$scratch/by-us.files")"
    same "$version: the same schema" 10 "$(cat "$scratch/by-us/nix/var/nix/db/schema")"
    same "$version: Nix opens it" '' "$(chroot_store "$scratch/by-us" nix-store --verify 2>&1 |
        grep -viE 'reading the Nix store|checking path')"
}

registered_as_by_nix() {
    local version=$1 p
    shift
    "$DRIVER" copy local "$scratch/b" 5 "$@" 2> err || fail "$version: copy" "$(cat err)"
    same "$version: the rows that Nix has" "$(rows "$NIX_STATE_DIR/db/db.sqlite" | sha256sum)" \
        "$(rows "$scratch/b/nix/var/nix/db/db.sqlite" | sha256sum)"
    for p in "${all[@]}"; do
        chroot_store "$scratch/b" nix-store --verify-path "$p" 2> err ||
            fail "$version: verify-path $p" "$(cat err)"
        same "$version: references of ${p##*/}" "$(nix-store -q --references "$p" | sort)" \
            "$(chroot_store "$scratch/b" nix-store -q --references "$p" | sort)"
        same "$version: modes and times of ${p##*/}" \
            "$(attributes "$p")" "$(attributes "$scratch/b/nix/store/${p##*/}")"
    done
    sound "$version: all that was registered is sound" "$scratch/b"
    same "$version: no stray file" '' "$(strays "$scratch/b")"
    same "$version: the closure as Nix has it" "$(nix-store -qR "$@" | sort)" \
        "$("$DRIVER" closure local "$@" | sort)"
    # a path comes after what it refers to
    "$DRIVER" closure "$scratch/b" "$@" > order
    cp order names
    while read -r p; do
        nix-store -q --references "$p" | grep -vxF "$p" | sort > refs
        same "$version: references before ${p##*/}" '' \
            "$(grep -xF -B 100000 "$p" order | sort | comm -23 refs -)"
    done < names
    "$DRIVER" copy local "$scratch/b" 5 "$@" 2> err
    same "$version: copied again" '' "$(cat err)"
}

roots() {
    local version=$1 app=$2 link=$scratch/roots/app auto
    auto=$scratch/b/nix/var/nix/gcroots/auto
    "$DRIVER" root "$scratch/b" "$app" "$link" || fail "$version: root" "$(cat err)"
    same "$version: the root" "$app" "$(readlink "$link")"
    # Nix takes its own and ours for one
    chroot_store "$scratch/b" nix-store --realise "$app" --add-root "$link" > out 2> err ||
        fail "$version: Nix makes the same root" "$(cat err)"
    same "$version: one root, by the same name" "$link" "$(readlink "$auto"/*)"
    same "$version: Nix knows the root" "$link -> $app" \
        "$(chroot_store "$scratch/b" nix-store -q --roots "$app" | grep -F "$link")"
    chroot_store "$scratch/b" nix-store --gc > out 2> err || fail "$version: gc" "$(cat err)"
    same "$version: the collector keeps what the root needs" "$(nix-store -qR "$app" | sort)" \
        "$("$DRIVER" list "$scratch/b" | sort)"
    sound "$version: sound after the collector" "$scratch/b"
    same "$version: no stray file after the collector" '' "$(strays "$scratch/b")"
    rm "$link"
    chroot_store "$scratch/b" nix-store --gc > out 2> err
    same "$version: without the root all goes" '' "$("$DRIVER" list "$scratch/b")"
    same "$version: and the files with it" '' "$(strays "$scratch/b")"
}

# start COMMAND...: a driver that waits for a line; its words come in $said
start() {
    coproc DRIVEN { exec "$DRIVER" "$@" 2> driver.err; }
    driven=$DRIVEN_PID
    read -r -t 60 said <&"${DRIVEN[0]}" || said='nothing'
}

go_on() {
    echo >&"${DRIVEN[1]}"
    wait "$driven"
}

temporary_roots() {
    local version=$1 app=$2
    "$DRIVER" copy local "$scratch/b" 5 "$app" 2> err
    start hold "$scratch/b" "$app"
    same "$version: holds" held "$said"
    chroot_store "$scratch/b" nix-store --gc > out 2> err || fail "$version: gc" "$(cat err)"
    same "$version: the collector keeps what is held" "$(nix-store -qR "$app" | sort)" \
        "$("$DRIVER" list "$scratch/b" | sort)"
    go_on || fail "$version: hold ends" "$(cat driver.err)"
    same "$version: no temp root is left" '' "$(ls "$scratch/b/nix/var/nix/temproots")"
    chroot_store "$scratch/b" nix-store --gc > out 2> err
    same "$version: what is held no more goes" '' "$("$DRIVER" list "$scratch/b")"
    # somebody killed leaves a file that the next collector removes
    "$DRIVER" copy local "$scratch/b" 5 "$app" 2> err
    start hold "$scratch/b" "$app"
    kill -9 "$driven"
    wait "$driven" 2> /dev/null
    same "$version: who is killed leaves a file" 1 \
        "$(find "$scratch/b/nix/var/nix/temproots" -type f | wc -l)"
    chroot_store "$scratch/b" nix-store --gc > out 2> err || fail "$version: gc" "$(cat err)"
    same "$version: which keeps nothing" '' \
        "$("$DRIVER" list "$scratch/b"; ls "$scratch/b/nix/var/nix/temproots")"
}

# A collector that has read all roots and waits: what comes now is told to it.
freeze() {
    local n=1
    mkfifo fifo
    if [ "$1" = 2.8 ]; then
        _NIX_TEST_GC_SYNC=$PWD/fifo chroot_store "$scratch/b" nix-store --gc > gc.out 2> gc.err &
    else
        _NIX_TEST_GC_SYNC_2=$PWD/fifo chroot_store "$scratch/b" nix-store --gc > gc.out 2> gc.err &
    fi
    collector=$!
    while [ ! -S "$scratch/b/nix/var/nix/gc-socket/socket" ] && [ $n -lt 100 ]; do
        sleep 0.1
        n=$((n + 1))
    done
    sleep 0.5
}

thaw() {
    echo > fifo
    wait "$collector" || fail "$1" "$(tail -n 2 gc.err)"
    rm fifo
}

frozen_collector() {
    local version=$1 app=$2 leaf=$3
    # something for it to delete
    "$DRIVER" copy local "$scratch/b" 5 "$leaf" 2> err
    freeze "$version"
    "$DRIVER" copy local "$scratch/b" 5 "$app" 2> err
    same "$version: copies while the collector is frozen" '' "$(cat err)"
    thaw "$version: the collector ends"
    same "$version: it kept all that came meanwhile" "$(nix-store -qR "$app" | sort)" \
        "$("$DRIVER" list "$scratch/b" | sort)"
    sound "$version: sound after the frozen collector" "$scratch/b"
    same "$version: nothing else is left" '' "$(strays "$scratch/b")"

    chroot_store "$scratch/b" nix-store --gc > out 2> err
    freeze "$version"
    start pause local "$scratch/b" "$leaf"
    same "$version: writes while the collector is frozen" written "$said"
    thaw "$version: the collector ends beside a half path"
    go_on || fail "$version: commit after the collector" "$(cat driver.err)"
    same "$version: the half path became whole" "$leaf" "$("$DRIVER" list "$scratch/b")"
    sound "$version: sound after the half path" "$scratch/b"
}

# Two of us and Nix itself bring the same closure at the same time.
all_at_once() {
    local version=$1 ours theirs p
    shift
    "$DRIVER" closure local "$@" > order
    "$DRIVER" copy local "$scratch/d" 1 "$@" 2> first.err &
    ours=$!
    "$DRIVER" copy local "$scratch/d" 9 "$@" 2> second.err &
    theirs=$!
    # one path at a time: up to 2.17 Nix loses its place in the stream of several
    # when somebody else was faster with one of them
    while read -r p; do
        nix copy --no-recursive --no-check-sigs --to "$scratch/d" "$p" > nix.out 2>&1 ||
            fail "$version: Nix among the three" "$(tail -n 2 nix.out)"
    done < order
    wait "$ours" || fail "$version: the first of three" "$(cat first.err)"
    wait "$theirs" || fail "$version: the second of three" "$(cat second.err)"
    same "$version: all at once" "$(nix-store -qR "$@" | sort)" \
        "$("$DRIVER" list "$scratch/d" | sort)"
    sound "$version: sound after all at once" "$scratch/d"
}

kills() {
    local version=$1 app=$2 n i pid begin longest killed=0
    n=$((12 * SCALE))
    "$DRIVER" copy local "$scratch/k" 1
    # as long as all of it takes, in microseconds
    begin=${EPOCHREALTIME/./}
    "$DRIVER" copy local "$scratch/k" 1 "$app"
    longest=$((${EPOCHREALTIME/./} - begin + 1000))
    chroot_store "$scratch/k" nix-store --gc > out 2> err
    for ((i = 0; i < n; i++)); do
        "$DRIVER" copy local "$scratch/k" $((i % 4 + 1)) "$app" 2> /dev/null &
        pid=$!
        sleep "$(printf '0.%06d' $((RANDOM * 32768 % longest * 3 / 4 + RANDOM % 1000)))"
        kill -9 "$pid" 2> /dev/null && killed=$((killed + 1))
        wait "$pid" 2> /dev/null
        if ((i % 3 == 2)); then
            sound "$version: sound after a kill" "$scratch/k"
            rm -f "$scratch/k-root"
            chroot_store "$scratch/k" nix-store --gc > out 2> err ||
                fail "$version: gc after a kill" "$(cat err)"
        fi
    done
    [ "$killed" -gt 0 ] || fail "$version: some were killed" "none of $n"
    "$DRIVER" copy local "$scratch/k" 5 "$app" 2> err || fail "$version: after the kills" "$(cat err)"
    "$DRIVER" root "$scratch/k" "$app" "$scratch/k-root"
    chroot_store "$scratch/k" nix-store --gc > out 2> err || fail "$version: gc" "$(cat err)"
    same "$version: complete after the kills" "$(nix-store -qR "$app" | sort)" \
        "$("$DRIVER" list "$scratch/k" | sort)"
    sound "$version: sound after the kills" "$scratch/k"
    same "$version: no stray file after the kills" '' "$(strays "$scratch/k")"
}

# A store of somebody who is not root, who may read the store of another.
own_store() {
    local version=$1 app=$2
    if [ "$(id -u)" != 0 ] || ! command -v setpriv > /dev/null; then
        skip "$version: a user's own store" 'needs root and setpriv'
        return
    fi
    local user=(setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$scratch/u"
        "XDG_CACHE_HOME=$scratch/u")
    mkdir "$scratch/u"
    chown 65534:65534 "$scratch/u"
    "${user[@]}" "$DRIVER" copy local "$scratch/u/s" 4 "$app" 2> err || fail "$version: as a user" "$(cat err)"
    same "$version: a user's own store" "$(nix-store -qR "$app" | sort)" \
        "$("$DRIVER" list "$scratch/u/s" | sort)"
    if "${user[@]}" nix-store --store "$scratch/u/s" --verify --check-contents > out 2>&1; then
        pass "$version: it is sound"
    else
        fail "$version: it is sound" "$(tail -n 2 out)"
    fi
    exits "$version: root leaves it alone" 1 "$DRIVER" root "$scratch/u/s" "$app" "$scratch/x"
    exits "$version: a user leaves root's alone" 1 "${user[@]}" "$DRIVER" root local "$app" "$scratch/u/x"
    case $err in
    *'only its owner or the Nix daemon'*) pass "$version: and says why" ;;
    *) fail "$version: and says why" "$err" ;;
    esac
}

inside() {
    local version=$1 outs drvs all
    cd "$scratch" || exit 1
    chmod 755 "$scratch"
    if ! nix-instantiate "$top/tests/closure/closure.nix" > drvs 2> build.log ||
        ! nix-build --no-out-link "$top/tests/closure/closure.nix" > outs 2>> build.log; then
        fail "Nix $version builds the closure" "$(tail -n 3 build.log)"
        summary
        return
    fi
    # the closure of what was built, and of how it was built
    mapfile -t drvs < <(sed 's/!.*//' drvs | sort -u)
    mapfile -t outs < outs
    nix-store --generate-binary-cache-key first-1 first.sk first.pk
    nix store sign -k first.sk -r "${outs[@]}" 2> /dev/null
    mapfile -t all < <(nix-store -qR "${outs[@]}" "${drvs[@]}" | sort -u)
    # nothing else, so that both databases hold the same
    nix-store --gc --print-dead 2> /dev/null | sort > dead
    comm -23 dead <(printf '%s\n' "${all[@]}") | xargs -r nix-store --delete > out 2>&1

    same_as_made_by_nix "$version"
    registered_as_by_nix "$version" "${outs[@]}" "${drvs[@]}"
    roots "$version" "${outs[0]}"
    temporary_roots "$version" "${outs[0]}"
    frozen_collector "$version" "${outs[0]}" "$(nix-store -qR "${outs[0]}" | head -n 1)"
    all_at_once "$version" "${outs[@]}" "${drvs[@]}"
    kills "$version" "${outs[0]}"
    own_store "$version" "${outs[0]}"
    summary
}

if [ "${1:-}" = inside ]; then
    inside "$2"
else
    with_driver store_driver 'the store' 'NIX_EXTRA_CONF=keep-derivations = false'
fi
