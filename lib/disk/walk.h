/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A walk over a tree on disk that can stop between any two entries. */
#ifndef LIB_DISK_WALK_H
#define LIB_DISK_WALK_H

#include <nixipfs/disk.h>

struct nipfs__walk;

/**
 * nipfs__walk_new() - prepare what nipfs_disk_tree() does, with the same arguments
 * @limits: must outlive the walk, as must @sink and @dirfd
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT.
 */
int nipfs__walk_new(struct nipfs__walk **out, int dirfd, const char *path,
		    const struct nipfs_disk_source_options *options,
		    const struct nipfs_tree_limits *limits,
		    const struct nipfs_tree_sink *sink,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Gives out one more entry, or the end of a directory: 0, 1 at the end, or as
 * nipfs_disk_tree(). */
int nipfs__walk_step(struct nipfs__walk *w, struct nipfs_error *err) NIPFS_MUSTUSE;

/* At any point; NULL is fine. */
void nipfs__walk_free(struct nipfs__walk *w);

#endif
