#!/bin/bash
# Rooms: multiformats <- unixfs <- dag <- lib <- cli. No include points right to
# left, third-party headers stay in their rooms, the command sees the API alone.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

# forbid NAME PATTERN FOLDER...: no line of the folders' C files matches
forbid() {
    local name=$1 pattern=$2 hits
    shift 2
    hits=$(grep -rnE --include='*.[ch]' "$pattern" "$@" | head -n 3)
    if [ -z "$hits" ]; then pass "$name"; else fail "$name" "$hits"; fi
}

forbid 'multiformats includes nothing to its right' '#include "(unixfs|dag|lib|cli)/' multiformats
forbid 'unixfs includes nothing to its right' '#include "(dag|lib|cli)/' unixfs
forbid 'dag includes nothing to its right' '#include "(lib|cli)/' dag
forbid 'lib does not include cli' '#include "cli/' lib
for room in multiformats unixfs; do
    hits=$(grep -rhoE --include='*.[ch]' '#include <nixipfs/[a-z_]+\.h>' $room | sort -u |
        grep -vE '/(block|bytes|cid|error|tree|unixfs)\.h' | tr '\n' ' ')
    same "$room sees only public headers of its own layer" '' "$hits"
done
forbid 'the command sees public headers alone' \
    '#include "(multiformats|unixfs|dag|lib)/' cli
forbid 'libsodium only where keys and hashes are' '#include <sodium' unixfs dag lib/blocks lib/disk cli
forbid 'libcrypto only in hashing' '#include <openssl/' unixfs dag lib/blocks lib/disk cli
forbid 'libcbor only in dag' '#include <cbor' multiformats unixfs lib cli
forbid 'SQLite only in lib/nix and lib/blocks' '#include <sqlite3' multiformats unixfs dag lib/disk cli
forbid 'jansson only in lib/ipfs and the command' '#include <jansson' multiformats unixfs dag \
    lib/blocks lib/disk lib/include lib/nix lib/*.[ch]
forbid 'libcurl only in lib/ipfs' '#include <curl/' multiformats unixfs dag \
    lib/blocks lib/disk lib/include lib/nix lib/*.[ch] cli
forbid 'lib/ipfs is used by lib itself alone' '#include "lib/ipfs/' multiformats unixfs dag \
    lib/blocks lib/disk lib/nix cli

forbid 'no banned calls' \
    '[^a-zA-Z0-9_.>](strcpy|strcat|sprintf|vsprintf|strncpy|strtok|atoi|atol|gets|alloca|rand|tmpnam|mktemp)\(' \
    multiformats unixfs dag lib cli
forbid 'the library does not print or exit' \
    '[^a-zA-Z0-9_.>](printf|fprintf|puts|perror|exit|abort|_exit)\(' multiformats unixfs dag lib
forbid 'nothing half done' '\b(TODO|FIXME|XXX)\b' multiformats unixfs dag lib cli tests

long=$(find multiformats unixfs dag lib cli -name '*.c' -exec awk 'END { if (NR > 500) print FILENAME, NR }' {} \;)
same 'no file over 500 lines' '' "$long"
summary
