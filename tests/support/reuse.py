# SPDX-License-Identifier: LGPL-2.1-or-later
"""reuse.py PROGRAM FOLDER FIRST SECOND SLOW: realizes three store paths, whose closures are in
NAME.car and NAME.cid, where much of them is there already. What is printed is as judge.py says."""
import concurrent.futures
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import closures
import ipld
import judge

ROUNDS = 3 if judge.SLOW else 12 * judge.SCALE
MEMORY = 64 << 20
# narinfos and directories, which are read in any case
NODES = 64 << 10


class Closure:
    def __init__(self, name, path):
        self.path, self.base = path, os.path.basename(path)
        self.car = os.path.abspath(name + '.car')
        with open(name + '.cid', encoding='ascii') as f:
            self.cid = f.read().strip()
        self.known = closures.Closure.read(self.car, self.cid).nar_hashes()
        self.blocks = {}
        with open(self.car, 'rb') as f:
            data = f.read()
        for _, start, _, block, end in ipld.read_car(data):
            self.blocks[data[start:block]] = data[block:end]

    def bytes(self):
        return sum(len(block) for block in self.blocks.values())

    def without(self, other, path):
        """A CAR that lacks the leaves that another closure has."""
        raw = ipld.varint(1) + ipld.varint(ipld.RAW)
        kept = {cid: block for cid, block in self.blocks.items()
                if not (cid.startswith(raw) and cid in other.blocks)}
        with open(path, 'wb') as f:
            f.write(ipld.car([ipld.cid_from_text(self.cid)], kept.items()))
        return path


