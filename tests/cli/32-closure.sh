# shellcheck shell=bash
# Where one tree is wanted and the CID is a closure, its result is meant.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
car one
car two
f='--from one.car --from two.car'
# shellcheck disable=SC2086
{
    t nix-ipfs get $f "$one" hello
    find hello | LC_ALL=C sort
    nix-ipfs dump $f "$one" | sha256sum
    nix-ipfs dump $f "$one/result" | sha256sum
    nix-ipfs dump $f "$one/store/0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh-hello" | sha256sum
    t nix-ipfs cat $f "$one/result/bin/hello"
    t nix-ipfs cat $f "$one"
    t nix-ipfs get $f "$two" other
    t nix-ipfs get $f "$two/result-1" other
    cat other
    t nix-ipfs cat $f "$two/result-1"
    t nix-ipfs dump $f "$two/result-7"
    t nix-ipfs cat $f "$one/bin/hello"
    # ls, export and verify take the cache itself, and go into its results
    t nix-ipfs ls -q $f "$two"
    t nix-ipfs ls -q $f "$two/"
    t nix-ipfs ls -q $f "$two/result"
    t nix-ipfs ls -q $f "$two/result/bin/"
    t nix-ipfs ls $f "$two/result-1/"
    t nix-ipfs export --json $f "$one/result/bin/hello" -o hello.car
    t nix-ipfs cat --from hello.car "$(nix-ipfs verify -q $f "$one/result/bin/hello")"
    t nix-ipfs verify $f "$two/result-1"
    t nix-ipfs show $f "$one/result"
}
