/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A closure directory into a Nix store (DESIGN.md §6, reference nix.md §5.3). */
#include <nixipfs/realize.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>

#include "lib/blocks/index.h"
#include "lib/nix/place.h"
#include "lib/place_path.h"
#include "lib/realize_choice.h"
#include "lib/realize_trust.h"
#include "lib/reuse.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/*
 * Paths that are written share a sync and a transaction, up to so many of them
 * or so many bytes: a killed run loses no more than that.
 */
enum { BATCH_PATHS = 16, BATCH_BYTES = 64 * 1024 * 1024 };

/*
 * Paths that hold so many bytes are worth to wait until they are indexed: those behind them
 * are likely to have blocks in common with them. But another process may write to the index
 * for long, which is not waited for.
 */
enum { SETTLE_BYTES = 8 * 1024 * 1024, SETTLE_MS = 200 };

/* @index: that of the options, until something goes wrong with it */
struct realizer {
	struct nipfs_store *store;
	const struct nipfs_realize_options *options;
	struct nipfs_index *index;
	struct nipfs__reuse reuse;
	struct nipfs_closure *closure;
	struct nipfs_store_path *asked_for; /* sorted */
	size_t n_asked_for;
	struct nipfs_closure_set set;
	enum nipfs_trust *trust; /* for each of the set */
	struct nipfs_placement *batch[BATCH_PATHS];
	struct nipfs_realized batched[BATCH_PATHS];
	size_t n_batch;
	uint64_t batch_bytes;
	struct nipfs_progress_meter meter;
};

static int tell(struct realizer *z, const struct nipfs_realized *path, struct nipfs_error *err)
{
	return z->options->done ? z->options->done(z->options->ctx, path, err) : 0;
}

/* The index is a help, and no more: what becomes of it is only noted. */
static int index_failed(struct realizer *z, struct nipfs_error *why, struct nipfs_error *err)
{
	if (why->code == NIPFS_E_NOMEM || why->code == NIPFS_E_CANCELLED) {
		if (err)
			*err = *why;
		return why->code;
	}
	nipfs__prefix(why, "what is placed is not indexed");
	if (z->options->note)
		z->options->note(z->options->ctx, why->msg);
	z->index = NULL;
	return 0;
}

static bool is_asked_for(const struct realizer *z, const struct nipfs_store_path *path)
{
	return nipfs_store_path_find(z->asked_for, z->n_asked_for, path);
}

/* ---- which paths ---------------------------------------------------------- */

/* A path that is valid already is told and left out with all it refers to. */
static int stop_at_valid(void *ctx, const struct nipfs_store_path *path,
			 struct nipfs_error *err)
{
	struct realizer *z = ctx;
	struct nipfs_realized valid = { .path = *path, .how = NIPFS_REALIZED_VALID };
	int r = nipfs_store_add_temp_roots(z->store, path, 1, err);

	if (r < 0)
		return r;
	r = nipfs_store_is_valid(z->store, path, err);
	if (r <= 0)
		return r;
	valid.asked_for = is_asked_for(z, path);
	if (valid.asked_for) {
		r = nipfs__compare_valid(z->store, z->closure, &valid, err);
		if (r == 0)
			r = tell(z, &valid, err);
		if (r < 0)
			return r;
	}
	return 1;
}

