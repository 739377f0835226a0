/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Closure directories into a Nix store (DESIGN.md §6, reference nix.md §5.3). */
#include <nixipfs/realize.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>

#include "lib/realize_choice.h"
#include "lib/realize_place.h"
#include "lib/realize_trust.h"
#include "lib/reuse.h"
#include "lib/tree_writers.h"
#include "multiformats/base/array.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/*
 * @closures: settled, in their order; each stays where it is
 * @given:    the paths of all of them
 */
struct nipfs_realization {
	struct nipfs_realize_options options;
	struct nipfs_index_truth truth;
	struct nipfs__placer placer;
	struct nipfs__reuse reuse;
	struct nipfs__tree_writers writers;
	struct nipfs__settled **closures;
	size_t n, cap;
	struct nipfs__given given;
};

/* What one closure is settled with. */
struct settling {
	struct nipfs_realization *z;
	struct nipfs_store *store;
	struct nipfs_closure *closure;
	struct nipfs__settled *out;
};

/* ---- which paths ---------------------------------------------------------- */

static int keep_valid(struct nipfs__settled *s, const struct nipfs_realized *valid,
		      struct nipfs_error *err)
{
	struct nipfs_realized *grown =
		nipfs__array_room(s->valid, s->n_valid, &s->cap_valid, sizeof(*valid));

	if (!grown)
		return nipfs__fail_nomem(err);
	s->valid = grown;
	s->valid[s->n_valid++] = *valid;
	return 0;
}

/* A path that is valid already, or comes with a closure before, is left out with all it refers
 * to. */
static int stop_at_valid(void *ctx, const struct nipfs_store_path *path,
			 struct nipfs_error *err)
{
	struct settling *w = ctx;
	const struct nipfs__given *given = &w->z->given;
	struct nipfs_realized valid = { .path = *path, .how = NIPFS_REALIZED_VALID };
	int r = 1;

	if (!nipfs__given_find(given, path)) {
		r = nipfs_store_add_temp_roots(w->store, path, 1, err);
		if (r < 0)
			return r;
		r = nipfs_store_is_valid(w->store, path, err);
	}
	if (r <= 0)
		return r;
	valid.asked_for = nipfs_store_path_find(w->out->asked_for, w->out->n_asked_for, path);
	if (valid.asked_for) {
		r = nipfs__compare_valid(w->store, given, w->closure, &valid, err);
		if (r == 0)
			r = keep_valid(w->out, &valid, err);
		if (r < 0)
			return r;
	}
	return 1;
}

/* Nothing is kept for it yet. */
static bool is_likely_valid(void *ctx, const struct nipfs_store_path *path)
{
	const struct settling *w = ctx;

	return nipfs__given_find(&w->z->given, path) ||
	       nipfs_store_is_valid(w->store, path, NULL) == 1;
}

static int collect(struct settling *w, const char *const *wanted, struct nipfs_error *err)
{
	struct nipfs__settled *s = w->out;
	int r = nipfs__choose_paths(w->closure, wanted, &s->asked_for, &s->n_asked_for, err);

	if (r == 0 && w->z->options.strict)
		r = nipfs__check_same(w->store, &w->z->given, w->closure, s->asked_for,
				      s->n_asked_for, err);
	if (r == 0)
		r = nipfs_closure_collect(w->closure, s->asked_for, s->n_asked_for,
					  stop_at_valid, is_likely_valid, w, &s->set, err);
	return r;
}

static int settle_trust(struct settling *w, struct nipfs_error *err)
{
	const struct nipfs_closure_set *set = &w->out->set;

	w->out->trust = calloc(set->n + 1, sizeof(*w->out->trust));
	if (!w->out->trust)
		return nipfs__fail_nomem(err);
	for (size_t i = 0; i < set->n; i++)
		w->z->writers.meter.event.total += set->infos[i].nar_size;
	return nipfs__settle_trust(w->store, &w->z->options.trust, set, w->out->trust, err);
}

/* ---- what is referred to and not included --------------------------------- */

/* Where that is neither here nor on its way; @out has room for all that is missing. */
static int find_absent(const struct settling *w, struct nipfs_store_path *out, size_t *n,
		       struct nipfs_error *err)
{
	const struct nipfs_closure_set *set = &w->out->set;

	*n = 0;
	for (size_t i = 0; i < set->n_missing; i++) {
		const int r = nipfs_store_is_valid(w->store, &set->missing[i], err);

		if (r < 0)
			return r;
		if (r == 0)
			out[(*n)++] = set->missing[i];
	}
	return 0;
}

static int refuse_absent(const struct nipfs_store_path *absent, size_t n, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf names = NIPFS_BUF_INIT(700);

	/* as many names as there is room for */
	for (size_t i = 0; i < n; i++)
		if (nipfs__buf_printf(&names, "%s'%s'", i ? ", " : "", absent[i].base) < 0)
			break;
	return nipfs__fail(err, NIPFS_E_NOTFOUND,
			   "%zu %s referred to, not included in the closure, not in this store, "
			   "and not to be had from Nix's substituters: %.*s",
			   n, n == 1 ? "path is" : "paths are",
			   NIPFS_FMT(nipfs__buf_slice(&names)));
}

