#!/bin/bash
# Files beside ipfs-cid, an implementation of its own (rust-cid-npm): CIDv0, and the same as
# CIDv1.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"

if ! command -v ipfs_cid > /dev/null; then
    skip 'ipfs-cid' 'not installed: run make deps'
    summary
    exit
fi

make_corpus "$scratch/corpus"
# 174 chunks, and one more: a second level
bytes $((174 * 262144)) levels > "$scratch/corpus/174-chunks"
bytes $((174 * 262144 + 1)) levels > "$scratch/corpus/175-chunks"
n=0
while IFS= read -r -d '' file; do
    n=$((n + 1))
    theirs=$(ipfs_cid "$file" 2> "$scratch/err" | sed 's/.*"CIDv0":"\([^"]*\)","CIDv1":"\([^"]*\)".*/\1 \2/')
    ours="$("$NIX_IPFS" cid -q --profile unixfs-v0-2015 "$file") $(
        "$NIX_IPFS" cid -q --profile unixfs-v0-2015 --cid-base base32 "$file")"
    same "ipfs-cid: ${file#"$scratch/corpus/"}" "$theirs" "$ours"
done < <(find "$scratch/corpus" -type f ! -path '*/many/*' ! -path '*/names/not-utf8*' -print0)
[ "$n" -ge 30 ] || fail 'the files were found' "only $n"
summary
