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
 * nipfs__send_begin() - send blocks as they come instead, with no source
 *
 * To be ended with nipfs__send_stop(), and before that with nipfs__send_end(), without which
 * the last request does not count. Behind a failure of one of them only nipfs__send_stop()
 * may follow.
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_SYS.
 */
int nipfs__send_begin(struct nipfs__sender *s, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Sends a block unless it is known to be there. Return: 0, or as nipfs__send(). */
int nipfs__send_made(struct nipfs__sender *s, const struct nipfs_cid *cid,
		     const struct nipfs_span *block, struct nipfs_error *err) NIPFS_MUSTUSE;

/* All below @cid was sent, or is known to be there. Return: 0, or as nipfs__send(). */
int nipfs__send_whole(struct nipfs__sender *s, const struct nipfs_cid *cid,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/* Waits until the node has acknowledged what was sent. Return: 0, or as nipfs__send(). */
int nipfs__send_end(struct nipfs__sender *s, struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__send_stop(struct nipfs__sender *s);

/**
 * nipfs__learn() - record anew what the node has, by what it says itself
 *
 * Where it must not be asked, nothing is known of it. Return: 0, or as nipfs__rpc_call().
 */
int nipfs__learn(struct nipfs__sender *s, struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- the node: publish_node.c ------------------------------------------------------------- */

/**
 * struct nipfs_publisher - see nixipfs/publish.h
 * @options:  borrowed
 * @root:     what nipfs_publisher_finish() is to publish
 * @sender:   its rpc is open, published only once it is connected
 * @stats:    what was sent, and to whom
 * @asked:    the node was asked who it is: @answer is what came of it, @why of a failure
 * @early:    whether blocks are sent as they are made
 * @broke:    why that ended early; its code is 0 when it did not
 * @early_bytes: that were acknowledged of that
 * @repo_size, @repo_max: of the node, when @early; 0 when it does not say
 * @told_size: that it gets too big was told
 */
struct nipfs_publisher {
	const struct nipfs_publish_options *options;
	const struct nipfs_link *root;
	struct nipfs__sender sender;
	struct nipfs_published stats;
	bool asked;
	int answer;
	struct nipfs_error why;
	enum { NIPFS__EARLY_UNTRIED, NIPFS__EARLY_ON, NIPFS__EARLY_OFF } early;
	struct nipfs_error broke;
	uint64_t early_bytes, repo_size, repo_max;
	bool told_size;
};

/* Says something to the user. */
void nipfs__publish_tell(const struct nipfs_publisher *p, const char *text);

/**
 * nipfs__publish_connect() - ask the node who it is, and open what is known of it
 *
 * Once: what came of it is returned again. The first time that a node on a public network is
 * met, that is told.
 *
 * Return: 0; 1: there is none, and none was named; or as nipfs_publish().
 */
int nipfs__publish_connect(struct nipfs_publisher *p, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__publish_await() - the node failed: wait until it is there again
 *
 * Return: 0; NIPFS_E_UNREACHABLE (it is not, or is another one); or as nipfs__rpc_call().
 */
int nipfs__publish_await(struct nipfs_publisher *p, struct nipfs_error *err) NIPFS_MUSTUSE;

/* The same, where it may be that it never was away. */
int nipfs__publish_still_there(struct nipfs_publisher *p,
			       struct nipfs_error *err) NIPFS_MUSTUSE;

/* How big its repository is, and may get. Return: 0, NIPFS_E_CANCELLED, NIPFS_E_NOMEM. */
int nipfs__publish_sizes(struct nipfs_publisher *p, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Tells once when that does not hold @more bytes. */
void nipfs__publish_check_size(struct nipfs_publisher *p, uint64_t more);

#endif
