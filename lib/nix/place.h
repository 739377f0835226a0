/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A path on its way into a store, from the inside. */
#ifndef LIB_NIX_PLACE_H
#define LIB_NIX_PLACE_H

#include <nixipfs/disk.h>
#include <nixipfs/nar.h>

#include "lib/nix/store.h"

/**
 * struct nipfs_placement - a path on its way into a store
 * @store:     the store; it knows of this placement too
 * @info:      what will be registered
 * Where the files of the store are at hand:
 * @lock:      the lock on the path
 * @temp_name: where the tree is written: a legal name with the path's own hash
 *             part, which a collector spares because of the temp root; the lock
 *             makes it ours alone, so what is there at the beginning is dead
 * @link_name: of the same kind, for links of nipfs__optimise()
 * @old_name:  of the same kind: where that is kept until the tree is complete
 * @has_leftover: there is something
 * @suspended: it is given up, and what was written stays for the next run
 * @disk:      writes the tree; NULL once it is complete
 * Where it goes through a daemon:
 * @nar:       makes the NAR of the tree
 * @tail:      the last bytes of it, which are sent when all is checked
 * @n_tail:    how many
 * In both cases:
 * @committing: the tree is complete, and its maker has checked it
 */
struct nipfs_placement {
	struct nipfs_store *store;
	struct nipfs_path_info info;
	struct nipfs__path_lock lock;
	char temp_name[NIPFS_STORE_HASH_LEN + 16], old_name[NIPFS_STORE_HASH_LEN + 16];
	char link_name[NIPFS_STORE_HASH_LEN + 16];
	bool has_leftover, suspended;
	struct nipfs_disk_sink *disk;
	struct nipfs_nar_writer *nar;
	uint8_t tail[8];
	size_t n_tail;
	bool committing;
};

/* The placement of @path in @store, or NULL. */
const struct nipfs_placement *nipfs__placement_find(const struct nipfs_store *store,
						    const struct nipfs_store_path *path);

/* Makes a placement that the store knows of; whether there is room was looked at. */
int nipfs__placement_new(struct nipfs_store *store, const struct nipfs_path_info *info,
			 struct nipfs_placement **out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Forgets the placement and frees it. */
void nipfs__placement_free(struct nipfs_placement *p);

/* NIPFS_PLACEMENT_VALID and what hash it has (@have may be NULL), 0, or a code. */
int nipfs__placement_check_valid(struct nipfs_store *store, const struct nipfs_store_path *path,
				 uint8_t *have, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Whether all that a path refers to is in the store or on its way: 0, NIPFS_E_NOTFOUND, … */
int nipfs__placement_check_refs(struct nipfs_store *store, const struct nipfs_path_info *info,
				struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * What an interrupted run wrote of the path: a name below @dirfd, or NULL when there is
 * nothing. Its contents are to be trusted no more than those of any other folder. It is gone
 * once the tree of the placement is complete.
 */
const char *nipfs__placement_leftover(const struct nipfs_placement *p, int *dirfd);

/* nipfs_placement_abort(), where another run is likely to go on: it can use what was written. */
void nipfs__placement_suspend(struct nipfs_placement *p);

/* ---- place_leftover.c: where the files are at hand ------------------------------- */

/* With the lock held, of a path that is not valid: clears its place, and keeps what is worth
 * to be read again. Return: 0, or as nipfs_disk_remove(). */
int nipfs__leftover_take(struct nipfs_placement *p, struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__leftover_drop(struct nipfs_placement *p);

/* ---- place.c, place_commit.c: where the files are at hand ------------------------ */

/* How a tree is written into the store folder. */
struct nipfs_disk_sink_options nipfs__local_style(const struct nipfs_store *store);

int nipfs__local_begin(struct nipfs_store *store, const struct nipfs_path_info *info,
		       struct nipfs_placement **out, uint8_t *have,
		       struct nipfs_error *err) NIPFS_MUSTUSE;
struct nipfs_tree_sink nipfs__local_sink(struct nipfs_placement *p);
int nipfs__local_finish(struct nipfs_placement *p, struct nipfs_error *err) NIPFS_MUSTUSE;
int nipfs__local_commit(struct nipfs_placement **take_placements, size_t n,
			struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__local_abort(struct nipfs_placement *p);

/* Unlocks the path and frees the placement; leaves the files alone. */
void nipfs__local_end(struct nipfs_placement *p);

/* ---- local_add_tree.c ------------------------------------------------------------ */

int nipfs__local_add_tree(struct nipfs_store *store, const char *name, nipfs__feed_fn *feed,
			  void *ctx, struct nipfs_added_tree *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
