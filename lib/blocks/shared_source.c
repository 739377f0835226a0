/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One block source for several threads: one that waits calls it for all of them. */
#include "lib/blocks/shared_source.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/progress.h>

#include "dag/block.h"
#include "lib/blocks/wants.h"
#include "multiformats/base/err.h"

/*
 * SLICE_MS: how long the source may wait while nobody can tell it of new wants.
 * WAITING_BYTES: of answers that others have to fetch, before no more are taken.
 */
enum { ASK_AT_ONCE = 32, SLICE_MS = 2, WAITING_BYTES = 16 * 1024 * 1024 };

/* The lists of wants: that the source was not told of yet; that it has to answer; and that
 * nobody is left who waits for. */
enum { FRESH, ASKED, LEFT };

/* @name: of the source with the answer, where that may be asked for; or NULL */
struct answer {
	struct answer *next;
	struct nipfs_block block;
	char *name;
};

/*
 * @outstanding: its wants without an answer
 * @first, @last: answers that it has to fetch
 * @given:   the one that it fetched last
 * @name:    what it is called since the last answer that had a name, or NULL
 */
struct handle {
	struct nipfs_block_source source;
	struct nipfs__shared_source *shared;
	size_t outstanding;
	struct answer *first, *last, *given;
	char *name;
};

/*
 * @changed: answers came, or were fetched; or the source is free for another thread
 * @driven:  a thread is calling the source
 * @waiting: bytes of answers in all handles
 * @failed:  what the source failed with; its code is 0 before that
 */
struct nipfs__shared_source {
	struct nipfs_block_source *source;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct nipfs__wants wants;
	bool driven;
	uint64_t waiting;
	struct nipfs_error failed;
	char *name;
	size_t n;
	struct handle handles[];
};

static struct handle *of(struct nipfs_block_source *self)
{
	return (struct handle *)(void *)self;
}

static uint64_t bit_of(const struct handle *h)
{
	return (uint64_t)1 << (size_t)(h - h->shared->handles);
}

/* ---- answers --------------------------------------------------------------------- */

static void free_answer(struct answer *a)
{
	if (!a)
		return;
	nipfs_slab_unref(a->block.bytes.slab);
	free(a->name);
	free(a);
}

static void put_answer(struct handle *h, struct answer *a)
{
	if (h->last)
		h->last->next = a;
	else
		h->first = a;
	h->last = a;
	h->outstanding--;
	h->shared->waiting += a->block.bytes.len;
}

/* Takes an answer, which comes behind @before unless that is NULL, out of the queue. */
static struct answer *cut_answer(struct handle *h, struct answer *before)
{
	struct answer **at = before ? &before->next : &h->first;
	struct answer *a = *at;

	*at = a->next;
	if (h->last == a)
		h->last = before;
	a->next = NULL;
	h->shared->waiting -= a->block.bytes.len;
	(void)pthread_cond_broadcast(&h->shared->changed);
	return a;
}

/* @held: an answer that has a reference of its own, for each who wants it. */
static int deliver(struct nipfs__shared_source *s, const struct nipfs_block *held,
		   const char *name)
{
	struct nipfs__wanted *item = nipfs__wants_find(&s->wants, &held->cid);
	const uint64_t wanted_by = item ? item->waiters : 0;

	nipfs__wants_remove(&s->wants, item);
	for (size_t i = 0; i < s->n; i++) {
		struct answer *a;

		if (!(wanted_by & bit_of(&s->handles[i])))
			continue;
		a = calloc(1, sizeof(*a));
		if (!a || (name && !(a->name = strdup(name)))) {
			free(a);
			return NIPFS_E_NOMEM;
		}
		a->block = *held;
		(void)nipfs_slab_ref(held->bytes.slab);
		put_answer(&s->handles[i], a);
	}
	(void)pthread_cond_broadcast(&s->changed);
	return 0;
}

/* ---- calling the source: with @driven set; the mutex is held between the calls ---- */

static int fail(struct nipfs__shared_source *s, int code, const struct nipfs_error *why)
{
	if (why->code == code)
		s->failed = *why;
	else
		(void)nipfs__fail(&s->failed, code, "'%s': %s", s->name, nipfs_err_text(code));
	(void)pthread_cond_broadcast(&s->changed);
	return code;
}

