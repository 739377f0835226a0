#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bombs.py FILE.car: DAGs of 60 levels that are 2^60 of something, in one CAR.

Prints their names and CIDs: `bytes`, a file of 2^60 bytes; `files`, a directory
with 2^60 files in it; `lies`, a directory whose link says that its file of 5
bytes has none.
"""
import sys

sys.dont_write_bytecode = True
import ipld


def main():
    blocks = ipld.Blocks()

    def directory(*links):
        return blocks.node(links, ipld.unixfs(ipld.T_DIRECTORY))
    one = blocks.put(ipld.RAW, b'x')
    whole = one
    for level in range(60):
        whole = blocks.file([whole] * 2, [1 << level] * 2)
    many = directory((b'f', one, 1))
    for _ in range(60):
        many = directory((b'a', many, 1), (b'b', many, 1))
    lies = directory((b'f', blocks.put(ipld.RAW, b'hello'), 0))
    with open(sys.argv[1], 'wb') as out:
        out.write(ipld.car([whole], blocks.items()))
    for name, raw in ('bytes', whole), ('files', many), ('lies', lies):
        print(name, ipld.cid_text(raw))


main()
