#!/usr/bin/env python3
"""What a build with the post-build-hook and no Kubo costs over one without.

bench/hook.py HOOK NIX_ENV [ROUNDS]

Builds a derivation of a few bytes in a store of its own, in turns with and without
the hook, and prints the medians and the median of the differences. Nothing is asserted.
"""
import os, statistics, subprocess, sys, tempfile, time

hook, nix_env = sys.argv[1:3]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 20
scratch = tempfile.mkdtemp(prefix='nix-ipfs-bench-')
nix = dict(line.split('=', 1) for line in subprocess.run(
    [nix_env, scratch, 'env'], check=True, text=True, capture_output=True).stdout.splitlines() if '=' in line)
expression = os.path.join(scratch, 'x.nix')
with open(expression, 'w') as f:
    f.write('{ n }: derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; '
            'args = [ "-c" "echo ${n} > $out" ]; }\n')


def build(n, *options):
    begin = time.monotonic()
    subprocess.run([nix_env, scratch, 'nix-build', expression, '--no-out-link', '--argstr', 'n', n, *options],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begin


rows = []
for i in range(rounds + 1):
    without = build('a%d' % i)
    rows.append((without, build('b%d' % i, '--option', 'post-build-hook', hook)))
rows = rows[1:]
print('\na build of a few bytes, and Kubo is dead')
for label, column in (('without the hook', 0), ('with nix-ipfs-post-build-hook', 1)):
    print('  %-34s %7.1f ms' % (label, 1000 * statistics.median(row[column] for row in rows)))
print('  %-34s %7.1f ms' % ('the difference', 1000 * statistics.median(b - a for a, b in rows)))
subprocess.run(['chmod', '-R', 'u+w', scratch], check=True)
subprocess.run(['rm', '-rf', scratch], check=True)
