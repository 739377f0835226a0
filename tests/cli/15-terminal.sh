# shellcheck shell=bash
# On a terminal names are escaped, with -0 they are not, and JSON is ASCII.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
tty_of nix-ipfs ls -q --from tree.car "$tree"
tty_of nix-ipfs ls -q0 --from tree.car "$tree"
tty_of nix-ipfs ls -q --json --from tree.car "$tree"
tty_of nix-ipfs cid $'no\033thing\\'
