/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode and mtime, as far as a profile stores them. */
#ifndef DAG_ATTRIBUTES_H
#define DAG_ATTRIBUTES_H

#include <nixipfs/tree.h>
#include <nixipfs/unixfs.h>

/* What stands on the root node of a file, directory or symlink. */
struct nipfs__attributes {
	bool has_mode;
	uint32_t mode;
	struct nipfs_mtime mtime;
};

struct nipfs__attributes nipfs__attributes_of(const struct nipfs_unixfs_params *params,
					      const struct nipfs_entry *entry);

static inline bool nipfs__attributes_any(const struct nipfs__attributes *a)
{
	return a->has_mode || a->mtime.present;
}

#endif
