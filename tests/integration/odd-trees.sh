#!/bin/bash
# Odd trees as store objects: from one store through blocks into another, byte for byte what Nix
# says they are; what can be no store object is refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"

# flat_directory FOLDER BYTES: empty files, so that the directory is one block of so many bytes
flat_directory() {
    local i rest=$(($2 - 4))
    mkdir "$1"
    # a link with a name of 100 bytes takes 145, one with a name of 128 to 255 bytes 46 more
    for i in $(seq $((rest / 145 - 1))); do : > "$1/$(printf '%0100d' "$i")"; done
    rest=$((rest - (rest / 145 - 1) * 145 - 46))
    : > "$1/$(printf "%0${rest}d" 0)"
}

# nested LEVELS: a file so many folders deep
nested() {
    local path=$1 i
    for i in $(seq $(($2 - 1))); do path=$path/$i; done
    mkdir -p "$path"
    echo bottom > "$path/f"
}

make_odd() {
    make_corpus "$1"
    (
        cd "$1" || exit 1
        mkdir entries-20000
        (cd entries-20000 && seq 20000 | xargs touch)
        flat_directory flat-262144 262144
        flat_directory hamt-262145 262145
        nested deep-63 63
        mkdir -p links-in/a
        ln -s "$(printf '%04095d' 0)" links-in/long
        ln -s "$(printf 'new\nline \377')" links-in/bytes
        ln -s ../../../../../.. links-in/up
        ln -s a links-in/folder
        mkdir sparse
        truncate -s 40M sparse/hole
        truncate -s 10M sparse/end
        echo end >> sparse/end
        mkdir -p hard-links/a
        bytes 100000 h > hard-links/a/1
        ln hard-links/a/1 hard-links/a/2
        ln hard-links/a/1 hard-links/3
        # looks like a closure, and is none
        mkdir -p like-a-closure/store/00000000000000000000000000000000-x
        echo evil > like-a-closure/store/00000000000000000000000000000000-x/f
        ln -s store/00000000000000000000000000000000-x like-a-closure/result
        echo 'StorePath: /nix/store/00000000000000000000000000000000-x' \
            > like-a-closure/00000000000000000000000000000000.narinfo
        # names that mean something elsewhere
        mkdir -p meanings/nar meanings/store
        (cd meanings && touch ... -- -rf '*' '~' '%2e%2e' 'a:b' 'con' '.lock' 'x~nix~case~hack~1' \
            "$(printf '\342\200\256gpj.exe')" "$(printf '\033[31m')" ' x ')
        # one and two levels of nodes above the leaves
        if [ "$SCALE" -gt 1 ]; then
            mkdir chunks
            truncate -s 1024M chunks/1024
            truncate -s 1024M chunks/1025
            echo end >> chunks/1025
        fi
        mkdir modes
        for mode in 0400 0444 0500 0555 0644 0755 4755 0011 0001; do
            : > modes/$mode
            chmod $mode modes/$mode
        done
    )
}

sum() { sha256sum | cut -d' ' -f1; }

# the modes, times and sizes of a tree, as a store has them
metadata() { find "$1" -printf '%P %y %m %T@ %l\n' | LC_ALL=C sort; }

refuse_special() {
    mkdir special special/in-a-folder
    mkfifo special/fifo special/in-a-folder/fifo
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("special/socket")'
    local kinds='fifo socket in-a-folder' kind
    if mknod special/device c 1 3 2> /dev/null && mknod special/block b 7 0 2> /dev/null; then
        kinds="$kinds device block"
    fi
    for kind in $kinds; do
        exits "cid of a special file: $kind" 1 "$NIX_IPFS" cid "special/$kind"
        case $err in *FIFO* | *socket* | *device*) pass "the error says what it is: $kind" ;; *)
            fail "the error says what it is: $kind" "$err" ;;
        esac
    done
    # Nix takes none of them, so one comes in behind its back
    local path
    for kind in fifo socket device; do
        [ -e "special/$kind" ] || continue
        mkdir "with-$kind"
        path=$(nix-store --add "with-$kind")
        chmod u+w "$path"
        cp -R --preserve=all "special/$kind" "$path/x"
        exits "add of a path with a $kind" 1 "$NIX_IPFS" add "$path"
        case $err in *"/x'"*) pass "the error names it: $kind" ;; *)
            fail "the error names it: $kind" "$err" ;;
        esac
        exits "add again: no index holds it" 1 "$NIX_IPFS" add "$path"
    done
}

