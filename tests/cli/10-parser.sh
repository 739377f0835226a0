# shellcheck shell=bash
# What the parser takes and refuses: one line, exit 2, a pointer to --help.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
echo hello > file
t nix-ipfs
t nix-ipfs frobnicate
t nix-ipfs --frobnicate
t nix-ipfs -x
t nix-ipfs ''
t nix-ipfs cid
t nix-ipfs cid --frobnicate file
t nix-ipfs cid --frobnicate=1 file
t nix-ipfs cid --pro nix file
t nix-ipfs cid -Z file
t nix-ipfs cid -qZ file
t nix-ipfs cid --profile
t nix-ipfs cid file -s
t nix-ipfs cid --quiet=yes file
t nix-ipfs cid --raw-leaves=perhaps file
t nix-ipfs cid --mode some file
t nix-ipfs cid --cid-version one file
t nix-ipfs cid --cid-version -1 file
t nix-ipfs cid --max-file-links 18446744073709551616 file
t nix-ipfs cid --max-file-links '' file
t nix-ipfs get --max-size 1X a b
t nix-ipfs get --max-size 18446744073709551615K a b
t nix-ipfs get only-one
t nix-ipfs get one two three
t nix-ipfs dump one two
t nix-ipfs index
t nix-ipfs index frobnicate
t nix-ipfs index ls --all
t nix-ipfs __complete tcsh
t nix-ipfs __complete

# taken: values behind = and as the next argument, letters together, options
# in front of the command, between and behind the operands, -- and -
t nix-ipfs cid -q --profile=unixfs-v0-2015 file
t nix-ipfs cid -q --profile unixfs-v0-2015 file
t nix-ipfs cid file -q --profile unixfs-v0-2015
t nix-ipfs -q cid file
t nix-ipfs --store=nowhere -q cid file
t nix-ipfs cid -qssize-2 file
t nix-ipfs cid -qs size-2 file
t nix-ipfs cid -qv --raw-leaves=F file
t nix-ipfs cid -q --raw-leaves file
t nix-ipfs cid --profile nix --profile unixfs-v0-2015 -q file
mv file -- --file
t nix-ipfs cid -q -- --file
t nix-ipfs cid -q -- -q --file
t nix-ipfs cid -q - < ./--file
