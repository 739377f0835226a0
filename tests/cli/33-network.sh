# shellcheck shell=bash
# --from with gateways and a node: addresses that are none, and nobody who answers.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
car one
nobody=http://127.0.0.1:1
t nix-ipfs ls --from $nobody "$tree"
t nix-ipfs ls --from $nobody/prefix/ --from http://localhost:1 "$tree"
t nix-ipfs ls -q --from $nobody --from tree.car "$tree/bin"
t nix-ipfs ls -q --from tree.car --from $nobody "$tree/bin"
t nix-ipfs ls --from one.car --from $nobody "$tree"
t nix-ipfs ls --json --from $nobody "$tree"
t nix-ipfs ls --from https:// "$tree"
t nix-ipfs ls --from http://user:word@127.0.0.1 "$tree"
t nix-ipfs ls --from "$nobody/?format=raw" "$tree"
t nix-ipfs ls --from ftp://127.0.0.1 "$tree"
t nix-ipfs ls --from kubo --api /ip4/127.0.0.1/tcp/1 "$tree"
t nix-ipfs ls --from kubo --api /ip4/127.0.0.1/tcp/1 --gateway http://127.0.0.1:2 "$tree"
t nix-ipfs ls --api /unix/none.sock "$tree"
t nix-ipfs ls --from kubo --api nonsense "$tree"
t nix-ipfs ls --from kubo --gateway /dns/x/udp/1 "$tree"
t nix-ipfs ls --from ./kubo "$tree"
t nix-ipfs ls --from $nobody --timeout 0 "$tree"
t nix-ipfs ls --from $nobody --timeout x "$tree"
mkdir "$HOME/.ipfs"
echo /ip4/127.0.0.1/tcp/1 > "$HOME/.ipfs/api"
t nix-ipfs ls "$tree"
t nix-ipfs cat bafkqaaa
NIX_IPFS_API_AUTH=s3cret t nix-ipfs ls --from kubo "$tree"
NIX_IPFS_API_AUTH=bearer:s3cret t nix-ipfs ls --from kubo "$tree"
NIX_IPFS_API_AUTH_FILE=none t nix-ipfs ls --from kubo "$tree"
