#!/bin/bash
# `nix-ipfs cid` beside `ipfs add`: the same CIDs, over odd trees, in all
# profiles and under all options; and the same combinations refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"

why=$(missing kubo)
if [ -n "$why" ] || [ ! -x "$IPFS" ]; then
    skip 'Kubo, all profiles and options' "${why:-no $IPFS: run make deps}"
    summary
    exit
fi

corpus=$scratch/corpus
make_corpus "$corpus"

# one repository per profile: what decides about HAMTs is configuration alone
for profile in default unixfs-v1-2025 unixfs-v0-2015; do
    repo=$scratch/$profile
    IPFS_PATH=$repo "$IPFS" init -e > /dev/null 2>&1
    [ "$profile" = default ] || IPFS_PATH=$repo "$IPFS" config profile apply "$profile" > /dev/null
done

declare -A tried agreed

# kubo PROFILE ARGS...: as `ipfs add` prints it, empty when it refuses
kubo() {
    local repo=$scratch/$1
    shift
    IPFS_PATH=$repo timeout 120 "$IPFS" add --offline -r -H -Q "$@" 2> "$scratch/kubo.err"
}

# compare GROUP REPO PATH OURS... -- THEIRS...
compare() {
    local group=$1 repo=$2 path=$3 ours=() theirs=() want got code
    shift 3
    while [ $# -gt 0 ] && [ "$1" != -- ]; do ours+=("$1"); shift; done
    shift
    theirs=("$@")
    want=$(kubo "$repo" "${theirs[@]}" "$path")
    got=$("$NIX_IPFS" cid -q "${ours[@]}" "$path" 2> "$scratch/ours.err")
    code=$?
    tried[$group]=$((${tried[$group]:-0} + 1))
    if [ "$want" = "$got" ] && { [ -n "$want" ] || [ "$code" = 2 ]; }; then
        agreed[$group]=$((${agreed[$group]:-0} + 1))
        pass "$group ${path##*/} ${theirs[*]}"
    else
        fail "$group ${path##*/} ${ours[*]}" \
            "Kubo: ${want:-$(tail -n 1 "$scratch/kubo.err")}; ours: ${got:-exit $code $(head -n 1 "$scratch/ours.err")}"
    fi
}

# every tree in every profile
for path in "$corpus"/*; do
    compare unixfs-v1-2025 unixfs-v1-2025 "$path" --profile unixfs-v1-2025 -- -n
    compare unixfs-v0-2015 unixfs-v0-2015 "$path" --profile unixfs-v0-2015 -- -n
    compare kubo-cidv1 default "$path" --profile kubo-cidv1 -- -n --cid-version=1
    # preserve: -n fails on directories there
    compare 'mode preserve' default "$path" --profile unixfs-v0-2015 --mode preserve -- --preserve-mode
    compare 'mode, mtime, v1' default "$path" --profile kubo-cidv1 --mode preserve --mtime preserve -- \
        --cid-version=1 --preserve-mode --preserve-mtime
done

# every option, alone
small="order names sizes/1MiB+1 mixed empty-file empty-dir symlink sizes/zeros"
while read -r option; do
    for name in $small; do
        # shellcheck disable=SC2086
        compare "option ${option%%[ =]*}" default "$corpus/$name" --profile unixfs-v0-2015 $option -- $option
    done
done << 'EOF'
--cid-version=1
--cid-version=1 --raw-leaves=false
--raw-leaves
--raw-leaves=true --cid-version=0
--chunker=size-1000
--chunker=size-262145
--chunker=size-2096896
--chunker=rabin
--chunker=rabin-16384
--chunker=rabin-1024-2048-4096
--chunker=buzhash
--hash=sha2-512
--hash=blake2b-256
--hash=blake2b-160
--hash=blake2b-512
--hash=blake2s-256
--hash=sha2-256
--trickle
--trickle --raw-leaves
--trickle --chunker=size-1000
--max-file-links=3 --chunker=size-10000
--max-file-links=2 --chunker=size-10000 --raw-leaves
--max-directory-links=3
--max-directory-links=2 --max-hamt-fanout=16
--max-directory-links=1 --max-hamt-fanout=8
--max-directory-links=2 --max-hamt-fanout=1024
--inline
--inline --inline-limit=128
--inline --inline-limit=64 --raw-leaves
--inline --cid-version=1
--cid-base=base16 --cid-version=1
--cid-base=base58btc --cid-version=1
--cid-base=base64url --cid-version=1
--cid-base=base36 --cid-version=1
EOF

# what Kubo refuses
while read -r option; do
    # shellcheck disable=SC2086
    compare refused default "$corpus/order" --profile unixfs-v0-2015 $option -- $option
done << 'EOF'
--cid-version=2
--chunker=size-0
--chunker=size-2096897
--chunker=nonsense
--chunker=rabin-1-2-3
--inline --inline-limit=129
--max-hamt-fanout=7
--max-hamt-fanout=2048
--hash=no-such-hash
--hash=blake2b-128
--cid-base=base99
EOF
compare refused default "$corpus/order" --profile kubo-cidv1 --raw-leaves --mode preserve -- \
    --cid-version=1 --raw-leaves --preserve-mode

# random combinations
RANDOM=4711
pick() { local n=$((RANDOM % $#)); shift $n; echo "$1"; }
for _ in $(seq $((40 * SCALE))); do
    # shellcheck disable=SC2046
    set -- $(pick '' --cid-version=1 --cid-version=0) $(pick '' --raw-leaves --raw-leaves=false) \
        $(pick '' --chunker=size-4096 --chunker=size-100 --chunker=buzhash --chunker=rabin-1024-8192-65536) \
        $(pick '' '' --trickle) $(pick '' --hash=sha2-512 --hash=blake2b-256 --hash=sha2-256) \
        $(pick '' '' '--inline' '--inline --inline-limit=100') \
        $(pick '' --max-file-links=5 --max-file-links=174) \
        $(pick '' '' '--max-directory-links=2 --max-hamt-fanout=64')
    compare random default "$corpus/$(pick order names mixed empty-dir file sizes/256KiB+1)" \
        --profile unixfs-v0-2015 "$@" -- "$@"
done

# big ones: 1024 and 1025 chunks, 20,000 entries, 5 GiB
mkdir "$scratch/big"
bytes 1048576 links > "$scratch/big/1024-chunks"
bytes 1048577 links > "$scratch/big/1025-chunks"
mkdir "$scratch/big/entries"
(cd "$scratch/big/entries" && seq 20000 | xargs touch)
for path in "$scratch"/big/*-chunks; do
    compare 'chunks at the limit of links' unixfs-v1-2025 "$path" --profile unixfs-v1-2025 --chunker=size-1024 -- \
        -n --chunker=size-1024
done
compare '20,000 entries' unixfs-v1-2025 "$scratch/big/entries" --profile unixfs-v1-2025 -- -n
compare '20,000 entries' unixfs-v0-2015 "$scratch/big/entries" --profile unixfs-v0-2015 -- -n
if [ -z "${NIPFS_SLOW_BUILD:-}" ]; then
    truncate -s 5G "$scratch/big/sparse"
    compare '5 GiB' unixfs-v1-2025 "$scratch/big/sparse" --profile unixfs-v1-2025 -- -n
fi

# exactly at the HAMT threshold (flat) and one byte over it, files only
at_threshold() {
    local dir=$1 total=$2 len=$3 i=0 n
    mkdir "$dir"
    n=$((total / (len + 34)))
    (
        cd "$dir" || exit 1
        for i in $(seq $((n - 1))); do : > "$(printf "%0${len}d" "$i")"; done
        : > "$(printf "%0$((total - (n - 1) * (len + 34) - 34))d" 0)"
    )
}
at_threshold "$scratch/big/at" 262144 100
at_threshold "$scratch/big/over" 262145 100
for name in at over; do
    compare 'HAMT threshold' unixfs-v0-2015 "$scratch/big/$name" --profile unixfs-v0-2015 -- -n
done

echo 'combinations tried with Kubo 0.43.0, and how many agreed:'
for group in "${!tried[@]}"; do
    printf '  %-32s %5d %5d\n' "$group" "${tried[$group]}" "${agreed[$group]:-0}"
done | sort
summary
