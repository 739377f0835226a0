# shellcheck shell=bash
# cid: options and what they imply; what Kubo refuses is exit 2. Kubo's CIDs of
# "hello world" are those of reference vectors 3 and 4.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
umask 022
printf 'hello world' > file
mkdir dir
cp file dir
p0='--profile unixfs-v0-2015'
# shellcheck disable=SC2086
{
    for profile in nix unixfs-v1-2025 unixfs-v0-2015 kubo-cidv1; do
        t nix-ipfs cid -q --profile $profile file
    done
    t nix-ipfs cid --profile other file
    t nix-ipfs cid -q $p0 --cid-version 1 file
    t nix-ipfs cid -q $p0 --cid-version 1 --raw-leaves=false file
    t nix-ipfs cid -q $p0 --raw-leaves file
    t nix-ipfs cid -q --cid-version 0 file
    t nix-ipfs cid --cid-version 2 file
    t nix-ipfs cid -q --profile kubo-cidv1 --cid-version 0 file
    t nix-ipfs cid -q $p0 --hash sha2-512 file
    t nix-ipfs cid -q $p0 --hash blake2b-256 --raw-leaves=false file
    t nix-ipfs cid $p0 --cid-version 0 --hash sha2-512 file
    t nix-ipfs cid --hash sha1 file
    t nix-ipfs cid --hash '' file
    t nix-ipfs cid -q $p0 --inline file
    t nix-ipfs cid -q $p0 --inline --raw-leaves file
    t nix-ipfs cid -q $p0 --inline-limit 200 file
    t nix-ipfs cid $p0 --inline --inline-limit 200 file
    t nix-ipfs cid -q $p0 --inline --inline-limit 4 file
    t nix-ipfs cid -q $p0 -s size-4 file
    t nix-ipfs cid -q $p0 -s size-4 --trickle file
    t nix-ipfs cid -q $p0 -s size-4 --layout trickle file
    t nix-ipfs cid -q $p0 -s size-4 --max-file-links 2 file
    t nix-ipfs cid $p0 -s size-4 --max-file-links 1 file
    t nix-ipfs cid -q $p0 -s buzhash file
    t nix-ipfs cid -q $p0 -s rabin-16-32-64 file
    t nix-ipfs cid -s size-0 file
    t nix-ipfs cid -s size-99999999 file
    t nix-ipfs cid -s '' -q file
    t nix-ipfs cid -s bytes file
    t nix-ipfs cid --max-hamt-fanout 7 file
    t nix-ipfs cid --max-hamt-fanout 2048 file
    t nix-ipfs cid --max-hamt-fanout 99999999999 file
    t nix-ipfs cid -q $p0 --max-directory-links 1 --max-hamt-fanout 8 dir
    chmod 640 file
    touch -d @1604320482 file
    t nix-ipfs cid -q $p0 --mode preserve file
    t nix-ipfs cid -q $p0 --mtime preserve file
    t nix-ipfs cid -q --profile kubo-cidv1 --mode preserve file
    t nix-ipfs cid --mode preserve file
    t nix-ipfs cid -q --mode preserve --raw-leaves=false file
    t nix-ipfs cid $p0 --mode preserve --raw-leaves file
    t nix-ipfs cid --mtime preserve file
    chmod 755 file
    t nix-ipfs cid -q file
    t nix-ipfs cid -q --mode none file
    t nix-ipfs cid -q --profile unixfs-v1-2025 --mode executable file
    for base in base16 base32 base36 base58btc base64url b z F other ''; do
        t nix-ipfs cid -q --cid-base "$base" file
    done
    t nix-ipfs cid -q $p0 --cid-base base58btc file
    t nix-ipfs cid -q $p0 --cid-base base32 file
}
# as Kubo: what is too long for the function, told when it is met
head -c 300 /dev/zero > long
t nix-ipfs cid --hash identity long
