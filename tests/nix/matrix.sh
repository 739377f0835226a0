#!/bin/bash
# Every kind of store path, by every route into a store, with each Nix: what is
# let in and what is refused, and whether it is then what `nix copy` of the same
# path makes of a store in the same situation.
#
# A situation is a store, empty at first, and who comes to it by which route:
#   single    the owner of store and database, who writes both
#   chroot    the same with a store in another folder
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
many_files=1
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/nix/closures.sh
. "$top/tests/nix/closures.sh"

# The exit code, and a word of what is said on stderr. Stock Nix lets in the same.
kinds=(packages signed unknown unsigned unchecked recursive flat text self drv)
expectations='
single    0 0 1:unknown-1 1:signed 0 0 0 0 0 0
chroot    0 0 1:unknown-1 1:signed 0 0 0 0 0 0
'

# in_situation COMMAND...: a program of Nix, or ours, in the present situation
in_situation() {
    case $situation in
    single) "$@" ;;
    chroot) env -u NIX_STATE_DIR -u NIX_LOG_DIR NIX_REMOTE="$scratch/now/root" "$@" ;;
    esac
}

# an empty store
reset_store() {
    chmod -R u+w "$NIX_STORE_DIR" "$scratch/now" 2> /dev/null
    rm -rf "$NIX_STORE_DIR" "$NIX_STATE_DIR" "$scratch/now"
    mkdir -p "$scratch/now"
    if [ "$situation" = chroot ]; then
        cp -a "$scratch/empty/root" "$scratch/now/root"
        folder=$scratch/now/root/nix/store
    else
        cp -a "$scratch/empty/store" "$NIX_STORE_DIR"
        cp -a "$scratch/empty/state" "$NIX_STATE_DIR"
        folder=$NIX_STORE_DIR
    fi
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
    in_store > "$1/files"
}

# compare NAME: of two stores, one that we wrote and one that Nix wrote
compare() {
    local fact
    same "$1: verify-path" '' "$(cat ours/verify-path)"
    for fact in references derivers files; do
        same "$1: $fact" '' "$(diff "nix/$fact" "ours/$fact" | head -n 4)"
    done
    same "$1: path-info" '' \
        "$(python3 "$top/tests/support/path_info.py" nix/path-info ours/path-info "$kind.all" 2>&1 | head -n 4)"
}

# realize OPTION...: ours, in the present situation; its output is in out and err
realize() {
    in_situation env NIX_IPFS_STATE_DIR="$scratch/now/state" \
        "$NIX_IPFS" realize "$(cat "$kind.cid")" --from "$kind.car" "$@" > out 2> err < /dev/null
}

# nix_copy OPTION...: stock Nix in the same situation
nix_copy() {
    case $kind in drv) set -- "$@" --derivation ;; esac
    in_situation nix copy --from "file://$scratch/cache/$kind" "$@" "$(cat "$kind.path")" > nix.out 2> nix.err
}

# refused NAME WORD: says why, and leaves nothing
refused() {
    case $(cat err) in
    *"$2"*) pass "$1: why" ;;
    *) fail "$1: why" "no '$2' in: $(head -n 2 err | tr '\n' ' ')" ;;
    esac
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

# cell VERSION EXPECTED: one of the table, at the end of the file results
cell() {
    local name="$1 $situation $kind" want=${2%%:*} got options=()
    [ "$kind" = unchecked ] && options=(--no-check-sigs)
    rm -rf ours nix
    reset_store
    realize "${options[@]}"
    got=$?
    echo "$1 $situation $kind $want/$got" >> results
    same "$name" "exit $want" "exit $got$([ "$got" = "$want" ] || head -n 2 err | tr '\n' ' ')"
    if [ "$got" = 0 ]; then
        same "$name: says what it placed" "$(cat "$kind.path")" "$(cat out)"
        facts ours
    elif [ "$got" = "$want" ]; then
        refused "$name" "${2#*:}"
    fi
    if stock "$name" "$want" && [ "$got" = 0 ]; then
        facts nix
        compare "$name"
        wc -l < "$kind.all" >> compared
    fi
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
    local version=$1 line i
    cd "$scratch" || exit 1
    if ! prepare; then
        fail "$version: the closures are made" "$(tail -n 3 build.log)"
        summary
        return
    fi
    while read -r -a line; do
        [ ${#line[@]} -gt 0 ] || continue
        situation=${line[0]}
        for i in "${!kinds[@]}"; do
            kind=${kinds[i]}
            grep -qwF "$kind" made && cell "$version" "${line[i + 1]}"
        done
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
        }' "$RESULTS" | sed 's/ *$//'
    echo "; $(awk '{ n += $1 } END { print n + 0 }' "$COMPARED") paths compared with those of nix copy"
}

outside() {
    local version why p f s
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
        NIX_VERSION=$version NIPFS_COUNTS="$scratch/counts" \
            nix_env "$scratch/$version" bash "$0" inside "$version" || true
        read -r p f s < "$scratch/counts" || fail "the matrix with Nix $version" 'it did not end'
        rm -f "$scratch/counts"
        n_pass=$((n_pass + ${p:-0})) n_fail=$((n_fail + ${f:-0})) n_skip=$((n_skip + ${s:-0}))
    done
    table
    summary
}

case ${1:-} in
inside) inside "$2" ;;
*) outside ;;
esac
