# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_tree.py PROGRAM FOLDER: trees that lie, or are much larger than they look, given to
every command that reads a DAG."""
import hashlib
import os

import closures
import hostile_bombs
import ipld
import judge

BASE = '0123456789abcdfghijklmnpqrsvwxyz-tree'
FINE, REFUSED, EITHER = (0,), (1,), (0, 1)
LEAF = b'leaf'


class Trees:
    def __init__(self):
        self.store_dir = os.environ['NIX_STORE_DIR']
        self.cases = []

    def add(self, name, make, realize=REFUSED, dump=None, get=None, ls=EITHER, show=EITHER,
            export=FINE, verify=None, archive=None, get_args=()):
        """make: puts blocks and returns the CID of the tree and the same as ipld.nar() takes
        it, or None. archive: the NAR that is promised. The others: exit codes."""
        dump = realize if dump is None else dump
        get = dump if get is None else get
        verify = (FINE if realize == FINE else (0, 1, 3)) if verify is None else verify

        def case(worker):
            closure = closures.Closure()
            raw, node = make(closure.blocks)
            promise = archive or (ipld.nar(node) if node else bytes(1000))
            closure.add('%s/%s' % (self.store_dir, BASE), raw, promise)
            top = closure.directory()
            known = {BASE: hashlib.sha256(promise).hexdigest()}
            from_car = ['--from', worker.file('tree.car', closure.car(top))]
            run = Reader(worker, closure.blocks, top, raw, from_car)
            return run.realize(realize, known) or run.dump(dump, known[BASE]) or \
                run.get(get, get_args) or run.export(export) or \
                run.read(ls, 'ls', '-R', run.tree) or run.read(EITHER, 'cat', run.tree) or \
                run.read(show, 'show', '--closure', run.top) or \
                run.read(verify, 'verify', run.top)
        self.cases.append((name, case))


class Reader:
    """Gives one tree to the commands."""

    def __init__(self, worker, blocks, top, tree, from_car):
        self.worker, self.blocks, self.root, self.from_car = worker, blocks, top, from_car
        self.top, self.tree = ipld.cid_text(top), ipld.cid_text(tree)

    def realize(self, codes, known):
        store = self.worker.store
        self.worker.wipe()
        result = self.worker.run('realize', '-q', self.top, *self.from_car, '--no-check-sigs',
                                 '--store', store.folder)
        problem = judge.check(result, codes) or store.problem(known)
        return problem and 'realize: ' + problem

    def dump(self, codes, digest):
        if codes != FINE:
            return self.read(codes, 'dump', self.tree)
        path = self.worker.file('tree.nar', b'')
        with open(path, 'wb') as out:
            problem = judge.check(self.worker.run('dump', self.tree, *self.from_car, out=out), codes)
        with open(path, 'rb') as f:
            if not problem and hashlib.sha256(f.read()).hexdigest() != digest:
                problem = 'another NAR'
        return problem and 'dump: ' + problem

    def get(self, codes, more):
        folder = os.path.join(self.worker.folder, 'got')
        os.mkdir(folder)
        result = self.worker.run('get', self.tree, os.path.join(folder, 'x'), *self.from_car, *more)
        problem = judge.check(result, codes)
        left = os.listdir(folder)
        if not problem and left != (['x'] if result.code == 0 else []):
            problem = 'it left %s' % left
        judge.remove(folder)
        return problem and 'get: ' + problem

    def export(self, codes):
        path = os.path.join(self.worker.folder, 'out.car')
        result = self.worker.run('export', self.top, '-o', path, *self.from_car)
        problem = judge.check(result, codes)
        if not problem and result.code == 0:
            with open(path, 'rb') as f:
                data = f.read()
            got = {data[start:block] for _, start, _, block, _ in ipld.read_car(data)}
            if got != self.blocks.reachable(self.root):
                problem = 'other blocks than there are'
        return problem and 'export: ' + problem

    def read(self, codes, *args):
        """Until it has printed ten million bytes."""
        result = self.worker.run(*args, *self.from_car, until=10000000)
        problem = judge.check(result, codes)
        return problem and '%s: %s' % (args[0], problem)


def one(entry, name=b'a'):
    """A tree with one entry."""
    return lambda b: (b.directory([(name, ipld.put_tree(b, entry))]), ('dir', [(name, entry)]))


def names(t):
    for name in (b'..', b'.', b'', b'a/b', b'/', b'/etc/passwd', b'../../x', b'a\0b', b'\0'):
        t.add('a file named %r' % name, one(('file', LEAF), name))
        t.add('a directory named %r' % name, one(('dir', [(b'x', ('file', LEAF))]), name))
    for name in (b'...', b'-', b' ', b'a\nb', b'\x1b[31m', b'\xff\xfe', b'~nix~case~hack~1',
                 b'x' * 255):
        t.add('a file named %r' % name, one(('file', LEAF), name), FINE)
    t.add('a name of 256 bytes', one(('file', LEAF), b'x' * 256))
    t.add('a name of 100,000 bytes', one(('file', LEAF), b'x' * 100000))

    def links(*entries):
        def make(b):
            put = [(name, ipld.put_tree(b, node), 0) for name, node in entries]
            return b.node(put, ipld.unixfs(ipld.T_DIRECTORY)), ('dir', list(entries))
        return make
    file, folder = ('file', LEAF), ('dir', [(b'x', ('file', LEAF))])
    t.add('unsorted links', links((b'b', file), (b'a', folder), (b'c', file)), FINE)
    t.add('a name twice', links((b'a', file), (b'a', file)))
    t.add('a name twice, not side by side', links((b'a', file), (b'b', file), (b'a', file)))
    t.add('a file and a directory of one name', links((b'a', file), (b'a', folder)))
    t.add('a symlink and a directory of one name', links((b'a', ('link', b'/tmp')), (b'a', folder)))
    t.add('a name with a newline twice', links((b'a\nb', file), (b'a\nb', file)))
    t.add('a link without a name', lambda b: (b.node(
        [(None, b.put(ipld.RAW, LEAF), 4)], ipld.unixfs(ipld.T_DIRECTORY)), None))


def limits(t):
    for target, codes in ((b'', REFUSED), (b'a', FINE), (b'/etc/passwd', FINE), (b'../' * 100, FINE),
                          (b'\xff\n', FINE), (b'x' * 4095, FINE), (b'x' * 4096, REFUSED),
                          (b'x' * 70000, REFUSED), (b'a\0b', REFUSED)):
        t.add('a symlink to %d bytes, %r' % (len(target), target[:12]), one(('link', target)), codes)

    def deep(levels, last):
        def make(b):
            node = last
            for _ in range(levels):
                node = ('dir', [(b'd', node)])
            return ipld.put_tree(b, node), node
        return make
    for last in (('file', LEAF), ('dir', []), ('link', b'x')):
        t.add('63 levels, %s' % last[0], deep(63, last), FINE)
        t.add('64 levels, %s' % last[0], deep(64, last), REFUSED, get=FINE)
    t.add('1000 levels', deep_chain(1000), (3,), dump=REFUSED, get=FINE, archive=bytes(1000))
    t.add('21,000 levels', deep_chain(21000), (3,), dump=REFUSED, get=REFUSED, archive=bytes(1000))


def deep_chain(levels):
    def make(b):
        raw = b.directory([])
        for _ in range(levels):
            raw = b.directory([(b'd', raw)])
        return raw, None
    return make


def sizes(t):
    def file(parts, blocksizes, filesize, data=None):
        """What is promised is what the parts hold."""
        def make(b):
            raws = [b.put(ipld.RAW, part) for part in parts]
            links = [(b'', raw, len(part)) for raw, part in zip(raws, parts)]
            message = ipld.unixfs(ipld.T_FILE, data, filesize, blocksizes)
            return b.node(links, message), ('file', (data or b'') + b''.join(parts))
        return make
    t.add('a file as it should be', file([b'ab', b'cde'], [2, 3], 5), FINE)
    t.add('a file with bytes of its own', file([b'ab', b'cde'], [2, 3], 7, b'xy'), FINE)
    for name, args in (('filesize too large', ([b'ab', b'cde'], [2, 3], 6)),
                       ('filesize too small', ([b'ab', b'cde'], [2, 3], 4)),
                       ('no filesize', ([b'ab', b'cde'], [2, 3], None)),
                       ('a part shorter than said', ([b'ab', b'cde'], [2, 4], 6)),
                       ('a part longer than said', ([b'ab', b'cde'], [2, 2], 4)),
                       ('sizes exchanged', ([b'ab', b'cde'], [3, 2], 5)),
                       ('an empty part that is not', ([b'ab', b'cde'], [0, 3], 3)),
                       ('a size too few', ([b'ab', b'cde'], [5], 5)),
                       ('a size too many', ([b'ab', b'cde'], [2, 3, 0], 5)),
                       ('sizes of 2^64 together', ([b'ab', b'cde'], [(1 << 64) - 1, 6], 5)),
                       ('a filesize of 2^63', ([b'ab'], [1 << 63], 1 << 63)),
                       ('a filesize of 2^64 - 1 without parts', ([], [], (1 << 64) - 1, b'x'))):
        t.add('a file with %s' % name, file(*args), (1, 3), verify=(0, 1, 3))

    def tsize(size):
        return lambda b: (b.node([(b'a', b.put(ipld.RAW, LEAF), size)], ipld.unixfs(ipld.T_DIRECTORY)),
                          ('dir', [(b'a', ('file', LEAF))]))
    for size in (0, 1, 5, 1 << 32):
        t.add('a Tsize of %d instead of 4' % size, tsize(size), FINE)
    for size in ((1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        t.add('a Tsize of %d instead of 4' % size, tsize(size), EITHER, export=EITHER,
              verify=(0, 1, 3))
    for mib, codes in ((2, FINE), (5, (0, 1, 4))):
        t.add('a block of %d MiB' % mib, lambda b, data=bytes(mib << 20): (
            b.put(ipld.RAW, data), ('file', data)), codes, export=codes)


def nodes(t):
    """Blocks that are no UnixFS, or not where they should be."""
    u = ipld.unixfs
    for name, make in (
            ('no data', lambda b: b.node([], None)), ('data of no bytes', lambda b: b.node([], b'')),
            ('garbage as data', lambda b: b.node([], b'\xff' * 20)),
            ('a message without a type', lambda b: b.node([], ipld.field(2, b'x'))),
            ('type 3, metadata', lambda b: b.node([], u(3, b'x'))),
            ('type 6', lambda b: b.node([], u(6))), ('type 2^40', lambda b: b.node([], u(1 << 40))),
            ('a file that has a directory as part',
             lambda b: b.node([(b'', b.directory([]), 4)], u(2, None, 0, [0]))),
            ('a file whose part has a name',
             lambda b: b.node([(b'x', b.put(ipld.RAW, LEAF), 4)], u(2, None, 4, [4]))),
            ('a symlink with links',
             lambda b: b.node([(b'', b.put(ipld.RAW, LEAF), 4)], u(4, b'x'))),
            ('an entry of dag-cbor',
             lambda b: b.directory([(b'a', b.put(ipld.DAG_CBOR, b'\x80'))])),
            ('an entry of an unknown codec', lambda b: b.directory([(b'a', b.put(0x300000, b'x'))])),
            ('a directory without links of dag-pb that is garbage',
             lambda b: b.put(ipld.DAG_PB, b'\xff' * 50)),
            ('a message of 10,000 modes', lambda b: b.node([], u(1) + ipld.field(7, 0o755) * 10000))):
        t.add('a tree of %s' % name, lambda b, make=make: (make(b), None), (1, 3), dump=EITHER,
              export=EITHER, verify=(0, 1, 3))
    t.add('a missing entry', lambda b: (b.directory([(b'a', ipld.cid(ipld.RAW, b'gone'))]), None),
          (4,), ls=EITHER + (4,), show=(4,), export=(4,), verify=(1, 3, 4))

    def identity(b):
        small = b.put(ipld.RAW, b'in the CID', ipld.IDENTITY)
        link = b.node([], u(4, b'f'), ipld.IDENTITY)
        script = b.node([], u(2, b'#!', 2, mode=0o555), ipld.IDENTITY)
        inner = b.node([(b'f', small, 10)], u(1), ipld.IDENTITY)
        file = b.node([(b'', small, 10)] * 2, u(2, None, 20, [10, 10]))
        node = ('file', b'in the CID')
        return b.directory([(b'd', inner), (b'f', small), (b'l', link), (b'x', script),
                            (b'z', file)]), \
            ('dir', [(b'd', ('dir', [(b'f', node)])), (b'f', node), (b'l', ('link', b'f')),
                     (b'x', ('file', b'#!', True)), (b'z', ('file', b'in the CID' * 2))])
    t.add('blocks in their CIDs', identity, FINE)
    t.add('a CID of 1000 bytes', lambda b: (b.directory(
        [(b'a', b.put(ipld.RAW, bytes(1000), ipld.IDENTITY))]), None), export=EITHER)
    t.add('a CID with an empty digest', lambda b: (b.directory(
        [(b'a', b'\x01\x55\x12\x00')]), None), REFUSED, export=REFUSED)
    t.add('a CID with a digest of 8 bytes', lambda b: (b.directory(
        [(b'a', b'\x01\x55\x12\x08' + bytes(8))]), None), REFUSED, export=REFUSED)

    def data_first(b):
        raw = b.put(ipld.RAW, LEAF)
        block = ipld.field(1, u(1)) + ipld.pb_node([(b'a', raw, 4)], None)
        return b.put(ipld.DAG_PB, block), ('dir', [(b'a', ('file', LEAF))])
    t.add('data before links', data_first, FINE)


def hamts(t):
    def shard(entries, **more):
        """One shard of files."""
        def make(b):
            raw = b.put(ipld.RAW, LEAF)
            slots = [(ipld.hamt_place(name), name, raw) for name in entries]
            return ipld.hamt_shard(b, slots, **more), ('dir', [(n, ('file', LEAF)) for n in entries])
        return make
    few = [b'a', b'b', b'c', b'd']
    assert len({ipld.hamt_place(name) for name in few}) == 4
    t.add('a HAMT as it should be', shard(few), FINE)
    t.add('an empty HAMT', shard([]), EITHER)
    for fanout in (0, 1, 2, 3, 4, 255, 2048, 1 << 20, 1 << 32, 1 << 63):
        t.add('a HAMT with fanout %d' % fanout, shard(few, fanout=fanout, field_of=[1, 2, 3, 4]))
    for code in (None, 0, 0x12, 0x23, 1 << 40):
        t.add('a HAMT with hash type %s' % code, shard(few, hash_type=code))
    places = [ipld.hamt_place(name) for name in few]
    t.add('a HAMT whose bit field has too few', shard(few, field_of=places[:3]))
    t.add('a HAMT whose bit field has too many', shard(few, field_of=places + [255]))
    t.add('a HAMT whose bit field has others', shard(few, field_of=[1, 2, 3, 4]))
    t.add('a HAMT whose bit field is long', shard(few, field_of=places + [3000]))

    def slots(make_slots, **more):
        def make(b):
            return ipld.hamt_shard(b, make_slots(b, b.put(ipld.RAW, LEAF)), **more), None
        return make
    at = ipld.hamt_place(b'a')
    t.add('a HAMT with an entry elsewhere', slots(lambda b, raw: [(at ^ 1, b'a', raw)]))
    t.add('a HAMT with two in one place', slots(
        lambda b, raw: [(at, b'a', raw), (at, b'a', raw)], field_of=[at, at ^ 1]))
    t.add('a HAMT with \'..\'', slots(lambda b, raw: [(ipld.hamt_place(b'..'), b'..', raw)]))
    t.add('a HAMT with \'a/b\'', slots(lambda b, raw: [(ipld.hamt_place(b'a/b'), b'a/b', raw)]))

    def below(make_inner, where=at):
        return slots(lambda b, raw: [(where, b'', make_inner(b, raw))])
    second = ipld.hamt_place(b'a', 1)
    t.add('a HAMT in a HAMT', lambda b: (
        below(lambda b, raw: ipld.hamt_shard(b, [(second, b'a', raw)]))(b)[0],
        ('dir', [(b'a', ('file', LEAF))])), FINE)
    t.add('a HAMT in a HAMT, elsewhere', below(
        lambda b, raw: ipld.hamt_shard(b, [(second, b'a', raw)]), at ^ 1))
    t.add('a HAMT in a HAMT, of another fanout', below(
        lambda b, raw: ipld.hamt_shard(b, [(1, b'a', raw)], fanout=16)))
    t.add('an empty HAMT in a HAMT', below(lambda b, raw: ipld.hamt_shard(b, [])))
    t.add('a flat directory in a HAMT', below(lambda b, raw: b.directory([(b'a', raw)])))
    t.add('a file in place of a HAMT', below(lambda b, raw: raw))

    def twice(b, raw):
        inner = ipld.hamt_shard(b, [(second, b'a', raw)])
        return [(at, b'', inner), (at ^ 1, b'', inner)]
    t.add('one HAMT in two places', slots(twice))

    def chain(b, raw):
        inner = ipld.hamt_shard(b, [(0, b'a', raw)])
        for _ in range(500):
            inner = ipld.hamt_shard(b, [(0, b'', inner)])
        return [(0, b'', inner)]
    t.add('a HAMT 500 deep', slots(chain))


def cases():
    t = Trees()
    for kind in (names, limits, sizes, nodes, hamts, hostile_bombs.bombs):
        kind(t)
    return t.cases


if __name__ == '__main__':
    judge.main(cases)
