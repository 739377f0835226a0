/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index of a store: filled from what the store holds, rid of what it does not. */
#ifndef NIXIPFS_INDEX_STORE_H
#define NIXIPFS_INDEX_STORE_H

#include <nixipfs/index.h>
#include <nixipfs/progress.h>
#include <nixipfs/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of one path. */
enum nipfs_indexed_how {
	NIPFS_INDEXED_NEW,   /* read and recorded */
	NIPFS_INDEXED_KNOWN, /* it was there */
	NIPFS_INDEXED_NOT    /* it can't be: @why says it */
};

/**
 * struct nipfs_indexed - one path of a store in the index
 * @path:     the path
 * @how:      see enum nipfs_indexed_how
 * @tree:     its tree, unless NOT
 * @nar_size: bytes of its NAR
 * @why:      of NOT; else NULL
 *
 * Borrowed for the call.
 */
struct nipfs_indexed {
	struct nipfs_store_path path;
	enum nipfs_indexed_how how;
	struct nipfs_link tree;
	uint64_t nar_size;
	const struct nipfs_error *why;
};

/**
 * struct nipfs_index_build_options - how the index is filled
 * @each:     called with each path; a negative return ends it; may be NULL
 * @ctx:      handed to @each
 * @progress: may be NULL
 */
struct nipfs_index_build_options {
	int (*each)(void *ctx, const struct nipfs_indexed *path, struct nipfs_error *err);
	void *ctx;
	const struct nipfs_progress *progress;
};

/**
 * nipfs_index_build() - record paths of a store
 * @store:   where they are
 * @index:   where they are recorded
 * @paths:   these, with all that they refer to; NULL: all valid paths of the store
 * @n:       how many
 * @options: may be NULL: all zero
 * @err:     may be NULL
 *
 * A path that can't be a store object, or goes away meanwhile, is told to @each
 * and passed over. On return everything is in the index's database. Interrupted,
 * what was complete stays.
 *
 * Return: 0; NIPFS_E_NOTFOUND when one of @paths is not valid; NIPFS_E_CANCELLED;
 * what @each returned; or what store and index fail with.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_index_build(struct nipfs_store *store, struct nipfs_index *index,
		  const struct nipfs_store_path *paths, size_t n,
		  const struct nipfs_index_build_options *options, struct nipfs_error *err);

/**
 * nipfs_index_prune_store() - forget what a store does not hold any more
 * @store:    a store
 * @index:    an index
 * @progress: may be NULL
 * @out:      as for nipfs_index_prune()
 * @err:      may be NULL
 *
 * Paths of @store that are not valid, or valid with another NAR hash, are
 * forgotten with the closures made for them. So are paths of other store
 * folders when the folder is gone.
 *
 * Return: as nipfs_index_prune(), or what the store failed with.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_prune_store(struct nipfs_store *store,
						    struct nipfs_index *index,
						    const struct nipfs_progress *progress,
						    struct nipfs_index_pruned *out,
						    struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
