#!/bin/bash
# Every kind of store path, by every route into a store, with each Nix: what is
# let in and what is refused, and whether it is then what `nix copy` of the same
# path makes of a store in the same situation.
#
# A situation is a store, empty at first, and who comes to it by which route:
#   single    the owner of store and database, who writes both
#   chroot    the same with a store in another folder
#   readonly  root, where the store is mounted read-only
#   root      root through the daemon, which trusts him
#   user      somebody else through the daemon, which does not
#   nixos     the same, where the store is mounted read-only
#   stdio     the owner through a `nix-daemon --stdio` of his own
# A kind is a closure of closures.sh:
#   packages  Debian packages; built, signed by a key that is trusted
#   signed    closure.nix, built, signed by the same
#   unknown   the same paths, signed by a key that nobody knows
#   unsigned  the same paths, unsigned
#   unchecked the same, with --no-check-sigs
#   recursive, flat, text  content-addressed in the three ways
#   self      content-addressed, with references to themselves
#   drv       a derivation and what it is made of
# SCALE: the size of the files.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/nix/closures.sh
. "$top/tests/nix/closures.sh"
# shellcheck source=tests/nix/daemon.sh
. "$top/tests/nix/daemon.sh"

# Of each situation the route, a word of what -v says of it; then for each kind the exit
# code, and where it is not 0 a word of the error. Stock Nix lets in the same.
kinds=(packages signed unknown unsigned unchecked recursive flat text self drv)
expectations='
single    directly     0 0 1:unknown-1 1:signed 0               0 0 0 0 0
chroot    directly     0 0 1:unknown-1 1:signed 0               0 0 0 0 0
readonly  directly     0 0 1:unknown-1 1:signed 0               0 0 0 0 0
root      daemon       0 0 1:unknown-1 1:signed 0               0 0 0 0 0
user      daemon       0 0 1:unknown-1 1:signed 2:no-check-sigs 0 0 0 0 0
nixos     daemon       0 0 1:unknown-1 1:signed 2:no-check-sigs 0 0 0 0 0
stdio     child        0 0 1:unknown-1 1:signed 0               0 0 0 0 0
'

# in_situation COMMAND...: a program of Nix, or ours, in the present situation
in_situation() {
    case $situation in
    single | stdio) "$@" ;;
    chroot) env -u NIX_STATE_DIR -u NIX_LOG_DIR NIX_REMOTE="$scratch/now/root" "$@" ;;
    readonly) "${readonly_store[@]}" "$@" ;;
    root) NIX_REMOTE=daemon "$@" ;;
    user) "${as_user[@]}" "$@" ;;
    nixos) "${readonly_store[@]}" "${as_user[@]}" NIX_REMOTE=daemon "$@" ;;
    esac
}

# why the present situation can't be had here; nothing when it can
why_not() {
    case $situation in
    readonly) why_no_mount ;;
    root) [ "$(id -u)" = 0 ] || echo 'needs root' ;;
    user) why_no_user ;;
    nixos) why_no_mount; why_no_user ;;
    esac
}

# an empty store, and a daemon where there is one
reset_store() {
    stop_daemon
    chmod -R u+w "$NIX_STORE_DIR" "$scratch/now" 2> /dev/null
    rm -rf "$NIX_STORE_DIR" "$NIX_STATE_DIR" "$scratch/now"
    mkdir -p "$scratch/now"
    if [ "$situation" = chroot ]; then
        cp -a "$scratch/empty/root" "$scratch/now/root"
        folder=$scratch/now/root/nix/store
        database=$scratch/now/root/nix/var/nix/db/db.sqlite
    else
        cp -a "$scratch/empty/store" "$NIX_STORE_DIR"
        cp -a "$scratch/empty/state" "$NIX_STATE_DIR"
        folder=$NIX_STORE_DIR
        database=$NIX_STATE_DIR/db/db.sqlite
    fi
    case $situation in
    user | nixos) make_user ;;
    esac
    case $situation in
    root | user) spawn_daemon ;;
    nixos) spawn_daemon "${readonly_store[@]}" ;;
    esac || fail "$version $situation: the daemon starts" "$(tail -n 1 "$scratch/daemon.log")"
}

# all that lies in the store folder
in_store() {
    find "$folder" -mindepth 1 -name .links -prune -o -printf '%P %y %m %U:%G %Ts %l ' \
        \( -type f -printf '%s\n' -o -printf '\n' \) | sort
}

