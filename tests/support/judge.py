# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the program under limits, looks at what it says and leaves behind, and prints verdicts
for `verdicts` of tests/lib.sh: ok|failed, TAB, name, TAB, why."""
import concurrent.futures
import hashlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import ipld

SLOW = bool(os.environ.get('NIPFS_SLOW_BUILD'))
SCALE = int(os.environ.get('SCALE', '1'))
TIMEOUT = 120 if SLOW else 20
MAX_RSS = 200 << 20
MAX_FILE = 512 << 20
ADDRESS_SPACE = 1 << 30
FAILED = (1, 3, 4)


def said(err):
    """Of what was said on stderr, what fits on a line: of a sanitizer, the fault and its frames."""
    text = err.decode(errors='replace')
    if 'Sanitizer' in text:
        at = text.find('ERROR: ')
        return ' '.join(text[max(at, 0):at + 2000].split())
    return text.strip()[-300:]


class Result:
    """gone: it died of SIGPIPE, as nobody read on."""
    def __init__(self, code, out, err, rss, seconds, late):
        self.code, self.out, self.err = code, out, err
        self.rss, self.seconds, self.late = rss, seconds, late
        self.gone = code == -signal.SIGPIPE

    def problem(self):
        """What no run may do, whatever it was given."""
        text = self.err.decode(errors='replace')
        if self.late:
            return 'it did not end in %d s' % TIMEOUT
        if 'Sanitizer' in text or 'runtime error:' in text or self.code not in range(6) and not self.gone:
            return 'it ended with %d: %s' % (self.code, said(self.err))
        if self.rss > MAX_RSS and not SLOW:
            return 'it took %d MB of memory' % (self.rss >> 20)
        if 'out of memory' in text:
            return 'it asked for more than %d MB: %s' % (ADDRESS_SPACE >> 20, text)
        if self.gone:
            return 'it says that nobody reads: %r' % text[:300] if text else None
        if self.code == 0:
            return None
        lines = text.split('\n')
        if len(lines) != 2 or lines[1] or not lines[0].startswith('nix-ipfs: '):
            return 'not one line on stderr: %r' % text[:300]
        if len(lines[0]) > 1100:
            return 'a line of %d characters' % len(lines[0])
        return None


def environment(state=None):
    env = dict(os.environ)
    for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS'):
        env[name] = env.get(name, '') + ':exitcode=99'
    if state:
        env['NIX_IPFS_STATE_DIR'] = state
    return env


def limit():
    """For this program and all that it runs."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE, MAX_FILE))
    if not SLOW:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def run(args, env, stdin=None, out=None, until=None):
    """out: a file for what it prints; without one up to a megabyte is kept. until: it is read
    through a pipe, which is closed after so many bytes: that is a failure like exit 1."""
    with tempfile.TemporaryFile() as out_file, tempfile.TemporaryFile() as err_file:
        begin = time.monotonic()
        process = subprocess.Popen(args, env=env, stdin=stdin or subprocess.DEVNULL,
                                   stdout=subprocess.PIPE if until else out or out_file,
                                   stderr=err_file)
        late = threading.Event()

        def end():
            late.set()
            process.kill()
        timer = threading.Timer(TIMEOUT, end)
        timer.start()
        if until:
            while until > 0:
                got = len(os.read(process.stdout.fileno(), 1 << 16))
                until -= got or until
            process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out_file.seek(0)
        err_file.seek(0)
        return Result(process.returncode, out_file.read(1 << 20), err_file.read(1 << 16),
                      usage.ru_maxrss << 10, time.monotonic() - begin, late.is_set())


def remove(folder):
    """rm, which goes deeper than Python does."""
    subprocess.run(['chmod', '-R', 'u+w', folder], check=True)
    subprocess.run(['rm', '-rf', folder], check=True)


# ---- stores ----------------------------------------------------------------------------

