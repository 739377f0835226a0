# shellcheck shell=bash
# show and verify of CARs: what is right, what is no closure, what is wrong.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
car one
t nix-ipfs verify --from tree.car "$tree"
t nix-ipfs verify -q --from tree.car "$tree/share/chunks"
t nix-ipfs verify --json --from tree.car "$tree/bin"
# its narinfo says nothing true
t nix-ipfs verify --from one.car "$one"
t nix-ipfs verify --json --from one.car "$one"
{ head -c 400 tree.car; printf 'X'; tail -c +402 tree.car; } > bad.car
t nix-ipfs verify --from bad.car "$tree"
t nix-ipfs verify -q --from bad.car "$tree"
head -c 1000 tree.car > cut.car
t nix-ipfs verify -q --from cut.car "$tree"
t nix-ipfs verify --from one.car "$tree" "$one/store"
# a codec that is not built in
cp "$fixtures/../car/json.car" .
t nix-ipfs verify --from json.car "$(sed -n 's/^json //p' "$fixtures/../car/roots.txt")"
nix-ipfs verify nothing 2>&1 | sed "s|${NIX_STORE_DIR%/store}|.|g"
t nix-ipfs show --from tree.car "$tree"
t nix-ipfs show --from tree.car "$tree/share/readme"
t nix-ipfs show --from one.car "$one"
t nix-ipfs show
t nix-ipfs show --sigs --from one.car "$one"
t nix-ipfs show --sigs -q --from one.car "$one"
t nix-ipfs show --sigs --json --from one.car "$one"
t nix-ipfs show --sigs --closure --from one.car "$one"
t nix-ipfs show --sigs --trusted-public-keys nonsense --from one.car "$one"
