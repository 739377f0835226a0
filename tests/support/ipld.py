# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second, small implementation of the formats, for tests: CIDs, dag-pb, UnixFS, HAMT
directories, CAR and NAR, written from their specifications. It writes what is asked of it,
also what no right-minded program would write."""
import base64
import hashlib
import struct

RAW, DAG_PB, DAG_CBOR = 0x55, 0x70, 0x71
IDENTITY, SHA2_256 = 0x00, 0x12
T_RAW, T_DIRECTORY, T_FILE, T_METADATA, T_SYMLINK, T_HAMT = range(6)


# ---- varints and CIDs ------------------------------------------------------------------

def varint(n):
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def read_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return n, at


def cid(codec, block, hash_code=SHA2_256):
    digest = block if hash_code == IDENTITY else hashlib.sha256(block).digest()
    return varint(1) + varint(codec) + varint(hash_code) + varint(len(digest)) + digest


def cid_text(raw):
    return 'b' + base64.b32encode(raw).decode().lower().rstrip('=')


def cid_from_text(text):
    text = text[1:].upper()
    return base64.b32decode(text + '=' * (-len(text) % 8))


def split_cid(data, at):
    """Where the CID that begins there ends, and where its digest begins."""
    if data[at:at + 2] == b'\x12\x20':
        return at + 34, at + 2
    at = read_varint(data, read_varint(data, at)[1])[1]
    length, at = read_varint(data, read_varint(data, at)[1])
    return at + length, at


# ---- dag-pb and UnixFS -----------------------------------------------------------------

def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def pb_node(links, data):
    """links: (name, CID, tsize) in the order that is wanted; a name of None is left out."""
    out = b''
    for name, raw, tsize in links:
        link = field(1, raw)
        if name is not None:
            link += field(2, name)
        out += field(2, link + field(3, tsize))
    return out if data is None else out + field(1, data)


def fields(data):
    """The fields of a protobuf message: (number, value)."""
    out, at = [], 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        out.append((key >> 3, value))
    return out


def pb_links(block):
    """The links of a dag-pb block: (name, CID, tsize)."""
    links = (dict(fields(value)) for number, value in fields(block) if number == 2)
    return [(link.get(2, b''), link[1], link.get(3, 0)) for link in links]


def unixfs(kind, data=None, filesize=None, blocksizes=(), hash_type=None, fanout=None, mode=None):
    out = field(1, kind)
    if data is not None:
        out += field(2, data)
    if filesize is not None:
        out += field(3, filesize)
    for size in blocksizes:
        out += field(4, size)
    if hash_type is not None:
        out += field(5, hash_type)
    if fanout is not None:
        out += field(6, fanout)
    if mode is not None:
        out += field(7, mode)
    return out


class Blocks(dict):
    """Blocks by binary CID, in the order in which they were put."""

    def put(self, codec, block, hash_code=SHA2_256):
        raw = cid(codec, block, hash_code)
        if hash_code != IDENTITY:
            self[raw] = block
        return raw

    def node(self, links, data, hash_code=SHA2_256):
        return self.put(DAG_PB, pb_node(links, data), hash_code)

    def reachable(self, root):
        """The CIDs below that one, and itself, as far as there are blocks of them."""
        seen, todo = set(), [root]
        while todo:
            raw = todo.pop()
            block = raw[4:] if raw[2] == IDENTITY else self.get(raw)
            if raw in seen or block is None:
                continue
            seen.add(raw)
            if raw[1] == DAG_PB:
                todo += [link for _, link, _ in pb_links(block)]
        return seen

    def directory(self, entries):
        """entries: (name, CID) in any order, sorted here."""
        links = [(name, raw, 0) for name, raw in sorted(entries)]
        return self.node(links, unixfs(T_DIRECTORY))

    def file(self, parts, sizes, filesize=None):
        """A file of these parts."""
        total = sum(sizes) if filesize is None else filesize
        return self.node([(b'', raw, size) for raw, size in zip(parts, sizes)],
                         unixfs(T_FILE, None, total, sizes))

    def symlink(self, target):
        return self.node([], unixfs(T_SYMLINK, target))


# ---- HAMT directories ------------------------------------------------------------------

MASK = (1 << 64) - 1


def _rotate(x, n):
    return (x << n | x >> (64 - n)) & MASK


def _mix(x):
    x ^= x >> 33
    x = x * 0xff51afd7ed558ccd & MASK
    x ^= x >> 33
    x = x * 0xc4ceb9fe1a85ec53 & MASK
    return x ^ x >> 33


def murmur3(data):
    """The first half of MurmurHash3 x64 128 with seed 0."""
    c1, c2 = 0x87c37b91114253d5, 0x4cf5ad432745937f
    h1 = h2 = 0
    full = len(data) // 16 * 16
    for at in range(0, full, 16):
        k1, k2 = struct.unpack_from('<QQ', data, at)
        h1 ^= _rotate(k1 * c1 & MASK, 31) * c2 & MASK
        h1 = ((_rotate(h1, 27) + h2) * 5 + 0x52dce729) & MASK
        h2 ^= _rotate(k2 * c2 & MASK, 33) * c1 & MASK
        h2 = ((_rotate(h2, 31) + h1) * 5 + 0x38495ab5) & MASK
    k1, k2 = struct.unpack('<QQ', data[full:].ljust(16, b'\0'))
    h2 ^= _rotate(k2 * c2 & MASK, 33) * c1 & MASK
    h1 ^= _rotate(k1 * c1 & MASK, 31) * c2 & MASK
    h1 ^= len(data)
    h2 ^= len(data)
    h1 = (h1 + h2) & MASK
    h2 = (h2 + h1) & MASK
    h1, h2 = _mix(h1), _mix(h2)
    return (h1 + h2) & MASK


def hamt_place(name, depth=0, bits=8):
    return murmur3(name) >> (64 - bits * (depth + 1)) & (1 << bits) - 1


def hamt_shard(blocks, slots, fanout=256, hash_type=0x22, field_of=None):
    """slots: (index, rest of the link's name, CID). field_of: the places that the bit
    field tells of, where they are not those of the slots."""
    digits = len('%X' % (fanout - 1))
    bitfield = 0
    for index in (field_of if field_of is not None else [slot[0] for slot in slots]):
        bitfield |= 1 << index
    data = bitfield.to_bytes((bitfield.bit_length() + 7) // 8, 'big')
    links = [(b'%0*X' % (digits, index) + rest, raw, 0) for index, rest, raw in sorted(slots)]
    return blocks.node(links, unixfs(T_HAMT, data, hash_type=hash_type, fanout=fanout))


# ---- CAR -------------------------------------------------------------------------------

def cbor_bytes(value):
    length = len(value)
    if length < 24:
        return bytes([0x40 | length]) + value
    return (bytes([0x58, length]) if length < 256 else struct.pack('>BH', 0x59, length)) + value


def car_header(roots, version=1):
    count = bytes([0x80 | len(roots)] if len(roots) < 24 else [0x98, len(roots)])
    body = b'\xa2\x65roots' + count
    for raw in roots:
        body += b'\xd8\x2a' + cbor_bytes(b'\0' + raw)
    body += b'\x67version' + bytes([version])
    return varint(len(body)) + body


def section(raw, block):
    return varint(len(raw) + len(block)) + raw + block


def car(roots, blocks):
    """blocks: (CID, block) pairs."""
    return car_header(roots) + b''.join(section(raw, block) for raw, block in blocks)


def read_car(data):
    """The blocks of a CARv1: (offset of section, offset of CID, offset of digest, offset of
    block, end)."""
    length, at = read_varint(data, 0)
    at += length
    out = []
    while at < len(data):
        length, start = read_varint(data, at)
        block, digest = split_cid(data, start)
        out.append((at, start, digest, block, start + length))
        at = start + length
    return out


def car_v2(v1, index=b'', index_codec=None, gap=0):
    """A CARv1 in a CARv2; index_codec 0x0400 or 0x0401 has an index made for it."""
    if index_codec is not None:
        index = car_index(v1, index_codec)
    start = 11 + 40 + gap
    head = b'\x0a\xa1\x67version\x02' + bytes(16)
    head += struct.pack('<QQQ', start, len(v1), start + len(v1) if index else 0)
    return head + bytes(gap) + v1 + index


def car_index(v1, codec):
    entries = sorted((v1[digest:block], at) for at, _, digest, block, _ in read_car(v1))
    width = 32 + 8
    body = b''.join(digest + struct.pack('<Q', at) for digest, at in entries)
    buckets = struct.pack('<IIQ', 1, width, len(body)) + body
    if codec == 0x0401:
        buckets = struct.pack('<IQ', 1, SHA2_256) + buckets
    return varint(codec) + buckets


# ---- NAR -------------------------------------------------------------------------------

def nar_string(value):
    return struct.pack('<Q', len(value)) + value + bytes(-len(value) % 8)


def _nar_node(node):
    kind = node[0]
    out = nar_string(b'(') + nar_string(b'type')
    if kind == 'file':
        out += nar_string(b'regular')
        if len(node) > 2 and node[2]:
            out += nar_string(b'executable') + nar_string(b'')
        out += nar_string(b'contents') + nar_string(node[1])
    elif kind == 'link':
        out += nar_string(b'symlink') + nar_string(b'target') + nar_string(node[1])
    else:
        out += nar_string(b'directory')
        for name, entry in sorted(node[1], key=lambda e: e[0]):
            out += nar_string(b'entry') + nar_string(b'(') + nar_string(b'name') + nar_string(name)
            out += nar_string(b'node') + _nar_node(entry) + nar_string(b')')
    return out + nar_string(b')')


def nar(node):
    """node: ('file', bytes[, executable]), ('link', target) or ('dir', [(name, node)])."""
    return nar_string(b'nix-archive-1') + _nar_node(node)


def put_tree(blocks, node):
    """The same tree as blocks; one of kind 'cid' stands for itself: ('cid', CID, node)."""
    kind = node[0]
    if kind == 'cid':
        return node[1]
    if kind == 'file':
        return blocks.put(RAW, node[1])
    if kind == 'link':
        return blocks.symlink(node[1])
    return blocks.directory([(name, put_tree(blocks, entry)) for name, entry in node[1]])


# ---- Nix -------------------------------------------------------------------------------

NIX32 = '0123456789abcdfghijklmnpqrsvwxyz'


def nix32(digest):
    number = int.from_bytes(digest, 'little')
    return ''.join(NIX32[number >> 5 * i & 31] for i in reversed(range((len(digest) * 8 + 4) // 5)))
