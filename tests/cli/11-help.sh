# shellcheck shell=bash
# --help and --version, on stdout, wherever they stand.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
t nix-ipfs --help
t nix-ipfs -h
t nix-ipfs --version
t nix-ipfs cid --version
t nix-ipfs dump --help
t nix-ipfs dump a b c --help
t nix-ipfs --help dump
t nix-ipfs index --help
t nix-ipfs index ls -h
t nix-ipfs dump --help --frobnicate
