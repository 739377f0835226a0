"""Real Kubo nodes for the benchmarks, which know nobody but whom they are told of."""
import os
import socket
import subprocess
import sys
import tempfile
import time


def port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def quiet(*args, **kwargs):
    return subprocess.run(args, check=True, capture_output=True, text=True, **kwargs).stdout.strip()


def inside(main, nix_env, *args):
    """Runs @main in a Nix environment of its own: in this very program, started there once more with @args."""
    if os.environ.get('NIX_IPFS_BENCH_INSIDE'):
        main()
        return
    with tempfile.TemporaryDirectory() as outer:
        os.environ['NIX_IPFS_BENCH_INSIDE'] = '1'
        code = subprocess.run([nix_env, f'{outer}/env', sys.executable, os.path.abspath(sys.argv[0]), *map(str, args)],
                              check=False).returncode
        subprocess.run(['chmod', '-R', 'u+w', outer], check=False)
    sys.exit(code)


class Node:
    """A node in a repository of its own; @swarm: one that can be connected to."""

    def __init__(self, ipfs, folder, swarm=False):
        self.ipfs = ipfs
        self.env = dict(os.environ, IPFS_PATH=folder)
        quiet(ipfs, 'init', '-e', '--profile=unixfs-v1-2025', env=self.env)
        self.address = f'/ip4/127.0.0.1/tcp/{port()}'
        for key, value in (('Addresses.API', f'"/ip4/127.0.0.1/tcp/{port()}"'),
                           ('Addresses.Gateway', f'"/ip4/127.0.0.1/tcp/{port()}"'),
                           ('Addresses.Swarm', f'["{self.address}"]' if swarm else '[]'), ('Bootstrap', '[]'),
                           ('Routing.Type', '"none"'), ('Provide.Enabled', 'false'), ('AutoConf.Enabled', 'false'),
                           ('Discovery.MDNS.Enabled', 'false'), ('Swarm.DisableNatPortMap', 'true')):
            quiet(ipfs, 'config', '--json', key, value, env=self.env)
        self.process = subprocess.Popen([ipfs, 'daemon'] + ([] if swarm else ['--offline']), env=self.env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(f'{folder}/gateway'):
            time.sleep(0.05)
        with open(f'{folder}/api', encoding='ascii') as f:
            self.api = f'http://127.0.0.1:{f.read().strip().rsplit("/", 1)[1]}/api/v0'
        with open(f'{folder}/gateway', encoding='ascii') as f:
            self.gateway = f.read().strip()

    def run(self, *args):
        return quiet(self.ipfs, *args, env=self.env)

    def stop(self):
        self.process.terminate()
        self.process.wait()
