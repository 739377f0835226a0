#!/bin/bash
# Trees with executables beside the JavaScript importer, which keeps raw leaves
# when files have a mode: profile nix, CID for CID.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/corpus.sh
. "$top/tests/corpus.sh"

why=$(missing javascript)
if [ -n "$why" ] || [ ! -x "$NODE" ] || [ ! -d "$NIPFS_DEPS/js/node_modules" ]; then
    skip 'the JavaScript importer' "${why:-not installed: run make deps}"
    summary
    exit
fi

make_corpus "$scratch/corpus"
n=0
while IFS=$'\t' read -r name theirs; do
    n=$((n + 1))
    same "importer and profile nix: $name" "$theirs" "$("$NIX_IPFS" cid -q --profile nix "$scratch/corpus/$name")"
done < <(cp "$top/tests/js/import.mjs" "$NIPFS_DEPS/js/" && "$NODE" "$NIPFS_DEPS/js/import.mjs" "$scratch/corpus")
[ "$n" -ge 9 ] || fail 'the importer ran' "only $n trees"
summary
