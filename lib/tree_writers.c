/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees of paths on their way into a store, several at a time. */
#include "lib/tree_writers.h"

#include <stdlib.h>
#include <string.h>

#include "lib/place_path.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"
#include "multiformats/base/thread.h"

/* AHEAD_*: bytes of blocks that are asked for ahead: of all threads, of each at least. */
enum { TELL_MS = 100, AHEAD_BYTES = 16 << 20, AHEAD_MIN = 2 << 20 };

/* A thread that writes trees, and where it has its blocks from. */
struct nipfs__tree_writer {
	struct nipfs__tree_writers *all;
	pthread_t thread;
	struct nipfs__reuse reuse;
};

/* ---- one tree --------------------------------------------------------------------- */

static void write_tree(const struct nipfs__tree_writers *w, struct nipfs__reuse *reuse,
		       struct nipfs_progress_meter *meter, struct nipfs__tree_task *task)
{
	struct nipfs__place_options with = {
		.store = w->store,
		.index = task->index,
		.index_error = &task->index_error,
		.meter = meter,
		.ahead_bytes = (uint32_t)(w->jobs > AHEAD_BYTES / AHEAD_MIN ?
						  AHEAD_MIN :
						  AHEAD_BYTES / w->jobs),
	};

	task->code = nipfs__reuse_begin_path(reuse, task->placement, meter->progress, &task->err);
	with.source = reuse->source;
	if (task->code == 0)
		task->code = nipfs__place_path(&with, task->info, task->tree, task->placement,
					       &task->err);
	nipfs__reuse_end_path(reuse);
}

/* ---- a thread --------------------------------------------------------------------- */

static void count(void *ctx, const struct nipfs_progress_event *event)
{
	struct nipfs__tree_task *task = ctx;

	if (event->phase != NIPFS_PHASE_WRITE)
		return;
	atomic_store_explicit(&task->bytes, event->done, memory_order_relaxed);
	atomic_store_explicit(&task->items, event->items, memory_order_relaxed);
}

static void write_and_count(struct nipfs__tree_writer *me, struct nipfs__tree_task *task)
{
	const struct nipfs_progress progress = { count, task };
	struct nipfs_progress_meter meter = { .progress = &progress,
					      .event = { .phase = NIPFS_PHASE_WRITE } };

	write_tree(me->all, &me->reuse, &meter, task);
	count(task, &meter.event);
}

static void put_done(struct nipfs__tree_writers *w, struct nipfs__tree_task *task)
{
	task->next = NULL;
	if (w->last_done)
		w->last_done->next = task;
	else
		w->done = task;
	w->last_done = task;
}

/* With the mutex held: a tree could not be written. */
static void drop_others(struct nipfs__tree_writers *w, const struct nipfs__tree_task *failed)
{
	while (w->first) {
		struct nipfs__tree_task *task = w->first;

		w->first = task->next;
		task->code = failed->code;
		task->err = failed->err;
		put_done(w, task);
	}
	w->last = NULL;
	if (failed->code == NIPFS_E_UNREACHABLE)
		nipfs__shared_source_fail(w->shared, &failed->err);
}

static void *work(void *ctx)
{
	struct nipfs__tree_writer *me = ctx;
	struct nipfs__tree_writers *w = me->all;

	(void)pthread_mutex_lock(&w->mutex);
	for (;;) {
		struct nipfs__tree_task *task = w->first;

		if (!task && w->closing)
			break;
		if (!task) {
			w->n_idle++;
			(void)pthread_cond_wait(&w->added, &w->mutex);
			w->n_idle--;
			continue;
		}
		w->first = task->next;
		if (!w->first)
			w->last = NULL;
		(void)pthread_mutex_unlock(&w->mutex);
		write_and_count(me, task);
		(void)pthread_mutex_lock(&w->mutex);
		put_done(w, task);
		if (task->code < 0)
			drop_others(w, task);
		(void)pthread_cond_signal(&w->ended);
	}
	(void)pthread_mutex_unlock(&w->mutex);
	return NULL;
}

