/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shape of a file's DAG: leaves go in, in order, and the root comes out. */
#ifndef DAG_FILE_LAYOUT_H
#define DAG_FILE_LAYOUT_H

#include "dag/file_node.h"

/* Enough for 2^63 leaves in nodes of two links. */
enum { NIPFS__LAYOUT_LEVELS = 64 };

/**
 * struct nipfs__file_layout - the open nodes of a file
 * @maker:  borrowed
 * @nodes:  balanced: the open node of each level, that of the leaves first;
 *          trickle: the open nodes on the way from the root to the newest leaf
 * @trickle: of each of those nodes, what it holds below its leaves
 * @height: nodes in use
 *
 * Start with nipfs__file_layout_init(); then one file after another.
 */
struct nipfs__file_layout {
	const struct nipfs__block_maker *maker;
	struct nipfs__file_node nodes[NIPFS__LAYOUT_LEVELS];
	struct nipfs__trickle_place {
		uint32_t depth_max; /* of its children; 0: no limit, the root */
		uint32_t depth;     /* of the child that comes next */
		uint32_t repeated;  /* children of that depth */
	} trickle[NIPFS__LAYOUT_LEVELS];
	size_t height;
};

void nipfs__file_layout_init(struct nipfs__file_layout *l,
			     const struct nipfs__block_maker *maker);
void nipfs__file_layout_release(struct nipfs__file_layout *l);

/* Forgets what was added. */
void nipfs__file_layout_clear(struct nipfs__file_layout *l);

/* The next leaf. Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT, or what the block sink
 * returned. */
int nipfs__file_layout_add(struct nipfs__file_layout *l, const struct nipfs_link *leaf,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__file_layout_finish() - make the nodes that are open
 * @attributes: those of the file, for the root
 *
 * A balanced file of one leaf has no node: it is never asked for here, nor one of none.
 *
 * Return: as nipfs__file_layout_add().
 */
int nipfs__file_layout_finish(struct nipfs__file_layout *l,
			      const struct nipfs__attributes *attributes,
			      struct nipfs_link *out,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
