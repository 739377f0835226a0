# shellcheck shell=bash
# What needs a store or an index says so where there is none.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
mask() { sed "s|${NIX_STORE_DIR%/store}|.|g"; }
echo data > file
t nix-ipfs add
{
    t nix-ipfs add file
    t nix-ipfs add --stdin < /dev/null
    t nix-ipfs add --json file
    t nix-ipfs index build --all
} 2>&1 | mask
t nix-ipfs index build
t nix-ipfs index build --all file
t nix-ipfs index ls
t nix-ipfs index ls --json
t nix-ipfs index stats
t nix-ipfs index stats --json
t nix-ipfs index prune
t nix-ipfs realize
{
    t nix-ipfs realize not-a-cid
    t nix-ipfs realize --store https://cache.example.org "$tree"
    t nix-ipfs realize --store "$PWD/chroot" --from nothing.car "$tree"
    car tree
    t nix-ipfs realize --store "$PWD/chroot" --from tree.car "$tree"
    t nix-ipfs realize --store "$PWD/chroot" --from tree.car "$tree" --no-check-sigs x
    # no store is made where Nix would have its own
    find "${NIX_STORE_DIR%/store}" -maxdepth 1 -name var -o -maxdepth 1 -name store
    t nix-ipfs cat "$tree"
} 2>&1 | mask
