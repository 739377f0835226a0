/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks on their way to a node. */
#ifndef LIB_PUBLISH_H
#define LIB_PUBLISH_H

#include <nixipfs/publish.h>

#include "lib/ipfs/published.h"
#include "lib/ipfs/rpc.h"

enum {
	NIPFS__REQUEST_BYTES = 32 << 20, /* of a request, but for the last block in it */
	NIPFS__REQUEST_BLOCKS = 16384
};

/**
 * struct nipfs__sender - what is sent
 * @source, @rpc, @published: from where, to whom, and what is known of it
 * @progress: may be NULL
 * @stats:    what was sent; @blocks and @bytes count once a request is acknowledged
 * @event:    how far it is
 * @node_failed: the failure is that of the node or the way to it, not of the source
 */
struct nipfs__sender {
	struct nipfs_block_source *source;
	struct nipfs__rpc *rpc;
	struct nipfs__published *published;
	const struct nipfs_progress *progress;
	struct nipfs_published *stats;
	struct nipfs_progress_event event;
	bool node_failed;
	/* private */
	struct nipfs_seen_set *seen;
	struct nipfs__rpc_upload *upload;
	struct nipfs__published_block *blocks; /* that are recorded once it is acknowledged */
	size_t n, n_sent;
	uint64_t bytes, taken;
};

/**
 * nipfs__send() - what a node is not known to have of a DAG
 *
 * Return: 0, as nipfs_dag_walk(), or as nipfs__rpc_call() and nipfs__published_add(): what was
 * acknowledged is recorded even so.
 */
int nipfs__send(struct nipfs__sender *s, const struct nipfs_cid *root,
		struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__learn() - record anew what the node has, by what it says itself
 *
 * Where it must not be asked, nothing is known of it. Return: 0, or as nipfs__rpc_call().
 */
int nipfs__learn(struct nipfs__sender *s, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
