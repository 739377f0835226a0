#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""car_without.py OUT CID CAR...: all blocks of some CARs in one, but for those of one CID."""
import sys

import ipld

out, cid, *cars = sys.argv[1:]
left_out, blocks = ipld.cid_from_text(cid), {}
for name in cars:
    with open(name, 'rb') as file:
        data = file.read()
    for _, start, _, block, end in ipld.read_car(data):
        blocks[data[start:block]] = data[block:end]
del blocks[left_out]
with open(out, 'wb') as file:
    file.write(ipld.car([next(iter(blocks))], blocks.items()))
