# shellcheck shell=bash
# One object per line; errors and notes are objects too, wrong use is not.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
printf 'x\n' > $'new\nline'
printf 'x\n' > $'not\377utf8'
t nix-ipfs cid --json ./*
t nix-ipfs cid --json nothing
t nix-ipfs cid --json $'no\377thing'
t nix-ipfs cid --json --frobnicate
t nix-ipfs ls --json not-a-cid
t nix-ipfs cat --json --from nothing.car bafkqaaa
# what is said is one line, whatever the name, and wherever it goes
t nix-ipfs $'new\nline'
t nix-ipfs ls $'new\nline\033[31m\\'
ln -s "$NIX_STORE_DIR/x" link
mkdir -p "$NIX_STORE_DIR/x"
t nix-ipfs cid --json link | grep -v cid
t nix-ipfs cid -q link > /dev/null
