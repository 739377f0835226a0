/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One path of a closure: its tree from verified blocks into the store, checked. */
#ifndef LIB_PLACE_PATH_H
#define LIB_PLACE_PATH_H

#include <nixipfs/closure.h>
#include <nixipfs/index.h>
#include <nixipfs/realize.h>

/**
 * nipfs__place_path() - write the tree of a path and check all that is claimed of it
 * @tree:      its root
 * @placement: where it goes; on failure to be aborted by the caller
 * @index:     gets its blocks; may be NULL
 * @meter:     counts
 *
 * Return: 0; NIPFS_E_MISMATCH when NAR hash, NAR size or content address are not
 * what @info says; or as nipfs_realize().
 */
int nipfs__place_path(struct nipfs_store *store, struct nipfs_block_source *source,
		      const struct nipfs_path_info *info, const struct nipfs_cid *tree,
		      struct nipfs_placement *placement, struct nipfs_index *index,
		      struct nipfs_progress_meter *meter, struct nipfs_error *err)
	NIPFS_MUSTUSE;

/* Fills in whether a valid path has the NAR hash that the closure says of it. */
int nipfs__compare_valid(struct nipfs_store *store, struct nipfs_closure *closure,
			 struct nipfs_realized *valid, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
