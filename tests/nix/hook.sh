#!/bin/bash
# Nix runs nix-ipfs-post-build-hook for real, by itself and in its daemon: what is built is
# queued and kept; beside a collector, on a full disk, killed, 50 at once; and what the
# hook does is watched by strace. `queue scan` finds what was not queued.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/each-nix.sh
. "$top/tests/each-nix.sh"

HOOK=$O/nix-ipfs-post-build-hook
queue() { "$NIX_IPFS" queue "$@"; }
n_queued() { queue ls -q | wc -l; }
empty_queue() { queue drop --all -q; rm -rf "$NIX_IPFS_STATE_DIR"; }

# build NAME [OPTION...]: a derivation with two outputs, of which only one is in $out
build() {
    local name=$1
    shift
    nix-build "$scratch/two.nix" --argstr name "$name" --no-out-link "$@" > "$scratch/built" 2> "$scratch/build.log"
}
with_hook=(--option post-build-hook "$HOOK")

# wrapper TEXT: a program to be named as the hook
wrapper() {
    printf '#!/bin/bash\n%s\n' "$1" > "$scratch/wrapper"
    chmod 755 "$scratch/wrapper"
}

single_user() {
    local version=$1 path
    build one "${with_hook[@]}" || fail "$version: a build with the hook" "$(tail -n 3 "$scratch/build.log")"
    path=$(cat "$scratch/built")
    same "$version: both outputs are queued" '2 one one-dev' "$(n_queued) $(queue ls -q | sed 's/.*-one/one/' | sort | tr '\n' ' ' | sed 's/ $//')"
    same "$version: it says nothing" 0 "$(grep -c post-build-hook: "$scratch/build.log")"
    nix-store --gc > /dev/null 2>&1
    same "$version: they are kept" 2 "$(queue ls -q | xargs nix-store --check-validity --print-invalid 2>&1 | wc -l | sed 's/^0$/2/')"
    OUT_PATHS="$path $path" exits "$version: again, by hand" 0 env "OUT_PATHS=$path $path" "$HOOK"
    same "$version: is once" 2 "$(n_queued)"
    queue drop --all -q
    nix-store --gc > /dev/null 2>&1
    if nix-store --check-validity "$path" 2> /dev/null; then fail "$version: what is dropped is let go"; else pass "$version: what is dropped is let go"; fi

    # a token in Nix's settings
    wrapper "exec '$HOOK' 2>&1"
    NIX_CONFIG="${NIX_CONFIG:-}
access-tokens = example.org=very-secret" build secret --option post-build-hook "$scratch/wrapper"
    same "$version: queued" 2 "$(n_queued)"
    same "$version: a token is nowhere" '' "$(grep -rl very-secret "$NIX_IPFS_STATE_DIR" "$scratch/build.log")"
    empty_queue
}

# What the hook does is in $scratch/trace.
watched() {
    local version=$1 files
    if ! strace -o /dev/null true 2> /dev/null; then
        skip "$version: the hook is watched" 'strace does not work here'
        return
    fi
    wrapper "exec strace -f -o '$scratch/trace' '$HOOK'"
    build watched --option post-build-hook "$scratch/wrapper"
    same "$version: watched, it queues" 2 "$(n_queued)"
    same "$version: it starts no program" 1 "$(grep -c ' execve(' "$scratch/trace")"
    same "$version: it starts no process" 0 "$(grep -cE ' (fork|vfork|clone|clone3)\(' "$scratch/trace")"
    same "$version: it opens no socket" 0 "$(grep -cE ' (socket|socketpair|connect)\(' "$scratch/trace")"
    # what was opened below the store, but the folder itself
    files=$(grep -oE ' open(at)?\([^"]*"[^"]*"' "$scratch/trace" | sed 's/.*"\(.*\)"/\1/' |
        grep -E "^$NIX_STORE_DIR/|-watched" | sed 's/.*-watched/watched/' | sort -u | tr '\n' ' ')
    case $version in
    2.8) same "$version: of the store it reads the derivation" 'watched.drv ' "$files" ;;
    *) same "$version: of the store it reads nothing" '' "$files" ;;
    esac
    same "$version: the file is synced" yes "$(grep -q ' fsync(' "$scratch/trace" && echo yes)"
    empty_queue
}

