# shellcheck shell=bash
# get: modes by umask, whole or not at all, nothing in the way is touched.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
umask 022
car tree
g() { t nix-ipfs get --from tree.car "$@"; }
list() { find "$1" -printf '%M %P %l\n' | LC_ALL=C sort -k2 | cat -v; }
g "$tree" dest
list dest
g "$tree" dest
g "$tree" dest/
echo mine > file
g "$tree/bin" file
cat file
ln -s nowhere link
g "$tree/bin" link
g --force "$tree/bin" link
list link
g -f "$tree/bin/hello" file
list file
mkdir -p full/of/things
chmod 500 full/of
g -f "$tree/empty" full
list full
g "$tree/share/link" symlink
list symlink
nix-ipfs get --from tree.car "$tree/share/readme" "$PWD/absolute"
cat absolute
(umask 077; g "$tree/bin" private; list private)
g "$tree/bin" no/such/folder
g "$tree/bin" file/below
g "$tree/bin" .
g "$tree/bin" ..
g "$tree/bin" /
g "$tree/bin" ''
g --max-size 20 "$tree/bin" small
g --max-size 21 "$tree/bin" small
g --max-size 0 "$tree/empty" empty
g --json "$tree/share" json
g "$tree/nothing" none
# a block is missing: nothing is left
head -c 1000 tree.car > cut.car
t nix-ipfs get --from cut.car "$tree" incomplete
t nix-ipfs get -f --from cut.car "$tree" absolute
cat absolute
find . -name '.nix-ipfs*' -o -name incomplete
