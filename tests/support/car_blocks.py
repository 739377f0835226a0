#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""car_blocks.py CARV1: a hash over its blocks whatever their order, and how many there are; read
by ipld.py, not by the program under test."""
import hashlib
import sys

import ipld

with open(sys.argv[1], 'rb') as file:
    data = file.read()
rows = [(data[start:block].hex(), hashlib.sha256(data[block:end]).hexdigest())
        for _, start, _, block, end in ipld.read_car(data)]
assert len(rows) == len(set(rows)), 'a block stands twice'
print(hashlib.sha256(repr(sorted(rows)).encode()).hexdigest(), len(rows))
