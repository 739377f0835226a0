#!/bin/bash
# The CARs that the authors of go-car test with: what Kubo imports of each comes out of ours
# block for block, and what Kubo refuses is refused or read as far as it is whole.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

for what in kubo go-car; do
    why=$(missing $what)
    if [ -n "$why" ] || [ ! -x "$IPFS" ] || [ ! -d "$NIPFS_DEPS/go-car" ]; then
        skip 'the CARs of go-car' "${why:-not installed: run make deps}"
        summary
        exit
    fi
done

# a CID that is in none of them
nowhere=bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
cars=0 imported=0
export IPFS_PATH=$scratch/repo
for car in "$NIPFS_DEPS"/go-car/*.car; do
    name=${car##*/}
    cars=$((cars + 1))
    rm -rf "$IPFS_PATH"
    "$IPFS" init -e > /dev/null
    if "$IPFS" dag import --enc=json "$car" > "$scratch/import" 2> "$scratch/err"; then
        imported=$((imported + 1))
    fi
    # a header that cannot be read is no CAR; what is cut or wrong behind it hides nothing before
    case $name in
    *-corrupt-pragma* | *-v42* | *-v2-corrupt-*) code=1 ;;
    *) code=4 ;;
    esac
    exits "$name: a CID that is not in it" $code "$NIX_IPFS" ls "$nowhere" --from "$car"
    while read -r root; do
        if "$IPFS" dag export "$root" > "$scratch/theirs.car" 2> "$scratch/err"; then
            exits "$name: export" 0 "$NIX_IPFS" export "$root" --from "$car" -o "$scratch/ours.car"
            same "$name: the same blocks" "$(car_blocks "$scratch/theirs.car")" "$(car_blocks "$scratch/ours.car")"
            exits "$name: verify" 0 "$NIX_IPFS" verify "$root" --from "$car"
        else
            exits "$name: a DAG that is not whole" 4 "$NIX_IPFS" export "$root" --from "$car" -o "$scratch/ours.car"
        fi
    done < <(grep -o '"/":"[^"]*"' "$scratch/import" | cut -d'"' -f4)
done
echo "go-car: $cars CARs, of which Kubo imports $imported"
[ "$imported" -ge 5 ] || fail 'Kubo imports some of them' "$imported of $cars"
summary