/* The source is not kept busy with what nobody waits for: that would keep others waiting. */
static void take_back(struct nipfs__shared_source *s, unsigned int list)
{
	while (s->wants.first[list]) {
		struct nipfs_cid cid;

		nipfs__wanted_cid(s->wants.first[list], &cid);
		s->source->ops->cancel(s->source, &cid);
		nipfs__wants_remove(&s->wants, s->wants.first[list]);
	}
}

/* Tells the source of what was wanted since. */
static int ask(struct nipfs__shared_source *s)
{
	struct nipfs_want wants[ASK_AT_ONCE];
	struct nipfs_error why = { 0 };
	int r = 0;

	while (r == 0 && s->wants.first[FRESH]) {
		struct nipfs__wanted *item = s->wants.first[FRESH], *next;
		size_t n = 0;

		for (; item && n < ASK_AT_ONCE; item = next) {
			next = item->next;
			nipfs__wanted_cid(item, &wants[n].cid);
			wants[n].role = item->role;
			wants[n++].bytes = item->bytes;
			nipfs__wants_move(&s->wants, item, ASKED);
		}
		(void)pthread_mutex_unlock(&s->mutex);
		r = s->source->ops->want(s->source, wants, n, &why);
		(void)pthread_mutex_lock(&s->mutex);
	}
	return r < 0 ? fail(s, r, &why) : 0;
}

/* Without the mutex: an answer with a reference of its own. Return: as of next; 2: not yet. */
static int take(struct nipfs__shared_source *s, struct nipfs_block *out, const char **name,
		struct nipfs_error *why)
{
	const struct nipfs_block_source_ops *ops = s->source->ops;
	struct nipfs_block block;
	int r;

	if (ops->ready && !nipfs_cancelled() && !ops->ready(s->source, SLICE_MS))
		return 2;
	r = ops->next(s->source, &block, why);
	if (r != 0)
		return r;
	*name = block.status < 0 || !block.verified ? s->source->name : NULL;
	*out = block;
	if (block.status < 0)
		out->bytes = (struct nipfs_span){ .fd = -1 };
	else if (nipfs__span_hold(&block.bytes, &out->bytes) < 0)
		return nipfs__fail_nomem(why);
	return 0;
}

static int take_and_deliver(struct nipfs__shared_source *s)
{
	struct nipfs_error why = { 0 };
	struct nipfs_block held;
	const char *name = NULL;
	int r;

	(void)pthread_mutex_unlock(&s->mutex);
	r = take(s, &held, &name, &why);
	(void)pthread_mutex_lock(&s->mutex);
	if (r == 2)
		return 0;
	if (r == 1)
		r = nipfs__fail(&why, NIPFS_E_INVALID, "'%s' left a block unanswered", s->name);
	if (r < 0)
		return fail(s, r, &why);
	r = deliver(s, &held, name);
	nipfs_slab_unref(held.bytes.slab);
	if (r < 0)
		return fail(s, r, &why);
	return 0;
}

/* Until @h has an answer. */
static void drive(struct nipfs__shared_source *s, const struct handle *h)
{
	int r = 0;

	s->driven = true;
	while (r == 0 && !h->first && !s->failed.code) {
		/* who has answers is at work, and will fetch them */
		if (s->waiting >= WAITING_BYTES) {
			(void)pthread_cond_wait(&s->changed, &s->mutex);
			continue;
		}
		take_back(s, LEFT);
		r = ask(s);
		if (r == 0)
			r = take_and_deliver(s);
	}
	s->driven = false;
	(void)pthread_cond_broadcast(&s->changed);
}

/* ---- the source of one thread ---------------------------------------------------- */

static int shared_want(struct nipfs_block_source *self, const struct nipfs_want *wants, size_t n,
		       struct nipfs_error *err)
{
	struct handle *h = of(self);
	struct nipfs__shared_source *s = h->shared;
	int r;

