# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small DAGs that are huge trees: lawful, but nothing may be made of them. A part of
hostile_tree.py, and what is no tree: dag-cbor."""
import ipld
import judge

MIB = 1 << 20
LEVELS = 40


def doubled_file(leaf):
    """2^40 times the leaf, from 41 blocks."""
    def make(b):
        raw, size = b.put(ipld.RAW, leaf), len(leaf)
        for _ in range(LEVELS):
            raw, size = b.file([raw, raw], [size, size]), 2 * size
        return raw, None
    return make


def doubled_tree(make_leaf):
    """2^40 times what stands at the bottom, in 40 levels."""
    def make(b):
        raw = make_leaf(b)
        for _ in range(LEVELS):
            raw = b.directory([(b'a', raw), (b'b', raw)])
        return raw, None
    return make


def wide_tree(b):
    """10^12 empty files in four levels."""
    raw = b.put(ipld.RAW, b'')
    for _ in range(4):
        raw = b.directory([(b'%03d' % i, raw) for i in range(1000)])
    return raw, None


def wide_file(b):
    """10^12 times nothing, in four levels."""
    raw = b.put(ipld.RAW, b'')
    for _ in range(4):
        raw = b.file([raw] * 1000, [0] * 1000)
    return raw, None


def doubled_hamt(b):
    """8^20 shards, and an entry that can be in one of them at most."""
    raw = ipld.hamt_shard(b, [(ipld.hamt_place(b'a', 20, 3), b'a', b.put(ipld.RAW, b''))], fanout=8)
    for _ in range(20):
        raw = ipld.hamt_shard(b, [(i, b'', raw) for i in range(8)], fanout=8)
    return raw, None


def tall_and_wide(b):
    """Wide directories, all of them open at the bottom."""
    raw = b.directory([])
    leaf = b.put(ipld.RAW, b'x')
    for level in range(60):
        raw = b.node([(b'%d' % i, leaf, 1) for i in range(10000, 14000)] + [(b'z%d' % level, raw, 0)],
                     ipld.unixfs(ipld.T_DIRECTORY))
    return raw, None


def bombs(t):
    refused = (1,)
    small = bytes(100000)
    for name, make in (('2^60 bytes from 41 blocks', doubled_file(bytes(MIB))),
                       ('2^60 bytes in 2^40 files', doubled_tree(
                           lambda b: b.put(ipld.RAW, bytes(MIB)))),
                       ('2^40 empty files', doubled_tree(lambda b: b.put(ipld.RAW, b''))),
                       ('2^40 empty directories', doubled_tree(lambda b: b.directory([]))),
                       ('2^40 symlinks', doubled_tree(lambda b: b.symlink(b'x'))),
                       ('2^80 empty directories and files', doubled_tree(
                           lambda b: doubled_tree(lambda b: b.put(ipld.RAW, b''))(b)[0])),
                       ('10^12 empty files', wide_tree)):
        t.add(name, make, (1, 3), dump=refused, get=refused, verify=(0, 3), archive=small)
    t.add('2^60 bytes, with --max-size', doubled_file(bytes(MIB)), (1, 3), dump=refused,
          get=refused, verify=(0, 3), get_args=('--max-size', '1M'))
    t.add('2^40 times no bytes', doubled_file(b''), (0, 1, 3), dump=(0, 1), get=(0, 1),
          verify=(0, 1, 3), archive=ipld.nar(('file', b'')))
    t.add('10^12 times no bytes', wide_file, (0, 1, 3), dump=(0, 1), get=(0, 1), verify=(0, 1, 3),
          archive=ipld.nar(('file', b'')))
    t.add('a HAMT of 8^20 shards', doubled_hamt, (1, 3), verify=(0, 1, 3))
    t.add('60 wide directories, one in the other', tall_and_wide, (3,), dump=refused, get=refused,
          verify=(3,), get_args=('--max-size', '1'))
    t.cases += cbor()


def cbor():
    link = b'\xd8\x2a' + ipld.cbor_bytes(b'\0' + ipld.cid(ipld.RAW, b'leaf'))
    endless = b'\x9b' + b'\xff' * 8
    found = []

    def add(name, block, *codes, size=None):
        def case(worker):
            b = ipld.Blocks()
            b.put(ipld.RAW, b'leaf')
            raw = b.put(ipld.DAG_CBOR, block)
            out = worker.file('out.car', b'')
            result = worker.run('export', ipld.cid_text(raw), '-o', out, '--from',
                                worker.file('cbor.car', ipld.car([raw], b.items())))
            problem = judge.check(result, codes)
            if problem is None and result.code == 0:
                with open(out, 'rb') as f:
                    n = len(ipld.read_car(f.read()))
                if n != size:
                    problem = '%d blocks instead of %d' % (n, size)
            return problem
        found.append(('dag-cbor: ' + name, case))

    add('a link', link, 0, size=2)
    add('10,000 lists around a link', b'\x81' * 10000 + link, 0, 1, size=2)
    add('1,000,000 lists around a link', b'\x81' * 1000000 + link, 0, 1, size=2)
    add('10,000 maps around a link', b'\xa1\x61a' * 10000 + link, 0, 1, size=2)
    add('10,000 lists around nothing', b'\x81' * 10000, 1)
    add('a list of 2^64 - 1', endless, 1)
    add('a list of 2^64 - 1 links', endless + link * 100, 1)
    add('a map of 2^64 - 1', b'\xbb' + b'\xff' * 8, 1)
    add('bytes of 2^63', b'\x5b\x80' + bytes(7), 1)
    add('text of 2^32', b'\x7a\xff\xff\xff\xff', 1)
    add('a list of no end', b'\x9f' + link + b'\xff', 1)
    add('tags in tags', b'\xd8\x2a' * 10000 + link, 1)
    add('something behind', link + b'\0', 1)
    add('a long number', b'\x18\x01', 1)
    add('keys out of order', b'\xa2\x61b\x01\x61a\x01', 1)
    add('a key twice', b'\xa2\x61a\x01\x61a\x01', 1)
    add('nothing', b'', 1)
    return found
