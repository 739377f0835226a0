# shellcheck shell=bash
# pin: what is asked for, and nobody who answers.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
nobody=/ip4/127.0.0.1/tcp/1
t nix-ipfs pin
t nix-ipfs pin frob
t nix-ipfs pin add
t nix-ipfs pin ls a b
t nix-ipfs pin update a
t nix-ipfs pin ls --api $nobody
t nix-ipfs pin ls --api $nobody --json "$tree"
t nix-ipfs pin ls --api $nobody 'ci-*'
t nix-ipfs pin add --api $nobody "$tree"
t nix-ipfs pin add --api $nobody "/ipfs/$tree/"
t nix-ipfs pin add --api $nobody "/ipfs/$tree/bin"
t nix-ipfs pin add --api $nobody main
t nix-ipfs pin rm --api $nobody main
t nix-ipfs pin rm --api $nobody --older-than 3 main
t nix-ipfs pin rm --api $nobody --older-than 0d main
t nix-ipfs pin rm --api $nobody --older-than 99999999w main
t nix-ipfs pin rm --api $nobody --older-than 2w main
t nix-ipfs pin rm --api $nobody --keep-last x main
t nix-ipfs pin update --api $nobody main other
t nix-ipfs pin update --api $nobody main "$tree"
t nix-ipfs pin ls --api nonsense
t nix-ipfs pin ls --api $nobody --timeout 0
t nix-ipfs pin ls --api $nobody ''
NIX_IPFS_API_AUTH=s3cret t nix-ipfs pin ls --api $nobody
t nix-ipfs pin remote
t nix-ipfs pin remote frob
t nix-ipfs pin remote --help
t nix-ipfs -q pin remote ls
t nix-ipfs pin remote ls --service name
t nix-ipfs pin remote ls --service kubo:
t nix-ipfs pin remote ls --service http://127.0.0.1:1
t nix-ipfs pin remote ls --service kubo:x --api $nobody
t nix-ipfs pin remote ls --service kubo:x --api $nobody --keep-last 1
t nix-ipfs pin remote add --service http://127.0.0.1:1 main
t nix-ipfs pin remote add --service http://127.0.0.1:1 "$tree"
t nix-ipfs pin remote rm --service http://127.0.0.1:1 "$tree" --older-than x
t nix-ipfs pin remote update --service kubo:x --api $nobody main "$tree" --background
t nix-ipfs pin remote update --service http://127.0.0.1:1 'm*' "$tree"
NIX_IPFS_PIN_TOKEN='s3 cret' t nix-ipfs pin remote ls --service http://127.0.0.1:1
NIX_IPFS_PIN_TOKEN_FILE=none t nix-ipfs pin remote ls --service http://127.0.0.1:1
