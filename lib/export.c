/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DAGs as one CAR, a closure directory in the order in which it is realized. */
#include <nixipfs/export.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>
#include <nixipfs/dag.h>
#include <nixipfs/sources.h>

#include "lib/closure_read.h"
#include "lib/dir_blocks.h"

struct exporter {
	struct nipfs_block_source *source;
	const struct nipfs_car_output *out;
	struct nipfs_seen seen;
	const struct nipfs_progress *progress;
	struct nipfs_export_stats stats;
};

static int write_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		       struct nipfs_error *err)
{
	struct exporter *e = ctx;
	struct nipfs_progress_event event = { .phase = NIPFS_PHASE_EXPORT };
	int r = nipfs_cancel_check(err);

	if (r == 0)
		r = nipfs_car_put_block(e->out, cid, block, err);
	if (r < 0)
		return r;
	e->stats.blocks++;
	e->stats.block_bytes += block->len;
	e->stats.car_bytes += nipfs_car_section_bytes(cid, block->len);
	event.done = e->stats.car_bytes;
	event.items = e->stats.blocks;
	nipfs_progress_report(e->progress, &event);
	return 0;
}

static int walk(struct exporter *e, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	return nipfs_dag_walk(e->source, cid, &e->seen, write_block, e, err);
}

static int write_entry(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	return walk(ctx, &entry->cid, err);
}

/* What has to be known before the first tree: the narinfos, and which paths are meant. */
static int write_first(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	static const char suffix[] = ".narinfo";
	const size_t len = sizeof(suffix) - 1;

	if (!nipfs__closure_is_result(entry->name) &&
	    (entry->name.len <= len ||
	     memcmp(entry->name.ptr + entry->name.len - len, suffix, len) != 0))
		return 0;
	return walk(ctx, &entry->cid, err);
}

/* A directory's own blocks: one, or the shards of a HAMT. */
static int write_dir(struct exporter *e, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	return nipfs__dir_blocks(e->source, cid, &e->seen, write_block, e, err);
}

/* ---- a closure ------------------------------------------------------------ */

/* What must make sense for the order of a closure, before anything is written. */
static int plan(struct exporter *e, struct nipfs_closure *c, const struct nipfs_cid *top,
		struct nipfs_closure_set *out, struct nipfs_error *err)
{
	struct nipfs_store_path *paths;
	size_t n;
	int r = nipfs__closure_check_dir(e->source, top, err);

	if (r == 0)
		r = nipfs_closure_paths(c, &paths, &n, err);
	if (r < 0)
		return r;
	r = nipfs_closure_collect(c, paths, n, NULL, NULL, out, err);
	free(paths);
	return r;
}

/* Of the trees, each after those that its path refers to. */
static int write_closure(struct exporter *e, const struct nipfs_closure_set *set,
			 const struct nipfs_cid *store, const struct nipfs_cid *top,
			 struct nipfs_error *err)
{
	int r;

	r = write_dir(e, top, err);
	if (r == 0)
		r = nipfs_dag_list(e->source, top, write_first, e, err);
	if (r == 0)
		r = write_dir(e, store, err);
	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = walk(e, &set->trees[i], err);
	/* what no narinfo tells of */
	if (r == 0)
		r = nipfs_dag_list(e->source, store, write_entry, e, err);
	if (r == 0)
		r = nipfs_dag_list(e->source, top, write_entry, e, err);
	return r;
}

static int write_root(struct exporter *e, const struct nipfs_cid *root, struct nipfs_error *err)
{
	struct nipfs_closure_set set = { 0 };
	struct nipfs_closure *c;
	int r;

	if (root->codec != NIPFS_CODEC_DAG_PB)
		return walk(e, root, err);
	r = nipfs_closure_open(&c, e->source, root, NULL, err);
	if (r == NIPFS_E_INVALID)
		return walk(e, root, err);
	if (r < 0)
		return r;
	r = plan(e, c, root, &set, err);
	/* no closure that could be realized: any order is right */
	if (r == NIPFS_E_INVALID || r == NIPFS_E_LIMIT || r == NIPFS_E_UNSUPPORTED)
		r = walk(e, root, err);
	else if (r == 0)
		r = write_closure(e, &set, nipfs_closure_store_cid(c), root, err);
	nipfs_closure_set_release(&set);
	nipfs_closure_free(c);
	return r;
}

int nipfs_export(struct nipfs_block_source *source, const struct nipfs_cid *roots, size_t n,
		 const struct nipfs_car_output *out, const struct nipfs_progress *progress,
		 struct nipfs_export_stats *stats, struct nipfs_error *err)
{
	struct exporter e = { .source = source, .out = out, .progress = progress };
	struct nipfs_seen_set *set;
	int r = nipfs_seen_set_new(&set, 0, err);

	if (r < 0)
		return r;
	e.seen = nipfs_seen_set_seen(set);
	e.stats.car_bytes = nipfs_car_header_bytes(roots, n);
	r = nipfs_car_put_header(out, roots, n, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = write_root(&e, &roots[i], err);
	nipfs_seen_set_free(set);
	if (r == 0 && stats)
		*stats = e.stats;
	return r;
}
