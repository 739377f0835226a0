/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blocks of a directory alone, without what its entries lead to. */
#ifndef LIB_DIR_BLOCKS_H
#define LIB_DIR_BLOCKS_H

#include <nixipfs/dag.h>

/**
 * nipfs__dir_blocks() - a directory's own blocks: one, or the shards of a HAMT
 * @source: where the blocks are; each is verified
 * @dir:    a UnixFS directory
 * @seen:   as for nipfs_dag_walk()
 * @each:   called with each block, shards after what links to them; a negative
 *          return ends it
 * @ctx:    handed to @each
 *
 * Return: 0, as nipfs_dag_walk(), or what @each returned.
 */
int nipfs__dir_blocks(struct nipfs_block_source *source, const struct nipfs_cid *dir,
		      const struct nipfs_seen *seen,
		      int (*each)(void *ctx, const struct nipfs_cid *cid,
				  const struct nipfs_span *block, struct nipfs_error *err),
		      void *ctx, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
