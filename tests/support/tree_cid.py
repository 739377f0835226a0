#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tree_cid.py PATH...: the CID of each tree in profile nix, by the rules of nix-ipfs-dag(5) and
without our own code: CID, two spaces, the last name of the path."""
import os
import sys

import ipld

CHUNK, LINKS, FLAT_MAX = 1 << 20, 1024, 262144


class Sizes:
    """Makes CIDs and keeps no blocks. What it returns is (CID, Tsize)."""

    @staticmethod
    def leaf(data):
        return ipld.cid(ipld.RAW, data), len(data)

    @staticmethod
    def node(links, data):
        block = ipld.pb_node(links, data)
        return ipld.cid(ipld.DAG_PB, block), len(block) + sum(size for _, _, size in links), \
            len(block)


def of_file(path):
    mode = 0o555 if os.stat(path).st_mode & 0o100 else None
    level = []  # (CID, Tsize, bytes of the file)
    with open(path, 'rb') as f:
        first = f.read(CHUNK)
        chunk = f.read(CHUNK)
        if not chunk:
            if mode is None:
                return Sizes.leaf(first)
            message = ipld.unixfs(ipld.T_FILE, first or None, len(first), mode=mode)
            return Sizes.node([], message)[:2]
        level.append((*Sizes.leaf(first), len(first)))
        while chunk:
            level.append((*Sizes.leaf(chunk), len(chunk)))
            chunk = f.read(CHUNK)
    while len(level) > 1:
        above = []
        for at in range(0, len(level), LINKS):
            part = level[at:at + LINKS]
            sizes = [size for _, _, size in part]
            message = ipld.unixfs(ipld.T_FILE, None, sum(sizes), sizes,
                                  mode=mode if len(level) <= LINKS else None)
            links = [(b'', raw, tsize) for raw, tsize, _ in part]
            above.append((*Sizes.node(links, message)[:2], sum(sizes)))
        level = above
    return level[0][:2]


def of_shard(entries, depth):
    """entries: (name, CID, Tsize). A shard of those whose hashes agree above this depth."""
    slots = {}
    for entry in entries:
        slots.setdefault(ipld.hamt_place(entry[0], depth), []).append(entry)
    links, field = [], 0
    for index in sorted(slots):
        field |= 1 << index
        below = slots[index]
        if len(below) == 1:
            name, raw, tsize = below[0]
        else:
            name, (raw, tsize) = b'', of_shard(below, depth + 1)
        links.append((b'%02X' % index + name, raw, tsize))
    data = field.to_bytes((field.bit_length() + 7) // 8, 'big')
    return Sizes.node(links, ipld.unixfs(ipld.T_HAMT, data, hash_type=0x22, fanout=256))[:2]


def of_tree(path):
    if os.path.islink(path):
        return Sizes.node([], ipld.unixfs(ipld.T_SYMLINK, os.readlink(path)))[:2]
    if not os.path.isdir(path):
        return of_file(path)
    entries = sorted((name, *of_tree(os.path.join(path, name))) for name in os.listdir(path))
    raw, tsize, length = Sizes.node(entries, ipld.unixfs(ipld.T_DIRECTORY))
    return of_shard(entries, 0) if length > FLAT_MAX else (raw, tsize)


def main():
    for path in sys.argv[1:]:
        raw = of_tree(os.fsencode(path))[0]
        print('%s  %s' % (ipld.cid_text(raw), os.path.basename(path)))


if __name__ == '__main__':
    main()
