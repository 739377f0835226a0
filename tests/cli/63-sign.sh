# shellcheck shell=bash
# sign: what it takes and refuses, without a store.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
mask() { sed "s|${NIX_STORE_DIR%/store}|.|g"; }
car one
car tree
# the vector of Nix's own tests
printf 'test1:jbX9NxZp8WB/coK8k7yLf0gNYmBbIbCrOFwgJgI7OV+0sASf4R5oFQlioSlN3bJ56uvshzr7S9Z75pcv+9hSkQ==' > key
printf 'test1:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpE=' > public
t nix-ipfs sign
t nix-ipfs sign "$one"
t nix-ipfs sign -k nothing "$one" --from one.car -o signed.car
t nix-ipfs sign -k public "$one" --from one.car -o signed.car
t nix-ipfs sign -k key "$one" --from one.car -o -
t nix-ipfs sign -k key path -o signed.car
t nix-ipfs sign -k key path 2>&1 | mask
# its tree does not have the NAR hash that its narinfo says
t nix-ipfs sign -k key "$one" --from one.car -o signed.car
t nix-ipfs sign -k key "$one" --from one.car --trust-nar-hash 2>&1 | mask
t nix-ipfs sign -k key "$tree" --from tree.car -o signed.car
ls
signed=$(nix-ipfs sign -v -k key "$one" --from one.car --trust-nar-hash -o signed.car 2> note)
mask < note
echo "$signed"
nix-ipfs ls "$signed" --from signed.car
nix-ipfs cat "$signed/0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh.narinfo" --from signed.car
t nix-ipfs show --sigs "$signed" --from signed.car
t nix-ipfs show --sigs "$signed" --from signed.car --trusted-public-keys "$(cat public)"
# the same again changes nothing
t nix-ipfs sign -q --json -k key "$signed" --from signed.car --trust-nar-hash -o again.car
cmp signed.car again.car
# another key under the same name
t nix-ipfs show --sigs "$signed" --from signed.car --trusted-public-keys \
    'test1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY='