# A folder whose name means something to systemd and cron, and has to be right in nix.conf.
odd_folder() {
    local version=$1 folder="$scratch/a %h \$HOME b" path
    mkdir -p "$folder"
    cp "$NIX_IPFS" "$HOOK" "$folder"
    exits "$version: what to set, from an odd folder" 0 "$folder/nix-ipfs" hook --print-config
    printf '%s\n' "$out" > "$scratch/config"
    grep ^post-build-hook "$scratch/config" >> "$NIX_CONF_DIR/nix.conf"
    build odd
    same "$version: Nix runs it from there" 2 "$(n_queued)"
    exits "$version: and the status says so" 0 "$NIX_IPFS" hook --status
    case $out in *"by '$folder/nix-ipfs-post-build-hook'"*) pass "$version: with its path" ;; *) fail "$version: with its path" "$out" ;; esac
    sed -i '/^post-build-hook/d' "$NIX_CONF_DIR/nix.conf"
    empty_queue
    sed -n '/^\[Unit\]/,/^WantedBy/p' "$scratch/config" > "$scratch/nix-ipfs-queue.service"
    if command -v systemd-analyze > /dev/null; then
        exits "$version: systemd takes the service" 0 systemd-analyze verify --man=no "$scratch/nix-ipfs-queue.service"
    fi
    # as cron does: \% is %, and the rest is the shell's
    path=$(sed -n 's/^\* \* \* \* \* \(.*\) queue run -q$/\1/p' "$scratch/config" | sed 's/\\%/%/g')
    same "$version: the shell finds it in the line for cron" "$folder/nix-ipfs" "$(sh -c "printf %s $path")"
    rm -r "$folder"
}

# What the worker starts, Nix's daemon as a child, has nothing of what Nix told the hook.
worker() {
    local version=$1
    strace -o /dev/null true 2> /dev/null || return
    build worker "${with_hook[@]}"
    exits "$version: the worker, without a node" 5 env OUT_PATHS=secret-outputs DRV_PATH=secret-drv "NIX_CONFIG=${NIX_CONFIG:-}
access-tokens = example.org=very-secret" strace -f -v -s 100000 -e trace=execve -o "$scratch/trace" "$NIX_IPFS" queue run --via stdio
    same "$version: starts Nix's daemon" yes "$(grep -q 'execve(.*nix-daemon.* = 0' "$scratch/trace" && echo yes)"
    same "$version: without what the hook was told" 1 "$(grep -cE 'NIX_CONFIG|OUT_PATHS|DRV_PATH|secret' "$scratch/trace")"
    empty_queue
}

in_daemon() {
    local version=$1
    echo "post-build-hook = $HOOK" >> "$NIX_CONF_DIR/nix.conf"
    daemon_start
    NIX_REMOTE=daemon build daemon
    same "$version: the daemon queues" 2 "$(n_queued)"
    exits "$version: hook --status" 0 "$NIX_IPFS" hook --status
    case $out in *"'$HOOK'"*'waiting to be published: 2, the oldest for 0 days; failed so far: 0;'*) pass "$version: the status" ;; *) fail "$version: the status" "$out" ;; esac
    daemon_stop
    sed -i '/^post-build-hook/d' "$NIX_CONF_DIR/nix.conf"
    empty_queue
}

# fails NAME WHAT: a build with the hook goes on, and what can't be done is told in one line
fails() {
    build "$1" "${with_hook[@]}"
    same "$2: the build goes on" "0 $1" "$? $(sed 's/.*-//' "$scratch/built")"
    same "$2: it is told" 1 "$(grep -c 'post-build-hook: nix-ipfs: a build is not queued: ' "$scratch/build.log")"
}

troubles() {
    local version=$1 full=$scratch/full
    (
        export NIX_IPFS_STATE_DIR=/proc/nothing
        fails none "$version: no folder"
        echo "$n_pass $n_fail" > "$scratch/sub"
    )
    read -r n_pass n_fail < "$scratch/sub"
    # a disk that fills up while entries are made
    mkdir "$full"
    if mount -t tmpfs -o size=64k none "$full" 2> /dev/null; then
        mkdir "$full/state"
        head -c 1m /dev/zero > "$full/zero" 2> /dev/null
        NIX_IPFS_STATE_DIR=$full/state fails full "$version: a full disk"
        same "$version: nothing is left half" '' "$(NIX_IPFS_STATE_DIR=$full/state queue ls 2>&1)"
        rm "$full/zero"
        NIX_IPFS_STATE_DIR=$full/state build room "${with_hook[@]}"
        same "$version: with room again" 2 "$(NIX_IPFS_STATE_DIR=$full/state n_queued)"
        umount "$full"
    else
        skip "$version: a full disk" 'no tmpfs can be mounted'
    fi
    # what was not queued is found
    same "$version: a scan finds what was not" 'daemon full none odd room secret watched worker' "$(queue scan -q | grep -v -e -dev | sed 's/.*-//' | sort | tr '\n' ' ' | sed 's/ $//')"
    same "$version: and only once" '' "$(queue scan -q)"
    build later
    same "$version: and what came since" later "$(queue scan -q | grep -v -e -dev | sed 's/.*-//')"
    empty_queue
}

