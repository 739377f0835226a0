# SPDX-License-Identifier: LGPL-2.1-or-later
"""stress.py PROGRAM VERSION STORE CLOSURES SECONDS: as many realizes at a time as there are
closures, beside collectors, some of them killed. CLOSURES has a line for each: the CID, a CAR,
and all store paths. What is printed is as judge.py says."""
import os
import random
import signal
import subprocess
import sys
import threading
import time

import judge

LATE = 120
SYNC = {'2.8': '_NIX_TEST_GC_SYNC', '2.26': '_NIX_TEST_GC_SYNC_2'}


class Closure:
    def __init__(self, line):
        self.cid, self.car, *self.paths = line.split()
        self.names = {path.rsplit('/', 1)[1] for path in self.paths}


class Stress:
    def __init__(self, program, version, folder, closures, seconds):
        self.program, self.version, self.folder = program, version, folder
        self.store = judge.Store(folder)
        with open(closures) as f:
            self.closures = [Closure(line) for line in f]
        self.seconds = int(seconds)
        self.seed = os.environ.get('SEED', '7')
        # what collectors and realizes see of the world
        self.env = judge.environment(folder + '-state')
        self.nix_env = {name: value for name, value in os.environ.items()
                        if name not in ('NIX_STATE_DIR', 'NIX_LOG_DIR')}
        self.lock = threading.Lock()
        self.problems, self.counts = [], {'through': 0, 'killed': 0, 'kept': 0, 'collections': 0,
                                          'frozen': 0}
        self.over = threading.Event()
        # between two rounds nobody begins, so that the collector finds something to take
        self.begin = threading.Event()
        self.begin.set()
        self.n_roots, self.roots = 0, []

    def count(self, what, problem=None):
        with self.lock:
            self.counts[what] += 1
            if problem:
                self.problems.append(problem)

    # ---- realizes ------------------------------------------------------------------------

    def realize(self, closure, *args):
        return subprocess.Popen(
            [self.program, 'realize', '-q', closure.cid, '--from', closure.car, '--no-check-sigs',
             '--store', self.folder, *args],
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def end(process):
        """What is wrong with a run that nobody killed."""
        try:
            _, err = process.communicate(timeout=LATE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return 'it did not end in %d s' % LATE
        return 'exit %d: %s' % (process.returncode, judge.said(err)) if process.returncode else None

    def kill(self, process, delay):
        try:
            process.communicate(timeout=delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        if process.returncode == -signal.SIGKILL:
            self.count('killed')
        else:
            self.count('through', 'exit %d' % process.returncode if process.returncode else None)

    def keep(self, closure):
        with self.lock:
            self.n_roots += 1
            link = '%s-root-%d' % (self.folder, self.n_roots)
        problem = self.end(self.realize(closure, '--add-root', link))
        self.count('kept', problem)
        with self.lock:
            self.roots.append((link, closure if not problem else None))

    def work(self, number):
        rng = random.Random('%s %d' % (self.seed, number))
        while not self.over.is_set():
            self.begin.wait()
            closure = rng.choice(self.closures)
            what = rng.random()
            if what < 0.5:
                self.kill(self.realize(closure), rng.uniform(0, self.typical))
            elif what < 0.75:
                self.keep(closure)
            else:
                self.count('through', self.end(self.realize(closure)))

    # ---- collectors ----------------------------------------------------------------------

    def nix_store(self, *args, **env):
        return subprocess.Popen(['nix-store', '--store', self.folder, *args],
                                env={**self.nix_env, **env}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    @staticmethod
    def nix_end(process):
        out, _ = process.communicate(timeout=LATE)
        text = out.decode(errors='replace')
        # a thread of the collector that ends before the collector knows of it, as it may when
        # who talked to it was killed, ends all of Nix: the next one makes that good
        if process.returncode == -signal.SIGABRT and 'terminate called without an active' in text:
            return None
        return 'nix-store: exit %d: %s' % (process.returncode, text[-300:]) \
            if process.returncode else None

    def give_up_roots(self):
        """After a collection: what has a root must be there, as rows and as files."""
        with self.lock:
            roots, self.roots = self.roots, []
        there = set(self.store.valid()) & self.store.names()
        for link, closure in roots:
            if closure and not closure.names <= there:
                self.problems.append('with a root, and gone: %s' % sorted(closure.names - there))
            if os.path.lexists(link):
                os.unlink(link)

    def freeze(self, rng):
        """A collector that has read all roots, and goes on when the FIFO has an end."""
        fifo = self.folder + '-fifo'
        if not os.path.exists(fifo):
            os.mkfifo(fifo)
        collector = self.nix_store('--gc', **{SYNC[self.version]: fifo})
        end = None
        while end is None and collector.poll() is None:
            try:
                end = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                time.sleep(0.005)
        if end is not None:
            time.sleep(rng.uniform(0.05, 0.6))
            os.close(end)
        return self.nix_end(collector)

    def collect(self):
        rng = random.Random(self.seed)
        while not self.over.is_set():
            self.begin.clear()
            self.count('collections', self.nix_end(self.nix_store('--gc')))
            self.give_up_roots()
            self.begin.set()
            time.sleep(rng.uniform(0, self.typical))
            self.count('frozen', self.freeze(rng))
            self.give_up_roots()
            self.count('collections', self.nix_end(self.nix_store('--gc')))
            self.give_up_roots()

    # ---- all of it -----------------------------------------------------------------------

    def time_one(self):
        begin = time.monotonic()
        problem = self.end(self.realize(self.closures[0]))
        judge.report('%s: one alone' % self.version, problem)
        # beside others it takes longer, but much is there already
        self.typical = (time.monotonic() - begin) * 2

    def run(self):
        threads = [threading.Thread(target=self.work, args=(i,)) for i in range(len(self.closures))]
        threads.append(threading.Thread(target=self.collect))
        for thread in threads:
            thread.start()
        time.sleep(self.seconds)
        self.over.set()
        for thread in threads:
            thread.join()
        said = ', '.join('%d %s' % (n, what) for what, n in self.counts.items())
        judge.report('%s: %s' % (self.version, said), '; '.join(self.problems[:3]) or None)
        judge.report('%s: enough of each' % self.version,
                     said if min(self.counts.values()) == 0 else None)

    def settle(self):
        """Each once more, with a root; one collection; nothing else is left."""
        name = self.version + ': afterwards '
        wanted = set().union(*(closure.names for closure in self.closures))
        for i, closure in enumerate(self.closures):
            problem = self.end(self.realize(closure, '--add-root', '%s-end-%d' % (self.folder, i)))
            judge.report('%s%s is through' % (name, closure.cid), problem)
        judge.report(name + 'the collector', self.nix_end(self.nix_store('--gc')))
        judge.report(name + 'the store is sound',
                     self.nix_end(self.nix_store('--verify', '--check-contents')))
        for what, found in (('rows', set(self.store.valid())), ('files', self.store.names())):
            judge.report('%sthe %s are those of the closures' % (name, what),
                         'other: %s' % sorted(found ^ wanted) if found != wanted else None)
        left = os.listdir(os.path.join(self.folder, 'nix/var/nix/temproots'))
        judge.report(name + 'no temp roots', 'left: %s' % left if left else None)


def main():
    stress = Stress(*sys.argv[1:])
    stress.time_one()
    stress.run()
    stress.settle()


if __name__ == '__main__':
    main()
