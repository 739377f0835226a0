#!/bin/bash
# quickstart.sh: takes a real closure from one Nix store to another through
# IPFS blocks, and shows each step. Everything it makes is in build/quickstart.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd -P)
program=${O:-build}/nix-ipfs
case $program in /*) ;; *) program=$top/$program ;; esac
dir=$top/build/quickstart

bold='' plain=''
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# shows a command, then runs it
run() {
    printf '$ %s\n' "$*"
    "$@"
}
nix-ipfs() { "$program" "$@"; }

if [ "${1:-}" != inside ]; then
    command -v nix-store > /dev/null || {
        echo 'quickstart: there is no Nix here: install nix-bin (apt-get install nix-bin, as root)' >&2
        exit 1
    }
    [ -x "$program" ] || { echo "quickstart: no $program: run make" >&2; exit 1; }
    if [ -d "$dir" ]; then
        chmod -R u+w "$dir"
        rm -rf "$dir"
    fi
    # Two stores of its own: what the machine's Nix holds is not touched.
    # nothing is published to a node that this user may have
    IPFS_PATH=$dir/no-node exec "$top/tests/nix-env.sh" "$dir/first" bash "$0" inside
fi

cd "$dir"
unset NIX_CONFIG
step '1. A store path with references, executables and symlinks, built by Nix'
path=$(nix-build --no-out-link "$top/tests/closure/closure.nix" -A hello 2> build.log) || { cat build.log; exit 1; }
run nix-store -q --requisites "$path"

step '2. A key, and signatures by it'
run nix-store --generate-binary-cache-key quickstart-1 secret.key public.key
run nix store sign -k secret.key -r "$path"

step '3. add: the closure becomes one CID; every block stays where it is, in the store'
run nix-ipfs add "$path"
cid=$(nix-ipfs add -q "$path")
run nix-ipfs show "$cid"

step '4. export: the blocks in one CAR file'
run nix-ipfs export "$cid" -o closure.car
run ls -l closure.car

step '5. realize: into a second, empty store, without the key'
# The second store has the same store folder (paths name it), on another disk, so to say.
mkdir -p second
if run nix-ipfs realize "$cid" --from closure.car --store "$dir/second"; then
    echo 'quickstart: unsigned paths were taken without a trusted key' >&2
    exit 1
fi
echo '(refused, as it should be: no key that signed these paths is trusted)'

step '6. realize: with the key trusted'
run nix-ipfs realize "$cid" --from closure.car --store "$dir/second" \
    --trusted-public-keys "$(cat public.key)"

step '7. What Nix says of the second store'
second() { env -u NIX_STATE_DIR -u NIX_LOG_DIR nix-store --store "$dir/second" "$@"; }
for p in $(nix-store -q --requisites "$path"); do
    second --verify-path "$p"
    first_refs=$(nix-store -q --references "$p")
    second_refs=$(second -q --references "$p")
    if [ "$first_refs" != "$second_refs" ]; then
        echo "quickstart: the references of $p differ" >&2
        exit 1
    fi
    printf 'ok  %s  (%s references)\n' "$p" "$(echo "$second_refs" | grep -c .)"
done
second --verify --check-contents 2> verify.log || { cat verify.log; exit 1; }

printf '\n%sDone.%s The same closure is in two stores; no NAR was written or sent.\n' "$bold" "$plain"
# the CAR alone, as outside of this script nothing knows the two stores
look() { "$program" ls -q --from "$dir/closure.car" "$cid"; }
(cd / && unset NIX_STORE_DIR NIX_STATE_DIR NIX_IPFS_STATE_DIR && look > /dev/null)
printf 'Look around:  %s ls --from %s %s\n' "$program" "$dir/closure.car" "$cid"
