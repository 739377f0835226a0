/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks that go to a node as they are made, out of memory: they need not be read and hashed
 * again. It is a head start and nothing else: what did not get there this way is sent by
 * nipfs_publisher_finish(), which also says why the node fails.
 */
#ifndef LIB_PUBLISH_EARLY_H
#define LIB_PUBLISH_EARLY_H

#include <nixipfs/block.h>
#include <nixipfs/publish.h>

/**
 * nipfs__publish_sink() - the sink for blocks that are made
 * @p: must outlive it; NULL gives a sink that must not be used
 *
 * The first block connects to the node. Waits for the node, which bounds what is under way.
 * A node that is not on this machine, and of which nothing is known, gets nothing: it may
 * have pinned all of it already, which shows only once the root is known.
 *
 * Its put returns 0, NIPFS_E_CANCELLED or NIPFS_E_NOMEM.
 */
struct nipfs_block_sink nipfs__publish_sink(struct nipfs_publisher *p);

/**
 * nipfs__publish_whole() - all blocks below a root went to the sink
 * @p: may be NULL
 *
 * Return: as put.
 */
int nipfs__publish_whole(struct nipfs_publisher *p, const struct nipfs_cid *root,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/* Waits until the node has acknowledged it all; the sink is of no more use. Return: as put. */
int nipfs__publish_early_end(struct nipfs_publisher *p, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
