# shellcheck shell=bash
# --name: any tree becomes the store path that Nix would make of it.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
unset NIX_STORE_DIR NIX_STATE_DIR
car one
car tree
# what nix store add-path made of these trees
mkdir -p tree/bin tree/empty
printf a > tree/a
printf '#!/bin/sh\necho hi\n' > tree/bin/hi
chmod +x tree/bin/hi
: > tree/zero
ln -s bin/hi tree/link
printf 'hello\n' > hello.txt
n() { t nix-ipfs "$@" --store ./chroot; }
n add --name tree tree
n add --name tree tree/ --json
n add -q --name hello.txt hello.txt
n add --name link tree/link
n add --name link tree/link/
n add --sign-key nothing --name x tree
n add --name x nothing
n add --name x tree hello.txt
n add --name x --stdin
n add --name '' tree
n add --name 'a b' tree
n add --name ..-a tree
mkfifo fifo
n add --name fifo fifo
n realize --name hello "$one" --from one.car
n realize --name hello "$one/store/0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh-hello" --from one.car --json
n realize --name readme "$tree/share/readme" --from tree.car -o result
n realize --name readme "$tree/share/readme" --from tree.car
n realize --name tree "$tree" --from tree.car --add-root result
n realize --name x "$tree/nothing" --from tree.car
n realize --name x "$tree" "$tree" --from tree.car
n realize --name x --stdin --from tree.car
n realize --name .- "$tree" --from tree.car
head -c 1000 tree.car > cut.car
n realize --name x "$tree" --from cut.car
find . -name 'result*' -printf '%f -> %l\n'
cd chroot/nix/store && find . -mindepth 1 -maxdepth 1 | LC_ALL=C sort
