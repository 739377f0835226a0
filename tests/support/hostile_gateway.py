# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_gateway.py PROGRAM FOLDER CAR CID KEY: gateways that lie, stall, cut off, lead astray
and never come to an end. Whatever they do, no wrong byte reaches the store, and the command
ends in time, by another source or with an error that has a name."""
import gzip
import itertools
import os
import random
import re
import shutil
import socketserver
import sys
import threading
import time

import closures
import ipld
import judge

TIMEOUT = 4 if judge.SLOW else 2  # what the program is told with --timeout
# for half a minute it waits for one that was there
judge.TIMEOUT = 120 if judge.SLOW else 45
RAW = 'application/vnd.ipld.raw'
CAR = 'application/vnd.ipld.car; version=1; order=dfs; dups=n'
BOMB = gzip.compress(bytes(64 << 20))


class Request:
    """One request, and what it can be answered with: a block, or a CAR."""

    def __init__(self, sock, path, number, raw, blocks):
        self.sock, self.path, self.number, self.raw, self.blocks = sock, path, number, raw, blocks
        self.is_car = path.endswith('car&dag-scope=all')
        self.block = blocks.get(raw)
        if self.is_car:
            self.block = ipld.car([raw], [(each, blocks[each]) for each in self.order()])

    def order(self):
        """The blocks of the DAG, depth first."""
        seen, todo = {}, [self.raw]
        while todo:
            raw = todo.pop()
            if raw not in seen and raw in self.blocks:
                seen[raw] = True
                if raw[1] == ipld.DAG_PB:
                    todo += [link for _, link, _ in reversed(ipld.pb_links(self.blocks[raw]))]
        return list(seen)

    def send(self, data):
        self.sock.sendall(data)

    def head(self, status=200, length=None, kind=None, more=()):
        kind = kind or (CAR if self.is_car else RAW)
        lines = ['HTTP/1.1 %d Whatever' % status, 'Content-Type: %s' % kind]
        if length is not None:
            lines.append('Content-Length: %d' % length)
        self.send(('\r\n'.join(lines + list(more)) + '\r\n\r\n').encode())

    def give(self, body, status=200, kind=None, more=()):
        self.head(status, len(body), kind, more)
        self.send(body)

    def good(self):
        if self.block is None:
            self.give(b'not here\n', 404, 'text/plain')
        else:
            self.give(self.block)

    def wait(self):
        """Until the other side has had enough."""
        while self.sock.recv(4096):
            pass
        raise Close

    def endless(self, what, pause=0):
        """Until the other side has had enough."""
        while True:
            self.send(what)
            if pause:
                time.sleep(pause)


class Close(Exception):
    pass


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        buffer = b''
        try:
            while True:
                while b'\r\n\r\n' not in buffer:
                    got = self.request.recv(65536)
                    if not got:
                        return
                    buffer += got
                head, buffer = buffer.split(b'\r\n\r\n', 1)
                self.server.answer(self.request, head.split(b' ')[1].decode())
        except (Close, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    """/N/ipfs/CID is answered by the N-th behaviour."""
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, blocks):
        threading.stack_size(256 << 10)
        super().__init__(('127.0.0.1', 0), Handler)
        self.blocks, self.behaviours = blocks, []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def add(self, behaviour):
        self.behaviours.append((behaviour, itertools.count()))
        return 'http://127.0.0.1:%d/%d' % (self.port, len(self.behaviours) - 1)

    def answer(self, sock, path):
        match = re.match(r'/(\d+)(/.*)?/ipfs/(b[a-z2-7]+)\?format=(raw|car&dag-scope=all)$', path)
        behaviour, count = self.behaviours[int(match[1])]
        raw = ipld.cid_from_text(match[3])
        behaviour(Request(sock, path, next(count), raw, self.blocks))


# ---- behaviours ------------------------------------------------------------------------

def good(r):
    r.good()


def empty(r):
    r.give(b'not here\n', 404, 'text/plain')


def reset(r):
    raise Close


def after(n, first, then):
    """The first n requests are answered otherwise than the rest."""
    return lambda r: (first if r.number < n else then)(r)


def singly(behaviour):
    """It gives no CARs, so that a request is needed for each block."""
    return lambda r: (empty if r.is_car else behaviour)(r)


def sometimes(seed, *behaviours):
    rng = random.Random(seed)
    return lambda r: rng.choice(behaviours)(r)


def flipped(r):
    r.give(r.block[:-1] + bytes([r.block[-1] ^ 1]) if r.block else b'x')


def longer(r):
    r.give(r.block + b'\0')


def shorter(r):
    r.give(r.block[:-1])


def nothing(r):
    r.give(b'')


def page(r):
    r.give(b'<html>Welcome! Please log in.</html>', kind='text/html')


def page_type(r):
    r.give(r.block, kind='text/html')


def car(r):
    r.give(ipld.car([r.raw], [(r.raw, r.block)]), kind='application/vnd.ipld.car; version=1')


def empty_car(r):
    identity = ipld.cid_from_text('bafkqaaa')
    r.give(ipld.car([identity], []), kind='application/vnd.ipld.car; version=1')


def cut_at(part):
    def behaviour(r):
        r.head(length=len(r.block))
        r.send(r.block[:int(len(r.block) * part)])
        raise Close
    return behaviour


def cut_chunks(r):
    r.head(more=['Transfer-Encoding: chunked'])
    r.send(b'%x\r\n' % len(r.block) + r.block + b'\r\n')
    raise Close


def raw_bytes(data, close=True):
    def behaviour(r):
        r.send(data)
        if not close:
            r.wait()
        raise Close
    return behaviour


def endless_body(r):
    r.head()
    r.endless(b'\0' * 65536)


def endless_chunks(r):
    r.head(more=['Transfer-Encoding: chunked'])
    r.endless(b'1\r\nx\r\n' * 10000)


def endless_header(r):
    r.send(b'HTTP/1.1 200 OK\r\n')
    r.endless(b'X-More: of this\r\n' * 1000)


def endless_line(r):
    r.send(b'HTTP/1.1 200 OK\r\nX-Long: ')
    r.endless(b'x' * 65536)


def endless_continue(r):
    r.endless(b'HTTP/1.1 100 Continue\r\n\r\n' * 1000)


def endless_error(r):
    r.head(503)
    r.endless(b'sorry ' * 10000)


def drip(r):
    r.head(length=len(r.block) + 100000)
    r.endless(b'x', 0.1)


def drip_header(r):
    r.send(b'HTTP/1.1 200 OK\r\nX-Slow: ')
    r.endless(b'x', 0.1)


def stall(r):
    r.wait()


def stall_amid(r):
    r.head(length=len(r.block))
    r.send(r.block[:1])
    r.wait()


def status(code, *more, body=b'no\n'):
    return lambda r: r.give(body, code, 'text/plain', more)


def redirect(to, code=302):
    return status(code, 'Location: ' + to)


def redirect_on(n, code=301):
    """n steps to the block, each a longer path."""
    def behaviour(r):
        if r.path.count('/x') < n:
            first, rest = r.path[1:].split('/', 1)
            r.give(b'', code, 'text/html', ['Location: /%s/x/%s' % (first, rest)])
        else:
            r.good()
    return behaviour


def squeezed(header, bomb):
    def behaviour(r):
        r.give(BOMB if bomb else gzip.compress(r.block), more=[header])
    return behaviour


def squeezed_chunks(r):
    r.head(more=['Transfer-Encoding: gzip, chunked'])
    r.send(b'%x\r\n' % len(BOMB) + BOMB + b'\r\n0\r\n\r\n')


def two_answers(r):
    """What comes behind the answer is nobody's answer."""
    other = b'the answer to no question'
    r.give(r.block)
    r.give(other)


