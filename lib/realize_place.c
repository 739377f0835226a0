/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of a closure that is settled into the store, references first. */
#include "lib/realize_place.h"

#include <stdlib.h>
#include <string.h>

#include "lib/blocks/index.h"
#include "lib/nix/place.h"
#include "lib/realize_choice.h"
#include "multiformats/base/err.h"

/*
 * Paths that are written share a sync and a transaction, up to so many of them
 * or so many bytes: a killed run loses no more than that, and what is being written.
 */
enum { BATCH_PATHS = 16, BATCH_BYTES = 64 * 1024 * 1024 };

/* So far from a path that is not told yet others may be begun. */
enum { AHEAD = 128 };

/*
 * Paths that hold so many bytes are worth to wait until they are indexed: those behind them
 * are likely to have blocks in common with them. But another process may write to the index
 * for long, which is not waited for.
 */
enum { SETTLE_BYTES = 8 * 1024 * 1024, SETTLE_MS = 200 };

enum state {
	RUNNING, /* its tree is being written */
	WRITTEN, /* it is complete, and not registered */
	CHOSEN,  /* it is about to be */
	PLACED,  /* it is in the store, and not told yet */
	FAILED,  /* its tree could not be written */
	LOST     /* it was, and could not be registered */
};

struct path {
	enum state state;
	struct nipfs_realized realized;
	struct nipfs__tree_task task;
};

/*
 * @paths:  those from @told up to @begun, at their number modulo AHEAD
 * @n_written, @bytes_written: of those that are WRITTEN
 */
struct placing {
	struct nipfs__placer *placer;
	const struct nipfs__settled *settled;
	struct path *paths;
	size_t told, begun;
	size_t n_written;
	uint64_t bytes_written;
};

static struct path *at(const struct placing *p, size_t i)
{
	return &p->paths[i % AHEAD];
}

/* ---- telling ---------------------------------------------------------------------- */

static int tell(const struct nipfs__placer *z, const struct nipfs_realized *path,
		struct nipfs_error *err)
{
	return z->options->done ? z->options->done(z->options->ctx, path, err) : 0;
}

/* In their order, whatever the order in which they were placed. */
static int tell_placed(struct placing *p, struct nipfs_error *err)
{
	int r = 0;

	while (r == 0 && p->told < p->begun && at(p, p->told)->state == PLACED)
		r = tell(p->placer, &at(p, p->told++)->realized, err);
	return r;
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
	if (z->index && z->options->note)
		z->options->note(z->options->ctx, why->msg);
	z->index = NULL;
	return 0;
}

/* ---- registering ------------------------------------------------------------------ */

/* Whether something that a path refers to has not been registered, and is not going to be
 * together with it. */
static bool is_kept_waiting(const struct placing *p, size_t i)
{
	for (size_t k = p->told; k < i; k++) {
		const struct path *other = at(p, k);

		if (other->state != PLACED && other->state != CHOSEN &&
		    nipfs_path_info_has_ref(at(p, i)->task.info, &other->realized.path))
			return true;
	}
	return false;
}

/* Chooses up to a batch of those that are written. */
static size_t choose(struct placing *p, struct path **chosen)
{
	size_t n = 0;

	for (size_t i = p->told; n < BATCH_PATHS && i < p->begun; i++) {
		struct path *path = at(p, i);

		if (path->state != WRITTEN || is_kept_waiting(p, i))
			continue;
		path->state = CHOSEN;
		p->n_written--;
		p->bytes_written -= path->realized.nar_size;
		chosen[n++] = path;
	}
	return n;
}

static int commit(struct nipfs__placer *z, struct path *const *chosen, size_t n,
		  struct nipfs_error *err)
{
	struct nipfs_placement *placements[BATCH_PATHS];
	uint64_t bytes = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		placements[i] = chosen[i]->task.placement;
		bytes += chosen[i]->realized.nar_size;
	}
	nipfs__tree_writers_lock(z->writers);
	r = nipfs_placement_commit(placements, n, err);
	nipfs__tree_writers_unlock(z->writers);
	for (size_t i = 0; i < n; i++)
		chosen[i]->state = r == 0 ? PLACED : LOST;
	if (r == 0 && bytes >= SETTLE_BYTES && z->index && z->options->reuse)
		nipfs__index_settle(z->index, SETTLE_MS);
	return r;
}

