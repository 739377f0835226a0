# shellcheck shell=bash disable=SC2016,SC2094
# What can't be written is a failure.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
echo hello > file
full() { t bash -c '"$@" > /dev/full' '' "$@"; }
full nix-ipfs --version
full nix-ipfs cid file
full nix-ipfs cid --json file
t bash -c 'nix-ipfs cid file >&-'
car tree
full nix-ipfs ls --from tree.car "$tree"
full nix-ipfs cat --from tree.car "$tree/share/chunks"
full nix-ipfs dump --from tree.car "$tree"
# a reader that goes away: no word, and death by SIGPIPE
mkfifo fifo
exec 8<> fifo 9> fifo 8>&-
t env --default-signal=PIPE bash -c 'nix-ipfs cat "$@" >&9' '' --from tree.car "$tree/share/chunks"
# who ignores that is told
(trap '' PIPE; t bash -c 'nix-ipfs cat "$@" >&9' '' --from tree.car "$tree/share/chunks")
exec 9>&-
# nothing to print: a closed stdout is no matter
t bash -c 'nix-ipfs get --from tree.car "$1" dest >&-' '' "$tree"
[ -d dest ] && echo there
# our own files never become descriptor 0, 1 or 2
nix-ipfs get --from tree.car "$tree" dest2 <&- >&- 2>&-
echo "exit $?"
[ -d dest2 ] && echo there
