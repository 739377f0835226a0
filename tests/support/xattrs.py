# SPDX-License-Identifier: LGPL-2.1-or-later
"""xattrs.py inherit FOLDER: what is made in it from now on comes with an ACL.
xattrs.py list TREE: each extended attribute of each entry of a tree."""
import os
import struct
import sys

# of the owner, of the user 1, of the group, the mask, of others: as the kernel keeps an ACL
ANYBODY = 0xffffffff
ENTRIES = [(0x01, 7, ANYBODY), (0x02, 5, 1), (0x04, 5, ANYBODY), (0x10, 7, ANYBODY),
           (0x20, 5, ANYBODY)]


def inherit(folder):
    acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in ENTRIES)
    os.setxattr(folder, 'system.posix_acl_default', acl)


def show(tree):
    paths = [tree]
    for folder, folders, files in os.walk(tree):
        paths += [os.path.join(folder, name) for name in folders + files]
    for path in sorted(paths):
        for name in sorted(os.listxattr(path, follow_symlinks=False)):
            value = os.getxattr(path, name, follow_symlinks=False)
            print(os.path.relpath(path, tree), name, value.hex())


{'inherit': inherit, 'list': show}[sys.argv[1]](sys.argv[2])
