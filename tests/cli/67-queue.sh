# shellcheck shell=bash
# queue and hook: without a store, with entries that were written by hand.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
queue=$NIX_IPFS_STATE_DIR/queue
hash=0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh

t nix-ipfs queue
t nix-ipfs queue ls
t nix-ipfs queue drop
t nix-ipfs queue drop --all x
t nix-ipfs queue drop --all
t nix-ipfs queue scan --since -1
t nix-ipfs queue scan --since 9223372036854775808
t nix-ipfs queue run --to none
t nix-ipfs queue run --offline
t nix-ipfs queue run --max-age 14
t nix-ipfs queue retry
t nix-ipfs hook
t nix-ipfs hook --status --print-config

# entry NAME BASE QUEUED: NAME is Nix's for an indirect root of that path
entry() {
    mkdir -p "$queue/entries" "$queue/roots" "$queue/left"
    printf 'nix-ipfs queue 1\npath /nix/store/%s\nfiles /nix/store\nby hook\nqueued %s\ntries 0\nnext 0\n' \
        "$2" "$3" > "$queue/entries/$1"
}
entry 91a2wxxjxjlbxpqcgy35pb36hr3941nh $hash-b 2
ln -s /nix/store/$hash-b "$queue/roots/91a2wxxjxjlbxpqcgy35pb36hr3941nh"
entry 2qhbiba4wp8d21rshic6pza8pm34ggyh $hash-a 1
t nix-ipfs queue ls
t nix-ipfs queue ls -q
t nix-ipfs queue ls --json
sed -i 's/^tries 0/tries 2/; s/^next 0/next 9/; $a failed no node' "$queue/entries/2qhbiba4wp8d21rshic6pza8pm34ggyh"
t nix-ipfs queue ls
t nix-ipfs queue ls --json
t nix-ipfs queue retry x
t nix-ipfs queue retry $hash-a
t nix-ipfs queue ls
# how long they have waited changes with time
days() { sed -E 's/the oldest for [0-9]+ days/the oldest for … days/'; }
t nix-ipfs hook --status | days
echo nonsense > "$queue/entries/nonsense"
t nix-ipfs queue ls -q
t nix-ipfs hook --status -q | days
t nix-ipfs queue drop /nix/store/$hash-b x
(cd "$queue" && ls entries roots)
t nix-ipfs queue drop --all
ls "$queue/entries"

# the program is told where it lies
cp -L "$(command -v nix-ipfs)" nix-ipfs
printf '#!/bin/sh\n' > nix-ipfs-post-build-hook
chmod 755 nix-ipfs-post-build-hook
t ./nix-ipfs hook --print-config | sed "s|$PWD|.|g"
t ./nix-ipfs hook --print-config --json | sed "s|$PWD|.|g"
# in a folder whose name means something to systemd, cron or Nix
# shellcheck disable=SC2016
for folder in 'a %h b$c' 'a "b' "a'b" 'a  b' 'a#b' 'a\b' $'a\tb'; do
    mkdir "$folder"
    cp nix-ipfs nix-ipfs-post-build-hook "$folder"
    t "./$folder/nix-ipfs" hook --print-config 2>&1 | sed "s|$PWD|.|g" | grep -E 'post-build-hook|nix-ipfs queue|queue run|exit'
    rm -r "$folder"
done
rm nix-ipfs nix-ipfs-post-build-hook

# what nix.conf says of the hook
mkdir -p "$NIX_CONF_DIR"
status() { t nix-ipfs hook --status | sed "s|$PWD|.|g"; }
echo "post-build-hook = $PWD/other" > "$NIX_CONF_DIR/nix.conf"
status
echo "post-build-hook = $PWD/nix-ipfs-post-build-hook" > "$NIX_CONF_DIR/nix.conf"
status
: > nix-ipfs-post-build-hook
chmod 644 nix-ipfs-post-build-hook
status
chmod 777 nix-ipfs-post-build-hook
status
chmod 755 nix-ipfs-post-build-hook
status
