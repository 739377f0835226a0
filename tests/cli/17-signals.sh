# shellcheck shell=bash
# The first signal lets it clean up, and it dies of that signal all the same.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
mkfifo fifo
for signal in INT TERM HUP; do
    # a shell lets what it starts behind its back ignore SIGINT; setsid and env put it back
    env --default-signal="$signal" nix-ipfs cid - < fifo &
    pid=$!
    exec 9> fifo
    echo data >&9
    sleep 0.5
    kill -"$signal" $pid
    { wait $pid; } 2> /dev/null # bash would tell of a hang-up
    echo "$signal: $(($? - 128))"
    exec 9>&-
done
# what is ignored from the start stays ignored
(trap '' TERM; exec nix-ipfs cid -q - < fifo) &
pid=$!
exec 9> fifo
sleep 0.5
kill -TERM $pid
echo data >&9
exec 9>&-
wait $pid
echo "ignored: $?"
