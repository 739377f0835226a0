# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_car.py PROGRAM FOLDER CAR CID KEY: the CAR of a closure, cut, bent and shuffled."""
import random

import closures
import ipld
import judge

STEP = 9 if judge.SLOW else 1


class Cars:
    """The cases: (name, function), each with a function that makes its CAR when it is due, as
    all of them together would be too much to hold."""

    def __init__(self, path, top, key):
        self.closure = closures.Closure.read(path, top)
        self.known = self.closure.nar_hashes()
        with open(path, 'rb') as f:
            self.whole = f.read()
        self.sections = ipld.read_car(self.whole)
        self.body = self.whole[self.sections[0][0]:]
        self.blocks = list(self.closure.blocks.items())
        self.top, self.key = top, key
        self.root = ipld.cid_from_text(top)
        self.rng = random.Random(3)
        self.cases = []

    def realize(self, worker, data, codes, pipe):
        worker.wipe()
        file = worker.file('hostile.car', data)
        args = ['realize', '-q', self.top, '--from', '-' if pipe else file,
                '--store', worker.store.folder, '--trusted-public-keys', self.key]
        if pipe:
            with open(file, 'rb') as f:
                result = judge.run(['sh', '-c', 'cat | "$@"', '-', worker.program, *args],
                                   worker.env, stdin=f)
        else:
            result = worker.run(*args)
        problem = judge.check(result, codes) or worker.store.problem(self.known)
        if problem is None and result.code == 0 and set(worker.store.valid()) != set(self.known):
            problem = 'exit 0, and not all paths are there'
        return problem

    def add(self, name, make, *codes, pipe=False):
        self.cases.append((name, lambda worker: self.realize(worker, make(), codes, pipe)))

    def add_both(self, name, make, *codes):
        self.add(name, make, *codes)
        self.add(name + ', from a pipe', make, *codes, pipe=True)

    def bent(self, data, at, bits):
        return data[:at] + bytes([data[at] ^ bits]) + data[at + 1:]


def cut(c):
    first = c.sections[1][0] + 40
    for at in range(0, first, STEP):
        c.add('cut at byte %d' % at, lambda at=at: c.whole[:at], 1, 4)
    for at, _, _, block, _ in c.sections:
        for cut_at in (block,) if judge.SLOW else (at, block):
            if cut_at >= first:
                c.add('cut at byte %d' % cut_at, lambda at=cut_at: c.whole[:at], 4)
    for at in range(0, first, 50 * STEP):
        c.add('a pipe that ends at byte %d' % at, lambda at=at: c.whole[:at], 1, 4, pipe=True)


def one_bit(c):
    def add(what, number, start, end, *codes):
        at, bits = c.rng.randrange(start, end), 1 << c.rng.randrange(8)
        c.add('a bit of %s block %d, byte %d' % (what, number, at),
              lambda: c.bent(c.whole, at, bits), *codes)

    for number, (at, start, digest, block, end) in enumerate(c.sections):
        if end > block:
            add('the data of', number, block, end, 3)
        add('the digest of', number, digest, block, 4)
        if judge.SLOW or number % 3:
            continue
        # a CID of another kind, or a block that begins elsewhere: found by its hash, or lost
        add('what stands before the digest of', number, start, digest, 0, 1, 3, 4)
        add('the length of', number, at, start, 3, 4)


def blocks(c):
    whole = c.blocks
    for number in range(0, len(whole), STEP):
        c.add('without block %d' % number,
              lambda i=number: ipld.car([c.root], whole[:i] + whole[i + 1:]), 4)
    wrong = [(raw, block[:-1] + bytes([block[-1] ^ 1])) for raw, block in whole if block]
    for name, order in (('reversed', whole[::-1]), ('shuffled', c.rng.sample(whole, len(whole))),
                        ('all twice', whole + whole),
                        ('each twice', [block for block in whole for _ in range(2)]),
                        ('wrong ones in front', wrong + whole),
                        ('wrong ones behind', whole + wrong)):
        c.add_both('blocks %s' % name, lambda order=order: ipld.car([c.root], order), 0)
    c.add_both('blocks all wrong', lambda: ipld.car([c.root], wrong), 3)


