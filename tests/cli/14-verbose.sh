# shellcheck shell=bash
# -v names the code of an error.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
t nix-ipfs cid nothing
t nix-ipfs cid -v nothing
t nix-ipfs cat -v --from nothing.car bafkqaaa
