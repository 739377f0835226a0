# shellcheck shell=bash
# ls: lines, names, JSON, what is below.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
t nix-ipfs ls --from tree.car "$tree"
t nix-ipfs ls --from tree.car "$tree/share"
t nix-ipfs ls --json --from tree.car "$tree/share"
t nix-ipfs ls -q0 --from tree.car "$tree" | tr '\0' '|'
t nix-ipfs ls -0 --from tree.car "$tree/share" | tr '\0' '|'
t nix-ipfs ls -qR --from tree.car "$tree"
t nix-ipfs ls -R --json --from tree.car "$tree" | cut -c1-60
t nix-ipfs ls --from tree.car "$tree/bin/hello" "$tree/share/link" "$tree/empty"
t nix-ipfs ls -R --from tree.car "$tree/bin/hello"
