#!/bin/bash
# What is here already is not fetched: blocks of valid paths, whatever state the index is in, and
# what killed runs left. And what --dry-run says of that, and --strict.
# SEED=...: other moments to kill at.
many_files=1
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"

# two trees that share nearly all: big and small files, executables, symlinks, folders
make_trees() {
    local i
    mkdir -p first/bin first/share/deep/er
    bytes 9000000 big > first/share/big
    bytes 3000000 run > first/bin/big-run
    bytes 70000 small-run > first/bin/run
    chmod 755 first/bin/*
    ln -s bin/run first/link
    for i in $(seq 200); do echo "file $i" > "first/share/deep/$i"; done
    echo bottom > first/share/deep/er/bottom
    cp -a first second
    echo 'only in the second' > second/only
    echo 'else' > second/share/deep/7
}

# a tree that takes some time
make_slow_tree() {
    local folder i
    for folder in $(seq 20); do
        mkdir -p "$1/$folder"
        for i in $(seq 60); do echo "$folder $i" > "$1/$folder/$i"; done
        bytes 1500000 "$folder" > "$1/$folder/big"
    done
}

inside() {
    local first second slow name
    cd "$scratch" || exit 1
    make_trees
    make_slow_tree slow
    first=$(nix-store --add first)
    second=$(nix-store --add second)
    slow=$(nix-store --add slow)
    for name in first second slow; do
        exits "add $name" 0 "$NIX_IPFS" add -q "${!name}"
        echo "$out" > $name.cid
        exits "export $name" 0 "$NIX_IPFS" export "$out" -o $name.car
    done
    PYTHONDONTWRITEBYTECODE=1 verdicts python3 "$top/tests/support/reuse.py" "$NIX_IPFS" \
        "$scratch/reuse" "$first" "$second" "$slow"
    summary
}

case ${1:-} in
inside) inside ;;
*)
    why=$(missing nix-2.8)
    if [ -n "$why" ]; then
        skip 'reuse' "$why"
        summary
    else
        nix_env "$scratch/nix" bash "$0" inside
    fi
    ;;
esac
