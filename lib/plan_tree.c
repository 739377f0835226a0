/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many blocks of trees are here, and how many are not: by their nodes alone. */
#include "lib/plan_tree.h"

#include <stdlib.h>

#include <nixipfs/dag.h>
#include <nixipfs/sources.h>

#include "dag/pb.h"
#include "lib/blocks/index_probe.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"
#include "unixfs/data.h"

/* Memory of the set of blocks that were counted. */
enum { SEEN_BYTES = 8 * 1024 * 1024 };

/* Blocks that lie about their sizes are not counted for ever. */
enum { TIMES_NAR = 64, BEYOND_NAR = 16 * 1024 * 1024 };

/*
 * @nodes:  the source with its leaves left out
 * @seen:   blocks that were counted
 * @max:    when to end
 * @size:   of the tree at hand
 */
struct nipfs__plan_trees {
	struct nipfs_block_source nodes;
	struct nipfs_block_source *source;
	struct nipfs__index_probe *probe; /* or NULL */
	struct nipfs_seen_set *seen;
	const struct nipfs_progress *progress;
	struct nipfs_progress_event event;
	uint64_t max;
	struct nipfs_plan_size *size;
};

static void add(uint64_t *to, uint64_t n)
{
	if (nipfs__add_u64(*to, n, to) || *to > INT64_MAX)
		*to = INT64_MAX;
}

/* ---- a source of nodes ----------------------------------------------------------- */

static struct nipfs__plan_trees *of(struct nipfs_block_source *self)
{
	return (struct nipfs__plan_trees *)(void *)self;
}

static bool is_leaf(const struct nipfs_cid *cid)
{
	return cid->codec == NIPFS_CODEC_RAW;
}

/* A walk announces leaves, and then is told to leave them out: nobody waits for them. */
static int nodes_want(struct nipfs_block_source *self, const struct nipfs_want *wants, size_t n,
		      struct nipfs_error *err)
{
	struct nipfs_block_source *source = of(self)->source;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!is_leaf(&wants[i].cid))
			r = source->ops->want(source, &wants[i], 1, err);
	return r;
}

static int nodes_next(struct nipfs_block_source *self, struct nipfs_block *out,
		      struct nipfs_error *err)
{
	struct nipfs_block_source *source = of(self)->source;
	const int r = source->ops->next(source, out, err);

	self->name = source->name;
	return r;
}

static void nodes_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	if (!is_leaf(cid))
		of(self)->source->ops->cancel(of(self)->source, cid);
}

static void nodes_free(struct nipfs_block_source *self)
{
	(void)self;
}

static const struct nipfs_block_source_ops nodes_ops = { nodes_want, nodes_next, nodes_cancel,
							 nodes_free, NULL };

/* ---- counting -------------------------------------------------------------------- */

/* Whether the block is said to be here. */
static int is_here(struct nipfs__plan_trees *p, const struct nipfs_cid *cid,
		   struct nipfs_error *err)
{
	struct nipfs_error why = { 0 };
	int r;

	if (!p->probe)
		return 0;
	r = nipfs__index_probe_has(p->probe, cid, &why);
	if (r == NIPFS_E_NOMEM || r == NIPFS_E_CANCELLED) {
		if (err)
			*err = why;
		return r;
	}
	if (r < 0) {
		nipfs__index_probe_free(p->probe);
		p->probe = NULL;
	}
	return r > 0;
}

static int count(struct nipfs__plan_trees *p, const struct nipfs_cid *cid, uint64_t bytes,
		 struct nipfs_error *err)
{
	const int here = is_here(p, cid, err);

	if (here < 0)
		return here;
	add(here ? &p->size->here_blocks : &p->size->fetch_blocks, 1);
	add(here ? &p->size->here_bytes : &p->size->fetch_bytes, bytes);
	return 0;
}

/* The leaves of a node, which are not read: their sizes are those that the node claims. */
static int count_leaves(struct nipfs__plan_trees *p, struct nipfs_slice block,
			struct nipfs_error *err)
{
	const struct nipfs_seen seen = nipfs_seen_set_seen(p->seen);
	struct nipfs__pb_node node;
	struct nipfs__pb_link link;
	struct nipfs__unixfs u = { .n_blocksizes = 0 };
	size_t at = 0, size_at = 0;
	int r = nipfs__pb_node_decode(block, &node);

