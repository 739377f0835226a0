# SPDX-License-Identifier: LGPL-2.1-or-later
"""Closure directories: a real one, read from the CAR that was exported, to be written again
with lies; or one made of nothing."""
import hashlib

import ipld


class Closure:
    """
    blocks:   all blocks of the CAR
    infos:    narinfos by hash part: lists of [key, value]
    trees:    CIDs by base name
    results:  targets of the result symlinks, by name
    """

    def __init__(self):
        self.blocks = ipld.Blocks()
        self.infos, self.trees, self.results = {}, {}, {}

    @staticmethod
    def read(path, top):
        self = Closure()
        with open(path, 'rb') as f:
            data = f.read()
        for _, start, _, block, end in ipld.read_car(data):
            self.blocks[data[start:block]] = data[block:end]
        for name, raw, _ in ipld.pb_links(self.blocks[ipld.cid_from_text(top)]):
            name = name.decode()
            if name == 'store':
                self.trees = {base.decode(): tree for base, tree, _ in
                              ipld.pb_links(self.blocks[raw])}
            elif name.endswith('.narinfo'):
                lines = self.blocks[raw].decode().splitlines()
                self.infos[name[:32]] = [line.split(': ', 1) for line in lines]
            elif name.startswith('result'):
                target = self.blocks[raw].split(b'store/', 1)[1]
                self.results[name] = b'store/' + target
        return self

    def add(self, path, raw, archive):
        """A path without references, and the NAR that it is said to be."""
        base = path.rsplit('/', 1)[1]
        self.infos[base[:32]] = [['StorePath', path], ['URL', 'nar/x.nar'], ['Compression', 'none'],
                                 ['NarHash', ''], ['NarSize', ''], ['References', '']]
        self.results['result'] = b'store/' + base.encode()
        self.set_tree(base, raw, archive)

    def get(self, part, key):
        return next((value for name, value in self.infos[part] if name == key), None)

    def put(self, part, key, value):
        """Another value for a key, or none."""
        lines = [line for line in self.infos[part] if line[0] != key]
        at = next((i for i, line in enumerate(self.infos[part]) if line[0] == key), len(lines))
        if value is not None:
            lines.insert(at, [key, value])
        self.infos[part] = lines

    def nar_hashes(self):
        """Base names, with the NAR hashes in base 16."""
        return {base: from_nix32(self.get(base[:32], 'NarHash').split(':')[1]).hex()
                for base in self.trees}

    def set_tree(self, base, raw, archive):
        """Another tree, whose NAR this is."""
        self.trees[base] = raw
        self.put(base[:32], 'NarHash', 'sha256:' + ipld.nix32(hashlib.sha256(archive).digest()))
        self.put(base[:32], 'NarSize', str(len(archive)))

    def directory(self, narinfos=None, more=(), store=None):
        """The closure directory. narinfos: other bytes by hash part, or a CID; more: further
        entries; store: another CID for it."""
        entries = list(more)
        for part, lines in self.infos.items():
            text = (narinfos or {}).get(part)
            if text is None:
                text = ''.join('%s: %s\n' % tuple(line) for line in lines).encode()
            if not text.startswith(b'\x01\x70'):
                text = self.blocks.put(ipld.RAW, text)
            entries.append((part.encode() + b'.narinfo', text))
        for name, target in self.results.items():
            entries.append((name.encode(), self.blocks.symlink(target)))
        if store is None:
            store = self.blocks.directory([(base.encode(), raw) for base, raw in self.trees.items()])
        entries.append((b'store', store))
        return self.blocks.directory(entries)

    def car(self, top):
        return ipld.car([top], self.blocks.items())


def from_nix32(text):
    number = 0
    for char in text:
        number = number << 5 | ipld.NIX32.index(char)
    return number.to_bytes(len(text) * 5 // 8, 'little')
