/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of a closure with all they refer to, references first. */
#include <nixipfs/closure.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/progress.h>

#include "lib/closure_read.h"
#include "lib/path_map.h"
#include "multiformats/base/array.h"
#include "multiformats/base/err.h"

/* Of the paths that were asked for, so many are looked ahead to; and so many are remembered,
 * lest they are hinted at twice. */
enum { HINTS_MAX = 1000, HINTED_MAX = 10000 };

/* A path is ON_THE_WAY while its references are being visited. */
enum state { LEFT_OUT, ON_THE_WAY, DONE };

struct node {
	enum state state;
	size_t next_ref;
	struct nipfs_path_info info;
	struct nipfs_cid tree;
};

struct collector {
	struct nipfs_closure *closure;
	int (*stop)(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err);
	bool (*likely)(void *ctx, const struct nipfs_store_path *path);
	void *ctx;
	struct nipfs__path_map seen, hinted;
	struct node **nodes; /* by number; NULL: left out */
	size_t cap_nodes;
	size_t *stack; /* numbers of the paths on the way */
	size_t depth, cap_stack;
	size_t *order; /* numbers, references first */
	size_t n_order, cap_order;
	struct nipfs__path_map missing;
	struct nipfs_error *err;
};

static int push(struct collector *w, size_t **array, size_t *n, size_t *cap, size_t value)
{
	size_t *grown = nipfs__array_room(*array, *n, cap, sizeof(value));

	if (!grown)
		return nipfs__fail_nomem(w->err);
	*array = grown;
	(*array)[(*n)++] = value;
	return 0;
}

/* The paths are numbered as they are seen: a new number is behind the last one. */
static int set_node(struct collector *w, size_t number, struct node *node)
{
	struct node **nodes =
		nipfs__array_room(w->nodes, number, &w->cap_nodes, sizeof(struct node *));

	if (!nodes)
		return nipfs__fail_nomem(w->err);
	w->nodes = nodes;
	w->nodes[number] = node;
	return 0;
}

static void free_node(struct node *node)
{
	if (node)
		nipfs_path_info_release(&node->info);
	free(node);
}

/* The narinfos of paths that will be visited, the first of them first. */
static int look_ahead(struct collector *w, const struct nipfs_store_path *paths, size_t n)
{
	for (size_t i = n; i-- > 0 && (!w->stop || w->likely);) {
		size_t number;
		int r;

		if (nipfs__path_map_has(&w->seen, &paths[i]))
			continue;
		if (w->hinted.n == HINTED_MAX)
			nipfs__path_map_release(&w->hinted);
		r = nipfs__path_map_put(&w->hinted, &paths[i], &number);
		if (r < 0)
			return nipfs__fail(w->err, r, "the closure has too many paths");
		if (r == 1 && (!w->stop || !w->likely(w->ctx, &paths[i])))
			nipfs__closure_hint(w->closure, &paths[i]);
	}
	return 0;
}

/* Reads what the closure says of a path and puts it on the stack. */
static int begin_path(struct collector *w, const struct nipfs_store_path *path, size_t number)
{
	char hash_part[NIPFS_STORE_HASH_LEN + 1];
	struct node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return nipfs__fail_nomem(w->err);
	nipfs_store_path_hash_part(path, hash_part);
	r = nipfs_closure_info(w->closure, hash_part, &node->info, &node->tree, w->err);
	if (r == 0 && nipfs_store_path_compare(&node->info.path, path) != 0)
		r = nipfs__fail(w->err, NIPFS_E_INVALID,
				"'%s.narinfo' of the closure is about '%s', not about '%s'",
				hash_part, node->info.path.base, path->base);
	if (r == 0)
		r = look_ahead(w, node->info.refs, node->info.n_refs);
	if (r == 0) {
		node->state = ON_THE_WAY;
		r = push(w, &w->stack, &w->depth, &w->cap_stack, number);
	}
	if (r < 0) {
		free_node(node);
		return r;
	}
	w->nodes[number] = node;
	return 0;
}