# ---- CARs --------------------------------------------------------------------------------

def for_cars(behaviour):
    """Blocks are given; CARs as it says."""
    return lambda r: (behaviour if r.is_car else good)(r)


def sections(r):
    return [(raw, r.blocks[raw]) for raw in r.order()]


def car_of(change):
    """A CAR of other blocks than those of the DAG, or in another order."""
    return for_cars(lambda r: r.give(ipld.car([r.raw], change(sections(r)))))


def car_bytes(change):
    return for_cars(lambda r: r.give(change(r.block)))


def cut_car(n, more=0):
    """Cut off behind its n-th block, or so many bytes further on."""
    def behaviour(r):
        whole = ipld.car([r.raw], sections(r)[:n])
        r.head(length=len(r.block))
        r.send(r.block[:len(whole) + more])
        raise Close
    return for_cars(behaviour)


def endless_car(size):
    """Right blocks that nobody wants, without an end."""
    def behaviour(r):
        r.head()
        r.send(ipld.car_header([r.raw]))
        rng = random.Random(size)
        while True:
            block = rng.randbytes(size)
            raw = ipld.cid(ipld.RAW, block)
            r.send(ipld.varint(len(raw) + size) + raw + block)
    return for_cars(behaviour)


def slow_car(r):
    r.head(length=len(r.block))
    for at in range(0, len(r.block), 10):
        r.send(r.block[at:at + 10])
        time.sleep(0.02)


