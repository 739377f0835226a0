/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One store path into the index, unless it is there. */
#ifndef LIB_INDEX_PATH_H
#define LIB_INDEX_PATH_H

#include <nixipfs/add.h>
#include <nixipfs/path_info.h>
#include <nixipfs/publish.h>

/* What is wanted of a path. */
struct nipfs__index_path {
	struct nipfs_store *store;
	struct nipfs_index *index; /* NULL: nothing is looked up or recorded */
	bool check;		   /* read and compare it even when it is known */
	bool nars;		   /* with a NAR-shaped file */
	struct nipfs_progress_meter *meter;
	struct nipfs_publisher *publisher; /* gets what is read; may be NULL */
};

/* Whether the index has all that is wanted: 1 with tree and nar of @out set, 0, or a negative code. */
int nipfs__index_path_find(const struct nipfs__index_path *how,
			   const struct nipfs_path_info *info, struct nipfs_added *out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__index_path() - find it in the index, or read and record it
 * @info: as Nix has it; gets the nar_size where Nix doesn't have it
 * @out:  path, nar_size, tree, nar and known are set
 *
 * Return: as nipfs_add().
 */
int nipfs__index_path(const struct nipfs__index_path *how, struct nipfs_path_info *info,
		      struct nipfs_added *out, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
