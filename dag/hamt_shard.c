/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One shard of a HAMT directory. */
#include "dag/hamt_shard.h"

#include "dag/block.h"
#include "multiformats/base/err.h"
#include "unixfs/murmur3.h"

enum { FANOUT_MIN = 8, FANOUT_MAX = 1024, HASH_BITS = 64 };

static int malformed(const struct nipfs__node *n, const char *why, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_INVALID,
			   "block '%s' is no valid part of a HAMT directory: %s",
			   nipfs__cid_str(&n->cid).text, why);
}

/* Hex digits of the largest index: each link's name begins with so many. */
static size_t prefix_len(unsigned int bits)
{
	return (bits + 3) / 4;
}

/* The index that a link's name begins with, in upper case hex, or -1. */
static int read_prefix(struct nipfs_slice name, unsigned int bits)
{
	const size_t len = prefix_len(bits);
	unsigned int index = 0;

	if (name.len < len)
		return -1;
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = name.ptr[i];

		if (c >= '0' && c <= '9')
			index = index << 4 | (unsigned int)(c - '0');
		else if (c >= 'A' && c <= 'F')
			index = index << 4 | (unsigned int)(c - 'A' + 10);
		else
			return -1;
	}
	return index < 1u << bits ? (int)index : -1;
}

/* The bitfield is a big-endian number; its leading zero bytes may be left out. */
static bool has_bit(struct nipfs_slice bitfield, unsigned int i)
{
	return i / 8 < bitfield.len && bitfield.ptr[bitfield.len - 1 - i / 8] >> (i % 8) & 1;
}

static unsigned int count_bits(struct nipfs_slice bitfield)
{
	unsigned int n = 0;

	for (size_t i = 0; i < bitfield.len; i++)
		n += (unsigned int)__builtin_popcount(bitfield.ptr[i]);
	return n;
}

/*
 * boxo lists a shard by its links and looks names up by its bitfield: where the
 * two are not the same, a directory would have entries that are there for some only.
 */
static int check_links(const struct nipfs__node *n, const struct nipfs__hamt_at *at,
		       struct nipfs_error *err)
{
	struct nipfs__pb_link link;
	size_t cursor = 0;
	int last = -1;

	if (n->u.data.len > (size_t)(1u << at->bits) / 8)
		return malformed(n, "its bitfield is too long", err);
	if (count_bits(n->u.data) != n->pb.n_links)
		return malformed(n, "its bitfield does not count its links", err);
	while (nipfs__pb_node_next(&n->pb, &cursor, &link) == 0) {
		const int index = read_prefix(link.name, at->bits);

		if (index < 0)
			return malformed(n, "a link has no number before its name", err);
		if (index <= last || !has_bit(n->u.data, (unsigned int)index))
			return malformed(n, "its links are not where its bitfield says", err);
		last = index;
	}
	return 0;
}

int nipfs__hamt_check(const struct nipfs__node *n, struct nipfs__hamt_at *at,
		      struct nipfs_error *err)
{
	const uint64_t fanout = n->u.fanout;

	if (n->u.type != NIPFS__UNIXFS_HAMT)
		return malformed(n, "it is of another UnixFS type", err);
	if (n->u.hash_type != NIPFS__UNIXFS_HAMT_MURMUR3)
		return malformed(n, "its hash function is not murmur3", err);
	if (fanout < FANOUT_MIN || fanout > FANOUT_MAX || (fanout & (fanout - 1)) != 0)
		return malformed(n, "its fanout is not a power of two from 8 to 1024", err);
	if (at->depth > 0 && fanout != (uint64_t)1 << at->bits)
		return malformed(n, "its fanout is not that of the parts above it", err);
	at->bits = (unsigned int)__builtin_ctzll(fanout);
	if ((at->depth + 1) * at->bits > HASH_BITS)
		return malformed(n, "it is deeper than the hash has bits", err);
	if (at->depth > 0 && n->pb.n_links == 0)
		return malformed(n, "it is empty", err);
	return check_links(n, at, err);
}

unsigned int nipfs__hamt_index(const struct nipfs__hamt_at *at, struct nipfs_slice name)
{
	const uint64_t hash = nipfs__murmur3_h1(name);

	return (unsigned int)(hash << (at->depth * at->bits) >> (HASH_BITS - at->bits));
}

static bool is_in_bucket(const struct nipfs__hamt_at *at, unsigned int index,
			 struct nipfs_slice name)
{
	const uint64_t hash = nipfs__murmur3_h1(name);
	const unsigned int bits = (at->depth + 1) * at->bits;

	return hash >> (HASH_BITS - bits) == (at->prefix << at->bits | index);
}

int nipfs__hamt_next(const struct nipfs__node *n, const struct nipfs__hamt_at *at,
		     size_t *cursor, struct nipfs__hamt_slot *out, struct nipfs_error *err)
{
	const size_t len = prefix_len(at->bits);

	if (nipfs__pb_node_next(&n->pb, cursor, &out->link) != 0)
		return 1;
	out->index = (unsigned int)read_prefix(out->link.name, at->bits);
	out->is_shard = out->link.name.len == len;
	out->name = nipfs__slice_skip(out->link.name, len);
	if (!out->is_shard && !is_in_bucket(at, out->index, out->name))
		return malformed(n, "an entry is not where the hash of its name leads", err);
	return 0;
}

struct nipfs__hamt_at nipfs__hamt_below(const struct nipfs__hamt_at *at, unsigned int index)
{
	return (struct nipfs__hamt_at){ at->depth + 1, at->prefix << at->bits | index, at->bits };
}

size_t nipfs__hamt_prefix_len(struct nipfs_slice data)
{
	struct nipfs__unixfs u;

	if (nipfs__unixfs_decode(data, &u) < 0 || u.type != NIPFS__UNIXFS_HAMT ||
	    u.fanout < FANOUT_MIN || u.fanout > FANOUT_MAX)
		return 0;
	return prefix_len((unsigned int)__builtin_ctzll(u.fanout));
}