def two_speed_car(r):
    """Half of it at once, and then nothing."""
    r.head(length=len(r.block))
    r.send(r.block[:len(r.block) // 2])
    r.wait()


# ---- cases -----------------------------------------------------------------------------

class Gateways:
    def __init__(self, path, top, key):
        self.closure = closures.Closure.read(path, top)
        self.known = self.closure.nar_hashes()
        self.top, self.key = top, key
        self.server = Server(dict(self.closure.blocks.items()))
        self.cases = []
        self.requests = self.count(os.path.join(sys.argv[2], 'counted'), sys.argv[1])

    def realize(self, worker, behaviours, codes, seconds):
        worker.store.wipe()
        # nor may the index remember anything
        shutil.rmtree(worker.env['NIX_IPFS_STATE_DIR'], ignore_errors=True)
        args = ['realize', '-q', self.top, '--store', worker.store.folder,
                '--trusted-public-keys', self.key, '--timeout', str(TIMEOUT)]
        for behaviour in behaviours:
            args += ['--from', behaviour if isinstance(behaviour, str) else self.server.add(behaviour)]
        result = worker.run(*args)
        # what came before nobody could be reached any more is kept for the next time
        kept = ('-nixipfs.tmp', '-nixipfs.old') if result.code == 5 else ()
        problem = judge.check(result, codes) or worker.store.problem(self.known, kept)
        if problem is None and result.code == 0 and set(worker.store.valid()) != set(self.known):
            problem = 'exit 0, and not all paths are there'
        if problem is None and result.seconds > seconds and not judge.SLOW:
            problem = 'it took %.1f s' % result.seconds
        return problem

    def count(self, folder, program):
        """How many requests a realize takes that gets no CARs."""
        numbers = []

        def behaviour(r):
            numbers.append(r.number)
            good(r)
        worker = judge.Worker(folder, program)
        problem = self.realize(worker, [singly(behaviour)], [0], judge.TIMEOUT)
        worker.store.wipe()
        assert problem is None, problem
        return len(numbers)

    def add(self, name, behaviours, *codes, seconds=judge.TIMEOUT):
        self.cases.append((name, lambda worker: self.realize(worker, behaviours, codes, seconds)))

    def bad(self, name, behaviour, *codes, seconds=judge.TIMEOUT, rescue=10):
        """Alone it is an error; with a good gateway behind it, or after it, all is well."""
        self.add(name, [behaviour], *codes, seconds=seconds)
        self.add(name + ', and a good one behind it', [behaviour, good], 0, seconds=rescue)
        self.add(name + ', behind a good one', [good, behaviour], 0, seconds=rescue)


def lies(g):
    g.add('a good gateway', [good], 0)
    g.bad('one bit is another', flipped, 3)
    g.bad('a byte more', longer, 3)
    g.bad('a byte less', shorter, 3)
    g.bad('no bytes', nothing, 3)
    g.bad('a page for everything', page, 5)
    g.bad('CARs for blocks', car, 3, 5)
    g.bad('empty CARs for blocks', empty_car, 3, 5)
    g.add('right bytes of the wrong type', [page_type], 0)
    g.bad('compressed', squeezed('Content-Encoding: gzip', False), 3, 5)
    g.bad('a compressed bomb', squeezed('Content-Encoding: gzip', True), 1, 3, 5)
    g.bad('a bomb in transfer', squeezed_chunks, 1, 3, 5)
    g.add('a second answer behind the first', [two_answers], 0, 3, 5)
    for n in range(0, g.requests, 7 if judge.SLOW else 2):
        g.add('from answer %d on bits are others' % n, [singly(after(n, good, flipped))], 3)
        g.add('from answer %d on bits are others, and a good one' % n,
              [singly(after(n, good, flipped)), good], 0)


def cuts(g):
    for part in (0, 0.5, 0.99):
        g.bad('cut off after %d %%' % (part * 100), cut_at(part), 5)
    g.bad('chunks without an end', cut_chunks, 5)
    g.bad('closed without a word', reset, 5)
    for n in range(1, g.requests, 11 if judge.SLOW else 3):
        g.add('gone after %d answers' % n, [singly(after(n, good, reset))], 5)
        g.add('gone after %d answers, and a good one' % n, [singly(after(n, good, reset)), good], 0)
        g.add('lacks what follows %d answers' % n, [singly(after(n, good, empty))], 4)
    g.add('the first answers are cut off', [after(3, cut_at(0.5), good)], 0)


def endless(g):
    g.bad('a body without an end', endless_body, 1)
    g.bad('chunks that go on', endless_chunks, 1, 5)
    g.bad('a header without an end', endless_header, 5)
    g.bad('a line without an end', endless_line, 5)
    g.bad('it says continue for ever', endless_continue, 5)
    g.bad('an error without an end', endless_error, 5)


def slow(g):
    for name, behaviour in (('byte after byte', drip), ('header byte after byte', drip_header),
                            ('no answer', stall), ('half an answer', stall_amid)):
        g.bad(name, behaviour, 5)
    g.add('three that say nothing, and a good one', [stall, stall, stall, good], 0)
    for n in (2, g.requests // 2):
        g.add('says nothing after %d answers' % n, [singly(after(n, good, stall))], 5)
        g.add('says nothing after %d answers, and a good one' % n, [singly(after(n, good, stall)), good], 0)
    g.add('one in eight is slow', [sometimes(4, *[good] * 7, stall), good], 0)


def astray(g):
    for n in (1, 4):
        g.add('%d redirects' % n, [redirect_on(n)], 0)
    g.bad('5 redirects', redirect_on(5), 5)
    g.bad('redirects in a circle', redirect('?format=raw'), 5)
    for name, to in (('a file', 'file:///etc/passwd'), ('FTP', 'ftp://127.0.0.1/'),
                     ('Gopher', 'gopher://127.0.0.1:70/'), ('a user', 'http://u:p@127.0.0.1/'),
                     ('nowhere', ''), ('another planet', 'http://[::zz]/'),
                     ('a long way', '/' + 'x' * 5000), ('a closed port', 'http://127.0.0.1:1/')):
        g.bad('redirects to %s' % name, redirect(to), 5)


def errors(g):
    for code in (204, 206, 300, 304, 400, 401, 402, 403, 405, 406, 407, 409, 418, 421, 431):
        g.add('HTTP %d' % code, [status(code)], 5)
    for code in (404, 410, 412, 451):
        g.add('HTTP %d' % code, [status(code)], 4)
        g.add('HTTP %d, and a good one' % code, [status(code), good], 0)
    for code in (500, 501, 502, 503, 504, 511, 599):
        g.bad('HTTP %d' % code, status(code), 5)
    g.bad('HTTP 999', status(999), 5)
    g.add('HTTP 429 at first', [after(4, status(429, 'Retry-After: 1'), good)], 0)
    g.add('HTTP 503 at first, with a date',
          [after(2, status(503, 'Retry-After: Wed, 21 Oct 2015 07:28:00 GMT'), good)], 0)
    g.bad('HTTP 429 for an hour', status(429, 'Retry-After: 3600'), 5, seconds=4)
    g.bad('HTTP 429 for ever', status(429, 'Retry-After: 99999999999999999999'), 5)
    g.bad('HTTP 429 and nonsense', status(429, 'Retry-After: soon'), 5)
    for name, data in (('no HTTP', b'hello\n'), ('HTTP 0.9', b'<html>'), ('HTTP/7', b'HTTP/7 200 OK\r\n\r\n'),
                       ('no status', b'HTTP/1.1 \r\n\r\n'), ('zeros', bytes(4096)),
                       ('a negative length', b'HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\nhello'),
                       ('a length of 2^64', b'HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n'),
                       ('two lengths', b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nhello'),
                       ('a wrong chunk', b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
                       ('a chunk of 2^64', b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
                        b'10000000000000000\r\n')):
        g.bad(name, raw_bytes(data), 1, 3, 5)
    g.bad('an unknown protocol', raw_bytes(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', False), 5)


def mixed(g):
    kinds = [flipped, cut_at(0.5), status(500), status(502), status(429, 'Retry-After: 1'), reset,
             page, nothing, redirect('file:///'), cut_chunks, empty]
    for seed in range(6 * judge.SCALE):
        g.add('all kinds of errors, %d' % seed,
              [sometimes(seed, *kinds, *[good] * 40), sometimes(seed + 100, *kinds, *[good] * 40), good], 0)
        g.add('all kinds of errors alone, %d' % seed, [sometimes(seed, *kinds, *[good] * 20)], 0, 3, 4, 5)
    g.add('each lacks what the other has',
          [lambda r: (good if r.raw[-1] & 1 else empty)(r), lambda r: (empty if r.raw[-1] & 1 else good)(r)], 0)
    g.add('nobody is there', ['http://127.0.0.1:1'], 5, seconds=5)
    g.add('nobody is there, and a good one', ['http://127.0.0.1:1', good], 0, seconds=5)
    g.add('no such host', ['http://nobody.invalid'], 5)
    g.add('TLS that is none', ['https://127.0.0.1:%d/0' % g.server.port], 5)


def cars(g):
    """A CAR that is bad costs time, and nothing else: its blocks are asked for one by one."""
    def case(name, behaviour):
        g.add('a CAR %s' % name, [behaviour], 0, seconds=15)

    def flip(raw, block):
        return raw, block[:-1] + bytes([block[-1] ^ 1]) if block else block

    rng = random.Random(5)
    case('as it should be', good)
    case('whose blocks are all wrong', car_of(lambda b: [flip(*each) for each in b]))
    case('whose every other block is wrong',
         car_of(lambda b: [flip(*each) if i & 1 else each for i, each in enumerate(b)]))
    case('with wrong ones in front', car_of(lambda b: [flip(*each) for each in b] + b))
    case('in reverse', car_of(lambda b: b[::-1]))
    case('that is shuffled', car_of(lambda b: rng.sample(b, len(b))))
    case('with each block twice', car_of(lambda b: [each for each in b for _ in range(2)]))
    case('without every third block', car_of(lambda b: [each for i, each in enumerate(b) if i % 3]))
    case('of the root alone', car_of(lambda b: b[:1]))
    case('of nothing', car_of(lambda b: []))
    case('of bafkqaaa', for_cars(empty_car))
    case('of blocks that nobody wants', car_of(
        lambda b: [(ipld.cid(ipld.RAW, b'%d' % i), b'%d' % i) for i in range(500)]))
    for size in (1, 1000, 1 << 20):
        case('without an end, of blocks of %d bytes' % size, endless_car(size))
    for n in range(0, 12, 4 if judge.SLOW else 1):
        case('cut off behind block %d' % n, cut_car(n))
        case('cut off in block %d' % (n + 1), cut_car(n, 30))
    for name, junk in (('text', b'no CAR at all\n' * 100), ('zeros', bytes(5000)),
                       ('a length of 2^62', ipld.varint(1 << 62)), ('an endless length', b'\xff' * 40),
                       ('a section of 7 MB that does not come', ipld.varint(7 << 20) + bytes(100)),
                       ('the message of a gateway',
                        b'\r\n[Gateway Error: CAR stream truncated, response is incomplete]\r\n')):
        case('that is %s' % name, car_bytes(lambda car, junk=junk: junk))
        case('with %s behind it' % name, car_bytes(lambda car, junk=junk: car + junk))
    for at in range(0, 200, 50 if judge.SLOW else 7):
        case('one bit of which is another, at byte %d' % at,
             car_bytes(lambda car, at=at: car[:at] + bytes([car[at] ^ 4]) + car[at + 1:]))
    case('that comes byte after byte', for_cars(drip))
    case('that comes slowly', for_cars(slow_car))
    case('that stops', for_cars(two_speed_car))
    case('that does not come', for_cars(stall))
    case('with a header without an end', for_cars(endless_header))
    case('that is compressed', for_cars(squeezed('Content-Encoding: gzip', False)))
    case('that is a bomb', for_cars(squeezed('Content-Encoding: gzip', True)))
    case('that is a bomb in transfer', for_cars(squeezed_chunks))
    for code in (404, 412, 429, 500, 503):
        case('in place of which there is HTTP %d' % code, for_cars(status(code)))
    case('that is elsewhere', for_cars(redirect_on(2)))
    case('that is nowhere', for_cars(redirect('file:///etc/passwd')))
    case('of which the server knows nothing', for_cars(reset))


def make_cases(path, top, key):
    gateways = Gateways(path, top, key)
    for kind in (lies, cuts, endless, slow, astray, errors, mixed, cars):
        kind(gateways)
    return gateways.cases


if __name__ == '__main__':
    judge.limit()
    judge.run_cases(sys.argv[2], sys.argv[1], make_cases(*sys.argv[3:]), workers=8)
