# shellcheck shell=bash
# cat: files one after another, ranges over all of them, what is no file.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
c() { t nix-ipfs cat --from tree.car "$@"; }
c "$tree/share/chunks"
c "$tree/share/readme" "$tree/share/nothing" "$tree/bin/hello"
c -o 30 "$tree/share/chunks"
c --offset 8 --length 8 "$tree/share/chunks"
echo
c -o7 -l3 "$tree/share/chunks"
echo
c -o 36 -l 3 "$tree/share/chunks" "$tree/share/readme"
echo
c -o 37 "$tree/share/chunks" "$tree/share/readme"
c -o 1K "$tree/share/chunks"
c -l 0 "$tree/share/chunks"
c -l 18446744073709551615 -o 35 "$tree/share/chunks"
c bafkqablimvwgy3y
echo
c "$tree/share"
c "$tree/share/link"
c "$tree/share/none"
c -o x "$tree/share/chunks"
c --json "$tree/share/readme"
