/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any tree into a Nix store, as the path that follows from its content and a name. */
#ifndef NIXIPFS_ADD_TREE_H
#define NIXIPFS_ADD_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include <nixipfs/store.h>
#include <nixipfs/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_added_tree - what a tree became in a store
 * @path:     the store path
 * @nar_hash: SHA-256 of its NAR
 * @nar_size: bytes of its NAR
 * @known:    it was valid before; false where only the daemon would know
 */
struct nipfs_added_tree {
	struct nipfs_store_path path;
	uint8_t nar_hash[32];
	uint64_t nar_size;
	bool known;
};

/**
 * nipfs_store_check_name() - whether something may have a name in a store
 * @name: NUL-terminated: what stands behind the hash part of the path
 * @err:  says why not; may be NULL
 *
 * Return: 0, or NIPFS_E_USAGE for a name that not every Nix 2 takes.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_check_name(const char *name, struct nipfs_error *err);

/**
 * nipfs_store_add_tree() - add a tree, as `nix store add-path --name` does
 * @store: opened for WRITE, with no placement under way
 * @name:  see nipfs_store_check_name()
 * @feed:  called once; gives the one tree to the sink, within NIPFS_TREE_LIMITS_NIX, and
 *         returns 0 or a negative code. Must not use the store.
 * @ctx:   handed to @feed
 * @out:   untouched on failure
 * @err:   may be NULL
 *
 * The path is content-addressed by the hash of its NAR ("fixed:r:sha256"), has no
 * references, and is known when the tree has been read to its end: until then it is
 * written under a name of its own that no garbage collector takes. The path is
 * kept from the collector until the store is closed. Nothing stays of a failure.
 *
 * Return: 0; NIPFS_E_USAGE (the name; opened for READ; placements under way); what
 * @feed returned; or as nipfs_placement_begin(), _sink() and _commit().
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_store_add_tree(struct nipfs_store *store, const char *name,
		     int (*feed)(void *ctx, const struct nipfs_tree_sink *sink,
				 struct nipfs_error *err),
		     void *ctx, struct nipfs_added_tree *out, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
