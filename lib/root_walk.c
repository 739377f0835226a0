/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blocks of a root: of a closure directory in the order in which it is realized. */
#include "lib/root_walk.h"

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>

#include "lib/closure_read.h"
#include "lib/dir_blocks.h"

/* The walk as the context of a callback, which nothing is changed through. */
struct lister {
	const struct nipfs__root_walk *w;
};

static const struct nipfs__root_walk *of(const void *ctx)
{
	return ((const struct lister *)ctx)->w;
}

static int list(const struct nipfs__root_walk *w, const struct nipfs_cid *dir,
		int (*each)(void *ctx, const struct nipfs_dir_entry *entry,
			    struct nipfs_error *err),
		struct nipfs_error *err)
{
	struct lister l = { w };

	return nipfs_dag_list(w->source, dir, each, &l, err);
}

static int walk(const struct nipfs__root_walk *w, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	const int r = nipfs_dag_walk(w->source, cid, &w->seen, w->each, w->ctx, err);

	return r == 0 && w->whole ? w->whole(w->ctx, cid, err) : r;
}

static int walk_entry(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	return walk(of(ctx), &entry->cid, err);
}

/* What has to be known before the first tree: the narinfos, and which paths are meant. */
static int walk_first(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	static const char suffix[] = ".narinfo";
	const size_t len = sizeof(suffix) - 1;

	if (!nipfs__closure_is_result(entry->name) &&
	    (entry->name.len <= len ||
	     memcmp(entry->name.ptr + entry->name.len - len, suffix, len) != 0))
		return 0;
	return walk(of(ctx), &entry->cid, err);
}

/* A directory's own blocks: one, or the shards of a HAMT. */
static int walk_dir(const struct nipfs__root_walk *w, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	return nipfs__dir_blocks(w->source, cid, &w->seen, w->each, w->ctx, err);
}

/* ---- a closure ------------------------------------------------------------ */

/* What must make sense for the order of a closure, before anything is written. */
static int plan(const struct nipfs__root_walk *w, struct nipfs_closure *c, const struct nipfs_cid *top,
		struct nipfs_closure_set *out, struct nipfs_error *err)
{
	struct nipfs_store_path *paths;
	size_t n;
	int r = nipfs__closure_check_dir(w->source, top, err);

	if (r == 0)
		r = nipfs_closure_paths(c, &paths, &n, err);
	if (r < 0)
		return r;
	r = nipfs_closure_collect(c, paths, n, NULL, NULL, NULL, out, err);
	free(paths);
	return r;
}

/* Of the trees, each after those that its path refers to. */
static int walk_closure(const struct nipfs__root_walk *w, const struct nipfs_closure_set *set,
			 const struct nipfs_cid *store, const struct nipfs_cid *top,
			 struct nipfs_error *err)
{
	int r;

	r = walk_dir(w, top, err);
	if (r == 0)
		r = list(w, top, walk_first, err);
	if (r == 0)
		r = walk_dir(w, store, err);
	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = walk(w, &set->trees[i], err);
	/* what no narinfo tells of */
	if (r == 0)
		r = list(w, store, walk_entry, err);
	if (r == 0)
		r = list(w, top, walk_entry, err);
	return r;
}

int nipfs__root_walk(const struct nipfs__root_walk *w, const struct nipfs_cid *root, struct nipfs_error *err)
{
	struct nipfs_closure_set set = { 0 };
	struct nipfs_closure *c;
	int r;

	if (root->codec != NIPFS_CODEC_DAG_PB)
		return walk(w, root, err);
	r = nipfs_closure_open(&c, w->source, root, NULL, err);
	if (r == NIPFS_E_INVALID)
		return walk(w, root, err);
	if (r < 0)
		return r;
	r = plan(w, c, root, &set, err);
	/* no closure that could be realized: any order is right */
	if (r == NIPFS_E_INVALID || r == NIPFS_E_LIMIT || r == NIPFS_E_UNSUPPORTED)
		r = walk(w, root, err);
	else if (r == 0)
		r = walk_closure(w, &set, nipfs_closure_store_cid(c), root, err);
	nipfs_closure_set_release(&set);
	nipfs_closure_free(c);
	return r;
}
