/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One path of a closure: its tree from verified blocks into the store, checked. */
#ifndef LIB_PLACE_PATH_H
#define LIB_PLACE_PATH_H

#include <nixipfs/closure.h>
#include <nixipfs/index.h>
#include <nixipfs/realize.h>

/**
 * struct nipfs__place_options - what paths are placed with
 * @store:       where to
 * @source:      where the blocks are
 * @index:       gets the blocks; may be NULL
 * @index_error: gets what the index failed with, its code being 0 before: that is no
 *               failure of the path
 * @meter:       counts
 * @ahead_bytes: of blocks that are asked for before they are needed; 0: as many as usual
 */
struct nipfs__place_options {
	struct nipfs_store *store;
	struct nipfs_block_source *source;
	struct nipfs_index *index;
	struct nipfs_error *index_error;
	struct nipfs_progress_meter *meter;
	uint32_t ahead_bytes;
};

/**
 * nipfs__place_path() - write the tree of a path and check all that is claimed of it
 * @tree:      its root
 * @placement: where it goes; on failure to be aborted by the caller
 *
 * Return: 0; NIPFS_E_MISMATCH when NAR hash, NAR size or content address are not
 * what @info says; or as nipfs_realize().
 */
int nipfs__place_path(const struct nipfs__place_options *with,
		      const struct nipfs_path_info *info, const struct nipfs_cid *tree,
		      struct nipfs_placement *placement, struct nipfs_error *err)
	NIPFS_MUSTUSE;

#endif