# facts FOLDER: what Nix says of the closure of $kind, and of the whole store
facts() {
    local all path
    mkdir -p "$1"
    mapfile -t all < "$kind.all"
    path=$(cat "$kind.path")
    in_situation nix-store --verify-path "${all[@]}" > "$1/verify-path" 2>&1 || echo "exit $?" >> "$1/verify-path"
    in_situation nix-store -q --references "$path" > "$1/references" 2>&1
    in_situation nix-store -q --deriver "${all[@]}" > "$1/derivers" 2>&1
    in_situation nix path-info --json --all > "$1/path-info" 2> "$1/path-info.err"
    # which derivation makes what, as far as derivations are in the store
    sqlite3 "$database" 'select v.path, o.id, o.path from DerivationOutputs o
        join ValidPaths v on v.id = o.drv order by 1, 2' > "$1/outputs" 2>&1
    in_store > "$1/files"
}

# compare NAME: of two stores, one that we wrote and one that Nix wrote
compare() {
    local fact
    same "$1: verify-path" '' "$(cat ours/verify-path)"
    for fact in references derivers outputs files; do
        same "$1: $fact" '' "$(diff "nix/$fact" "ours/$fact" | head -n 4)"
    done
    same "$1: path-info" '' \
        "$(python3 "$top/tests/support/path_info.py" nix/path-info ours/path-info "$kind.all" 2>&1 | head -n 4)"
}

# realize OPTION...: ours, in the present situation; its output is in out and err
realize() {
    local state=$scratch/now/state
    case $situation in
    user | nixos) state=$user_home/nix-ipfs ;;
    stdio) set -- "$@" --via stdio ;;
    esac
    in_situation env NIX_IPFS_STATE_DIR="$state" \
        "$NIX_IPFS" realize -v "$(cat "$kind.cid")" --from "$kind.car" "$@" > out 2> err < /dev/null
}

# nix_copy OPTION...: stock Nix in the same situation
nix_copy() {
    [ "$kind" = drv ] && set -- "$@" --derivation
    # which starts that daemon itself
    [ "$situation" = stdio ] && set -- "$@" --to ssh-ng://localhost
    in_situation nix copy --from "file://$scratch/cache/$kind" "$@" "$(cat "$kind.path")" > nix.out 2> nix.err
}

# says NAME WORD: realize said it
says() {
    if grep -qF -e "$2" err; then
        pass "$1"
    else
        fail "$1" "no '$2' in: $(head -n 2 err | tr '\n' ' ')"
    fi
}

# refused NAME WORD: says why, and leaves nothing
refused() {
    says "$1: why" "$2"
    same "$1: nothing is left in the store" '' "$(in_store)"
}

# stock NAME EXPECTED: Nix lets in the same
stock() {
    local got
    reset_store
    if nix_copy "${options[@]}"; then got=0; else got=1; fi
    if [ "$2" = 0 ]; then
        same "$1: nix copy" 0 "$got$(grep -s error nix.err)"
    elif [ $got = 1 ] && grep -q 'lacks a.* signature' nix.err; then
        pass "$1: nix copy"
    else
        fail "$1: nix copy" "exit $got: $(tail -n 1 nix.err)"
    fi
    return $got
}

# cell EXPECTED: one of the table, at the end of the file results
cell() {
    local name="$version $situation $kind" want=${1%%:*} got options=()
    [ "$kind" = unchecked ] && options=(--no-check-sigs)
    rm -rf ours nix
    reset_store
    realize "${options[@]}"
    got=$?
    echo "$version $situation $kind $want/$got" >> results
    same "$name" "exit $want" "exit $got$([ "$got" = "$want" ] || head -n 2 err | tr '\n' ' ')"
    if [ "$got" = 0 ]; then
        same "$name: says what it placed" "$(cat "$kind.path")" "$(cat out)"
        says "$name: the route" "$route"
        facts ours
    elif [ "$got" = "$want" ]; then
        refused "$name" "${1#*:}"
    fi
    if stock "$name" "$want" && [ "$got" = 0 ]; then
        facts nix
        compare "$name"
        wc -l < "$kind.all" >> compared
    fi
}

