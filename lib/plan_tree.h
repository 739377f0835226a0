/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many blocks of trees are here, and how many are not: by their nodes alone. */
#ifndef LIB_PLAN_TREE_H
#define LIB_PLAN_TREE_H

#include <nixipfs/realize.h>

struct nipfs__plan_trees;

/**
 * nipfs__plan_trees_new() - begin to count
 * @out:      freed with nipfs__plan_trees_free()
 * @source:   where the nodes are; borrowed
 * @index:    what is here; NULL: nothing. What goes wrong with it counts as that.
 * @truth:    NULL: as without @index
 * @progress: may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_SYS.
 */
int nipfs__plan_trees_new(struct nipfs__plan_trees **out, struct nipfs_block_source *source,
			  struct nipfs_index *index, const struct nipfs_index_truth *truth,
			  const struct nipfs_progress *progress,
			  struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__plan_trees_free(struct nipfs__plan_trees *p);

/**
 * nipfs__plan_tree() - count the blocks of a tree that no tree before it had
 * @tree:     its root
 * @nar_size: bytes of its NAR: when the tree claims to be far bigger, counting ends
 * @subject:  for the progress
 * @out:      filled, also on failure
 *
 * Return: 0, or as nipfs_dag_walk().
 */
int nipfs__plan_tree(struct nipfs__plan_trees *p, const struct nipfs_cid *tree,
		     uint64_t nar_size, struct nipfs_slice subject,
		     struct nipfs_plan_size *out, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
