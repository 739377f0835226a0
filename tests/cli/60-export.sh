# shellcheck shell=bash
# export: Kubo's CAR comes out as it went in; files are whole or not there.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
car one
nix-ipfs export --from tree.car "$tree" | cmp - tree.car && echo same
t nix-ipfs export --from tree.car "$tree" -o out.car
cmp out.car tree.car && echo same
t nix-ipfs export --json --from tree.car "$tree" -o out.car
nix-ipfs export --json --from tree.car "$tree" -o - > piped.car
cmp piped.car tree.car && echo same
t nix-ipfs export -v --from tree.car "$tree" -o out.car
t nix-ipfs export --json --from tree.car --from one.car "$tree/bin" "$one" "$tree/share" -o two.car
t nix-ipfs ls -q --from two.car "$one"
tty_of nix-ipfs export --from tree.car "$tree"
t nix-ipfs export --from one.car "$tree" -o none.car
t nix-ipfs export --from tree.car "$tree" -o no/such/folder.car
t nix-ipfs export --from tree.car "$tree" -o .
# nothing is put in the place of a device or FIFO
mkfifo fifo
cmp fifo tree.car && echo same &
t nix-ipfs export --from tree.car "$tree" -o fifo
wait
[ -p fifo ] && echo 'still a FIFO'
head -c 1000 tree.car > cut.car
t nix-ipfs export --from cut.car "$tree" -o none.car
t nix-ipfs export
t nix-ipfs export --from tree.car "$tree" -o
find . -name 'none*' -o -name '*part*'