def header(c):
    more = ipld.Blocks()
    for i in range(200):
        more.put(ipld.RAW, b'not wanted %d' % i)
    other = more.put(ipld.RAW, b'another root')
    c.add('blocks that nobody wants', lambda: ipld.car([c.root], list(more.items()) + c.blocks), 0)
    for name, roots in (('no roots', []), ('another root', [other]),
                        ('many roots', [other] * 100 + [c.root])):
        c.add_both('a header with %s' % name, lambda roots=roots: ipld.car_header(roots) + c.body, 0)
    c.add_both('a CAR without the CID', lambda: ipld.car([c.root], more.items()), 4)
    c.add_both('a CAR without blocks', lambda: ipld.car_header([c.root]), 4)
    length = ipld.read_varint(c.whole, 0)[0]
    for name, bad in (
            ('of no bytes', b'\0'), ('that is no CBOR', b'\x05hello'),
            ('of version 3', ipld.car_header([c.root], 3)),
            ('of 2^40 bytes', ipld.varint(1 << 40)), ('of 2^63 bytes', ipld.varint(1 << 63)),
            ('with an endless varint', b'\xff' * 40),
            ('with a varint of 11 bytes', b'\x80' * 10 + b'\1'),
            ('with a padded varint', bytes([length | 0x80]) + b'\0' + c.whole[1:length + 1]),
            ('with nested lists', b'\x7f\xa2\x65roots' + b'\x81' * 119),
            ('with 2^32 roots', b'\x14\xa2\x65roots\x9a\xff\xff\xff\xff\x67version'),
            ('of version 2 alone', b'\x0a\xa1\x67version\x02')):
        c.add('a header %s' % name, lambda bad=bad: bad + c.body, 1)
        c.add('a header %s, and nothing else' % name, lambda bad=bad: bad, 1)
    c.add_both('an empty file', lambda: b'', 1)
    c.add_both('a file of text', lambda: b'this is no CAR\n' * 1000, 1)


def sections(c):
    at = c.sections[0][0]
    amid = c.sections[len(c.sections) // 2][0]
    for name, junk in (
            ('a section of no bytes', b'\0'), ('a length of 2^30', ipld.varint(1 << 30)),
            ('a length of 2^62', ipld.varint(1 << 62)), ('a length of 2^64', b'\xff' * 9 + b'\1'),
            ('an endless length', b'\xff' * 100), ('a padded length', b'\x85\0' + bytes(5)),
            ('a CID cut short', b'\x03\x01\x55\x12'),
            ('a CID of version 9', b'\x26\x09' + bytes(37)),
            ('a multihash of 2^40 bytes', b'\x20\x01\x55\x12' + ipld.varint(1 << 40) + bytes(23)),
            ('text', b'garbage of all kinds\n' * 10), ('zeros', bytes(4096))):
        c.add_both('%s behind the blocks' % name, lambda junk=junk: c.whole + junk, 0)
        c.add('%s in front of the blocks' % name,
              lambda junk=junk: c.whole[:at] + junk + c.body, 4)
        c.add('%s amid the blocks' % name,
              lambda junk=junk: c.whole[:amid] + junk + c.whole[amid:], 4)


def version_2(c):
    garbage = b'\x81\x08' + b'\xff' * 99
    other = ipld.car([], [(ipld.cid(ipld.RAW, b'x'), b'x')])
    for name, make in (
            ('without an index', lambda: ipld.car_v2(c.whole)),
            ('with a sorted index', lambda: ipld.car_v2(c.whole, index_codec=0x0400)),
            ('with a multihash index', lambda: ipld.car_v2(c.whole, index_codec=0x0401)),
            ('with a gap', lambda: ipld.car_v2(c.whole, gap=100)),
            ('with garbage for an index', lambda: ipld.car_v2(c.whole, garbage)),
            ('with the index of another CAR',
             lambda: ipld.car_v2(c.whole, ipld.car_index(other, 0x0401))),
            ('with an unknown index', lambda: ipld.car_v2(c.whole, b'\x80\x09' + bytes(99)))):
        c.add_both('CARv2 %s' % name, make, 0)
    good = ipld.car_v2(c.whole, index_codec=0x0401)
    index = 51 + len(c.whole)
    for at in range(11, 51, 2 + STEP // 3):
        c.add('CARv2 with byte %d of its header bent' % at,
              lambda at=at: c.bent(good, at, 0x11), 0, 1, 3, 4)
    for at in range(0, 120, 3 * STEP):
        c.add('CARv2 cut at byte %d' % at, lambda at=at: good[:at], 1, 4)
    for at in range(index, len(good), 101 * STEP):
        c.add('CARv2 with its index cut at byte %d' % (at - index), lambda at=at: good[:at], 0)
        c.add('CARv2 with byte %d of its index bent' % (at - index),
              lambda at=at: c.bent(good, at, 0x40), 0)


def cases(path, top, key):
    c = Cars(path, top, key)
    for kind in (cut, one_bit, blocks, header, sections, version_2):
        kind(c)
    return c.cases


if __name__ == '__main__':
    judge.main(cases)
