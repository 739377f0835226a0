# shellcheck shell=bash
# How CIDs and paths are typed.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
l() { t nix-ipfs ls -q --from tree.car "$@"; }
l "$tree/bin"
l "/ipfs/$tree/bin"
l "ipfs://$tree/bin"
l "IPFS://$tree/bin/"
l "$tree//bin///"
l "ipfs://$tree/%62in"
l "ipfs://$tree/caf%C3%A9"
l "$tree/%62in"
l "ipfs://$tree/%6"
l "ipfs://$tree/%zz"
l "ipfs://$tree/%2F"
l "ipfs://$tree/%00"
l "ipfs://$tree/bin?x"
l "ipfs://$tree/bin#x"
l "$tree/bin/../share"
l "$tree/share/link/x"
l "$tree/nothing"
l "$tree/bin/hello/x"
l "/ipns/$tree"
l ipns://example.org
l "/ipfs/"
l ''
l 'not a cid'
l "${tree}x"
l "${tree%???}"
# base58btc of a keccak multihash; a digest that is too short; another base
l zB7NCdng5WffuNCgHu4PhDj7nbtuVrhPc2pMhanNxYKRsECdjX9nd44g6CRu2xNrj2bG2NNaTsveL5zDGWhbfiug3VekW
l bafkrgaa
l 0000
l bafkqaaa
# without --from and without an index
t nix-ipfs ls "$tree"