# Nix 2.8 has no limits: what newer ones refuse is no store object here either
refuse_limits() {
    local path
    nested too-deep 64
    path=$(nix-store --add too-deep)
    same 'cid of 64 levels' "$(judge too-deep)" "$("$NIX_IPFS" cid too-deep)"
    exits 'add of 64 levels' 1 "$NIX_IPFS" add "$path"
    case $err in *64* | *63* | *deep*) pass 'the error says how deep' ;; *)
        fail 'the error says how deep' "$err" ;;
    esac
    exits 'index build of 64 levels' 1 "$NIX_IPFS" index build "$path"
}

judge() { PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/support/tree_cid.py" "$@"; }

# to_json_cids: `CID  NAME` of all paths of `add --json`
to_json_cids() {
    python3 -c 'import json, sys
for p in json.load(sys.stdin)["paths"]:
    print("%s  %s" % (p["cid"], p["path"].rsplit("/", 1)[1][33:]))'
}

inside() {
    local name path cid paths=() back hash
    cd "$scratch" || exit 1
    make_odd odd
    # modes are none of Nix's business; the bit of the owner is
    chmod u+r odd/modes/*
    for path in odd/*; do paths+=("$(nix-store --add "$path")"); done
    judge odd/* | sort > judged

    exits 'cid of all' 0 "$NIX_IPFS" cid odd/*
    same 'cid says what the judge says' "$(cat judged)" "$(sort <<< "${out//odd\//}")"
    exits 'add of all' 0 "$NIX_IPFS" add --json "${paths[@]}"
    same 'add says what the judge says' "$(cat judged)" "$(to_json_cids <<< "$out" | sort)"
    cid=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["cid"])' <<< "$out")
    nix-store --optimise 2> /dev/null
    exits 'add --check of files with many names' 0 "$NIX_IPFS" add -q --check "${paths[@]}"
    same 'add --check says the same' "$cid" "$out"

    exits 'export' 0 "$NIX_IPFS" export "$cid" -o odd.car
    "$NIX_IPFS" export "$cid" | "$NIX_IPFS" realize -q "$cid" --from - --no-check-sigs \
        --store "$scratch/b" > realized 2> err
    same 'realize prints all' "$(printf '%s\n' "${paths[@]}" | sort)" "$(sort realized; cat err)"
    for path in "${paths[@]}"; do
        name=${path##*/}
        back=$scratch/b/nix/store/$name
        name=${name#*-}
        hash=$(nix-store --dump "odd/$name" | sum)
        same "$name: the first store" "$hash" "$(nix-store --dump "$path" | sum)"
        same "$name: the second store" "$hash" "$(nix-store --dump "$back" | sum)"
        same "$name: modes and times" "$(metadata "$path" | sum)" "$(metadata "$back" | sum)"
        same "$name: dump" "$hash" "$("$NIX_IPFS" dump "$cid/store/${path##*/}" --from odd.car | sum)"
        "$NIX_IPFS" dump "$cid/store/${path##*/}" --from odd.car | nix-store --restore "restored-$name"
        same "$name: what Nix restores" "$hash" "$(nix-store --dump "restored-$name" | sum)"
        chmod -R u+w "restored-$name" 2> /dev/null
        rm -rf "restored-$name"
        same "$name: ls -R has all of it" "$(find "odd/$name" -mindepth 1 -printf x | wc -c)" \
            "$({ [ ! -d "odd/$name" ] || [ -L "odd/$name" ] ||
                "$NIX_IPFS" ls -q0R "$cid/store/${path##*/}" --from odd.car; } | tr -dc '\0' | wc -c)"
        exits "$name: get" 0 "$NIX_IPFS" get "$cid/store/${path##*/}" "got-$name" --from odd.car
        same "$name: what was got" "$hash" "$(nix-store --dump "got-$name" | sum)"
        exits "$name: verify" 0 "$NIX_IPFS" verify "$path"
        chmod -R u+w "got-$name" 2> /dev/null
        rm -rf "got-$name"
    done
    if env -u NIX_STATE_DIR -u NIX_LOG_DIR nix-store --store "$scratch/b" --verify \
        --check-contents > out 2>&1; then
        pass 'the second store verifies'
    else
        fail 'the second store verifies' "$(tail -n 2 out)"
    fi
    same 'nothing is left over' "$(printf '%s\n' "${paths[@]##*/}" | sort)" \
        "$(find b/nix/store -mindepth 1 -maxdepth 1 ! -name .links -printf '%f\n' | sort)"
    refuse_special
    refuse_limits
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing nix-2.8)
    if [ -n "$why" ]; then
        skip 'odd trees' "$why"
        summary
    else
        NIX_EXTRA_CONF='fsync-metadata = false' nix_env "$scratch/nix" bash "$0" inside
    fi
    ;;
esac
