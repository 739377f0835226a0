# shellcheck shell=bash
# --from: several, standard input, and what is not a CAR.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
car one
t nix-ipfs ls -q --from tree.car --from one.car "$one" "$tree/bin"
t nix-ipfs ls -q --from - "$tree/bin" < tree.car
t nix-ipfs ls -q --from=- --from one.car "$tree/bin" "$one" < tree.car
# shellcheck disable=SC2002
cat tree.car | t nix-ipfs ls -q --from - "$tree/share"
t nix-ipfs ls --from - --from - "$tree"
t nix-ipfs ls --from one.car "$tree"
t nix-ipfs ls --from nothing.car "$tree"
t nix-ipfs ls --from one.car --from nothing.car "$tree"
t nix-ipfs ls --from /dev/null "$tree"
echo 'not a CAR' > text
t nix-ipfs ls --from text "$tree"
t nix-ipfs ls --from . "$tree"
head -c 400 tree.car > cut.car
t nix-ipfs cat --from cut.car "$tree/share/readme"
# one bit of a block is another
{ head -c 120 tree.car; printf 'X'; tail -c +122 tree.car; } > bad.car
t nix-ipfs ls --from bad.car "$tree"
t nix-ipfs ls -q --from bad.car --from tree.car "$tree/bin"
