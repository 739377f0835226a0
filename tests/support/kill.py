# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill.py PROGRAM FOLDER CAR CID OUTPUT...: add and realize are killed at random moments, and
interrupted, and run beside each other. What is printed is as judge.py says."""
import os
import random
import signal
import subprocess
import sys
import time

import closures
import judge

ROUNDS = 8 if judge.SLOW else 50 * judge.SCALE
LATE = 300


class Killer:
    def __init__(self, program, folder, car, cid, outputs):
        self.program, self.folder, self.cid, self.outputs = program, folder, cid, outputs
        self.car = os.path.abspath(car)
        self.known = closures.Closure.read(car, cid).nar_hashes()
        self.rng = random.Random(os.environ.get('SEED', '4'))
        self.n_killed, self.whole = 0, 0
        os.makedirs(folder, exist_ok=True)

    def fresh(self, name):
        path = os.path.join(self.folder, name)
        if os.path.exists(path):
            judge.remove(path)
        return path

    # ---- runs --------------------------------------------------------------------------

    def start(self, state, *args):
        return subprocess.Popen([self.program, *args], env=judge.environment(state),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    @staticmethod
    def end(process):
        """What is wrong with a run that should have done its work; its output."""
        try:
            out, err = process.communicate(timeout=LATE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return 'it did not end in %d s' % LATE, b''
        if process.returncode:
            return 'exit %d: %s' % (process.returncode, judge.said(err)), b''
        return None, out

    def interrupt(self, process, delay, number):
        """Whether it was still running when the signal came."""
        try:
            process.communicate(timeout=delay)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            process.communicate()
            return process.returncode == -number

    def add(self, state, outputs=None):
        return self.start(state, 'add', '-q', *(outputs or self.outputs))

    def realize(self, state, store, *args):
        return self.start(state, 'realize', '-q', self.cid, '--from', self.car, '--no-check-sigs',
                          '-j', str(self.rng.choice((1, 2, 4))), '--store', store.folder, *args)

    # ---- what must be so ---------------------------------------------------------------

    def check_add(self, process, state):
        problem, out = self.end(process)
        if not problem and out.decode().strip() != self.cid:
            problem = 'CID %s instead of %s' % (out.decode().strip(), self.cid)
        return problem

    def check_blocks(self, state):
        """All blocks come back from the store, by what the index says."""
        problem, out = self.end(self.start(state, 'export', self.cid))
        with open(self.car, 'rb') as f:
            if not problem and out != f.read():
                problem = 'another CAR comes out'
        return problem

    def check_store(self, store):
        """After a run that did all: every path, and nothing else."""
        valid = store.valid()
        if valid != self.known:
            return 'other paths are registered'
        stray = store.names() - set(valid)
        # of a path that was registered just before the kill the lock may stay, until a gc
        stray = {name for name in stray if not name.endswith('.lock')}
        return 'left: %s' % sorted(stray) if stray else None

    def nix_store(self, store, *args):
        env = {name: value for name, value in os.environ.items()
               if name not in ('NIX_STATE_DIR', 'NIX_LOG_DIR')}
        done = subprocess.run(['nix-store', '--store', store.folder, *args], env=env,
                              stdin=subprocess.DEVNULL, capture_output=True)
        text = (done.stdout + done.stderr).decode(errors='replace')
        if done.returncode:
            return 'nix-store %s: %s' % (' '.join(args), text[-400:])
        return None

    def check_nix(self, store):
        """What Nix says of the store, and that a garbage collection leaves it clean."""
        problem = self.nix_store(store, '--verify', '--check-contents') or \
            self.nix_store(store, '--gc') or store.problem(self.known)
        if not problem and store.valid() != self.known:
            problem = 'the garbage collection took what had a root'
        return problem

    # ---- rounds ------------------------------------------------------------------------

    def repeat(self, name, one):
        self.n_killed = 0
        for i in range(ROUNDS):
            judge.report('%s, round %d' % (name, i), one(i))
        judge.report('%s: %d were killed in time' % (name, self.n_killed),
                     None if self.n_killed * 2 > i else 'the moments are too late')

    def time_of(self, make):
        begin = time.monotonic()
        problem, _ = self.end(make())
        if problem:
            judge.report('the run that is timed', problem)
            sys.exit(1)
        return time.monotonic() - begin

    def kills(self, make):
        """Kills it once or more, so that what a killed run left is met by a run that is killed.
        A run that ended before its moment tells that the machine has become faster."""
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            begin = time.monotonic()
            if self.interrupt(make(), self.rng.uniform(0, self.whole), signal.SIGKILL):
                self.n_killed += 1
            else:
                self.whole = min(self.whole, time.monotonic() - begin)

    def killed_adds(self):
        self.whole = self.time_of(lambda: self.add(self.fresh('state')))

        def one(i):
            state = self.fresh('state')
            self.kills(lambda: self.add(state))
            problem = self.check_add(self.add(state), state)
            if not problem and i % 8 == 0:
                problem = self.check_blocks(state)
            return problem
        self.repeat('kill -9 of add', one)

    def killed_realizes(self):
        state = self.fresh('state')
        link = os.path.join(self.folder, 'root')
        self.whole = self.time_of(lambda: self.realize(state, judge.Store(self.fresh('store'))))

        def one(i):
            store = judge.Store(self.fresh('store'))
            self.kills(lambda: self.realize(state, store))
            problem, _ = self.end(self.realize(state, store, '--add-root', link))
            problem = problem or self.check_store(store)
            if not problem and i % 8 == 0:
                problem = self.check_nix(store)
            return problem
        self.repeat('kill -9 of realize', one)
        store = judge.Store(os.path.join(self.folder, 'store'))
        judge.report('the store after the last kill', self.check_nix(store))
        judge.report('the index after all kills', self.check_add(self.add(state), state) or
                     self.end(self.start(state, 'index', 'prune'))[0] or self.check_blocks(state))

    def interrupts(self):
        state = self.fresh('state')
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            whole = self.time_of(lambda: self.realize(state, judge.Store(self.fresh('store'))))
            for i in range(1 if judge.SLOW else 3):
                store = judge.Store(self.fresh('store'))
                self.interrupt(self.realize(state, store), self.rng.uniform(0.1, 0.8) * whole, number)
                problem = store.problem(self.known)
                problem = problem or self.end(self.realize(state, store))[0] or \
                    self.check_store(store)
                judge.report('%s to realize, round %d' % (number.name, i), problem)
            states = self.fresh('states')
            self.interrupt(self.add(states), self.rng.uniform(0.1, 0.8) * whole, number)
            judge.report('%s to add' % number.name, self.check_add(self.add(states), states) or
                         self.check_blocks(states))

    def side_by_side(self):
        """Two that want the same, and two that want some of the same."""
        half = len(self.outputs) // 2 + 1
        for i in range(1 if judge.SLOW else 3):
            state, store = self.fresh('state'), judge.Store(self.fresh('store'))
            both = [self.realize(state, store, *self.outputs[:half]),
                    self.realize(state, store, *self.outputs[-half:])]
            problem = self.end(both[0])[0] or self.end(both[1])[0] or store.problem(self.known)
            if not problem and store.valid() != self.known:
                problem = 'not all paths are there'
            judge.report('two realizes of overlapping closures, round %d' % i, problem)

            store = judge.Store(self.fresh('store'))
            both = [self.realize(state, store), self.realize(state, store)]
            time.sleep(self.rng.uniform(0, 0.3))
            both[0].kill()
            both[0].communicate()
            judge.report('two realizes, one of them killed, round %d' % i,
                         self.end(both[1])[0] or self.check_store(store))

            state = self.fresh('state')
            both = [self.add(state), self.add(state), self.add(state, self.outputs[:half])]
            problem = self.check_add(both[0], state) or self.check_add(both[1], state) or \
                self.end(both[2])[0] or self.check_blocks(state)
            judge.report('three adds with one index, round %d' % i, problem)


def main():
    program, folder, car, cid, *outputs = sys.argv[1:]
    k = Killer(program, folder, car, cid, outputs)
    k.killed_adds()
    k.killed_realizes()
    k.interrupts()
    k.side_by_side()


if __name__ == '__main__':
    main()
