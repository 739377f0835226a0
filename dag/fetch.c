/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verified blocks in the order in which a reader needs them. */
#include "dag/fetch.h"

#include <assert.h>
#include <stdlib.h>

#include <nixipfs/unixfs.h>

#include "dag/block.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum {
	COST_OF_A_BLOCK = 256,      /* what the smallest block counts as work */
	UNKNOWN_BYTES = 64 * 1024   /* expected of a block whose size is not known */
};

enum slot_state {
	SLOT_FREE,
	SLOT_PENDING, /* announced here, not yet to the source */
	SLOT_WANTED,  /* under way */
	SLOT_HELD,    /* it came before it was needed */
	SLOT_LOST     /* it came and could not be kept, or did not come: ask again */
};

/*
 * @uses:   how often it will be got or dropped yet
 * @answer: while held; its span has a reference of its own
 */
struct slot {
	enum slot_state state;
	uint32_t uses;
	struct nipfs_want want;
	struct nipfs_block answer;
};

/*
 * @pending:  indices of slots in the order in which they were announced
 * @wants:    room to hand them to the source
 * @current:  the slot whose bytes the reader has, to be let go at its next call
 * @bytes:    of blocks, at most, as expected and as held
 * @expected, @held: sums over the slots, in bytes
 * @work:     bytes of blocks that may still be gone through
 */
struct nipfs__fetch {
	struct nipfs_block_source *source;
	struct slot slots[NIPFS__FETCH_WANTS];
	size_t used;
	size_t pending[NIPFS__FETCH_WANTS];
	size_t n_pending;
	struct nipfs_want wants[NIPFS__FETCH_WANTS + 1];
	struct slot *current;
	uint64_t bytes, expected, held;
	bool bounded;
	uint64_t work;
	uint8_t identity[NIPFS_DIGEST_MAX];
};

int nipfs__fetch_new(struct nipfs__fetch **out, struct nipfs_block_source *source,
		     uint64_t bytes, bool bounded, struct nipfs_error *err)
{
	struct nipfs__fetch *f = calloc(1, sizeof(*f));

	if (!f)
		return nipfs__fail_nomem(err);
	f->source = source;
	f->bytes = bytes ? bytes : NIPFS__FETCH_BYTES;
	f->bounded = bounded;
	f->work = NIPFS__FETCH_WORK_BASE;
	*out = f;
	return 0;
}

size_t nipfs__fetch_used(const struct nipfs__fetch *f)
{
	return f->used;
}

/* ---- slots ---------------------------------------------------------------------- */

static struct slot *find(struct nipfs__fetch *f, const struct nipfs_cid *cid)
{
	size_t left = f->used;

	for (struct slot *s = f->slots; left > 0; s++) {
		if (s->state == SLOT_FREE)
			continue;
		if (nipfs_cid_equal(&s->want.cid, cid))
			return s;
		left--;
	}
	return NULL;
}

static uint64_t expected_bytes(const struct nipfs_want *want)
{
	return want->bytes ? nipfs__min_u64(want->bytes, NIPFS_BLOCK_MAX) : UNKNOWN_BYTES;
}

static void let_go(struct nipfs__fetch *f, struct slot *s)
{
	if (s->state == SLOT_HELD) {
		nipfs_slab_unref(s->answer.bytes.slab);
		f->held -= s->answer.bytes.len;
	}
	f->expected -= expected_bytes(&s->want);
	s->state = SLOT_FREE;
	f->used--;
}

static void release_current(struct nipfs__fetch *f)
{
	if (f->current)
		let_go(f, f->current);
	f->current = NULL;
}

static void forget_pending(struct nipfs__fetch *f, const struct slot *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_pending; i++)
		if (&f->slots[f->pending[i]] != s)
			f->pending[kept++] = f->pending[i];
	f->n_pending = kept;
}

bool nipfs__fetch_ahead(struct nipfs__fetch *f, const struct nipfs_want *want)
{
	struct slot *s;
	size_t i = 0;

	if (want->cid.hash == NIPFS_HASH_IDENTITY)
		return true;
	s = find(f, &want->cid);
	if (s) {
		s->uses++;
		if (s == f->current)
			f->current = NULL;
		return true;
	}
	if (f->used == NIPFS__FETCH_WANTS ||
	    f->expected + expected_bytes(want) > f->bytes)
		return false;
	while (f->slots[i].state != SLOT_FREE)
		i++;
	f->slots[i].state = SLOT_PENDING;
	f->slots[i].uses = 1;
	f->slots[i].want = *want;
	f->expected += expected_bytes(want);
	f->used++;
	f->pending[f->n_pending++] = i;
	return true;
}

void nipfs__fetch_drop(struct nipfs__fetch *f, const struct nipfs_cid *cid)
{
	struct slot *s;

	if (cid->hash == NIPFS_HASH_IDENTITY)
		return;
	s = find(f, cid);
	assert(s && s->uses > 0);
	if (--s->uses > 0)
		return;
	if (s->state == SLOT_PENDING)
		forget_pending(f, s);
	if (s->state == SLOT_WANTED)
		f->source->ops->cancel(f->source, cid);
	let_go(f, s);
}

void nipfs__fetch_free(struct nipfs__fetch *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < NIPFS__FETCH_WANTS; i++) {
		struct slot *s = &f->slots[i];

		if (s->state == SLOT_WANTED)
			f->source->ops->cancel(f->source, &s->want.cid);
		if (s->state != SLOT_FREE)
			let_go(f, s);
	}
	free(f);
}

