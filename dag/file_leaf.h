/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The leaves of files: raw blocks, or bytes inside a dag-pb node. */
#ifndef DAG_FILE_LEAF_H
#define DAG_FILE_LEAF_H

#include <nixipfs/dag.h>

#include "dag/attributes.h"
#include "dag/block_maker.h"
#include "multiformats/base/buf.h"

/* Room before the bytes of a chunk in memory, so that a node is built around them. */
enum { NIPFS__LEAF_HEADROOM = 16, NIPFS__LEAF_TAILROOM = 64 };

/**
 * struct nipfs__chunk - one chunk of a file
 * @bytes:      where they are now
 * @in_place:   whether they stand in the memory of the source; else in the
 *              room buffer, NIPFS__LEAF_HEADROOM bytes from its start
 * @offset:     of the first byte in the file
 */
struct nipfs__chunk {
	struct nipfs_span bytes;
	bool in_place;
	uint64_t offset;
};

/**
 * nipfs__file_leaf_raw() - a chunk that is a block as it is
 * @maker: what its CID is
 * @chunk: the bytes
 * @out:   untouched on failure
 * @err:   may be NULL
 *
 * Return: 0, NIPFS_E_LIMIT, or what the block sink returned.
 */
int nipfs__file_leaf_raw(const struct nipfs__block_maker *maker,
			 const struct nipfs__chunk *chunk, struct nipfs_link *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__file_leaf_node() - a chunk inside a dag-pb node
 * @maker:      what its CID is; the layout decides its type
 * @chunk:      the bytes; may be none of them
 * @attributes: those of the file when the leaf is its root, else NULL
 * @room:       where the block is put together
 * @out:        untouched on failure
 * @err:        may be NULL
 *
 * Return: as nipfs__file_leaf_raw(), or NIPFS_E_NOMEM.
 */
int nipfs__file_leaf_node(const struct nipfs__block_maker *maker,
			  const struct nipfs__chunk *chunk,
			  const struct nipfs__attributes *attributes,
			  struct nipfs_buf *room, struct nipfs_link *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