collector() {
    local version=$1 i path tries=0 built=''
    # one that holds its lock all the time: no build waits for it
    path=$(nix-store --add "$scratch/two.nix")
    exec 7<> "$NIX_STATE_DIR/gc.lock"
    flock 7
    OUT_PATHS=$path timeout 20 "$HOOK"
    same "$version: a collector's lock is not waited for" '0 1' "$? $(n_queued)"
    # shellcheck disable=SC2012
    same "$version: somebody keeps it" 1 "$(ls "$NIX_STATE_DIR/temproots" | wc -l)"
    flock -u 7
    exec 7>&-
    # shellcheck disable=SC2012
    while [ "$(ls "$NIX_STATE_DIR/temproots" | wc -l)" != 0 ] && [ $tries -lt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    # shellcheck disable=SC2012
    same "$version: until it is through" 0 "$(ls "$NIX_STATE_DIR/temproots" | wc -l)"
    empty_queue

    # one that has read its roots, and deletes when the build is over
    mkfifo "$scratch/fifo"
    env "_NIX_TEST_GC_SYNC=$scratch/fifo" "_NIX_TEST_GC_SYNC_2=$scratch/fifo" \
        nix-store --gc > /dev/null 2>&1 &
    while flock -n "$NIX_STATE_DIR/gc.lock" true && kill -0 $! 2> /dev/null; do sleep 0.01; done
    build frozen "${with_hook[@]}"
    echo > "$scratch/fifo"
    wait $!
    same "$version: what is built beside a collector is kept" '' \
        "$(nix-store --check-validity --print-invalid "$(cat "$scratch/built")" 2>&1)"
    same "$version: by its root too" 2 "$(n_queued)"
    nix-store --gc > /dev/null 2>&1
    same "$version: and later" '' \
        "$(nix-store --check-validity --print-invalid "$(cat "$scratch/built")" 2>&1)"
    empty_queue

    # collectors one after another while things are built
    while [ ! -e "$scratch/stop" ]; do nix-store --gc > /dev/null 2>&1; done &
    for i in $(seq $((6 * SCALE))); do
        build "gc$i" "${with_hook[@]}" || fail "$version: builds beside a collector" "$(tail -n 2 "$scratch/build.log")"
        built="$built $(cat "$scratch/built")"
    done
    : > "$scratch/stop"
    wait $!
    rm "$scratch/stop"
    # shellcheck disable=SC2086
    same "$version: none is lost beside collectors" '' "$(nix-store --check-validity --print-invalid $built)"
    same "$version: all are queued" $((12 * SCALE)) "$(n_queued)"
    empty_queue
}

# Many hooks at once, of which some are killed.
many() {
    local version=$1 n=$((500 * SCALE)) i
    mkdir "$scratch/many"
    for i in $(seq $n); do echo "$i" > "$scratch/many/f$i"; done
    find "$scratch/many" -type f -print0 | xargs -0 nix-store --add > "$scratch/paths"
    # shellcheck disable=SC2016
    HOOK=$HOOK xargs -P 50 -I{} bash -c 'OUT_PATHS=$1 "$HOOK" & p=$!
        [ $((RANDOM % 4)) != 0 ] || { sleep 0.00$((RANDOM % 9)); kill -9 $p 2> /dev/null; }
        wait $p 2> /dev/null' _ {} < "$scratch/paths" 2> /dev/null
    same "$version: killed hooks leave no half entries" '' "$(queue ls 2>&1 > /dev/null)"
    same "$version: what they leave has a root" 0 "$(queue ls --json | grep -c '"root":false')"
    xargs -P 50 -I{} env OUT_PATHS={} "$HOOK" < "$scratch/paths"
    same "$version: all of $n are queued" "$(sort < "$scratch/paths")" "$(queue ls -q | sort)"
    nix-store --gc > /dev/null 2>&1
    same "$version: all are kept" '' "$(xargs nix-store --check-validity --print-invalid < "$scratch/paths")"
    exits "$version: the status with many" 0 "$NIX_IPFS" hook --status
    case $out in *"waiting to be published: $n, "*) pass "$version: counts them" ;; *) fail "$version: counts them" "$out" ;; esac
    empty_queue
}

inside() {
    local version=$1
    cd "$scratch" || exit 1
    nix-store --init
    # shellcheck disable=SC2016
    echo '{ name }: derivation { inherit name; system = builtins.currentSystem; builder = "/bin/sh";
        outputs = [ "out" "dev" ]; args = [ "-c" "echo ${name} > $out; echo dev ${name} > $dev" ]; }' > two.nix
    single_user "$version"
    watched "$version"
    odd_folder "$version"
    worker "$version"
    in_daemon "$version"
    troubles "$version"
    collector "$version"
    many "$version"
    summary
}

if [ "${1:-}" = inside ]; then
    inside "$2"
else
    each_nix 'the hook'
fi
