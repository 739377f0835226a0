# shellcheck shell=bash
# What realize would do, without doing it: into a store that is not there. The narinfos of these
# closures say nothing true of their trees, which a plan does not read.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car tree
car one
car two
export NIX_STORE_DIR=/nix/store
r="nix-ipfs realize --store $PWD/chroot --dry-run"
here=$PWD
mask() { sed "s|$here|.|g"; }
# shellcheck disable=SC2086
{
    t $r --from one.car "$one" --no-check-sigs
    t $r --from one.car "$one"
    t $r --from one.car "$one" --json
    t $r --from one.car "$one" -q --no-check-sigs
    t $r --from one.car --from two.car "$two" --no-check-sigs
    t $r --from one.car --from two.car "$two" --no-check-sigs --json
    t $r --from two.car "$two" 1c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh --no-check-sigs --strict
    t $r --from tree.car "$tree"
    NIX_STORE_DIR=/else t $r --from one.car "$one" --no-check-sigs
    # nothing was made
    find . -name chroot
    ls ../state 2> /dev/null
} 2>&1 | mask
