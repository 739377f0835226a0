/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a block that a builder encoded gets its CID and goes to the block sink. */
#ifndef DAG_BLOCK_MAKER_H
#define DAG_BLOCK_MAKER_H

#include <nixipfs/block.h>
#include <nixipfs/unixfs.h>

#include "multiformats/base/slice.h"

/**
 * struct nipfs__block_maker - what the builders of one DAG share
 * @params: a combination that nipfs_unixfs_check() accepts
 * @blocks: gets every block; NULL: only CIDs are wanted
 */
struct nipfs__block_maker {
	struct nipfs_unixfs_params params;
	const struct nipfs_block_sink *blocks;
};

/**
 * nipfs__block_maker_init() - check the parameters of a DAG
 * @m:      filled; untouched on failure
 * @params: copied
 * @blocks: borrowed; may be NULL
 * @err:    may be NULL
 *
 * Return: 0 or NIPFS_E_USAGE.
 */
int nipfs__block_maker_init(struct nipfs__block_maker *m,
			    const struct nipfs_unixfs_params *params,
			    const struct nipfs_block_sink *blocks,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__block_make() - a block that is done
 * @m:      what kind of CID it gets, and who takes it
 * @codec:  multicodec of the block
 * @block:  its bytes; the sink does not get one that is inlined. Not hashed when they
 *          come with the CID that they would get
 * @origin: where the bytes lie
 * @out:    its CID; untouched on failure
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_LIMIT (over NIPFS_BLOCK_MAX, or over 128 bytes with
 * identity as the hash), or what the sink returned.
 */
int nipfs__block_make(const struct nipfs__block_maker *m, uint64_t codec,
		      const struct nipfs_span *block, const struct nipfs_origin *origin,
		      struct nipfs_cid *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* A dag-pb block that stands in no file. */
int nipfs__block_make_node(const struct nipfs__block_maker *m, struct nipfs_slice block,
			   struct nipfs_cid *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Adds to the bytes of all blocks of a DAG: NIPFS_E_LIMIT above what a link holds,
 * INT64_MAX. */
int nipfs__tsize_add(uint64_t *sum, uint64_t more, struct nipfs_error *err) NIPFS_MUSTUSE;

/* A span of memory that is in no slab and no file. */
static inline struct nipfs_span nipfs__span(struct nipfs_slice bytes)
{
	return (struct nipfs_span){ .ptr = bytes.ptr, .len = bytes.len, .fd = -1 };
}

#endif