/* Visits a path: 0 whether or not there is something to do with it. */
static int visit(struct collector *w, const struct nipfs_store_path *path, bool must)
{
	size_t number;
	int r = nipfs__path_map_put(&w->seen, path, &number);

	if (r < 0)
		return nipfs__fail(w->err, r, "the closure has too many paths");
	if (r == 0) {
		if (w->nodes[number] && w->nodes[number]->state == ON_THE_WAY)
			return nipfs__fail(w->err, NIPFS_E_INVALID,
					   "the references of the closure go in a circle at '%s'",
					   path->base);
		return 0;
	}
	r = set_node(w, number, NULL);
	if (r == 0 && w->stop)
		r = w->stop(w->ctx, path, w->err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = must ? 1 : nipfs__closure_includes(w->closure, path, w->err);
	if (r > 0)
		return begin_path(w, path, number);
	if (r == 0)
		r = nipfs__path_map_put(&w->missing, path, &number);
	return r < 0 ? r : 0;
}

/* The next reference of the path on top of the stack, or its end. */
static int step(struct collector *w)
{
	const size_t number = w->stack[w->depth - 1];
	struct node *node = w->nodes[number];
	const struct nipfs_store_path *ref;

	if (node->next_ref == node->info.n_refs) {
		node->state = DONE;
		w->depth--;
		return push(w, &w->order, &w->n_order, &w->cap_order, number);
	}
	ref = &node->info.refs[node->next_ref++];
	if (nipfs_store_path_compare(ref, &node->info.path) == 0)
		return 0;
	return visit(w, ref, false);
}

static int hand_over(struct collector *w, struct nipfs_closure_set *out)
{
	struct nipfs_closure_set set = { NULL, NULL, w->n_order, NULL, 0 };

	if (w->n_order) {
		set.infos = calloc(w->n_order, sizeof(*set.infos));
		set.trees = calloc(w->n_order, sizeof(*set.trees));
		if (!set.infos || !set.trees) {
			free(set.infos);
			free(set.trees);
			return nipfs__fail_nomem(w->err);
		}
	}
	for (size_t i = 0; i < w->n_order; i++) {
		struct node *node = w->nodes[w->order[i]];

		set.infos[i] = node->info;
		nipfs_path_info_init(&node->info);
		set.trees[i] = node->tree;
	}
	set.missing = w->missing.paths;
	set.n_missing = nipfs_store_path_sort(set.missing, w->missing.n);
	w->missing.paths = NULL;
	*out = set;
	return 0;
}

int nipfs_closure_collect(struct nipfs_closure *c, const struct nipfs_store_path *paths, size_t n,
			  int (*stop)(void *ctx, const struct nipfs_store_path *path,
				      struct nipfs_error *err),
			  bool (*likely)(void *ctx, const struct nipfs_store_path *path),
			  void *ctx, struct nipfs_closure_set *out, struct nipfs_error *err)
{
	struct collector w = {
		.closure = c, .stop = stop, .likely = likely, .ctx = ctx, .err = err
	};
	int r = nipfs__closure_look_ahead(c, err);

	/* of many, those that come first */
	if (r == 0)
		r = look_ahead(&w, paths, n < HINTS_MAX ? n : HINTS_MAX);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = visit(&w, &paths[i], true);
		while (r == 0 && w.depth > 0) {
			r = nipfs_cancel_check(err);
			if (r == 0)
				r = step(&w);
		}
	}
	nipfs__closure_look_back(c);
	if (r == 0)
		r = hand_over(&w, out);
	for (size_t i = 0; i < w.seen.n && i < w.cap_nodes; i++)
		free_node(w.nodes[i]);
	free(w.nodes);
	free(w.stack);
	free(w.order);
	nipfs__path_map_release(&w.seen);
	nipfs__path_map_release(&w.hinted);
	nipfs__path_map_release(&w.missing);
	return r;
}

void nipfs_closure_set_release(struct nipfs_closure_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		nipfs_path_info_release(&set->infos[i]);
	free(set->infos);
	free(set->trees);
	free(set->missing);
	memset(set, 0, sizeof(*set));
}