/* ---- answers -------------------------------------------------------------------- */

/* Tells the source of all that was announced, with @first before it. */
static int flush(struct nipfs__fetch *f, const struct nipfs_want *first,
		 struct nipfs_error *err)
{
	size_t n = 0;

	if (first)
		f->wants[n++] = *first;
	for (size_t i = 0; i < f->n_pending; i++) {
		struct slot *s = &f->slots[f->pending[i]];

		s->state = SLOT_WANTED;
		f->wants[n++] = s->want;
	}
	f->n_pending = 0;
	return n ? f->source->ops->want(f->source, f->wants, n, err) : 0;
}

/* Keeps an answer that came early, or came once and is needed again. */
static int hold(struct nipfs__fetch *f, struct slot *s, const struct nipfs_block *answer)
{
	int r;

	if (answer->status < 0 || answer->bytes.len > NIPFS_BLOCK_MAX ||
	    answer->bytes.len > f->bytes - f->held) {
		s->state = SLOT_LOST;
		return 0;
	}
	s->answer = *answer;
	r = nipfs__span_hold(&answer->bytes, &s->answer.bytes);
	if (r < 0)
		return r;
	s->state = SLOT_HELD;
	f->held += answer->bytes.len;
	return 0;
}

/* Waits for the answer to @want and keeps those to others that come before it. */
static int await(struct nipfs__fetch *f, const struct nipfs_want *want,
		 struct nipfs_block *out, struct nipfs_error *err)
{
	for (;;) {
		struct slot *s;
		int r = f->source->ops->next(f->source, out, err);

		if (r < 0)
			return r;
		if (r > 0) {
			/* nothing is under way: the source has lost it */
			*out = (struct nipfs_block){ .cid = want->cid,
						     .status = NIPFS_E_NOTFOUND };
			return 0;
		}
		if (nipfs_cid_equal(&out->cid, &want->cid))
			return 0;
		s = find(f, &out->cid);
		if (s && s->state == SLOT_WANTED && hold(f, s, out) < 0)
			return nipfs__fail_nomem(err);
	}
}

/* One use of a slot is over; its bytes stay until the next call. */
static void used_once(struct nipfs__fetch *f, struct slot *s)
{
	if (--s->uses == 0)
		f->current = s;
}

static int get_held(struct nipfs__fetch *f, struct slot *s, struct nipfs_span *out,
		    struct nipfs_error *err)
{
	const int r = nipfs__block_check(f->source, &s->answer, err);

	if (r < 0)
		return r;
	s->answer.verified = true;
	*out = s->answer.bytes;
	used_once(f, s);
	return 0;
}

static int get_new(struct nipfs__fetch *f, struct slot *s, const struct nipfs_want *want,
		   struct nipfs_span *out, struct nipfs_error *err)
{
	const bool unannounced = !s || s->state == SLOT_LOST;
	struct nipfs_block answer;
	int r = flush(f, unannounced ? want : NULL, err);

	if (r == 0)
		r = await(f, want, &answer, err);
	if (r < 0 && unannounced)
		f->source->ops->cancel(f->source, &want->cid);
	if (r == 0)
		r = nipfs__block_check(f->source, &answer, err);
	if (r < 0)
		return r;
	answer.verified = true;
	if (s && s->uses > 1) {
		if (hold(f, s, &answer) < 0)
			return nipfs__fail_nomem(err);
		*out = s->state == SLOT_HELD ? s->answer.bytes : answer.bytes;
		used_once(f, s);
		return 0;
	}
	*out = answer.bytes;
	if (s) {
		s->state = SLOT_LOST;
		let_go(f, s);
	}
	return 0;
}

static int spend(struct nipfs__fetch *f, size_t block_len, const struct nipfs_cid *cid,
		 struct nipfs_error *err)
{
	const uint64_t work = (uint64_t)block_len + COST_OF_A_BLOCK;

	if (!f->bounded)
		return 0;
	if (work > f->work)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "too many blocks that hold nothing, at block '%s'",
				   nipfs__cid_str(cid).text);
	f->work -= work;
	return 0;
}

int nipfs__fetch_get(struct nipfs__fetch *f, const struct nipfs_want *want, bool announced,
		     struct nipfs_span *out, struct nipfs_error *err)
{
	struct nipfs_span span = { .ptr = f->identity,
				   .len = want->cid.digest_len,
				   .fd = -1 };
	struct slot *s;
	int r = 0;

	release_current(f);
	if (want->cid.hash == NIPFS_HASH_IDENTITY) {
		memcpy(f->identity, want->cid.digest, sizeof(f->identity));
	} else {
		s = find(f, &want->cid);
		/* the same block may be announced for a later use */
		if (s && !announced)
			s->uses++;
		r = s && s->state == SLOT_HELD ? get_held(f, s, &span, err) :
						 get_new(f, s, want, &span, err);
	}
	if (r == 0)
		r = spend(f, span.len, &want->cid, err);
	span.cid = NULL; /* whatever the source said: see nipfs__file_read() */
	if (r == 0)
		*out = span;
	return r;
}

void nipfs__fetch_earn(struct nipfs__fetch *f, uint64_t work)
{
	if (nipfs__add_u64(f->work, work, &f->work))
		f->work = UINT64_MAX;
}
