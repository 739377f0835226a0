# shellcheck shell=bash
# cid: a symlink into the store is hashed as one, and a note says what follows it.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
mkdir -p "$NIX_STORE_DIR"
echo data > "$NIX_STORE_DIR/0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh-x"
ln -s ../store/0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh-x result
ln -s elsewhere dangling
mask() { sed "s|$NIX_STORE_DIR|STORE|g"; }
{ nix-ipfs cid result; } 2>&1 | mask
{ nix-ipfs cid --dereference-args result; } 2>&1 | mask
{ nix-ipfs cid -q --dereference-args result; } 2>&1 | mask
t nix-ipfs cid dangling
t nix-ipfs cid --dereference-args dangling
