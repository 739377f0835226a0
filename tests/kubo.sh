# shellcheck shell=bash disable=SC2154
# For the test scripts: real Kubo nodes in scratch repositories, on free ports of the loopback,
# which know nobody but whom they are told of. A script sources this behind tests/lib.sh and
# calls stop_nodes in its trap.

declare -A node_pids

# Below the ports that the kernel gives to others, so that none takes it in the meantime.
free_port() {
    python3 -c 'import random, socket
while True:
    s, port = socket.socket(), random.randrange(10000, 32768)
    try:
        s.bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break'
}

# init_node NAME: makes the repository $scratch/NAME, and IPFS_PATH name it
init_node() {
    export IPFS_PATH=$scratch/$1
    "$IPFS" init -e > /dev/null 2>&1
    "$IPFS" config Addresses.API "/ip4/127.0.0.1/tcp/$(free_port)"
    "$IPFS" config Addresses.Gateway "/ip4/127.0.0.1/tcp/$(free_port)"
    "$IPFS" config --json Addresses.Swarm "[\"/ip4/127.0.0.1/tcp/$(free_port)\"]"
    "$IPFS" config --json Bootstrap '[]'
    "$IPFS" config Routing.Type none
    "$IPFS" config --json Provide.Enabled false
    "$IPFS" config --json AutoConf.Enabled false
    "$IPFS" config --json Discovery.MDNS.Enabled false
    "$IPFS" config --json Swarm.DisableNatPortMap true
}

# start_node NAME [OPTION...]: returns when it can be spoken to
start_node() {
    export IPFS_PATH=$scratch/$1
    rm -f "$IPFS_PATH/api" "$IPFS_PATH/gateway"
    "$IPFS" daemon "${@:2}" > "$scratch/$1.log" 2>&1 &
    node_pids[$1]=$!
    for _ in $(seq 300); do
        [ -s "$IPFS_PATH/gateway" ] && [ -s "$IPFS_PATH/api" ] && return
        sleep 0.1
    done
    fail "node $1 starts" "$(tail -n 3 "$scratch/$1.log")"
}

# stop_node NAME [SIGNAL]
stop_node() {
    kill "${2:--TERM}" "${node_pids[$1]}" 2> /dev/null
    wait "${node_pids[$1]}" 2> /dev/null
    unset "node_pids[$1]"
}

stop_nodes() {
    local name
    for name in "${!node_pids[@]}"; do stop_node "$name"; done
}