class Reuse:
    def __init__(self, program, folder, *paths):
        self.program, self.folder = program, folder
        # runs are started by a process that stays small: its memory is measured with theirs
        self.runner = concurrent.futures.ProcessPoolExecutor(1)
        self.runner.submit(os.getpid).result()
        self.first, self.second, self.slow = (
            Closure(name, path) for name, path in zip(('first', 'second', 'slow'), paths))
        self.rng = random.Random(os.environ.get('SEED', '7'))
        os.makedirs(folder, exist_ok=True)
        self.partial = self.second.without(self.first, os.path.join(folder, 'partial.car'))
        self.state = os.path.join(folder, 'state')
        self.store = judge.Store(os.path.join(folder, 'store'))
        self.index = os.path.join(self.state, 'index.sqlite')

    def fresh(self):
        for path in (self.state, self.store.folder):
            if os.path.exists(path):
                judge.remove(path)

    # ---- runs --------------------------------------------------------------------------

    def args(self, closure, *more, car=None):
        return ['realize', closure.cid, '--from', car or closure.car, '--store',
                self.store.folder, *more]

    def run(self, *args):
        return self.runner.submit(judge.run, [self.program, *args],
                                  judge.environment(self.state)).result()

    def realize(self, closure, *more, car=None):
        """What is wrong, and what came from where."""
        result = self.run(*self.args(closure, '--json', *more, car=car))
        problem = judge.check(result, (0,))
        done = {}
        if not problem:
            done = json.loads(result.out.splitlines()[-1])
            if done.get('status') != 'done':
                problem = 'the last line is %r' % done
        return problem, done

    def prepare(self):
        """The first closure is in a fresh store."""
        self.fresh()
        return self.realize(self.first)[0]

    def check(self, *there):
        known = {}
        for closure in there:
            known.update(closure.known)
        problem = self.store.problem(known)
        if not problem and set(self.store.valid()) != set(known):
            problem = 'other paths are valid'
        return problem or self.verify()

    def verify(self):
        env = {name: value for name, value in os.environ.items()
               if name not in ('NIX_STATE_DIR', 'NIX_LOG_DIR')}
        done = subprocess.run(['nix-store', '--store', self.store.folder, '--verify',
                               '--check-contents'], env=env, stdin=subprocess.DEVNULL,
                              capture_output=True)
        return done.stderr.decode()[-300:] if done.returncode else None

    # ---- blocks of valid paths ----------------------------------------------------------

    def report(self, name, *steps):
        """Each step says what is wrong, or None."""
        problem = None
        for step in steps:
            problem = problem or step()
        judge.report(name, problem)

    def from_store(self, car, most):
        """The second closure, when the first is there."""
        problem, done = self.realize(self.second, car=car)
        if not problem and done['fetchedBytes'] > most:
            problem = '%d bytes were fetched' % done['fetchedBytes']
        if not problem and done['storeBytes'] + done['fetchedBytes'] < 12000000:
            problem = 'only %d bytes came from anywhere' % (
                done['storeBytes'] + done['fetchedBytes'])
        return problem

    def nothing_twice(self):
        self.report('what the store holds is not fetched', self.prepare,
                    lambda: self.from_store(None, NODES), lambda: self.check(self.first, self.second))
        self.report('what the store holds need not be in the CAR', self.prepare,
                    lambda: self.from_store(self.partial, NODES),
                    lambda: self.check(self.first, self.second))
        self.report('without it, it is missed', lambda: self.fresh(),
                    lambda: judge.check(self.run(*self.args(self.second, car=self.partial)), (4,)),
                    lambda: self.store.problem({}))

    def in_one_run(self):
        """The second comes after the first, and after so many that the first is registered."""
        made = closures.Closure.read(self.first.car, self.first.cid)
        second = closures.Closure.read(self.second.car, self.second.cid)
        made.blocks.update(second.blocks)
        made.infos.update(second.infos)
        made.trees.update(second.trees)
        small = ipld.put_tree(made.blocks, ('file', b'small\n', False))
        bases = ['%032d-small' % i for i in range(20)]
        for base in bases:
            made.add(os.path.dirname(self.first.path) + '/' + base, small,
                     ipld.nar(('file', b'small\n', False)))
            made.put(base[:32], 'References', self.first.base)
        made.results = second.results
        made.put(self.second.base[:32], 'References', ' '.join(bases))
        made.put(self.second.base[:32], 'CA', None)
        top = made.directory()
        car = os.path.join(self.folder, 'many.car')
        with open(car, 'wb') as f:
            f.write(made.car(top))
        self.fresh()
        result = self.run('realize', ipld.cid_text(top), '--from', car, '--store',
                          self.store.folder, '--json', '--no-check-sigs', '-j1')
        problem = judge.check(result, (0,))
        if not problem:
            done = json.loads(result.out.splitlines()[-1])
            if done['storeBytes'] < 12000000 or done['placed'] != 22:
                problem = 'it says %r' % done
        judge.report('what was placed in the same run is not fetched', problem or self.verify())

    # ---- an index that is of no use ------------------------------------------------------

    def sql(self, text):
        with sqlite3.connect(self.index) as db:
            db.executescript(text)
        db.close()

    def garble(self):
        """Some bytes of the database, somewhere."""
        with open(self.index, 'r+b') as f:
            size = os.path.getsize(self.index)
            for _ in range(self.rng.choice((1, 20, 400))):
                f.seek(self.rng.randrange(0, size))
                f.write(self.rng.randbytes(self.rng.choice((1, 60))))

    def truncate(self):
        os.truncate(self.index, os.path.getsize(self.index) // 3 // 4096 * 4096)

    def overwrite(self):
        with open(self.index, 'wb') as f:
            f.write(b'no database\n' * 1000)

    def folder_instead(self):
        os.remove(self.index)
        os.mkdir(self.index)

    def change_files(self):
        """All files of the first path hold other bytes, some of another length."""
        for folder, _, names in os.walk(os.path.join(self.store.store, self.first.base)):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o644)
                    with open(path, 'r+b') as f:
                        f.write(b'?')
                    if self.rng.random() < .3:
                        os.truncate(path, os.path.getsize(path) // 2)

    def remove_files(self):
        judge.remove(os.path.join(self.store.store, self.first.base))

    def useless_indexes(self):
        wrong_places = 'update blocks set places = (select b.places from blocks b ' \
            'where b.key > blocks.key order by b.key limit 1) where key < ' \
            '(select max(key) from blocks);'
        cases = [
            ('places that are of other blocks', lambda: self.sql(wrong_places)),
            ('places that make no sense', lambda: self.sql('update blocks set places = x\'ffffffff\'')),
            ('owners of another time', lambda: self.sql('update owners set nar_hash = zeroblob(32)')),
            ('folders in a circle', lambda: self.sql('update dirs set parent = dir')),
            ('nodes that are others', lambda: self.sql('update nodes set bytes = x\'00\'')),
            ('a table that is missing', lambda: self.sql('drop table dirs')),
            ('another format', lambda: self.sql('pragma user_version = 99')),
            ('an index that was cut', self.truncate),
            ('no index at all', self.overwrite),
            ('a folder in its place', self.folder_instead),
            ('files that were changed', self.change_files),
            ('files that are gone', self.remove_files),
        ] + [('a damaged index, %d' % i, self.garble) for i in range(ROUNDS)]
        for name, spoil in cases:
            problem = self.prepare()
            if not problem:
                spoil()
                problem = judge.check(self.run(*self.args(self.second)), (0,))
            if not problem and judge.nar_hash(os.path.join(
                    self.store.store, self.second.base)) != self.second.known[self.second.base]:
                problem = 'the path is not right'
            if not problem and self.second.base not in self.store.valid():
                problem = 'the path is not valid'
            judge.report('an index of no use: ' + name, problem)

    def stale_and_missing(self):
        """Neither the store has it any more nor the CAR: that is not the store's fault."""
        problem = self.prepare()
        if not problem:
            self.change_files()
            result = self.run(*self.args(self.second, car=self.partial))
            problem = judge.check(result, (4,))
            if not problem and b'partial.car' not in result.err:
                problem = 'it blames something else: %r' % result.err
        judge.report('a block that is wrong in the store and not in the CAR', problem)

    def full_disk(self):
        """No room for the index: that is said, and no more."""
        if os.geteuid() != 0:
            return
        for size in (40, 120, 160, 200):
            self.fresh()
            os.makedirs(self.state)
            subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%dk' % size, 'none', self.state],
                           check=True)
            try:
                result = self.run(*self.args(self.slow))
                problem = judge.check(result, (0,)) or self.check(self.slow)
                if not problem and b'not indexed' not in result.err:
                    problem = 'nothing is said: %r' % result.err
            finally:
                subprocess.run(['umount', self.state], check=True)
            judge.report('%d KB for the index' % size, problem)

    # ---- plans -----------------------------------------------------------------------------

    def plan(self, closure, code, *more, car=None):
        """What is wrong, and the objects."""
        before = self.listing()
        result = self.run(*self.args(closure, '--json', '--dry-run', *more, car=car))
        problem = judge.check(result, (code,)) if code == 0 else result.late and 'late'
        if not problem and result.code != code:
            problem = 'exit %d instead of %d: %r' % (result.code, code, result.err)
        if not problem and self.listing() != before:
            problem = 'something was written'
        lines = [json.loads(line) for line in result.out.splitlines()]
        if not problem and (not lines or lines[-1]['status'] != 'planned'):
            problem = 'no sums: %r' % result.out
        return problem, lines

    def listing(self):
        """All files but the index, which is read with a journal beside it."""
        out = []
        for folder, _, names in os.walk(self.store.folder):
            for name in names:
                if name.endswith(('-wal', '-shm')):
                    continue
                st = os.lstat(os.path.join(folder, name))
                out.append((folder, name, st.st_size, st.st_mtime_ns, st.st_ino))
        return sorted(out)

    def plans(self):
        self.fresh()
        problem, lines = self.plan(self.second, 0)
        size = self.second.bytes()
        if not problem and os.path.exists(self.store.folder):
            problem = 'a store was made'
        if not problem and not size - NODES < lines[-1]['fetchBytes'] <= size:
            problem = 'the sums are %r' % lines[-1]
        if not problem and (lines[0]['status'], lines[0]['trust'], lines[0]['result']) != \
                ('place', 'content', True):
            problem = 'of the path: %r' % lines[0]
        judge.report('a plan for a store that is not there', problem)

        problem = self.prepare()
        if not problem:
            problem, lines = self.plan(self.second, 0)
        if not problem:
            planned = lines[-1]
            problem, done = self.realize(self.second)
        if not problem and not (0 <= done['fetchedBytes'] - planned['fetchBytes'] < NODES and
                                0 <= planned['hereBytes'] - done['storeBytes'] + NODES < 2 * NODES):
            problem = 'planned %r, done %r' % (planned, done)
        judge.report('a plan is what is done then', problem or self.check(self.first, self.second))
        problem, lines = self.plan(self.second, 0)
        if not problem and (len(lines) != 2 or lines[0]['status'] != 'valid' or
                            lines[0]['differs'] or lines[1]['paths'] != 0):
            problem = 'it says %r' % lines
        judge.report('a plan for what is there', problem)
        result = self.run(*self.args(self.second, '--dry-run', '-q'))
        judge.report('a quiet plan', judge.check(result, (0,)) or
                     (result.out and 'it says %r' % result.out))

        self.fresh()
        lacking = {cid: block for cid, block in self.second.blocks.items()}
        tree = closures.Closure.read(self.second.car, self.second.cid).trees[self.second.base]
        node = next(raw for name, raw, _ in ipld.pb_links(lacking[tree]) if name == b'share')
        del lacking[node]
        car = os.path.join(self.folder, 'lacking.car')
        with open(car, 'wb') as f:
            f.write(ipld.car([ipld.cid_from_text(self.second.cid)], lacking.items()))
        problem, lines = self.plan(self.second, 4, car=car)
        if not problem and not (lines[0]['status'] == 'refuse' and lines[0]['partial'] and
                                lines[-1]['partial'] and 'problem' in lines[0]):
            problem = 'it says %r' % lines
        judge.report('a plan where a node is missing', problem)

    def trust(self):
        """An unsigned path that is not content-addressed; one that refers to what is missing."""
        made = closures.Closure.read(self.second.car, self.second.cid)
        part = self.second.base[:32]
        made.put(part, 'CA', None)
        top = made.directory()
        car = os.path.join(self.folder, 'made.car')
        with open(car, 'wb') as f:
            f.write(made.car(top))
        other = Closure('second', self.second.path)
        other.cid, other.car = ipld.cid_text(top), car
        self.fresh()
        problem, lines = self.plan(other, 1)
        if not problem and not (lines[0]['status'] == 'refuse' and 'trust' not in lines[0] and
                                'not signed' in lines[0]['problem']):
            problem = 'it says %r' % lines
        if not problem:
            problem, lines = self.plan(other, 0, '--no-check-sigs')
        if not problem and lines[0]['trust'] != 'unchecked':
            problem = 'it says %r' % lines
        judge.report('a plan for what is not trusted', problem)

        made.put(part, 'References', '0' * 32 + '-none')
        top = made.directory()
        with open(car, 'wb') as f:
            f.write(made.car(top))
        other.cid = ipld.cid_text(top)
        problem, lines = self.plan(other, 4, '--no-check-sigs')
        if not problem and ([line['status'] for line in lines] != ['missing', 'place', 'planned'] or
                            lines[2]['missing'] != 1):
            problem = 'it says %r' % lines
        judge.report('a plan for what refers to what is missing', problem)

        problem = self.prepare() or self.realize(self.second)[0]
        made.put(part, 'References', '')
        made.put(part, 'NarHash', 'sha256:' + ipld.nix32(bytes(32)))
        top = made.directory()
        with open(car, 'wb') as f:
            f.write(made.car(top))
        other.cid = ipld.cid_text(top)
        if not problem:
            problem, lines = self.plan(other, 0)
        if not problem and not (lines[0]['status'] == 'valid' and lines[0]['differs']):
            problem = 'it says %r' % lines
        problem = problem or self.plan(other, 3, '--strict')[0]
        problem = problem or judge.check(self.run(*self.args(other)), (0,))
        problem = problem or judge.check(self.run(*self.args(other, '--strict')), (3,))
        problem = problem or judge.check(self.run(*self.args(self.second, '--strict')), (0,))
        judge.report('a path that is there with other contents', problem)

    # ---- what killed runs left -------------------------------------------------------------

    def kill(self, closure, delay):
        """Whether it was still running then."""
        process = subprocess.Popen([self.program, *self.args(closure)],
                                   env=judge.environment(self.state), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(delay)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return process.returncode == -signal.SIGKILL

    def valid(self):
        """After a kill: also of a database that has no tables yet."""
        try:
            return set(self.store.valid())
        except sqlite3.OperationalError:
            return set()

    def left(self):
        """Bytes of the trees that a killed run left."""
        sizes = [0]
        for name in self.store.names() - self.valid():
            size = 0
            for folder, _, names in os.walk(os.path.join(self.store.store, name)):
                size += sum(os.lstat(os.path.join(folder, one)).st_size for one in names)
            sizes.append(size)
        return max(sizes)

    def kills(self):
        self.fresh()
        begin = time.monotonic()
        problem, done = self.realize(self.slow)
        whole, size, n_resumed = time.monotonic() - begin, self.slow.bytes(), 0
        judge.report('a run that is timed', problem)
        for i in range(ROUNDS):
            self.fresh()
            killed = False
            for _ in range(self.rng.choice((1, 1, 2, 3))):
                killed = self.kill(self.slow, self.rng.uniform(0, whole)) or killed
            left = self.left()
            if self.slow.base in self.valid() or not killed:
                left = 0
            problem, done = self.realize(self.slow)
            # of each file that was begun the last block may be incomplete, and only the last file
            if not problem and left > 3 << 20 and done['fetchedBytes'] > size - left + (2 << 20):
                problem = '%d bytes were left, and %r' % (left, done)
            if not problem and done['resumedBytes']:
                n_resumed += 1
            judge.report('after kill -9, round %d' % i, problem or self.check(self.slow))
        judge.report('%d of %d rounds used what was left' % (n_resumed, ROUNDS),
                     None if n_resumed * 4 >= ROUNDS else 'the moments are wrong')

    def tree_by_hand(self, name):
        """The tree of the slow path as a killed run may have left it."""
        source = self.slow.path
        to = os.path.join(self.store.store, name)
        shutil.copytree(source, to, symlinks=True)
        subprocess.run(['chmod', '-R', 'u+w', to], check=True)
        return to

    def hostile_leftovers(self):
        def wrong_bytes(to):
            for i in range(1, 21):
                with open('%s/%d/big' % (to, i), 'r+b') as f:
                    f.write(b'?')
                    f.seek(1 << 20)
                    f.write(b'?')

        def links(to):
            for i in range(1, 21):
                os.rename('%s/%d/big' % (to, i), '%s/%d/other' % (to, i))
                os.symlink('/etc/passwd', '%s/%d/big' % (to, i))
            os.symlink('/', to + '/root')

        def odd(to):
            os.mkfifo(to + '/1/a-fifo')
            os.mkfifo(to + '/2/big-fifo')
            if os.geteuid() == 0:
                os.mknod(to + '/1/a-device', 0o20666, os.makedev(1, 5))
            os.mkdir(to + '/deep')
            here = to + '/deep'
            for _ in range(70):
                here += '/deeper'
                os.mkdir(here)

        def sparse(to):
            with open(to + '/0-big', 'wb') as f:
                f.truncate(400 << 20)

        def other_owner(to):
            if os.geteuid() == 0:
                os.chown(to, 12345, 12345)

        def writable(to):
            os.chmod(to, 0o777)

        def root_link(to):
            judge.remove(to)
            os.symlink('/etc', to)

        part = self.slow.base[:32]
        for spoil in (wrong_bytes, links, odd, sparse, other_owner, writable, root_link):
            self.fresh()
            problem = self.prepare()
            spoil(self.tree_by_hand(part + self.rng.choice(('-nixipfs.tmp', '-nixipfs.old'))))
            if not problem:
                problem, done = self.realize(self.slow)
            if not problem and spoil in (other_owner, writable, root_link) and \
                    done['resumedBytes'] and os.geteuid() == 0:
                problem = 'it was believed'
            judge.report('left: ' + spoil.__name__.replace('_', ' '),
                         problem or self.check(self.first, self.slow))

    # ---- cost ------------------------------------------------------------------------------

    def memory(self):
        """A big tree that was begun, with an index that has much."""
        if judge.SLOW:
            return
        big = os.path.join(self.folder, 'big')
        for i in range(300):
            os.makedirs('%s/%d' % (big, i))
            for k in range(200):
                with open('%s/%d/%d' % (big, i, k), 'w', encoding='ascii') as f:
                    f.write('%d %d\n' % (i, k))
                if k % 2:
                    os.chmod('%s/%d/%d' % (big, i, k), 0o755)
        with open(big + '/big', 'wb') as f:
            for i in range(100):
                f.write(self.rng.randbytes(1 << 20))
        path = subprocess.run(['nix-store', '--add', big], check=True, capture_output=True,
                              text=True).stdout.strip()
        self.fresh()
        result = self.run('add', '-q', path)
        cid = result.out.decode().strip()
        car = os.path.join(self.folder, 'big.car')
        problem = judge.check(result, (0,)) or \
            judge.check(self.run('export', cid, '-o', car), (0,))
        os.makedirs(self.store.store)
        left = os.path.join(self.store.store, os.path.basename(path)[:32] + '-nixipfs.tmp')
        subprocess.run(['cp', '-a', path, left], check=True)
        subprocess.run(['chmod', '-R', 'u+w', left], check=True)
        judge.remove(left + '/100')
        for name, step in (('what is left', lambda: None), ('an index', lambda: judge.remove(
                self.store.folder))):
            step()
            for dry in ([], ['--dry-run']):
                result = self.run('realize', cid, '--from', car, '--store', self.store.folder,
                                  *dry[::-1])
                problem = problem or judge.check(result, (0,))
                if not problem and result.rss > MEMORY:
                    problem = '%d MB' % (result.rss >> 20)
                judge.report('memory with %s%s' % (name, ' '.join(['', *dry])), problem)


def main():
    judge.limit()
    r = Reuse(*sys.argv[1:])
    r.nothing_twice()
    r.in_one_run()
    r.useless_indexes()
    r.stale_and_missing()
    r.full_disk()
    r.plans()
    r.trust()
    r.kills()
    r.hostile_leftovers()
    r.memory()
    r.runner.shutdown()


if __name__ == '__main__':
    main()
