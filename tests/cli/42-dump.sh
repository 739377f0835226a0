# shellcheck shell=bash
# dump: the NAR, of trees that Nix could hold.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
nix-ipfs dump --from tree.car "$tree/bin" | od -An -c | head -n 40
nix-ipfs dump --from tree.car "$tree" | sha256sum
nix-ipfs dump --from tree.car "$tree/share/link" | sha256sum
nix-ipfs dump --from tree.car bafkqablimvwgy3y | sha256sum