	if (r == 0 && node.has_data)
		r = nipfs__unixfs_decode(node.data, &u);
	if (r < 0)
		return r == NIPFS_E_NOMEM ? nipfs__fail_nomem(err)
					  : nipfs__fail(err, NIPFS_E_INVALID,
							"a node of the tree is no UnixFS");
	while (r == 0 && nipfs__pb_node_next(&node, &at, &link) == 0) {
		uint64_t bytes = link.tsize;

		if (u.type == NIPFS__UNIXFS_FILE &&
		    nipfs__unixfs_next_blocksize(&u, &size_at, &bytes) != 0)
			bytes = link.tsize;
		if (!is_leaf(&link.cid) || link.cid.hash == NIPFS_HASH_IDENTITY)
			continue;
		r = seen.add(seen.ctx, &link.cid, err);
		if (r == 1)
			r = count(p, &link.cid, bytes, err);
	}
	return r;
}

static int visit(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		 struct nipfs_error *err)
{
	struct nipfs__plan_trees *p = ctx;
	int r = nipfs_cancel_check(err);

	if (r == 0 && cid->hash != NIPFS_HASH_IDENTITY)
		r = count(p, cid, block->len, err);
	if (r == 0 && cid->codec == NIPFS_CODEC_DAG_PB)
		r = count_leaves(p, nipfs__slice(block->ptr, block->len), err);
	p->event.items++;
	nipfs_progress_report(p->progress, &p->event);
	if (r == 0 && (p->size->here_bytes > p->max || p->size->fetch_bytes > p->max)) {
		p->size->partial = true;
		return 1;
	}
	return r;
}

/* Leaves count as seen, so that no walk reads them; when counting has ended, all do. */
static int add_node(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	const struct nipfs__plan_trees *p = ctx;
	const struct nipfs_seen seen = nipfs_seen_set_seen(p->seen);

	return is_leaf(cid) || p->size->partial ? 0 : seen.add(seen.ctx, cid, err);
}

int nipfs__plan_tree(struct nipfs__plan_trees *p, const struct nipfs_cid *tree,
		     uint64_t nar_size, struct nipfs_slice subject,
		     struct nipfs_plan_size *out, struct nipfs_error *err)
{
	const struct nipfs_seen seen = nipfs_seen_set_seen(p->seen), nodes = { add_node, p };
	int r;

	*out = (struct nipfs_plan_size){ .partial = false };
	p->size = out;
	p->event.subject = subject;
	if (nipfs__mul_u64(nar_size, TIMES_NAR, &p->max) ||
	    nipfs__add_u64(p->max, BEYOND_NAR, &p->max))
		p->max = UINT64_MAX;
	if (!is_leaf(tree)) {
		r = nipfs_dag_walk(&p->nodes, tree, &nodes, visit, p, err);
		out->partial = out->partial || r < 0;
		return r;
	}
	/* a small file: the framing of its NAR is all that its size may be too high by */
	r = seen.add(seen.ctx, tree, err);
	return r == 1 && tree->hash != NIPFS_HASH_IDENTITY ? count(p, tree, nar_size, err) : r;
}

/* ---- beginning and end ------------------------------------------------------------- */

int nipfs__plan_trees_new(struct nipfs__plan_trees **out, struct nipfs_block_source *source,
			  struct nipfs_index *index, const struct nipfs_index_truth *truth,
			  const struct nipfs_progress *progress, struct nipfs_error *err)
{
	struct nipfs__plan_trees *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return nipfs__fail_nomem(err);
	p->nodes = (struct nipfs_block_source){ &nodes_ops, source->name };
	p->source = source;
	p->progress = progress;
	p->event.phase = NIPFS_PHASE_PREPARE;
	p->event.unit = NIPFS_UNIT_ITEMS;
	r = nipfs_seen_set_new(&p->seen, SEEN_BYTES, err);
	if (r == 0 && index && truth) {
		r = nipfs__index_probe_new(&p->probe, index, truth, err);
		/* without it nothing is known to be here */
		if (r < 0 && r != NIPFS_E_NOMEM)
			r = 0;
	}
	if (r < 0) {
		nipfs__plan_trees_free(p);
		return r;
	}
	*out = p;
	return 0;
}

void nipfs__plan_trees_free(struct nipfs__plan_trees *p)
{
	if (!p)
		return;
	nipfs_seen_set_free(p->seen);
	nipfs__index_probe_free(p->probe);
	free(p);
}
