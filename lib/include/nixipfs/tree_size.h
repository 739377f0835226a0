/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How big a DAG becomes as a tree, before it is written. */
#ifndef NIXIPFS_TREE_SIZE_H
#define NIXIPFS_TREE_SIZE_H

#include <stdint.h>

#include <nixipfs/block.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_tree_size - what a tree holds, a plain value
 * @bytes:   of all files together; UINT64_MAX: that many or more
 * @entries: files, symlinks and directories, the root among them; as @bytes
 */
struct nipfs_tree_size {
	uint64_t bytes;
	uint64_t entries;
};

/**
 * nipfs_tree_size() - count what a UnixFS DAG holds as a tree
 * @source: where the blocks are
 * @root:   a UnixFS directory, file or symlink, or a raw block
 * @out:    untouched on failure
 * @err:    may be NULL
 *
 * Every directory is read once, however often it is linked, so a small DAG of a
 * huge tree takes no longer than its blocks. Of files only the root node is
 * read, and files that are a raw block count as their link claims: who writes
 * the tree must limit what is written all the same.
 *
 * Return: 0, as nipfs_dag_list() and nipfs_dag_stat(), NIPFS_E_LIMIT (nested too
 * deep) or NIPFS_E_CANCELLED.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_tree_size(struct nipfs_block_source *source,
					    const struct nipfs_cid *root,
					    struct nipfs_tree_size *out,
					    struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
