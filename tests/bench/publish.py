#!/usr/bin/env python3
"""Publishing to a real Kubo node, against `ipfs add -r` and `curl -F` of a ready CAR.

publish.py NIX_IPFS NIX_ENV IPFS [ROUNDS [SIZE_MB [FILES]]]: a new repository for each run; the
best of all rounds counts. `add` has hashed and indexed before: what is measured is the publishing.
"cold" begins with an empty index, and so does `add --offline`: what of it is hashing.
"""
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from kubo import Node, inside, quiet  # pylint: disable=wrong-import-position

nix_ipfs, nix_env, ipfs = (os.path.abspath(p) for p in sys.argv[1:4])
rounds, size_mb, files = ([int(a) for a in sys.argv[4:7]] + [3, 512, 20000][len(sys.argv[4:7]):])
PATHS = 16


def forget(*names):
    for name in names:
        for end in ('', '-wal', '-shm'):
            path = f'{os.environ["NIX_IPFS_STATE_DIR"]}/{name}.sqlite{end}'
            if os.path.exists(path):
                os.remove(path)


def measure(what, folder):
    node = Node(ipfs, folder)
    begin = time.monotonic()
    quiet(*what(node), env=node.env)
    took = time.monotonic() - begin
    node.stop()
    shutil.rmtree(folder)
    return took


def one(name, trees, scratch):
    paths = [quiet('nix-store', '--add', tree) for tree in trees]
    cid = quiet(nix_ipfs, 'add', '-q', '--offline', *paths)
    car = f'{scratch}/ready.car'
    quiet(nix_ipfs, 'export', cid, '-o', car)
    mb = os.path.getsize(car) / 1e6
    # each run has a record of its own of what the node has
    publish, both = ('published',), ('published', 'index')
    ways = {
        'nix-ipfs add --nars, cold': (both, lambda n: (nix_ipfs, 'add', '-q', '--nars', '--to', 'kubo', *paths)),
        'nix-ipfs add, cold': (both, lambda n: (nix_ipfs, 'add', '-q', '--to', 'kubo', *paths)),
        'nix-ipfs add --offline, cold': (both, lambda n: (nix_ipfs, 'add', '-q', '--offline', *paths)),
        'nix-ipfs add': (publish, lambda n: (nix_ipfs, 'add', '-q', '--to', 'kubo', *paths)),
        'curl -F, pin/add': ((), lambda n: ('sh', '-c', f'curl -sf -F file=@{car} "{n.api}/dag/import?pin-roots=false" > /dev/null && '
                                            f'curl -sf -X POST "{n.api}/pin/add?arg={cid}" > /dev/null')),
        'ipfs add -r': ((), lambda n: (ipfs, 'add', '-r', '-H', '-Q', *paths)),
    }
    best = {way: float('inf') for way in ways}
    for i in range(rounds):
        for way, (forgotten, what) in ways.items():
            forget(*forgotten)
            best[way] = min(best[way], measure(what, f'{scratch}/repo{i}'))
    for way, took in best.items():
        print(f'publish {name}\t{way}\t{took:.2f} s\t{mb / took:.0f} MB/s', flush=True)


def fill(folder, name, mb):
    os.makedirs(folder)
    with open(f'{folder}/{name}', 'wb') as f:
        for _ in range(mb):
            f.write(os.urandom(1 << 20))


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.environ['NIX_IPFS_STATE_DIR'] = f'{scratch}/state'
        fill(f'{scratch}/big', 'data', size_mb)
        one(f'{size_mb} MB', [f'{scratch}/big'], scratch)
        shutil.rmtree(f'{scratch}/big')
        for i in range(files):
            folder = f'{scratch}/many/{i // 200}'
            os.makedirs(folder, exist_ok=True)
            with open(f'{folder}/{i}', 'w', encoding='ascii') as f:
                f.write(f'file {i}\n' * 40)
        one(f'{files} files', [f'{scratch}/many'], scratch)
        # a closure: some paths of many files, some of a few big ones
        trees = []
        for i in range(PATHS):
            trees.append(f'{scratch}/path{i}')
            fill(trees[-1], 'data', size_mb // PATHS)
            for j in range(files // PATHS):
                with open(f'{trees[-1]}/{j}', 'w', encoding='ascii') as f:
                    f.write(f'file {i} {j}\n' * 40)
        one(f'{PATHS} paths', trees, scratch)


inside(main, nix_env, nix_ipfs, nix_env, ipfs, rounds, size_mb, files)
