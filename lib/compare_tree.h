/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree on disk beside the DAG that it should be. */
#ifndef LIB_COMPARE_TREE_H
#define LIB_COMPARE_TREE_H

#include <nixipfs/verify.h>

/**
 * nipfs__compare_tree() - tell each way in which a tree on disk differs from a DAG
 * @dirfd, @path: the tree, as for nipfs_disk_tree()
 * @source:       has the nodes of the DAG; its leaves are not asked for
 * @expected:     its root, made in profile nix
 * @options:      who is told
 *
 * Return: 0 also when there were differences; else as nipfs_disk_tree().
 */
int nipfs__compare_tree(int dirfd, const char *path, struct nipfs_block_source *source,
			const struct nipfs_cid *expected,
			const struct nipfs_verify_options *options, struct nipfs_error *err)
	NIPFS_MUSTUSE;

#endif