static int locked_nar_hash(void *ctx, const char *store_dir, const struct nipfs_store_path *path,
			   uint8_t out[32], struct nipfs_error *err)
{
	struct nipfs__tree_writers *w = ctx;
	const struct nipfs_index_truth *truth = w->options->reuse;
	int r;

	nipfs__tree_writers_lock(w);
	r = truth->nar_hash(truth->ctx, store_dir, path, out, err);
	nipfs__tree_writers_unlock(w);
	return r;
}

static int add_thread(struct nipfs__tree_writers *w, struct nipfs_error *err)
{
	struct nipfs__tree_writer *t = &w->threads[w->n_threads];
	int r;

	t->all = w;
	r = nipfs__reuse_init(&t->reuse, nipfs__shared_source_handle(w->shared, w->n_threads),
			      w->options->index, w->options->reuse ? &w->truth : NULL,
			      w->options->note, w->options->ctx, err);
	if (r == 0)
		r = nipfs__thread_start(&t->thread, work, t, err);
	if (r == 0)
		w->n_threads++;
	else
		nipfs__reuse_release(&t->reuse);
	return r;
}

/* ---- all of them ------------------------------------------------------------------ */

void nipfs__tree_writers_init(struct nipfs__tree_writers *w, size_t jobs,
			      struct nipfs_store *store, struct nipfs_block_source *source,
			      const struct nipfs_realize_options *options,
			      struct nipfs__reuse *own)
{
	const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	const pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

	w->jobs = jobs;
	w->meter = (struct nipfs_progress_meter){ .progress = options->progress,
						  .event = { .phase = NIPFS_PHASE_WRITE } };
	w->store = store;
	w->source = source;
	w->options = options;
	w->own = own;
	w->truth = (struct nipfs_index_truth){ locked_nar_hash, w };
	w->store_mutex = mutex;
	w->mutex = mutex;
	w->added = cond;
	w->ended = cond;
}

void nipfs__tree_writers_release(struct nipfs__tree_writers *w)
{
	(void)pthread_mutex_lock(&w->mutex);
	w->closing = true;
	(void)pthread_cond_broadcast(&w->added);
	(void)pthread_mutex_unlock(&w->mutex);
	for (size_t i = 0; i < w->n_threads; i++) {
		(void)pthread_join(w->threads[i].thread, NULL);
		nipfs__reuse_release(&w->threads[i].reuse);
	}
	free(w->threads);
	nipfs__shared_source_free(w->shared);
	(void)pthread_cond_destroy(&w->added);
	(void)pthread_cond_destroy(&w->ended);
	(void)pthread_mutex_destroy(&w->mutex);
	(void)pthread_mutex_destroy(&w->store_mutex);
}

void nipfs__tree_writers_lock(struct nipfs__tree_writers *w)
{
	(void)pthread_mutex_lock(&w->store_mutex);
}

void nipfs__tree_writers_unlock(struct nipfs__tree_writers *w)
{
	(void)pthread_mutex_unlock(&w->store_mutex);
}

void nipfs__tree_writers_stats(const struct nipfs__tree_writers *w,
			       struct nipfs_realize_stats *sum)
{
	for (size_t i = 0; i < w->n_threads; i++) {
		struct nipfs_realize_stats one;

		nipfs__reuse_stats(&w->threads[i].reuse, &one);
		sum->store_blocks += one.store_blocks;
		sum->store_bytes += one.store_bytes;
		sum->resumed_blocks += one.resumed_blocks;
		sum->resumed_bytes += one.resumed_bytes;
		sum->fetched_blocks += one.fetched_blocks;
		sum->fetched_bytes += one.fetched_bytes;
	}
}

/* ---- starting --------------------------------------------------------------------- */

/* What all threads need, with the first of them. */
static int open_threads(struct nipfs__tree_writers *w, struct nipfs_error *err)
{
	if (w->threads)
		return 0;
	w->threads = calloc(w->jobs, sizeof(*w->threads));
	if (!w->threads)
		return nipfs__fail_nomem(err);
	return nipfs__shared_source_new(&w->shared, w->source, w->jobs, err);
}