/* What is referred to, not included and not here; @out has room for all that is missing. */
static int find_absent(struct realizer *z, struct nipfs_store_path *out, size_t *n,
		       struct nipfs_error *err)
{
	*n = 0;
	for (size_t i = 0; i < z->set.n_missing; i++) {
		const int r = nipfs_store_is_valid(z->store, &z->set.missing[i], err);

		if (r < 0)
			return r;
		if (r == 0)
			out[(*n)++] = z->set.missing[i];
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

/* What is referred to and not included must be here, or Nix has to get it. */
static int check_missing(struct realizer *z, struct nipfs_error *err)
{
	nipfs_auto_free struct nipfs_store_path *absent = NULL;
	size_t n;
	int r;

	absent = calloc(z->set.n_missing + 1, sizeof(*absent));
	if (!absent)
		return nipfs__fail_nomem(err);
	r = find_absent(z, absent, &n, err);
	if (r < 0 || n == 0)
		return r;
	r = nipfs_store_add_temp_roots(z->store, absent, n, err);
	if (r == 0)
		r = nipfs_store_substitute(z->store, absent, n, err);
	if (r == 0)
		r = find_absent(z, absent, &n, err);
	return r == 0 && n ? refuse_absent(absent, n, err) : r;
}

static int settle_trust(struct realizer *z, struct nipfs_error *err)
{
	z->trust = calloc(z->set.n + 1, sizeof(*z->trust));
	if (!z->trust)
		return nipfs__fail_nomem(err);
	for (size_t i = 0; i < z->set.n; i++)
		z->meter.event.total += z->set.infos[i].nar_size;
	return nipfs__settle_trust(z->store, &z->options->trust, &z->set, z->trust, err);
}

/* ---- placing -------------------------------------------------------------- */

static int commit_batch(struct realizer *z, struct nipfs_error *err)
{
	const bool worth_it = z->batch_bytes >= SETTLE_BYTES && z->index && z->options->reuse;
	const size_t n = z->n_batch;
	int r;

	if (n == 0)
		return 0;
	z->n_batch = 0;
	z->batch_bytes = 0;
	r = nipfs_placement_commit(z->batch, n, err);
	if (r == 0 && worth_it)
		nipfs__index_settle(z->index, SETTLE_MS);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = tell(z, &z->batched[i], err);
	return r;
}

/* Begins a placement; what others hold is waited for with nothing in our hands. */
static int begin(struct realizer *z, const struct nipfs_path_info *info,
		 struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err)
{
	int r = nipfs_placement_begin(z->store, info, out, have, err);

	if (r != NIPFS_PLACEMENT_BUSY)
		return r;
	r = commit_batch(z, err);
	return r < 0 ? r : nipfs_placement_begin(z->store, info, out, have, err);
}

/* Writes the tree of a path, from what is here as far as that goes. */
static int write_tree(struct realizer *z, size_t i, struct nipfs_placement *placement,
		      struct nipfs_error *err)
{
	struct nipfs_error index_error = { 0 };
	struct nipfs__place_options with = { .store = z->store,
					     .index = z->index,
					     .index_error = &index_error,
					     .meter = &z->meter };
	int r = nipfs__reuse_begin_path(&z->reuse, placement, z->options->progress, err);

	with.source = z->reuse.source;
	if (r == 0)
		r = nipfs__place_path(&with, &z->set.infos[i], &z->set.trees[i], placement, err);
	nipfs__reuse_end_path(&z->reuse);
	if (r == 0 && index_error.code)
		r = index_failed(z, &index_error, err);
	return r;
}

static int place(struct realizer *z, size_t i, struct nipfs_error *err)
{
	const struct nipfs_path_info *info = &z->set.infos[i];
	struct nipfs_realized done = { .path = info->path,
				       .how = NIPFS_REALIZED_PLACED,
				       .asked_for = is_asked_for(z, &info->path),
				       .trust = z->trust[i],
				       .nar_size = info->nar_size };
	struct nipfs_placement *placement;
	int r;

	z->meter.event.subject = nipfs__slice_str(info->path.base);
	memcpy(done.nar_hash, info->nar_hash, sizeof(done.nar_hash));
	r = begin(z, info, &placement, done.have_hash, err);
	if (r == NIPFS_PLACEMENT_VALID) {
		/* another process was faster */
		done.how = NIPFS_REALIZED_VALID;
		done.differs = memcmp(done.nar_hash, done.have_hash,
				      sizeof(done.nar_hash)) != 0;
		if (done.differs && z->options->strict)
			return nipfs__fail_differs(&done.path, done.have_hash, done.nar_hash,
						   err);
		return tell(z, &done, err);
	}
	if (r != 0)
		return r < 0 ? r
			     : nipfs__fail(err, NIPFS_E_SYS, "'%s' stays locked",
					   info->path.base);
	r = write_tree(z, i, placement, err);
	if (r < 0) {
		/* a retry makes sense, and can use what was written */
		if (r == NIPFS_E_UNREACHABLE)
			nipfs__placement_suspend(placement);
		else
			nipfs_placement_abort(placement);
		return r;
	}
	z->batch[z->n_batch] = placement;
	z->batched[z->n_batch++] = done;
	z->batch_bytes += info->nar_size;
	if (z->n_batch == BATCH_PATHS || z->n_batch == nipfs_store_max_placements(z->store) ||
	    z->batch_bytes >= BATCH_BYTES)
		return commit_batch(z, err);
	return 0;
}

static int place_all(struct realizer *z, struct nipfs_error *err)
{
	struct nipfs_error first;
	int r = 0, r2;

	for (size_t i = 0; r == 0 && i < z->set.n; i++) {
		r = nipfs_cancel_check(err);
		if (r == 0)
			r = place(z, i, err);
	}
	/* what is complete is kept, whatever became of the path after it */
	r2 = commit_batch(z, r < 0 ? &first : err);
	if (r == 0)
		r = r2;
	if (z->index && nipfs_index_flush(z->index, &first) < 0) {
		r2 = index_failed(z, &first, r < 0 ? NULL : err);
		if (r == 0)
			r = r2;
	}
	return r;
}

static int collect(struct realizer *z, struct nipfs_error *err)
{
	int r = nipfs__choose_paths(z->closure, z->options->wanted, &z->asked_for,
				    &z->n_asked_for, err);

	if (r == 0 && z->options->strict)
		r = nipfs__check_same(z->store, z->closure, z->asked_for, z->n_asked_for, err);
	if (r == 0)
		r = nipfs_closure_collect(z->closure, z->asked_for, z->n_asked_for,
					  stop_at_valid, z, &z->set, err);
	return r;
}

int nipfs_realize(struct nipfs_store *store, struct nipfs_block_source *source,
		  const struct nipfs_cid *closure, const struct nipfs_realize_options *options,
		  struct nipfs_error *err)
{
	struct realizer z = { .store = store, .options = options, .index = options->index };
	int r = nipfs__reuse_init(&z.reuse, source, options->index, options->reuse,
				  options->note, options->ctx, err);

	z.meter.progress = options->progress;
	z.meter.event.phase = NIPFS_PHASE_WRITE;
	if (r == 0)
		r = nipfs_closure_open(&z.closure, z.reuse.source, closure,
				       nipfs_store_dir(store), err);
	if (r == 0)
		r = collect(&z, err);
	if (r == 0)
		r = settle_trust(&z, err);
	if (r == 0)
		r = check_missing(&z, err);
	if (r == 0)
		r = place_all(&z, err);
	if (options->stats)
		nipfs__reuse_stats(&z.reuse, options->stats);
	nipfs_closure_set_release(&z.set);
	nipfs_closure_free(z.closure);
	nipfs__reuse_release(&z.reuse);
	free(z.asked_for);
	free(z.trust);
	return r;
}