# What makes a store writable is not seen by anybody else.
stays_readonly() {
    kind=text
    reset_store
    # shellcheck disable=SC2016
    exits "$version readonly: still so for others" 0 "${readonly_store[@]}" sh -c '
        "$@" || exit
        ! touch "$NIX_STORE_DIR/x" 2> /dev/null' sh \
        "$NIX_IPFS" realize "$(cat $kind.cid)" --from $kind.car
    same "$version readonly: realized" "$(cat $kind.path)" "$out"
}

# prepare: the closures, and the store as it is when it is empty
prepare() {
    local k
    chmod 755 "$scratch"
    for k in trusted unknown; do
        nix-store --generate-binary-cache-key "$k-1" "$k.sk" "$k.pk" || return 1
    done
    make_closures > made 2> build.log || return 1
    printf 'trusted-public-keys = %s\n' "$(cat trusted.pk)" >> "$NIX_CONF_DIR/nix.conf"
    chmod -R u+w "$NIX_STORE_DIR"
    rm -rf "$NIX_STORE_DIR" "$NIX_STATE_DIR"
    mkdir empty
    nix-store --init && cp -a "$NIX_STORE_DIR" empty/store && cp -a "$NIX_STATE_DIR" empty/state &&
        env -u NIX_STATE_DIR -u NIX_LOG_DIR nix-store --store "$scratch/empty/root" --init
}

inside() {
    local version=$1 line why i
    cd "$scratch" || exit 1
    if ! prepare; then
        fail "$version: the closures are made" "$(tail -n 3 build.log)"
        summary
        return
    fi
    while read -r -a line; do
        [ ${#line[@]} -gt 0 ] || continue
        situation=${line[0]} route=${line[1]}
        why=$(why_not)
        if [ -n "$why" ]; then
            skip "$version $situation" "${why%%$'\n'*}"
            continue
        fi
        for i in "${!kinds[@]}"; do
            kind=${kinds[i]}
            grep -qwF "$kind" made && cell "${line[i + 2]}"
        done
        [ "$situation" = readonly ] && stays_readonly
    done <<< "$expectations"
    cat results >> "$RESULTS"
    cat compared >> "$COMPARED"
    summary
}

# table: of all versions, what was expected and what came, by situation and kind
table() {
    awk -v kinds="${kinds[*]}" '
        { row = $1 " " $2; if (!(row in seen)) { seen[row] = 1; rows[++n] = row } cell[row, $3] = $4 }
        { split($4, codes, "/"); cells++; agreed += codes[1] == codes[2] }
        END {
            count = split(kinds, kind, " ")
            printf "%-5s%-10s", "nix", "situation"
            for (k = 1; k <= count; k++) printf "%-10s", kind[k]
            print ""
            for (i = 1; i <= n; i++) {
                split(rows[i], name, " ")
                printf "%-5s%-10s", name[1], name[2]
                for (k = 1; k <= count; k++) printf "%-10s", (rows[i], kind[k]) in cell ? cell[rows[i], kind[k]] : "-"
                print ""
            }
            printf "%d cells (exit code expected/got), %d as expected", cells, agreed
        }' <(sort -s -k 1,1V "$RESULTS") | sed 's/ *$//'
    echo "; $(awk '{ n += $1 } END { print n + 0 }' "$COMPARED") paths compared with those of nix copy"
}

outside() {
    local version why p f s begun=()
    # each Nix with a folder of its own, at the same time
    trap 'kill $(jobs -p) 2> /dev/null; wait; cleanup_scratch' EXIT
    export RESULTS=$scratch/results COMPARED=$scratch/compared
    : > "$RESULTS"
    : > "$COMPARED"
    chmod 755 "$scratch"
    why=$(fetch_packages 2>&1) || skip 'packages' "${why:-they could not be downloaded}"
    for version in 2.8 2.26; do
        why=$(missing "nix-$version")
        if [ -n "$why" ]; then
            skip "the matrix with Nix $version" "$why"
            continue
        fi
        NIX_VERSION=$version NIPFS_COUNTS="$scratch/counts-$version" \
            nix_env "$scratch/$version" bash "$0" inside "$version" > "$scratch/said-$version" 2>&1 &
        begun+=("$version")
    done
    wait
    for version in "${begun[@]}"; do
        cat "$scratch/said-$version"
        read -r p f s < "$scratch/counts-$version" || fail "the matrix with Nix $version" 'it did not end'
        n_pass=$((n_pass + ${p:-0})) n_fail=$((n_fail + ${f:-0})) n_skip=$((n_skip + ${s:-0}))
    done
    table
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) outside ;;
esac
