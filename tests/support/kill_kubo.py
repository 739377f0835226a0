# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill_kubo.py PROGRAM FOLDER CAR CID OUTPUT...: as kill.py, but what is killed publishes to the
node that IPFS_PATH names, or realizes from it: 50 kills with SCALE=1, half of them each."""
import json
import os
import sqlite3
import sys
import urllib.error
import urllib.request

import judge
import kill

KILLS = 8 if judge.SLOW else 25 * judge.SCALE
UNFINISHED = 4 << 20  # of the blocks that were being written when it was killed: two threads


def api():
    with open(os.path.join(os.environ['IPFS_PATH'], 'api'), encoding='ascii') as f:
        return 'http://127.0.0.1:%s/api/v0/' % f.read().strip().rsplit('/', 1)[1]


def ask(command):
    """The lines of an answer; none when the node refuses."""
    try:
        with urllib.request.urlopen(urllib.request.Request(api() + command, method='POST')) as answer:
            return [json.loads(line) for line in answer.read().splitlines()]
    except urllib.error.HTTPError:
        return []


class KuboKiller(kill.Killer):
    def add(self, state, outputs=None):
        return self.start(state, 'add', '-q', '--json', '--to', 'kubo', *(outputs or self.outputs))

    def realize(self, state, store, *args):
        return self.start(state, 'realize', '--json', self.cid, '--from', 'kubo', '--no-check-sigs',
                          '--store', store.folder, *args)

    def forget(self):
        """The node has nothing any more, and nothing is known of it here."""
        ask('pin/rm?arg=' + self.cid)
        ask('repo/gc')
        return self.fresh('state')

    @staticmethod
    def recorded(state):
        """How many blocks the node is known to have."""
        path = os.path.join(state, 'published.sqlite')
        if not os.path.exists(path):
            return 0
        db = sqlite3.connect(path)
        try:
            return db.execute('select count(*) from blocks').fetchone()[0]
        except sqlite3.OperationalError:  # it was killed before there were tables
            return 0
        finally:
            db.close()

    def check_node(self, problem, out, n_recorded, n_all):
        """Sent is what was not acknowledged, and nothing else; and the node has all of it."""
        if problem:
            return problem
        sent = json.loads(out)
        if sent['cid'] != self.cid:
            return 'CID %s instead of %s' % (sent['cid'], self.cid)
        n_new = sent['published']['newBlocks']
        if n_new + n_recorded != n_all and not sent['published']['wasPinned']:
            return '%d blocks are sent of %d, of which the node had %d' % (n_new, n_all, n_recorded)
        refs = ask('refs?recursive=true&unique=true&offline=true&arg=' + self.cid)
        if any(ref.get('Err') for ref in refs) or len(refs) + 1 != n_all:
            return 'the node has not got all of it: %d of %d' % (len(refs) + 1, n_all)
        return None

    def until(self, name, one):
        self.n_killed = i = 0
        while self.n_killed < KILLS and i < 3 * KILLS:
            judge.report('%s, round %d' % (name, i), one(i))
            i += 1
        judge.report('%s: %d were killed in time' % (name, self.n_killed),
                     None if self.n_killed >= KILLS else 'the moments are too late')

    def killed_publishes(self):
        state = self.forget()
        self.whole = self.time_of(lambda: self.add(state))
        n_all, n_half = self.recorded(state), 0

        def one(_):
            nonlocal n_half
            state = self.forget()
            self.kills(lambda: self.add(state))
            n_recorded = self.recorded(state)
            n_half += 0 < n_recorded < n_all
            return self.check_node(*self.end(self.add(state)), n_recorded, n_all)
        self.until('kill -9 of publishing', one)
        judge.report('%d of them between two requests' % n_half, None if n_half else 'never')

    @staticmethod
    def on_disk(store):
        """Bytes of files in the store, valid or not."""
        sizes = [os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(store.store) for name in names]
        return sum(sizes)

    @staticmethod
    def fetched(out):
        return json.loads(out.splitlines()[-1])['fetchedBytes']

    def killed_realizes(self):
        state = self.fresh('state')
        problem, out = self.end(self.realize(state, judge.Store(self.fresh('store'))))
        judge.report('realize --from kubo', problem)
        n_all, n_half = self.fetched(out), 0
        self.whole = self.time_of(lambda: self.realize(state, judge.Store(self.fresh('store'))))
        link = os.path.join(self.folder, 'root')

        def one(i):
            store = judge.Store(self.fresh('store'))
            nonlocal n_half
            self.kills(lambda: self.realize(state, store))
            here = self.on_disk(store)
            n_half += 0 < here < n_all
            problem, out = self.end(self.realize(state, store, '--add-root', link))
            problem = problem or self.check_store(store)
            if not problem and self.fetched(out) > n_all - here + UNFINISHED:
                problem = '%d bytes are fetched of %d, of which %d were here' % (self.fetched(out), n_all, here)
            if not problem and i % 8 == 0:
                problem = self.check_nix(store)
            return problem
        self.until('kill -9 of realize --from kubo', one)
        judge.report('%d of them with files half there' % n_half, None if n_half else 'never')


def main():
    program, folder, car, cid, *outputs = sys.argv[1:]
    k = KuboKiller(program, folder, car, cid, outputs)
    k.killed_publishes()
    k.killed_realizes()


if __name__ == '__main__':
    main()
