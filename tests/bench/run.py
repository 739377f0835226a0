#!/usr/bin/env python3
"""Times nix-ipfs beside its peers, whole processes, rounds interleaved.

bench/run.py PROGRAM NIX_ENV IPFS [ROUNDS] [SIZE_MB] [FILES]

Prints for each case the median wall time, the CPU time and the peak memory of
each command, and the ratio to the first peer, pair by pair. Nothing is asserted.
"""
import os, random, shutil, statistics, subprocess, sys, tempfile, time

program, nix_env, ipfs = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
size_mb = int(sys.argv[5]) if len(sys.argv) > 5 else 1024
n_files = int(sys.argv[6]) if len(sys.argv) > 6 else 50000
scratch = tempfile.mkdtemp(prefix='nix-ipfs-bench-')
# nothing is published to a node of whoever measures
os.environ['IPFS_PATH'] = os.path.join(scratch, 'no-node')


def make_big(path):
    rng = random.Random(1)
    with open(path, 'wb') as f:
        for _ in range(size_mb):
            f.write(rng.randbytes(1 << 20))


def make_tree(path):
    """Sizes like those of a store: median 2.4 kB, a long tail; some symlinks and executables."""
    rng = random.Random(2)
    made = 0
    while made < n_files:
        folder = os.path.join(path, 'd%d' % (made % 97), 'e%d' % (made // 200))
        os.makedirs(folder, exist_ok=True)
        for _ in range(4):
            name = os.path.join(folder, 'f%d' % made)
            made += 1
            if made % 40 == 0:
                os.symlink('f%d' % (made - 2), name)
                continue
            with open(name, 'wb') as f:
                f.write(rng.randbytes(min(int(rng.lognormvariate(7.8, 1.6)), 4 << 20)))
            if made % 11 == 0:
                os.chmod(name, 0o755)


def run(argv, env):
    """Wall and CPU seconds, peak kB of the largest single process below."""
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1):
            os.dup2(null, fd)
        if not os.environ.get('V'):
            os.dup2(null, 2)
        try:
            os.execvpe(argv[0], argv, env)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - begin
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)


def case(name, commands):
    """commands: (label, argv, env, before); the second is the peer of the first."""
    print('\n%s' % name)
    results = {label: [] for label, *_ in commands}
    for i in range(rounds + 1):
        for label, argv, env, before in commands:
            if before:
                before()
            result = run(argv, env)
            if result[3] != 0:
                print('  %s failed with %d: %s' % (label, result[3], ' '.join(argv)))
                return
            if i:
                results[label].append(result)
    first = commands[0][0]
    for label, *_ in commands:
        rows = results[label]
        ratios = [b[0] / a[0] for a, b in zip(results[first], rows)]
        print('  %-34s %7.3f s  cpu %7.3f s  peak %6.1f MB  %5.2fx' % (
            label, statistics.median(r[0] for r in rows), statistics.median(r[1] for r in rows),
            max(r[2] for r in rows) / 1000, statistics.median(ratios)), flush=True)


def main():
    env = dict(os.environ, IPFS_PATH=os.path.join(scratch, 'ipfs'))
    nix = dict(line.split('=', 1) for line in subprocess.run(
        [nix_env, os.path.join(scratch, 'nix'), 'env'], check=True, text=True,
        capture_output=True).stdout.splitlines() if '=' in line)
    have_ipfs = os.access(ipfs, os.X_OK)
    if not have_ipfs:
        print('there is no %s: nothing is compared with Kubo' % ipfs)
    else:
        subprocess.run([ipfs, 'init', '-e'], env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([ipfs, 'config', 'profile', 'apply', 'unixfs-v1-2025'], env=env, check=True, stdout=subprocess.DEVNULL)
    big, tree = os.path.join(scratch, 'big'), os.path.join(scratch, 'tree')
    make_big(big)
    make_tree(tree)
    for name, path in (('one file of %d MiB' % size_mb, big), ('a tree of %d files' % n_files, tree)):
        commands = [('nix-ipfs cid', [program, 'cid', '-q', '--profile', 'unixfs-v1-2025', path], env, None)]
        if have_ipfs:
            commands.append(('ipfs add -n', [ipfs, 'add', '-n', '-r', '-H', '-Q', path], env, None))
        commands.append(('tar | cat', ['sh', '-c', 'tar -c -C "$1" "$2" | cat', '_', scratch, os.path.basename(path)], env, None))
        case('cid of ' + name, commands)

        stored = subprocess.run([nix_env, os.path.join(scratch, 'nix'), 'nix-store', '--add', path],
                                check=True, text=True, capture_output=True).stdout.strip()
        state = os.path.join(scratch, 'state')

        def forget():
            shutil.rmtree(state, ignore_errors=True)
        nix_state = dict(nix, NIX_IPFS_STATE_DIR=state)
        case('add of ' + name + ' (index made anew)', [
            ('nix-ipfs add', [program, 'add', '-q', stored], nix_state, forget),
            ('nix-ipfs add --check', [program, 'add', '-q', '--check', stored], nix_state, forget),
            ('nix-store --dump | openssl dgst', ['sh', '-c', 'nix-store --dump "$1" | openssl dgst -sha256', '_', stored], nix, None),
            ('tar | cat', ['sh', '-c', 'tar -c -C "$(dirname "$1")" "$(basename "$1")" | cat', '_', stored], nix, None)])
        forget()
        cid = subprocess.run([program, 'add', '-q', stored], env=nix_state, check=True, text=True,
                             capture_output=True).stdout.strip()
        case('add of ' + name + ' again', [('nix-ipfs add', [program, 'add', '-q', stored], nix_state, None)])
        car, nar = os.path.join(scratch, 'x.car'), os.path.join(scratch, 'x.nar')
        case('export of ' + name, [('nix-ipfs export', [program, 'export', cid, '-o', car], nix_state, None)])
        with open(nar, 'wb') as f:
            subprocess.run(['nix-store', '--dump', stored], env=nix, check=True, stdout=f)
        targets = os.path.join(scratch, 'targets')
        os.makedirs(targets, exist_ok=True)
        count = [0]

        def new_target():
            # never just after a removal: ext4 then looks through deleted inodes
            count[0] += 1
        no_index = dict(nix, NIX_IPFS_STATE_DIR=os.path.join(scratch, 'state2'))
        case('realize of ' + name, [
            ('nix-ipfs realize', ['sh', '-c', 'exec "$1" realize -q --no-check-sigs --from "$2" --store "$(mktemp -d "$3/XXXXXX")" "$4"',
                                  '_', program, car, targets, cid], no_index, new_target),
            ('nix-store --restore', ['sh', '-c', 'nix-store --restore "$(mktemp -d "$1/XXXXXX")/x" < "$2"', '_', targets, nar], nix, new_target)])
        for leftover in (car, nar):
            os.unlink(leftover)
        forget()


try:
    main()
finally:
    subprocess.run(['chmod', '-R', 'u+w', scratch])
    shutil.rmtree(scratch, ignore_errors=True)
