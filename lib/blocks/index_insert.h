/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transaction that writes to the index, and the owners in it. */
#ifndef LIB_BLOCKS_INDEX_INSERT_H
#define LIB_BLOCKS_INDEX_INSERT_H

#include "lib/blocks/index.h"

/**
 * struct nipfs__insert - a running transaction
 * @row:    places that the block has that is being written
 * @place:  its new one
 * @blocks: how many were added
 * @nodes:  how many were added
 */
struct nipfs__insert {
	struct nipfs__index_db *db;
	struct nipfs_buf row, place;
	int64_t blocks, nodes;
};

/* Before the blocks of a job: its owner gets a number, if there is to be one. */
int nipfs__insert_begin_job(struct nipfs__insert *in, int lock_fd,
			    const struct nipfs__index_job *job,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Behind them: the owner is finished or deleted, if this is the end of it. */
int nipfs__insert_end_job(struct nipfs__insert *in, const struct nipfs__index_job *job,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
