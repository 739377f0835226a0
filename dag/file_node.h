/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One node of a file that is being filled with children. */
#ifndef DAG_FILE_NODE_H
#define DAG_FILE_NODE_H

#include <nixipfs/dag.h>

#include "dag/attributes.h"
#include "dag/block_maker.h"
#include "multiformats/base/buf.h"

/**
 * struct nipfs__file_node - a node and the links that it has so far
 * @links:      encoded
 * @sizes:      file bytes under each child
 * @n, @cap:    children, and room for them in @sizes
 * @file_bytes: of all children
 * @tsize:      of all children
 *
 * Start with NIPFS__FILE_NODE_INIT; end with nipfs__file_node_release().
 */
struct nipfs__file_node {
	struct nipfs_buf links;
	uint64_t *sizes;
	size_t n, cap;
	uint64_t file_bytes, tsize;
};

#define NIPFS__FILE_NODE_INIT { NIPFS_BUF_INIT(NIPFS_BLOCK_MAX), NULL, 0, 0, 0, 0 }

/* Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT. */
int nipfs__file_node_add(struct nipfs__file_node *node, const struct nipfs_link *child,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__file_node_finish() - make the block of a node; it is then empty again
 * @attributes: of the file when this is its root, else NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT, or what the block sink returned.
 */
int nipfs__file_node_finish(struct nipfs__file_node *node,
			    const struct nipfs__block_maker *maker,
			    const struct nipfs__attributes *attributes,
			    struct nipfs_link *out,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Forgets the children and keeps the memory. */
void nipfs__file_node_clear(struct nipfs__file_node *node);
void nipfs__file_node_release(struct nipfs__file_node *node);

#endif
