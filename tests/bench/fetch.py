#!/usr/bin/env python3
"""Fetching from real Kubo nodes, against `ipfs get` and the gateway's own tar.

fetch.py NIX_IPFS NIX_ENV IPFS [ROUNDS [SIZE_MB [FILES [PATHS]]]]

Two closures: trees, of seven small paths, one of FILES small files and one of a file of SIZE_MB;
and PATHS derivations that refer to one another, where it counts how many narinfos are asked for
at once. Each is realized into a store of its own from a node that holds it, from one that gets it
over Bitswap, from the gateway alone, and from the gateway behind a proxy that answers each request
30 ms later. Prints the median wall times and the ratio to the first of each, round by round.
"""
import http.client
import http.server
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
from kubo import Node, inside, quiet  # pylint: disable=wrong-import-position

nix_ipfs, nix_env, ipfs = (os.path.abspath(p) for p in sys.argv[1:4])
rounds, size_mb, files, paths = ([int(a) for a in sys.argv[4:8]] + [3, 256, 2000, 200][len(sys.argv[4:8]):])
LATENCY = 0.03
DERIVATIONS = '''
let layer = n: if n == 0 then [ (builtins.toFile "base" "base") ] else let below = layer (n - 1); in
      builtins.genList (i: derivation {
        name = "d${toString n}-${toString i}"; system = "none"; builder = "none";
        below = builtins.genList (k: builtins.elemAt below (if n == 1 then 0 else (i * 3 + k) - (i * 3 + k) / WIDTH * WIDTH)) 3;
      }) WIDTH;
in derivation { name = "top"; system = "none"; builder = "none"; below = layer 10; }
'''


class Late(http.server.BaseHTTPRequestHandler):
    """Hands each request to the gateway after a while, as one far away would get it."""
    protocol_version = 'HTTP/1.1'
    gateway, requests = None, 0

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.onward = http.client.HTTPConnection(self.gateway)

    def do_GET(self):
        Late.requests += 1
        time.sleep(LATENCY)
        self.onward.request(self.command, self.path, headers=dict(self.headers))
        answer = self.onward.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ('transfer-encoding', 'content-length', 'connection', 'date'):
                self.send_header(key, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def handle_error(self, request, client_address):
        """Whoever has all that it wants breaks off."""


def case(name, commands, before=lambda: None):
    """commands: (label, argv, env); TO in argv is a folder that is not there yet."""
    took = {label: [] for label, *_ in commands}
    for _ in range(rounds):
        for label, argv, env in commands:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as to:
                before()
                begin = time.monotonic()
                done = subprocess.run([a.replace('TO', f'{to}/to') for a in argv], check=False, capture_output=True, text=True,
                                      env=dict(env, NIX_IPFS_STATE_DIR=f'{to}/state'))
                took[label].append(time.monotonic() - begin if done.returncode == 0 else math.nan)
                if done.returncode:
                    print(f'{name}\t{label}\tfailed with {done.returncode}: {done.stderr.strip()[-200:]}', flush=True)
                subprocess.run(['chmod', '-R', 'u+w', to], check=True)
                shutil.rmtree(f'{to}/to', ignore_errors=True)
    first = took[commands[0][0]]
    for label, rows in took.items():
        print(f'{name}\t{label}\t{statistics.median(rows):.2f} s\t'
              f'{statistics.median(b / a for a, b in zip(first, rows)):.2f}x', flush=True)


def fetch(name, cid, here, there):
    """here: the node that has it; there: one that is connected to it."""
    def realize(*source):
        return (nix_ipfs, 'realize', '-q', '--no-check-sigs', '--store', 'TO', *source, cid)

    def forget():
        there.run('repo', 'gc', '-q')
    get = (ipfs, 'get', '-o', 'TO', cid)
    case(f'{name}, from a node that has it', [('realize', realize('--from', 'kubo'), here.env), ('ipfs get', get, here.env)])
    case(f'{name}, over Bitswap', [('realize', realize('--from', 'kubo'), there.env), ('ipfs get', get, there.env)], forget)
    tar = f'mkdir TO && curl -sf "{here.gateway}/ipfs/{cid}?format=tar" | tar -x -C TO'
    case(f'{name}, from the gateway', [('realize', realize('--from', here.gateway), here.env), ('curl | tar', ('sh', '-c', tar), here.env)])
    Late.gateway, Late.requests = here.gateway.split('//')[1], 0
    with Server(('127.0.0.1', 0), Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case(f'{name}, from {LATENCY * 1000:.0f} ms away', [('realize', realize('--from', f'http://127.0.0.1:{server.server_port}'), here.env)])
        server.shutdown()
    print(f'{name}, from {LATENCY * 1000:.0f} ms away\trequests\t{Late.requests // rounds}', flush=True)


def trees(scratch):
    """Folders of a closure, as sizes in a store go: most of them small."""
    for i in range(7):
        os.makedirs(f'{scratch}/small{i}')
        with open(f'{scratch}/small{i}/data', 'wb') as f:
            f.write(os.urandom(40000 * (i + 1)))
    os.mkdir(f'{scratch}/big')
    with open(f'{scratch}/big/data', 'wb') as f:
        for _ in range(size_mb):
            f.write(os.urandom(1 << 20))
    for i in range(files):
        os.makedirs(f'{scratch}/many/{i // 200}', exist_ok=True)
        with open(f'{scratch}/many/{i // 200}/{i}', 'w', encoding='ascii') as f:
            f.write(f'file {i}\n' * 40)
    return [quiet('nix-store', '--add', f'{scratch}/{name}') for name in ['big', 'many'] + [f'small{i}' for i in range(7)]]


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.environ['NIX_IPFS_STATE_DIR'] = f'{scratch}/state'
        with open(f'{scratch}/derivations.nix', 'w', encoding='ascii') as f:
            f.write(DERIVATIONS.replace('WIDTH', str(max(4, paths // 10))))
        stored = trees(scratch)
        top = quiet('nix-instantiate', f'{scratch}/derivations.nix')
        here, there = (Node(ipfs, f'{scratch}/{name}', swarm=True) for name in ('here', 'there'))
        try:
            there.run('swarm', 'connect', f'{here.address}/p2p/{here.run("id", "-f", "<id>")}')
            for name, what in ((f'{size_mb} MB and {files} files', stored), (f'{paths} paths', [top])):
                cid = quiet(nix_ipfs, 'add', '-q', '--to', 'kubo', *what, env=here.env)
                fetch(name, cid, here, there)
        finally:
            here.stop()
            there.stop()


inside(main, nix_env, nix_ipfs, nix_env, ipfs, rounds, size_mb, files, paths)