/* Registers all that is written and refers to nothing that is not. */
static int commit_written(struct placing *p, struct nipfs_error *err)
{
	struct path *chosen[BATCH_PATHS];
	size_t n;
	int r = 0;

	while (r == 0 && (n = choose(p, chosen)) > 0)
		r = commit(p->placer, chosen, n, err);
	return r == 0 ? tell_placed(p, err) : r;
}

/* ---- writing ---------------------------------------------------------------------- */

static struct path *path_of(const struct placing *p, const struct nipfs__tree_task *task)
{
	size_t i = p->told;

	while (&at(p, i)->task != task)
		i++;
	return at(p, i);
}

/* That what came was wrong tells more than that then nothing came any more. */
static bool tells_more(int code, int than)
{
	return than == 0 || (than == NIPFS_E_UNREACHABLE && code == NIPFS_E_MISMATCH);
}

/*
 * Takes back trees that are done; with @wait one at least. @r: what failed before, with @err.
 * Return: the failure that tells most, or 0.
 */
static int collect(struct placing *p, bool wait, int r, struct nipfs_error *err)
{
	struct nipfs__tree_task *task;

	while ((task = nipfs__tree_writers_take(p->placer->writers, wait))) {
		struct path *path = path_of(p, task);

		wait = false;
		if (task->code < 0) {
			path->state = FAILED;
			if (!tells_more(task->code, r))
				continue;
			if (err)
				*err = task->err;
			r = task->code;
			continue;
		}
		path->state = WRITTEN;
		p->n_written++;
		p->bytes_written += path->realized.nar_size;
		if (task->index_error.code && r == 0)
			r = index_failed(p->placer, &task->index_error, err);
	}
	return r;
}

/* Whether no more may be begun before some are registered. */
static bool is_full(const struct placing *p)
{
	const size_t in_hand = p->n_written + nipfs__tree_writers_running(p->placer->writers);

	return in_hand >= nipfs_store_max_placements(p->placer->store) ||
	       p->begun - p->told == AHEAD;
}

static int make_room(struct placing *p, struct nipfs_error *err)
{
	int r = collect(p, false, 0, err);

	while (r == 0) {
		if (p->n_written >= BATCH_PATHS || p->bytes_written >= BATCH_BYTES || is_full(p))
			r = commit_written(p, err);
		if (r < 0 || (!is_full(p) && !nipfs__tree_writers_busy(p->placer->writers)))
			break;
		r = collect(p, true, 0, err);
	}
	return r;
}

/* Nothing is in our hands any more. */
static int settle_all(struct placing *p, struct nipfs_error *err)
{
	int r = 0;

	while (r == 0 && nipfs__tree_writers_running(p->placer->writers))
		r = collect(p, true, 0, err);
	return r == 0 ? commit_written(p, err) : r;
}

/* Begins a placement; what others hold is waited for with nothing in our hands. */
static int begin(struct placing *p, const struct nipfs_path_info *info,
		 struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err)
{
	struct nipfs__placer *z = p->placer;
	int r = NIPFS_PLACEMENT_BUSY;

	for (int tries = 0; r == NIPFS_PLACEMENT_BUSY && tries < 2; tries++) {
		r = tries ? settle_all(p, err) : 0;
		if (r < 0)
			return r;
		nipfs__tree_writers_lock(z->writers);
		r = nipfs_placement_begin(z->store, info, out, have, err);
		nipfs__tree_writers_unlock(z->writers);
	}
	return r == NIPFS_PLACEMENT_BUSY ?
		       nipfs__fail(err, NIPFS_E_SYS, "'%s' stays locked", info->path.base) :
		       r;
}

static int start(struct placing *p, struct path *path, struct nipfs_error *err)
{
	const int r = nipfs__tree_writers_start(p->placer->writers, &path->task, err);

	if (r < 0) {
		path->state = FAILED;
		path->task.code = r;
	}
	return r;
}

