/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one way in which a store is reached: its files and database, or a daemon.
 * What the functions of nixipfs/store.h check of their arguments is checked, and
 * that the store is written only when it was opened for it, before one of these
 * is called. They answer as those do.
 */
#ifndef LIB_NIX_STORE_BACKEND_H
#define LIB_NIX_STORE_BACKEND_H

#include <nixipfs/add_tree.h>
#include <nixipfs/store.h>

/* Gives one tree to a sink. */
typedef int nipfs__feed_fn(void *ctx, const struct nipfs_tree_sink *sink,
			   struct nipfs_error *err);

/* Takes a path that another one refers to. */
typedef int nipfs__ref_fn(void *ctx, const struct nipfs_store_path *ref,
			  struct nipfs_error *err);

/**
 * struct nipfs__store_backend - what is done for a store, some way or other
 * @read_begin:    questions that belong together: from here on answers change as
 *                 little as can be had
 * @read_end:      they are over; returns @result, or a code of its own
 * @refs:          calls @each with all that a path refers to: 0, NIPFS_E_NOTFOUND (not
 *                 valid), or what @each returned
 * @register_root: @link, absolute, is a symlink to @path, which has a temp root: from now
 *                 on a lasting root, also to a collector that is running
 * @max_placements: see nipfs_store_max_placements()
 * @begin:         see nipfs_placement_begin()
 * @sink:          the tree sink of a placement, which takes one tree
 * @finish:        the tree is complete
 * @commit:        its placements end in any case
 * @abort:         the placement ends
 * @add_tree:      see nipfs_store_add_tree()
 * @close:         also after an open that failed halfway
 */
struct nipfs__store_backend {
	int (*is_valid)(struct nipfs_store *store, const struct nipfs_store_path *path,
			struct nipfs_error *err);
	int (*query)(struct nipfs_store *store, const struct nipfs_store_path *path,
		     struct nipfs_path_info *out, struct nipfs_error *err);
	int (*find_hash_part)(struct nipfs_store *store, struct nipfs_slice hash_part,
			      struct nipfs_store_path *out, struct nipfs_error *err);
	int (*referrers)(struct nipfs_store *store, const struct nipfs_store_path *path,
			 struct nipfs_store_path **out, size_t *n, struct nipfs_error *err);
	int (*list)(struct nipfs_store *store, int64_t *cursor,
		    struct nipfs_store_entry *entries, unsigned int max,
		    struct nipfs_error *err);
	int (*read_begin)(struct nipfs_store *store, struct nipfs_error *err);
	int (*read_end)(struct nipfs_store *store, int result, struct nipfs_error *err);
	int (*refs)(struct nipfs_store *store, const struct nipfs_store_path *path,
		    nipfs__ref_fn *each, void *ctx, struct nipfs_error *err);
	int (*add_temp_roots)(struct nipfs_store *store, const struct nipfs_store_path *paths,
			      size_t n, struct nipfs_error *err);
	int (*register_root)(struct nipfs_store *store, const struct nipfs_store_path *path,
			     const char *link, struct nipfs_error *err);
	int (*add_signatures)(struct nipfs_store *store, const struct nipfs_store_path *path,
			      const char *const *sigs, size_t n, struct nipfs_error *err);
	int (*substitute)(struct nipfs_store *store, const struct nipfs_store_path *paths,
			  size_t n, struct nipfs_error *err);
	size_t max_placements;
	int (*begin)(struct nipfs_store *store, const struct nipfs_path_info *info,
		     struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err);
	struct nipfs_tree_sink (*sink)(struct nipfs_placement *p);
	int (*finish)(struct nipfs_placement *p, struct nipfs_error *err);
	int (*commit)(struct nipfs_placement **take_placements, size_t n,
		      struct nipfs_error *err);
	void (*abort)(struct nipfs_placement *p);
	int (*add_tree)(struct nipfs_store *store, const char *name, nipfs__feed_fn *feed,
			void *ctx, struct nipfs_added_tree *out, struct nipfs_error *err);
	void (*close)(struct nipfs_store *store);
};

/* Files and database, used directly. */
extern const struct nipfs__store_backend nipfs__store_local;

#endif
