# shellcheck shell=bash
# get: small DAGs that are huge trees are refused before anything is written.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
python3 "${fixtures%/fixtures/cli}/tests/support/bombs.py" bombs.car > roots
root() { sed -n "s/^$1 //p" roots; }
wc -c < bombs.car
# how much room there is differs from machine to machine
mask() { sed 's/room for [0-9]*/room for N/; s/nix-ipfs-[0-9a-f]*/nix-ipfs-N/'; }
g() { nix-ipfs get --from bombs.car "$@" 2>&1 | mask; }
g "$(root files)" dest
t nix-ipfs get --from bombs.car --max-size 1M "$(root bytes)" dest
t nix-ipfs get --from bombs.car --max-size 1M "$(root files)" dest
# what a link claims is not believed when it is written
g --max-size 4 "$(root lies)" dest
find . -name dest -o -name '.nix-ipfs*'
t nix-ipfs get --from bombs.car --max-size 5 "$(root lies)" dest
cat dest/f
echo
# reading a little of the huge file is no trouble
t nix-ipfs cat --from bombs.car -o 1152921504606846974 "$(root bytes)"
echo
t nix-ipfs ls --from bombs.car "$(root files)"
