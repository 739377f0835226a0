# shellcheck shell=bash
# realize: which operands are CIDs and which store paths; several closures.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car one
car two
hash=0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh
other=1c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh
unset NIX_STORE_DIR NIX_STATE_DIR
from='--from one.car --from two.car'
r() {
    printf '$ realize %s\n' "$*"
    # shellcheck disable=SC2086
    nix-ipfs realize --store ./chroot $from "$@" 2>&1
    printf 'exit %d\n' $?
}
# all of these get as far as the question whom to trust
r "$one"
r "$one" "$two"
r "$one" $hash
r "$one" "$hash-hello"
r "$two/store/$hash-hello"
# the second closure alone includes it
r "$one" "$two" $other
r "$one" "$two" "/nix/store/$other-file"
# none does
r "$one" $other
r "$one" "$two" 2c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh
r "$one" "$hash-bye"
r "$one" nonsense
r "$one/store/$other-file"
# how many at a time
r "$one" -j 0
r "$one" --jobs 65
r "$one" -j all
# order
r $hash "$one"
r "$one" $hash "$two"
r nonsense
r
printf '%s\n\n%s/store/%s-file\n' "$one" "$two" $other > list
tr '\n' '\0' < list > list0
r --stdin < list
r --stdin -0 < list0
r --stdin "$two" < list
r --stdin $other < list
echo nonsense > list
r --stdin < list
r --stdin < /dev/null
from='--from -'
r --stdin < list
find . -name '*-*' | LC_ALL=C sort
