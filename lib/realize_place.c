/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of a closure that is settled into the store, references first. */
#include "lib/realize_place.h"

#include <string.h>

#include "lib/blocks/index.h"
#include "lib/nix/place.h"
#include "lib/place_path.h"
#include "lib/realize_choice.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

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

struct batch {
	struct nipfs__placer *placer;
	const struct nipfs__settled *settled;
	struct nipfs_placement *placements[BATCH_PATHS];
	struct nipfs_realized paths[BATCH_PATHS];
	size_t n;
	uint64_t bytes;
};

static int tell(const struct nipfs__placer *z, const struct nipfs_realized *path,
		struct nipfs_error *err)
{
	return z->options->done ? z->options->done(z->options->ctx, path, err) : 0;
}

/* The index is a help, and no more: what becomes of it is only noted. */
static int index_failed(struct nipfs__placer *z, struct nipfs_error *why, struct nipfs_error *err)
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

static int commit_batch(struct batch *b, struct nipfs_error *err)
{
	const struct nipfs__placer *z = b->placer;
	const bool worth_it = b->bytes >= SETTLE_BYTES && z->index && z->options->reuse;
	const size_t n = b->n;
	int r;

	if (n == 0)
		return 0;
	b->n = 0;
	b->bytes = 0;
	r = nipfs_placement_commit(b->placements, n, err);
	if (r == 0 && worth_it)
		nipfs__index_settle(z->index, SETTLE_MS);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = tell(z, &b->paths[i], err);
	return r;
}

/* Begins a placement; what others hold is waited for with nothing in our hands. */
static int begin(struct batch *b, const struct nipfs_path_info *info,
		 struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err)
{
	struct nipfs_store *store = b->placer->store;
	int r = nipfs_placement_begin(store, info, out, have, err);

	if (r != NIPFS_PLACEMENT_BUSY)
		return r;
	r = commit_batch(b, err);
	return r < 0 ? r : nipfs_placement_begin(store, info, out, have, err);
}

/* Writes the tree of a path, from what is here as far as that goes. */
static int write_tree(struct nipfs__placer *z, const struct nipfs_path_info *info,
		      const struct nipfs_cid *tree, struct nipfs_placement *placement,
		      struct nipfs_error *err)
{
	struct nipfs_error index_error = { 0 };
	struct nipfs__place_options with = { .store = z->store,
					     .index = z->index,
					     .index_error = &index_error,
					     .meter = &z->meter };
	int r = nipfs__reuse_begin_path(z->reuse, placement, z->options->progress, err);

	with.source = z->reuse->source;
	if (r == 0)
		r = nipfs__place_path(&with, info, tree, placement, err);
	nipfs__reuse_end_path(z->reuse);
	if (r == 0 && index_error.code)
		r = index_failed(z, &index_error, err);
	return r;
}

static int place(struct batch *b, size_t i, struct nipfs_error *err)
{
	const struct nipfs_path_info *info = &b->settled->set.infos[i];
	struct nipfs__placer *z = b->placer;
	struct nipfs_realized done = { .path = info->path,
				       .how = NIPFS_REALIZED_PLACED,
				       .asked_for = nipfs_store_path_find(b->settled->asked_for,
									  b->settled->n_asked_for,
									  &info->path),
				       .trust = b->settled->trust[i],
				       .nar_size = info->nar_size };
	struct nipfs_placement *placement;
	int r;

	z->meter.event.subject = nipfs__slice_str(info->path.base);
	memcpy(done.nar_hash, info->nar_hash, sizeof(done.nar_hash));
	r = begin(b, info, &placement, done.have_hash, err);
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
	r = write_tree(z, info, &b->settled->set.trees[i], placement, err);
	if (r < 0) {
		/* a retry makes sense, and can use what was written */
		if (r == NIPFS_E_UNREACHABLE)
			nipfs__placement_suspend(placement);
		else
			nipfs_placement_abort(placement);
		return r;
	}
	b->placements[b->n] = placement;
	b->paths[b->n++] = done;
	b->bytes += info->nar_size;
	if (b->n == BATCH_PATHS || b->n == nipfs_store_max_placements(z->store) ||
	    b->bytes >= BATCH_BYTES)
		return commit_batch(b, err);
	return 0;
}

int nipfs__place_settled(struct nipfs__placer *z, const struct nipfs__settled *settled,
			 struct nipfs_error *err)
{
	struct batch b = { .placer = z, .settled = settled };
	struct nipfs_error first;
	int r = 0, r2;

	for (size_t i = 0; r == 0 && i < settled->n_valid; i++)
		r = tell(z, &settled->valid[i], err);
	for (size_t i = 0; r == 0 && i < settled->set.n; i++) {
		r = nipfs_cancel_check(err);
		if (r == 0)
			r = place(&b, i, err);
	}
	/* what is complete is kept, whatever became of the path after it */
	r2 = commit_batch(&b, r < 0 ? &first : err);
	if (r == 0)
		r = r2;
	if (z->index && nipfs_index_flush(z->index, &first) < 0) {
		r2 = index_failed(z, &first, r < 0 ? NULL : err);
		if (r == 0)
			r = r2;
	}
	return r;
}
