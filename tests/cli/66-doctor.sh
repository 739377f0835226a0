# shellcheck shell=bash
# doctor: without a store, with one of our own, and with a Kubo that is configured.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
# what depends on the machine
mask() {
    sed -E "s|${NIX_STORE_DIR%/store}|.|g; s|(cpu +)[^\"]*|\\1…|; s|owner\":\"[^\"]*|owner\":\"…|
        s|belongs to '[^']*|belongs to '…|; s|index of [0-9.]+|index of …|; s|(indexBytes\":\")[1-9][0-9]*|\\1…|"
}
# nothing of the machine's own Nix
mkdir bin
ln -s "$(command -v nix-ipfs)" "$(command -v sed)" bin
hash=0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh
d() {
    printf '$ doctor %s\n' "$*"
    PATH=$PWD/bin:$PATH nix-ipfs doctor "$@" 2>&1 | mask
    printf 'exit %d\n' "${PIPESTATUS[0]}"
}
printf '#!/bin/sh\nexit 1\n' > bin/nix-store
chmod +x bin/nix-store
d
mkdir -p store/$hash-nix-2.18.1/bin
mv bin/nix-store store/$hash-nix-2.18.1/bin
ln -s ../store/$hash-nix-2.18.1/bin/nix-store bin/nix-store
mkdir -p "$HOME/.ipfs" kubo
printf '/ip4/127.0.0.1/tcp/5999' > "$HOME/.ipfs/api"
d --store ./chroot
ls
nix-ipfs realize bafkqaaa --name empty --store ./chroot --from "$fixtures/one.car" -q > out
export IPFS_PATH=$PWD/kubo
echo nonsense > kubo/api
NIX_CONFIG='trusted-public-keys =' d --store ./chroot
NIX_CONFIG='require-sigs = false' d -q --store ./chroot
echo 11 > chroot/nix/var/nix/db/schema
rm kubo/api
NIX_CONFIG='trusted-public-keys = nonsense' d -q --store ./chroot
d -q --store https://cache.example.org
d -q --store nonsense
NIX_IPFS_STATE_DIR=relative d -q --store ./other
PATH=$PWD/bin nix-ipfs doctor --json --store ./other | grep -v cpu | mask
