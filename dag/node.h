/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One block as a node of a UnixFS DAG. */
#ifndef DAG_NODE_H
#define DAG_NODE_H

#include <nixipfs/dag.h>

#include "dag/fetch.h"
#include "dag/pb.h"
#include "unixfs/data.h"

/**
 * struct nipfs__node - a decoded block
 * @cid:   its CID
 * @block: its bytes; what follows points into them
 * @pb:    without links and Data for a raw block
 * @u:     of type RAW with the whole block as data for a raw block
 */
struct nipfs__node {
	struct nipfs_cid cid;
	struct nipfs_span block;
	struct nipfs__pb_node pb;
	struct nipfs__unixfs u;
};

/**
 * nipfs__node_get() - fetch a block and read it as UnixFS
 * @announced: as for nipfs__fetch_get()
 * @out:       valid until the next nipfs__fetch_get(); untouched on failure
 *
 * Sizes of files are checked to add up (u.filesize is right where it was absent:
 * 0), symlinks to have no links and no NUL in their target.
 *
 * Return: 0, as nipfs__fetch_get(), NIPFS_E_INVALID, NIPFS_E_UNSUPPORTED (hash
 * function of a link, or the type Metadata).
 */
int nipfs__node_get(struct nipfs__fetch *f, const struct nipfs_want *want, bool announced,
		    struct nipfs__node *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__node_hold() - keep a node beyond the next nipfs__fetch_get()
 * @n: afterwards has a reference of its own, for nipfs_slab_unref(n->block.slab)
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__node_hold(struct nipfs__node *n, struct nipfs_error *err) NIPFS_MUSTUSE;

static inline bool nipfs__node_is_file(const struct nipfs__node *n)
{
	return n->u.type == NIPFS__UNIXFS_FILE || n->u.type == NIPFS__UNIXFS_RAW;
}

static inline bool nipfs__node_is_directory(const struct nipfs__node *n)
{
	return n->u.type == NIPFS__UNIXFS_DIRECTORY || n->u.type == NIPFS__UNIXFS_HAMT;
}

/* The node as an entry without a name; the target is borrowed from the node, the CID too. */
struct nipfs_entry nipfs__node_entry(const struct nipfs__node *n);

#endif