/* It must be here, or Nix has to get it. */
static int check_missing(struct settling *w, struct nipfs_error *err)
{
	nipfs_auto_free struct nipfs_store_path *absent = NULL;
	size_t n;
	int r;

	absent = calloc(w->out->set.n_missing + 1, sizeof(*absent));
	if (!absent)
		return nipfs__fail_nomem(err);
	r = find_absent(w, absent, &n, err);
	if (r < 0 || n == 0)
		return r;
	r = nipfs_store_add_temp_roots(w->store, absent, n, err);
	if (r == 0)
		r = nipfs_store_substitute(w->store, absent, n, err);
	if (r == 0)
		r = find_absent(w, absent, &n, err);
	return r == 0 && n ? refuse_absent(absent, n, err) : r;
}

/* ---- all ------------------------------------------------------------------ */

static void free_settled(struct nipfs__settled *s)
{
	if (!s)
		return;
	nipfs_closure_set_release(&s->set);
	free(s->asked_for);
	free(s->valid);
	free(s->trust);
	free(s);
}

static void count(struct nipfs_realization *z)
{
	if (!z->options.stats)
		return;
	nipfs__reuse_stats(&z->reuse, z->options.stats);
	nipfs__tree_writers_stats(&z->writers, z->options.stats);
}

/* A daemon takes one path after another. */
static size_t jobs_of(const struct nipfs_store *store, size_t wanted)
{
	if (wanted <= 1 || nipfs_store_max_placements(store) == 1)
		return 1;
	return wanted < NIPFS__WRITERS_MAX ? wanted : NIPFS__WRITERS_MAX;
}

int nipfs_realization_new(struct nipfs_realization **out, struct nipfs_store *store,
			  struct nipfs_block_source *source,
			  const struct nipfs_realize_options *options, struct nipfs_error *err)
{
	struct nipfs_realization *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return nipfs__fail_nomem(err);
	z->options = *options;
	if (options->reuse) {
		z->truth = *options->reuse;
		z->options.reuse = &z->truth;
	}
	z->placer = (struct nipfs__placer){
		.store = store,
		.options = &z->options,
		.index = options->index,
		.writers = &z->writers,
	};
	nipfs__tree_writers_init(&z->writers, jobs_of(store, options->jobs), store, source,
				 &z->options, &z->reuse);
	r = nipfs__reuse_init(&z->reuse, source, options->index, z->options.reuse, options->note,
			      options->ctx, err);
	count(z);
	if (r < 0)
		nipfs_realization_free(z);
	else
		*out = z;
	return r;
}

int nipfs_realization_settle(struct nipfs_realization *z, const struct nipfs_cid *closure,
			     const char *const *wanted, struct nipfs_error *err)
{
	struct settling w = { .z = z, .store = z->placer.store };
	struct nipfs__settled **closures =
		nipfs__array_room(z->closures, z->n, &z->cap, sizeof(struct nipfs__settled *));
	int r;

	if (!closures)
		return nipfs__fail_nomem(err);
	z->closures = closures;
	w.out = calloc(1, sizeof(*w.out));
	if (!w.out)
		return nipfs__fail_nomem(err);
	r = nipfs_closure_open(&w.closure, z->reuse.source, closure, nipfs_store_dir(w.store),
			       err);
	if (r == 0)
		r = collect(&w, wanted, err);
	if (r == 0)
		r = settle_trust(&w, err);
	if (r == 0)
		r = check_missing(&w, err);
	if (r == 0)
		r = nipfs__given_add(&z->given, &w.out->set, err);
	nipfs_closure_free(w.closure);
	count(z);
	z->closures[z->n++] = w.out;
	return r;
}

int nipfs_realization_place(struct nipfs_realization *z, size_t number, struct nipfs_error *err)
{
	const int r = nipfs__place_settled(&z->placer, z->closures[number], err);

	count(z);
	return r;
}

void nipfs_realization_free(struct nipfs_realization *z)
{
	if (!z)
		return;
	for (size_t i = 0; i < z->n; i++)
		free_settled(z->closures[i]);
	free(z->closures);
	nipfs__given_release(&z->given);
	nipfs__tree_writers_release(&z->writers);
	nipfs__reuse_release(&z->reuse);
	free(z);
}

int nipfs_realize(struct nipfs_store *store, struct nipfs_block_source *source,
		  const struct nipfs_cid *closure, const struct nipfs_realize_options *options,
		  struct nipfs_error *err)
{
	struct nipfs_realization *z;
	int r = nipfs_realization_new(&z, store, source, options, err);

	if (r < 0)
		return r;
	r = nipfs_realization_settle(z, closure, options->wanted, err);
	if (r == 0)
		r = nipfs_realization_place(z, 0, err);
	nipfs_realization_free(z);
	return r;
}
