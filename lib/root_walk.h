/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blocks of a root: of a closure directory in the order in which it is realized. */
#ifndef LIB_ROOT_WALK_H
#define LIB_ROOT_WALK_H

#include <nixipfs/dag.h>

/**
 * struct nipfs__root_walk - who walks
 * @source: where the blocks are; each is verified
 * @seen:   as for nipfs_dag_walk()
 * @each:   called with each block; a negative return ends it
 * @whole:  called with the root of each part that was walked to its end: of a closure each
 *          narinfo, result and tree, of anything else the root; may be NULL
 * @ctx:    handed to @each and @whole
 */
struct nipfs__root_walk {
	struct nipfs_block_source *source;
	struct nipfs_seen seen;
	int (*each)(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		    struct nipfs_error *err);
	int (*whole)(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs__root_walk() - every block of a root once
 *
 * Of a closure the directory, the narinfos and results first, then the trees, references
 * first. Any other DAG depth first.
 *
 * Return: 0, as nipfs_dag_walk(), or what the callbacks returned.
 */
int nipfs__root_walk(const struct nipfs__root_walk *w, const struct nipfs_cid *root,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