	(void)pthread_mutex_lock(&s->mutex);
	r = nipfs__wants_add(&s->wants, wants, n, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct nipfs__wanted *item = nipfs__wants_find(&s->wants, &wants[i].cid);

		h->outstanding += !(item->waiters & bit_of(h));
		item->waiters |= bit_of(h);
		if (item->list == LEFT)
			nipfs__wants_move(&s->wants, item, ASKED);
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return r;
}

static void give(struct handle *h, struct nipfs_block *out)
{
	struct answer *a = cut_answer(h, NULL);

	if (a->name) {
		free(h->name);
		h->name = a->name;
		a->name = NULL;
		h->source.name = h->name;
	}
	h->given = a;
	*out = a->block;
}

static int shared_next(struct nipfs_block_source *self, struct nipfs_block *out,
		       struct nipfs_error *err)
{
	struct handle *h = of(self);
	struct nipfs__shared_source *s = h->shared;
	int r = 0;

	free_answer(h->given);
	h->given = NULL;
	(void)pthread_mutex_lock(&s->mutex);
	while (!h->first && h->outstanding && !s->failed.code) {
		if (s->driven)
			(void)pthread_cond_wait(&s->changed, &s->mutex);
		else
			drive(s, h);
	}
	if (h->first) {
		give(h, out);
	} else if (h->outstanding) {
		r = s->failed.code;
		if (err)
			*err = s->failed;
	} else {
		r = 1;
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return r;
}

/* Whoever calls the source next takes back what nobody waits for. */
static void shared_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	struct handle *h = of(self);
	struct nipfs__shared_source *s = h->shared;
	struct nipfs__wanted *item;
	struct answer *before = NULL, *a;

	(void)pthread_mutex_lock(&s->mutex);
	item = nipfs__wants_find(&s->wants, cid);
	if (item && item->waiters & bit_of(h)) {
		item->waiters &= ~bit_of(h);
		h->outstanding--;
		if (!item->waiters && item->list == FRESH)
			nipfs__wants_remove(&s->wants, item);
		else if (!item->waiters)
			nipfs__wants_move(&s->wants, item, LEFT);
	}
	for (a = h->first; a && !nipfs_cid_equal(&a->block.cid, cid); a = a->next)
		before = a;
	if (a)
		free_answer(cut_answer(h, before));
	(void)pthread_mutex_unlock(&s->mutex);
}

/* It belongs to what is shared. */
static void shared_free(struct nipfs_block_source *self)
{
	(void)self;
}

static const struct nipfs_block_source_ops shared_ops = { shared_want, shared_next,
							  shared_cancel, shared_free, NULL };

void nipfs__shared_source_fail(struct nipfs__shared_source *s, const struct nipfs_error *why)
{
	(void)pthread_mutex_lock(&s->mutex);
	(void)fail(s, why->code, why);
	(void)pthread_mutex_unlock(&s->mutex);
}

struct nipfs_block_source *nipfs__shared_source_handle(struct nipfs__shared_source *s, size_t i)
{
	return &s->handles[i].source;
}

/* ---- all ------------------------------------------------------------------------- */

static void release_handle(struct handle *h)
{
	free_answer(h->given);
	while (h->first)
		free_answer(cut_answer(h, NULL));
	free(h->name);
}

void nipfs__shared_source_free(struct nipfs__shared_source *s)
{
	if (!s)
		return;
	take_back(s, ASKED);
	take_back(s, LEFT);
	for (size_t i = 0; i < s->n; i++)
		release_handle(&s->handles[i]);
	nipfs__wants_release(&s->wants);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->mutex);
	free(s->name);
	free(s);
}

int nipfs__shared_source_new(struct nipfs__shared_source **out,
			     struct nipfs_block_source *source, size_t n,
			     struct nipfs_error *err)
{
	const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	const pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	struct nipfs__shared_source *s = calloc(1, sizeof(*s) + n * sizeof(s->handles[0]));
	int r = NIPFS_E_NOMEM;

	if (!s)
		return nipfs__fail_nomem(err);
	s->source = source;
	s->mutex = mutex;
	s->changed = cond;
	s->n = n;
	s->name = strdup(source->name);
	for (size_t i = 0; i < n; i++) {
		s->handles[i].source = (struct nipfs_block_source){ &shared_ops, s->name };
		s->handles[i].shared = s;
	}
	if (s->name)
		r = nipfs__wants_init(&s->wants, err);
	if (r < 0) {
		nipfs__shared_source_free(s);
		return r == NIPFS_E_NOMEM ? nipfs__fail_nomem(err) : r;
	}
	*out = s;
	return 0;
}