def nar_of_file(path):
    """A file system tree as ipld.nar() takes it."""
    if os.path.islink(path):
        return ('link', os.readlink(path))
    if os.path.isdir(path):
        return ('dir', [(name, nar_of_file(os.path.join(path, name))) for name in os.listdir(path)])
    with open(path, 'rb') as f:
        return ('file', f.read(), os.stat(path).st_mode & 0o100)


def nar_hash(path):
    return hashlib.sha256(ipld.nar(nar_of_file(os.fsencode(path)))).hexdigest()


class Store:
    """A chroot store that is realized into."""

    def __init__(self, folder):
        self.folder = folder
        self.store = os.path.join(folder, 'nix/store')
        self.database = os.path.join(folder, 'nix/var/nix/db/db.sqlite')

    def names(self):
        try:
            return {name for name in os.listdir(self.store) if name != '.links'}
        except FileNotFoundError:
            return set()

    def valid(self):
        """Base names of valid paths, with their NAR hashes."""
        if not os.path.exists(self.database):
            return {}
        with sqlite3.connect(self.database) as db:
            rows = db.execute('select path, hash from ValidPaths').fetchall()
        db.close()
        return {path.rsplit('/', 1)[1]: hash.split(':')[1] for path, hash in rows}

    def problem(self, known, kept=()):
        """known: NAR hashes, in base 16, of what may be there. kept: ends of names that may be
        there although they are not valid."""
        names, valid = {name for name in self.names() if not name.endswith(kept)}, self.valid()
        if names != set(valid):
            return 'left in the store folder: %s; without files: %s' % (
                sorted(names - set(valid)), sorted(set(valid) - names))
        for name, said in valid.items():
            if known.get(name) != said:
                return "'%s' is registered with NAR hash %s" % (name, said)
            if nar_hash(os.path.join(self.store, name)) != said:
                return "'%s' has other contents than are registered" % name
        return None

    def wipe(self):
        if self.names() or self.valid():
            remove(self.folder)


# ---- verdicts --------------------------------------------------------------------------

class Worker:
    """What a case works with: its own store, state and scratch folder."""

    def __init__(self, folder, program):
        self.folder, self.program = folder, program
        self.store = Store(os.path.join(folder, 'store'))
        self.state = os.path.join(folder, 'state')
        self.env = environment(self.state)
        os.makedirs(folder, exist_ok=True)

    def wipe(self):
        """Nothing of the cases before is here: not even the blocks that the index keeps."""
        self.store.wipe()
        if os.path.exists(self.state):
            remove(self.state)

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as f:
            f.write(data)
        return path

    def run(self, *args, **more):
        return run([self.program, *args], self.env, **more)


def check(result, codes):
    """What is wrong with a run that should have ended with one of these codes."""
    problem = result.problem()
    if problem is None and (1 if result.gone else result.code) not in codes:
        problem = 'exit %d instead of %s: %s' % (
            result.code, ' or '.join(map(str, codes)),
            result.err.decode(errors='replace').strip()[:300])
    return problem


def report(name, problem):
    clean = ''.join(c if c.isprintable() else '?' for c in problem or '')
    print('%s\t%s\t%s' % ('failed' if problem else 'ok', name, clean), flush=True)


def run_cases(folder, program, cases, workers=2):
    """cases: (name, function of a worker that returns what is wrong, or None)."""
    free = [Worker(os.path.join(folder, 'worker%d' % i), program) for i in range(workers)]
    lock = threading.Lock()

    def one(name, case):
        with lock:
            worker = free.pop()
        try:
            problem = case(worker)
        except Exception as error:  # a test that breaks is a failure, not the end
            problem = '%s: %s' % (type(error).__name__, error)
        with lock:
            free.append(worker)
        return name, problem

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in concurrent.futures.as_completed([pool.submit(one, *case) for case in cases]):
            report(*done.result())


def main(make_cases):
    """hostile_X.py PROGRAM FOLDER ...: the rest is for make_cases()."""
    limit()
    run_cases(sys.argv[2], sys.argv[1], make_cases(*sys.argv[3:]))
