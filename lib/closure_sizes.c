/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How big the paths of a closure are, alone and with what they refer to. */
#include <nixipfs/closure_sizes.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/sources.h>

#include "dag/pb.h"
#include "lib/path_map.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

/* ---- what a path needs -------------------------------------------------------- */

/* The references of the set as numbers; a path comes after those that it refers to. */
struct needs {
	const struct nipfs_closure_set *set;
	size_t *refs;	 /* of all paths, one after another */
	size_t *begin;	 /* by number, and one more: where those of a path begin */
	uint8_t *wanted; /* by number, for one path at a time */
};

static int number_refs(struct needs *n, const struct nipfs__path_map *numbers)
{
	size_t n_refs = 0;

	for (size_t i = 0; i < n->set->n; i++)
		n_refs += n->set->infos[i].n_refs;
	n->refs = calloc(n_refs + 1, sizeof(*n->refs));
	n->begin = calloc(n->set->n + 1, sizeof(*n->begin));
	n->wanted = calloc(n->set->n + 1, 1);
	if (!n->refs || !n->begin || !n->wanted)
		return NIPFS_E_NOMEM;
	n_refs = 0;
	for (size_t i = 0; i < n->set->n; i++) {
		const struct nipfs_path_info *info = &n->set->infos[i];

		for (size_t ref = 0; ref < info->n_refs; ref++)
			if (nipfs__path_map_find(numbers, &info->refs[ref], &n->refs[n_refs]))
				n_refs++;
		n->begin[i + 1] = n_refs;
	}
	return 0;
}

static int needs_init(struct needs *n, struct nipfs_error *err)
{
	struct nipfs__path_map numbers = { .n = 0 };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n->set->n; i++) {
		size_t number;

		r = nipfs__path_map_put(&numbers, &n->set->infos[i].path, &number);
	}
	if (r >= 0)
		r = number_refs(n, &numbers);
	nipfs__path_map_release(&numbers);
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

static void needs_release(struct needs *n)
{
	free(n->refs);
	free(n->begin);
	free(n->wanted);
}

static int closure_size(struct needs *n, size_t path, uint64_t *out, struct nipfs_error *err)
{
	uint64_t sum = 0;

	memset(n->wanted, 0, n->set->n);
	n->wanted[path] = 1;
	for (size_t i = path + 1; i-- > 0;) {
		if (!n->wanted[i])
			continue;
		if (nipfs__add_u64(sum, n->set->infos[i].nar_size, &sum))
			return nipfs__fail(err, NIPFS_E_LIMIT, "the sizes of the closure lie");
		for (size_t ref = n->begin[i]; ref < n->begin[i + 1]; ref++)
			n->wanted[n->refs[ref]] = 1;
	}
	*out = sum;
	return 0;
}

/* ---- blocks --------------------------------------------------------------------- */

struct counter {
	const struct nipfs_progress *progress;
	struct nipfs_progress_event event;
	uint64_t new_bytes;
};

static int count(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		 struct nipfs_error *err)
{
	struct counter *c = ctx;

	(void)cid;
	c->new_bytes += block->len;
	c->event.done += block->len;
	c->event.items++;
	nipfs_progress_report(c->progress, &c->event);
	return nipfs_cancel_check(err);
}

/* The root block and what its links say of the size below them. */
static int block_bytes(struct nipfs_block_source *source, const struct nipfs_cid *tree,
		       uint64_t *out, struct nipfs_error *err)
{
	struct nipfs__pb_node node;
	struct nipfs__pb_link link;
	struct nipfs_span block;
	uint64_t sum;
	size_t cursor = 0;
	int r = nipfs_block_get(source, tree, NIPFS_WANT_NODE, &block, err);

	if (r < 0)
		return r;
	sum = block.len;
	if (tree->codec != NIPFS_CODEC_DAG_PB) {
		*out = sum;
		return 0;
	}
	r = nipfs__pb_node_decode(nipfs__slice(block.ptr, block.len), &node);
	if (r < 0)
		return nipfs__fail(err, r, "the root of a tree cannot be decoded");
	while (nipfs__pb_node_next(&node, &cursor, &link) == 0)
		if (nipfs__add_u64(sum, link.tsize, &sum))
			return nipfs__fail(err, NIPFS_E_LIMIT, "the sizes of the closure lie");
	*out = sum;
	return 0;
}

static int measure(struct nipfs_block_source *source, struct needs *needs,
		   const struct nipfs_seen *seen, struct counter *counter,
		   struct nipfs_path_sizes *out, struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < needs->set->n; i++) {
		const struct nipfs_cid *tree = &needs->set->trees[i];
		struct nipfs_path_sizes s = { .nar_size = needs->set->infos[i].nar_size };

		counter->new_bytes = 0;
		counter->event.subject = nipfs__slice_str(needs->set->infos[i].path.base);
		r = closure_size(needs, i, &s.closure_size, err);
		if (r == 0)
			r = block_bytes(source, tree, &s.block_bytes, err);
		if (r == 0)
			r = nipfs_dag_walk(source, tree, seen, count, counter, err);
		s.new_bytes = counter->new_bytes;
		if (s.block_bytes > s.new_bytes)
			s.shared_bytes = s.block_bytes - s.new_bytes;
		out[i] = s;
	}
	return r;
}

int nipfs_closure_sizes(struct nipfs_block_source *source, const struct nipfs_closure_set *set,
			struct nipfs_path_sizes *out, const struct nipfs_progress *progress,
			struct nipfs_error *err)
{
	struct counter counter = { .progress = progress };
	struct needs needs = { .set = set };
	struct nipfs_seen_set *seen_set;
	struct nipfs_seen seen;
	int r = nipfs_seen_set_new(&seen_set, 0, err);

	if (r < 0)
		return r;
	seen = nipfs_seen_set_seen(seen_set);
	counter.event.phase = NIPFS_PHASE_FETCH;
	r = needs_init(&needs, err);
	if (r == 0)
		r = measure(source, &needs, &seen, &counter, out, err);
	nipfs_seen_set_free(seen_set);
	needs_release(&needs);
	return r;
}
