/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The closure of some paths of a store, references first. */
#include <stdlib.h>
#include <string.h>

#include <nixipfs/progress.h>

#include "lib/nix/store.h"
#include "lib/path_map.h"
#include "multiformats/base/err.h"

/* A growing array of node numbers. */
struct numbers {
	uint32_t *items;
	size_t n, cap;
};

/**
 * struct graph - paths and what they refer to
 * @map:      the paths, numbered
 * @refs:     what node 0 refers to, then what node 1 does, …; never the node itself
 * @refs_end: where in @refs those of a node end
 */
struct graph {
	struct nipfs__path_map map;
	struct numbers refs, refs_end;
};

static int push(struct numbers *a, size_t value, struct nipfs_error *err)
{
	if (value > UINT32_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "the closure has too many references");
	if (a->n == a->cap) {
		const size_t cap = a->cap ? a->cap * 2 : 256;
		uint32_t *items = reallocarray(a->items, cap, sizeof(*items));

		if (!items)
			return nipfs__fail_nomem(err);
		a->items = items;
		a->cap = cap;
	}
	a->items[a->n++] = (uint32_t)value;
	return 0;
}

static void graph_release(struct graph *g)
{
	nipfs__path_map_release(&g->map);
	free(g->refs.items);
	free(g->refs_end.items);
}

static int add_ref(struct graph *g, size_t node, const struct nipfs_store_path *ref,
		   struct nipfs_error *err)
{
	size_t number = 0;
	const int r = nipfs__path_map_put(&g->map, ref, &number);

	if (r < 0)
		return nipfs__fail(err, r, "cannot keep a closure of this size: %s",
				   nipfs_err_text(r));
	return number == node ? 0 : push(&g->refs, number, err);
}

/* The node whose references are read. */
struct reader {
	struct graph *graph;
	size_t node;
};

static int take_ref(void *ctx, const struct nipfs_store_path *ref, struct nipfs_error *err)
{
	const struct reader *reader = ctx;

	return add_ref(reader->graph, reader->node, ref, err);
}

static int read_refs(struct nipfs_store *store, struct graph *g, size_t node,
		     struct nipfs_error *err)
{
	/* the map may move while it grows */
	const struct nipfs_store_path path = g->map.paths[node];
	struct reader reader = { g, node };
	const int r = store->backend->refs(store, &path, take_ref, &reader, err);

	return r < 0 ? r : push(&g->refs_end, g->refs.n, err);
}

/* What is new goes to the end of the map, so one walk along it sees everything. */
static int read_graph(struct nipfs_store *store, const struct nipfs_store_path *paths, size_t n,
		      struct graph *g, struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		size_t number;

		r = nipfs__path_map_put(&g->map, &paths[i], &number);
		if (r < 0)
			return nipfs__fail(err, r, "cannot keep the paths: %s",
					   nipfs_err_text(r));
	}
	for (size_t node = 0; r >= 0 && node < g->map.n; node++) {
		r = nipfs_cancel_check(err);
		if (r == 0)
			r = read_refs(store, g, node, err);
	}
	return r < 0 ? r : 0;
}

/**
 * struct order - the walk from what refers to nothing upwards
 * @waits_for:  per node, how many of its references were not visited yet
 * @users:      who refers to node 0, then who to node 1, …
 * @users_from: where in @users those of a node begin; one more than there are nodes
 * @ready:      a heap, the first in byte order on top
 */
struct order {
	const struct graph *g;
	uint32_t *waits_for, *users, *users_from, *ready;
	size_t n_ready;
};

static bool comes_before(const struct order *o, uint32_t a, uint32_t b)
{
	return nipfs_store_path_compare(&o->g->map.paths[a], &o->g->map.paths[b]) < 0;
}

static void heap_push(struct order *o, uint32_t node)
{
	size_t i = o->n_ready++;

	while (i && comes_before(o, node, o->ready[(i - 1) / 2])) {
		o->ready[i] = o->ready[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	o->ready[i] = node;
}

static uint32_t heap_pop(struct order *o)
{
	const uint32_t top = o->ready[0], last = o->ready[--o->n_ready];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < o->n_ready) {
		if (child + 1 < o->n_ready &&
		    comes_before(o, o->ready[child + 1], o->ready[child]))
			child++;
		if (!comes_before(o, o->ready[child], last))
			break;
		o->ready[i] = o->ready[child];
		i = child;
	}
	o->ready[i] = last;
	return top;
}

static size_t refs_begin(const struct graph *g, size_t node)
{
	return node ? g->refs_end.items[node - 1] : 0;
}

static void fill_order(struct order *o)
{
	const struct graph *g = o->g;

	for (size_t i = 0; i < g->refs.n; i++)
		o->users_from[g->refs.items[i] + 1]++;
	for (size_t node = 0; node < g->map.n; node++)
		o->users_from[node + 1] += o->users_from[node];
	/* Until all users are filled in, waits_for counts those that are. */
	for (size_t node = 0; node < g->map.n; node++)
		for (size_t i = refs_begin(g, node); i < g->refs_end.items[node]; i++) {
			const uint32_t ref = g->refs.items[i];

			o->users[o->users_from[ref] + o->waits_for[ref]++] = (uint32_t)node;
		}
	for (size_t node = 0; node < g->map.n; node++) {
		o->waits_for[node] = (uint32_t)(g->refs_end.items[node] - refs_begin(g, node));
		if (!o->waits_for[node])
			heap_push(o, (uint32_t)node);
	}
}

typedef int visit_fn(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err);

static int walk(struct order *o, visit_fn *visit, void *ctx, struct nipfs_error *err)
{
	size_t visited = 0;

	fill_order(o);
	while (o->n_ready) {
		const uint32_t node = heap_pop(o);
		const int r = visit(ctx, &o->g->map.paths[node], err);

		if (r < 0)
			return r;
		visited++;
		for (size_t i = o->users_from[node]; i < o->users_from[node + 1]; i++)
			if (--o->waits_for[o->users[i]] == 0)
				heap_push(o, o->users[i]);
	}
	if (visited < o->g->map.n)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "references in the store go round in a circle");
	return 0;
}

static int walk_graph(const struct graph *g, visit_fn *visit, void *ctx,
		      struct nipfs_error *err)
{
	const size_t n = g->map.n;
	struct order o = {
		.g = g,
		.waits_for = calloc(n + 1, sizeof(uint32_t)),
		.users = calloc(g->refs.n + 1, sizeof(uint32_t)),
		.users_from = calloc(n + 1, sizeof(uint32_t)),
		.ready = calloc(n + 1, sizeof(uint32_t)),
	};
	int r;

	if (o.waits_for && o.users && o.users_from && o.ready)
		r = walk(&o, visit, ctx, err);
	else
		r = nipfs__fail_nomem(err);
	free(o.waits_for);
	free(o.users);
	free(o.users_from);
	free(o.ready);
	return r;
}

int nipfs_store_closure(struct nipfs_store *store, const struct nipfs_store_path *paths,
			size_t n, visit_fn *visit, void *ctx, struct nipfs_error *err)
{
	struct graph g = { 0 };
	int r = store->backend->read_begin(store, err);

	if (r == 0)
		r = store->backend->read_end(store, read_graph(store, paths, n, &g, err), err);
	/* Nothing is held any more: visiting may take as long as it likes. */
	if (r == 0)
		r = walk_graph(&g, visit, ctx, err);
	graph_release(&g);
	return r;
}
