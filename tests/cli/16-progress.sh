# shellcheck shell=bash
# Progress: on a terminal, for what takes longer than a second; never with -q.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
mkfifo fifo
slow() { { sleep 1.2; head -c 3000000 /dev/zero; } > fifo; }
slow &
script -qec 'nix-ipfs cid - < fifo' /dev/null < /dev/null > log
wait
grep -aq $'\rfetching [0-9.]* MiB' log && echo shown
grep -aq $'\033\\[K' log && echo cleared
slow &
script -qec 'nix-ipfs cid -q - < fifo' /dev/null < /dev/null > log
wait
grep -aq 'ing ' log || echo quiet
slow &
nix-ipfs cid - < fifo > log 2>&1
wait
grep -aq 'ing ' log || echo 'no terminal, no progress'
# of a list, when it goes elsewhere
car tree
late() { { sleep 1.2; cat tree.car; } > fifo; }
for to in '> list' ''; do
    late &
    script -qec "nix-ipfs ls -R --from - $tree < fifo $to" /dev/null < /dev/null > log
    wait
    grep -aq $'\rfetching [0-9]' log && echo "shown: ls $to"
done
