# shellcheck shell=bash
# cid: what is printed, for what, and what is refused. The CIDs are Kubo's.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
umask 022
mkdir -p dir/.hidden dir/empty
printf 'hello world' > dir/file
printf '#!/bin/sh\n' > dir/program
chmod 755 dir/program
ln -s file dir/link
ln -s dir link
cd dir || exit
t nix-ipfs cid file
t nix-ipfs cid -q file
t nix-ipfs cid file program .
t nix-ipfs cid -q0 file program | tr '\0' '|'
t nix-ipfs cid -0 file program | tr '\0' '|'
t nix-ipfs cid file nothing link
cd ..
t nix-ipfs cid link
t nix-ipfs cid --dereference-args link
t nix-ipfs cid - < dir/file
printf 'hello world' | t nix-ipfs cid -
t nix-ipfs cid - < /dev/null
t nix-ipfs cid - < dir
{ read -r -N 6 _; nix-ipfs cid -q -; nix-ipfs cid -q -; } < dir/file
t nix-ipfs cid -q ''
mkfifo fifo
t nix-ipfs cid fifo
t nix-ipfs cid /dev/null
