/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A path on its way into a store, from the inside. */
#ifndef LIB_NIX_PLACE_H
#define LIB_NIX_PLACE_H

#include "lib/nix/store.h"

/**
 * struct nipfs_placement - a path on its way into a store
 * @store:     the store; it knows of this placement too
 * @info:      what will be registered
 * @lock:      the lock on the path
 * @temp_name: where the tree is written: a legal name with the path's own hash
 *             part, which a collector spares because of the temp root; the lock
 *             makes it ours alone, so what is there at the beginning is dead
 * @committing: the tree is complete, and its maker has checked it
 */
struct nipfs_placement {
	struct nipfs_store *store;
	struct nipfs_path_info info;
	struct nipfs__path_lock lock;
	char temp_name[NIPFS_STORE_HASH_LEN + 16];
	bool committing;
};

/* The placement of @path in @store, or NULL. */
const struct nipfs_placement *nipfs__placement_find(const struct nipfs_store *store,
						    const struct nipfs_store_path *path);

/* Unlocks the path and frees the placement; leaves the files alone. */
void nipfs__placement_end(struct nipfs_placement *p);

#endif
