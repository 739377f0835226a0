#!/bin/bash
# A gateway over TLS: HTTP/2 where it is offered, over one connection; certificates are checked.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

why=$(missing javascript)
[ -x "$NODE" ] || why=${why:-no $NODE: run make deps}
command -v openssl > /dev/null || why='no openssl'
if [ -n "$why" ]; then
    skip 'TLS' "$why"
    summary
    exit
fi
cd "$scratch" || exit 1
export NIX_IPFS_STATE_DIR=$scratch/state
unset NIX_SSL_CERT_FILE SSL_CERT_FILE

# a folder of many small files, as blocks in a file
mkdir tree
for i in $(seq 300); do echo "file $i" > tree/"$i"; done
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$top/tests/support python3 - << 'END'
import base64, json, os
import ipld
blocks = ipld.Blocks()
files = [(name.encode(), blocks.put(ipld.RAW, open('tree/' + name, 'rb').read()))
         for name in os.listdir('tree')]
root = blocks.directory(files)
with open('root', 'w') as f:
    f.write(ipld.cid_text(root))
with open('blocks.json', 'w') as f:
    json.dump({ipld.cid_text(raw): base64.b64encode(block).decode() for raw, block in blocks.items()}, f)
END
root=$(cat root)

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=gateway -addext 'subjectAltName=IP:127.0.0.1' 2> openssl.log || fail 'a certificate' "$(tail -n 1 openssl.log)"
: > log
"$NODE" "$top/tests/js/h2gateway.mjs" blocks.json key.pem cert.pem log > port 2> node.log &
server=$!
trap 'kill $server 2> /dev/null; wait $server 2> /dev/null; cleanup_scratch' EXIT
for _ in $(seq 100); do
    [ -s port ] && break
    sleep 0.1
done
url=https://127.0.0.1:$(cat port)

exits 'a certificate that nobody vouches for' 5 "$NIX_IPFS" ls "$root" --from "$url"
case $err in *[Cc]ertificate*) pass 'and it says so' ;; *) fail 'and it says so' "$err" ;; esac
same 'nothing was asked' 0 "$(grep -c request log)"
: > log
export NIX_SSL_CERT_FILE=$scratch/cert.pem
exits 'a certificate that is trusted' 0 "$NIX_IPFS" get "$root" got --from "$url"
if diff -r tree got > diff.log; then pass 'all is there'; else fail 'all is there' "$(head -n 2 diff.log)"; fi
same 'by HTTP/2' 'request 2.0' "$(grep request log | sort -u)"
same 'over one connection' 1 "$(grep -c connection log)"
exits 'another name than that of the certificate' 5 "$NIX_IPFS" ls "$root" --from "https://localhost:$(cat port)"
exits 'a block that it lacks' 4 "$NIX_IPFS" cat bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy --from "$url"
unset NIX_SSL_CERT_FILE
exits 'SSL_CERT_FILE' 0 env SSL_CERT_FILE="$scratch/cert.pem" "$NIX_IPFS" ls "$root" --from "$url"
exits 'no such file of certificates' 5 env NIX_SSL_CERT_FILE=/none "$NIX_IPFS" ls "$root" --from "$url"
summary
