/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blocks of a directory alone, without what its entries lead to. */
#include "lib/dir_blocks.h"

#include <stdlib.h>

#include "dag/hamt_shard.h"
#include "dag/pb.h"
#include "multiformats/base/array.h"
#include "multiformats/base/err.h"

/* For nipfs_dag_walk(): goes on below a shard, not below an entry of the directory. */
struct dir_walk {
	int (*each)(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		    struct nipfs_error *err);
	void *ctx;
	struct nipfs_cid *shards; /* to be visited; a stack */
	size_t n, cap;
};

static int push_shard(struct dir_walk *w, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	struct nipfs_cid *shards =
		nipfs__array_room(w->shards, w->n, &w->cap, sizeof(*shards));

	if (!shards)
		return nipfs__fail_nomem(err);
	w->shards = shards;
	w->shards[w->n++] = *cid;
	return 0;
}

static int visit(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		 struct nipfs_error *err)
{
	struct dir_walk *w = ctx;
	struct nipfs__pb_node node;
	struct nipfs__pb_link link;
	size_t cursor = 0, prefix;
	int r = w->each(w->ctx, cid, block, err);

	if (r == 0)
		r = nipfs__pb_node_decode(nipfs__slice(block->ptr, block->len), &node);
	if (r < 0)
		return r;
	prefix = nipfs__hamt_prefix_len(node.data);
	while (r == 0 && prefix && nipfs__pb_node_next(&node, &cursor, &link) == 0)
		if (link.name.len == prefix)
			r = push_shard(w, &link.cid, err);
	return r < 0 ? r : 1;
}

int nipfs__dir_blocks(struct nipfs_block_source *source, const struct nipfs_cid *dir,
		      const struct nipfs_seen *seen,
		      int (*each)(void *ctx, const struct nipfs_cid *cid,
				  const struct nipfs_span *block, struct nipfs_error *err),
		      void *ctx, struct nipfs_error *err)
{
	struct dir_walk w = { .each = each, .ctx = ctx };
	int r = push_shard(&w, dir, err);

	while (r == 0 && w.n > 0) {
		const struct nipfs_cid next = w.shards[--w.n];

		r = nipfs_dag_walk(source, &next, seen, visit, &w, err);
	}
	free(w.shards);
	return r;
}
