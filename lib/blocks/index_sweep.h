/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over all blocks that takes away the places of owners that are gone. */
#ifndef LIB_BLOCKS_INDEX_SWEEP_H
#define LIB_BLOCKS_INDEX_SWEEP_H

#include "lib/blocks/index.h"

/**
 * struct nipfs__sweep - a pass
 * @done:   all blocks were seen
 * @seen:   so many were
 * @blocks: so many were removed
 * @nodes:  so many were removed
 */
struct nipfs__sweep {
	bool done;
	uint64_t seen, blocks, nodes;
	/* private */
	struct nipfs__index_db *db;
	const int64_t *gone;
	size_t n_gone;
	uint64_t from;
	struct nipfs_buf slice, shared, kept, extra, nodes_gone;
};

/* @gone: sorted numbers of owners; borrowed. */
void nipfs__sweep_init(struct nipfs__sweep *s, struct nipfs__index_db *db,
		       const int64_t *gone, size_t n_gone);
void nipfs__sweep_release(struct nipfs__sweep *s);

/* The next @max blocks, inside of a transaction: 0 or a negative code. */
int nipfs__sweep_slice(struct nipfs__sweep *s, size_t max,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