static int enqueue(struct nipfs__tree_writers *w, struct nipfs__tree_task *task,
		   struct nipfs_error *err)
{
	bool is_awaited;
	int r = w->shared ? 0 : open_threads(w, err);

	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&w->mutex);
	is_awaited = w->n_idle > 0 && !w->first;
	(void)pthread_mutex_unlock(&w->mutex);
	if (!is_awaited && w->n_threads < w->jobs)
		r = add_thread(w, err);
	/* fewer threads do as well */
	if (r < 0 && w->n_threads == 0)
		return r;
	(void)pthread_mutex_lock(&w->mutex);
	if (w->last)
		w->last->next = task;
	else
		w->first = task;
	w->last = task;
	(void)pthread_cond_signal(&w->added);
	(void)pthread_mutex_unlock(&w->mutex);
	return 0;
}

int nipfs__tree_writers_start(struct nipfs__tree_writers *w, struct nipfs__tree_task *task,
			      struct nipfs_error *err)
{
	int r = 0;

	task->code = 0;
	task->index_error.code = 0;
	task->next = NULL;
	atomic_init(&task->bytes, 0);
	atomic_init(&task->items, 0);
	w->meter.event.subject = nipfs__slice_str(task->info->path.base);
	if (w->jobs > 1) {
		r = enqueue(w, task, err);
	} else {
		write_tree(w, w->own, &w->meter, task);
		put_done(w, task);
	}
	if (r < 0)
		return r;
	task->next_running = w->running;
	w->running = task;
	return 0;
}

/* ---- taking back ------------------------------------------------------------------ */

size_t nipfs__tree_writers_running(const struct nipfs__tree_writers *w)
{
	size_t n = 0;

	for (const struct nipfs__tree_task *task = w->running; task; task = task->next_running)
		n++;
	return n;
}

/* One for each thread waits, so that none has to. */
bool nipfs__tree_writers_busy(const struct nipfs__tree_writers *w)
{
	return nipfs__tree_writers_running(w) >= (w->jobs > 1 ? 2 * w->jobs : 1);
}

static void tell(const struct nipfs__tree_writers *w)
{
	struct nipfs_progress_event event = w->meter.event;

	for (struct nipfs__tree_task *task = w->running; task; task = task->next_running) {
		event.done += atomic_load_explicit(&task->bytes, memory_order_relaxed);
		event.items += atomic_load_explicit(&task->items, memory_order_relaxed);
	}
	nipfs_progress_report(w->meter.progress, &event);
}

/* With the mutex held, which is let go meanwhile. */
static void wait_a_while(struct nipfs__tree_writers *w)
{
	const struct timespec until = nipfs__thread_until(TELL_MS);

	(void)pthread_cond_timedwait(&w->ended, &w->mutex, &until);
	(void)pthread_mutex_unlock(&w->mutex);
	tell(w);
	(void)pthread_mutex_lock(&w->mutex);
}

static void forget(struct nipfs__tree_writers *w, struct nipfs__tree_task *task)
{
	struct nipfs__tree_task **at = &w->running;

	while (*at != task)
		at = &(*at)->next_running;
	*at = task->next_running;
	w->meter.event.done += atomic_load_explicit(&task->bytes, memory_order_relaxed);
	w->meter.event.items += atomic_load_explicit(&task->items, memory_order_relaxed);
}

struct nipfs__tree_task *nipfs__tree_writers_take(struct nipfs__tree_writers *w, bool wait)
{
	struct nipfs__tree_task *task;

	(void)pthread_mutex_lock(&w->mutex);
	while (wait && w->running && !w->done)
		wait_a_while(w);
	task = w->done;
	if (task)
		w->done = task->next;
	if (!w->done)
		w->last_done = NULL;
	(void)pthread_mutex_unlock(&w->mutex);
	if (task)
		forget(w, task);
	return task;
}