/* Another process was faster. */
static int take_valid(struct placing *p, struct path *path, struct nipfs_error *err)
{
	struct nipfs_realized *realized = &path->realized;

	path->state = PLACED;
	realized->how = NIPFS_REALIZED_VALID;
	realized->differs = memcmp(realized->nar_hash, realized->have_hash,
				   sizeof(realized->nar_hash)) != 0;
	if (realized->differs && p->placer->options->strict)
		return nipfs__fail_differs(&realized->path, realized->have_hash,
					   realized->nar_hash, err);
	return tell_placed(p, err);
}

static int place(struct placing *p, size_t i, struct nipfs_error *err)
{
	const struct nipfs__settled *s = p->settled;
	const struct nipfs_path_info *info = &s->set.infos[i];
	struct path *path = at(p, i);
	int r;

	path->realized = (struct nipfs_realized){
		.path = info->path,
		.how = NIPFS_REALIZED_PLACED,
		.asked_for = nipfs_store_path_find(s->asked_for, s->n_asked_for, &info->path),
		.trust = s->trust[i],
		.nar_size = info->nar_size,
	};
	memcpy(path->realized.nar_hash, info->nar_hash, sizeof(path->realized.nar_hash));
	path->task.info = info;
	path->task.tree = &s->set.trees[i];
	path->task.index = p->placer->index;
	r = begin(p, info, &path->task.placement, path->realized.have_hash, err);
	if (r < 0)
		return r;
	path->state = RUNNING;
	p->begun = i + 1;
	return r == NIPFS_PLACEMENT_VALID ? take_valid(p, path, err) : start(p, path, err);
}

/* ---- all -------------------------------------------------------------------------- */

/*
 * A retry makes sense, and can use what was written, when it was a source that failed: then
 * that stays, unless it is wrong.
 */
static void give_up(struct path *path, int why)
{
	if (why == NIPFS_E_UNREACHABLE && (path->state == WRITTEN || path->task.code == why))
		nipfs__placement_suspend(path->task.placement);
	else
		nipfs_placement_abort(path->task.placement);
}

/* What is complete is kept, whatever became of the others, and told. @r, @err: what failed.
 * Return: the failure that tells most. */
static int keep_complete(struct placing *p, int r, struct nipfs_error *err)
{
	struct nipfs_error second;

	while (nipfs__tree_writers_running(p->placer->writers))
		r = collect(p, true, r, err);
	(void)!commit_written(p, &second);
	for (; p->told < p->begun; p->told++) {
		struct path *path = at(p, p->told);

		if (path->state == PLACED)
			(void)!tell(p->placer, &path->realized, &second);
		else if (path->state == WRITTEN || path->state == FAILED)
			give_up(path, r);
	}
	return r;
}

static int flush_index(struct nipfs__placer *z, struct nipfs_error *err)
{
	struct nipfs_error why;

	if (!z->index || nipfs_index_flush(z->index, &why) == 0)
		return 0;
	return index_failed(z, &why, err);
}

static int place_all(struct placing *p, struct nipfs_error *err)
{
	const struct nipfs__settled *s = p->settled;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_valid; i++)
		r = tell(p->placer, &s->valid[i], err);
	for (size_t i = 0; r == 0 && i < s->set.n; i++) {
		r = nipfs_cancel_check(err);
		if (r == 0)
			r = make_room(p, err);
		if (r == 0)
			r = place(p, i, err);
	}
	return r == 0 ? settle_all(p, err) : r;
}

int nipfs__place_settled(struct nipfs__placer *placer, const struct nipfs__settled *settled,
			 struct nipfs_error *err)
{
	struct placing p = { .placer = placer, .settled = settled };
	int r;

	p.paths = calloc(settled->set.n < AHEAD ? settled->set.n + 1 : AHEAD, sizeof(*p.paths));
	if (!p.paths)
		return nipfs__fail_nomem(err);
	r = place_all(&p, err);
	if (r < 0)
		r = keep_complete(&p, r, err);
	free(p.paths);
	if (r == 0)
		return flush_index(placer, err);
	(void)!flush_index(placer, NULL);
	return r;
}
