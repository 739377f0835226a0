/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One shard of a HAMT directory as a reader sees it. Reference: boxo
 * ipld/unixfs/hamt; the specification words the order of the bits differently.
 */
#ifndef DAG_HAMT_SHARD_H
#define DAG_HAMT_SHARD_H

#include "dag/node.h"

/**
 * struct nipfs__hamt_at - where a shard is in its HAMT
 * @depth:  0 for the root
 * @prefix: the indices that lead to it, @depth * @bits bits
 * @bits:   bits of an index, the same in all shards; 0: not known yet, at the root
 */
struct nipfs__hamt_at {
	unsigned int depth;
	uint64_t prefix;
	unsigned int bits;
};

/**
 * struct nipfs__hamt_slot - one link of a shard
 * @link:     as it stands in the node
 * @index:    its bucket
 * @is_shard: whether it leads to a sub-shard, else to an entry
 * @name:     of the entry, without the prefix
 */
struct nipfs__hamt_slot {
	struct nipfs__pb_link link;
	unsigned int index;
	bool is_shard;
	struct nipfs_slice name;
};

/**
 * nipfs__hamt_check() - check a node as a shard of a HAMT
 * @n:   of type HAMT
 * @at:  its place; @at->bits is filled at the root
 * @err: may be NULL
 *
 * Everything that one shard alone can be wrong in: hash function, fanout, bitfield
 * against links, their order and prefixes, depth, and a sub-shard without entries.
 *
 * Return: 0 or NIPFS_E_INVALID.
 */
int nipfs__hamt_check(const struct nipfs__node *n, struct nipfs__hamt_at *at,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__hamt_next() - the links of a checked shard one after another
 * @cursor: 0 before the first; moved on
 *
 * Entries are checked to lie in the buckets of their names.
 *
 * Return: 0, 1 behind the last, or NIPFS_E_INVALID.
 */
int nipfs__hamt_next(const struct nipfs__node *n, const struct nipfs__hamt_at *at,
		     size_t *cursor, struct nipfs__hamt_slot *out,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

/* Where the sub-shard in bucket @index is. */
struct nipfs__hamt_at nipfs__hamt_below(const struct nipfs__hamt_at *at, unsigned int index);

/* The bucket of a name in a shard. */
unsigned int nipfs__hamt_index(const struct nipfs__hamt_at *at, struct nipfs_slice name);

/*
 * Bytes before the name of an entry in the links of a shard with this Data; 0
 * where it is no HAMT shard. A name of just so many bytes leads to a sub-shard.
 */
size_t nipfs__hamt_prefix_len(struct nipfs_slice data);

#endif
