/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A block source that gets blocks before they are wanted. */
#include "lib/blocks/ahead_source.h"

#include <stdlib.h>

#include "dag/block.h"
#include "lib/blocks/wants.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

/* ITEMS_MAX: hints, under way or not; KEPT_BYTES: of blocks that came before they were wanted. */
enum { UNDER_WAY = 64, ITEMS_MAX = 4096, KEPT_BYTES = 4 * 1024 * 1024 };

/* The lists of wants: hints; under way; here, and not wanted yet; here, and wanted. */
enum { HINT, ASKED, KEPT, READY };

/*
 * @asked:  how many are under way
 * @wanted: how many are wanted and not answered
 * @kept:   bytes of KEPT and READY
 * @given:  of the answer that was given out last
 */
struct ahead {
	struct nipfs_block_source source;
	struct nipfs_block_source *below;
	struct nipfs__wants items;
	size_t asked, wanted;
	uint64_t kept;
	struct nipfs_slab *given;
};

static struct ahead *of(struct nipfs_block_source *self)
{
	return (struct ahead *)(void *)self;
}

static void drop(struct ahead *a, struct nipfs__wanted *item)
{
	a->asked -= item->list == ASKED;
	a->wanted -= item->waiters != 0;
	a->kept -= item->len;
	nipfs_slab_unref(item->slab);
	nipfs__wants_remove(&a->items, item);
}

/* ---- asking ---------------------------------------------------------------------- */

static void add(struct ahead *a, struct nipfs__wanted *item, struct nipfs_want *out)
{
	nipfs__wanted_cid(item, &out->cid);
	out->role = item->role;
	out->bytes = item->bytes;
	nipfs__wants_move(&a->items, item, ASKED);
	a->asked++;
}

/* Asks for what is wanted, and as many hints as there is room for. */
static int ask(struct ahead *a, const struct nipfs_want *wanted, size_t n,
	       struct nipfs_error *err)
{
	struct nipfs_want wants[UNDER_WAY];
	size_t n_wants = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct nipfs__wanted *item = nipfs__wants_find(&a->items, &wanted[i].cid);

		if (!item || item->list != HINT)
			continue;
		if (n_wants == UNDER_WAY) {
			r = a->below->ops->want(a->below, wants, n_wants, err);
			n_wants = 0;
		}
		add(a, item, &wants[n_wants++]);
	}
	while (a->asked < UNDER_WAY && n_wants < UNDER_WAY && a->kept < KEPT_BYTES &&
	       a->items.last[HINT])
		add(a, a->items.last[HINT], &wants[n_wants++]);
	return r == 0 && n_wants ? a->below->ops->want(a->below, wants, n_wants, err) : r;
}

static int ahead_want(struct nipfs_block_source *self, const struct nipfs_want *wants, size_t n,
		      struct nipfs_error *err)
{
	struct ahead *a = of(self);
	int r = nipfs__wants_add(&a->items, wants, n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct nipfs__wanted *item = nipfs__wants_find(&a->items, &wants[i].cid);

		a->wanted += item->waiters == 0;
		item->waiters = 1;
		if (item->list == KEPT)
			nipfs__wants_move(&a->items, item, READY);
	}
	return r == 0 ? ask(a, wants, n, err) : r;
}

/* ---- answering ------------------------------------------------------------------- */

static void give(struct ahead *a, struct nipfs_block *out)
{
	struct nipfs__wanted *item = a->items.first[READY];

	*out = (struct nipfs_block){ .verified = true };
	nipfs__wanted_cid(item, &out->cid);
	out->bytes = (struct nipfs_span){ .ptr = item->bytes_here,
					  .len = item->len,
					  .slab = item->slab,
					  .fd = -1 };
	a->given = nipfs_slab_ref(item->slab);
	a->source.name = a->below->name;
	drop(a, item);
}

/* Keeps a block that came before it was wanted, if it is one. */
static void keep(struct ahead *a, struct nipfs__wanted *item, const struct nipfs_block *block)
{
	const struct nipfs_slice bytes = nipfs__slice(block->bytes.ptr, block->bytes.len);
	struct nipfs_span held;

	if (block->status < 0 || a->kept + block->bytes.len > KEPT_BYTES ||
	    (!block->verified && nipfs_cid_verify(&block->cid, bytes) < 0) ||
	    nipfs__span_hold(&block->bytes, &held) < 0) {
		drop(a, item);
		return;
	}
	item->slab = held.slab;
	item->bytes_here = held.ptr;
	item->len = held.len;
	a->kept += held.len;
	a->asked--;
	nipfs__wants_move(&a->items, item, KEPT);
}

static int ahead_next(struct nipfs_block_source *self, struct nipfs_block *out,
		      struct nipfs_error *err)
{
	struct ahead *a = of(self);
	int r;

	nipfs_slab_unref(a->given);
	a->given = NULL;
	for (;;) {
		struct nipfs__wanted *item;

		if (a->items.first[READY]) {
			give(a, out);
			return 0;
		}
		if (a->wanted == 0)
			return 1;
		r = ask(a, NULL, 0, err);
		if (r == 0)
			r = a->below->ops->next(a->below, out, err);
		a->source.name = a->below->name;
		if (r != 0)
			return r;
		item = nipfs__wants_find(&a->items, &out->cid);
		if (!item || item->list != ASKED)
			continue;
		if (item->waiters) {
			drop(a, item);
			return 0;
		}
		keep(a, item, out);
	}
}

/* What is under way becomes a hint. */
static void ahead_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	struct ahead *a = of(self);
	struct nipfs__wanted *item = nipfs__wants_find(&a->items, cid);

	if (!item || !item->waiters)
		return;
	item->waiters = 0;
	a->wanted--;
	if (item->list == READY)
		nipfs__wants_move(&a->items, item, KEPT);
}

static void ahead_free(struct nipfs_block_source *self)
{
	struct ahead *a = of(self);

	for (unsigned int list = 0; list < NIPFS__WANTS_LISTS; list++)
		while (a->items.first[list]) {
			struct nipfs_cid cid;

			nipfs__wanted_cid(a->items.first[list], &cid);
			if (list == ASKED)
				a->below->ops->cancel(a->below, &cid);
			drop(a, a->items.first[list]);
		}
	nipfs__wants_release(&a->items);
	nipfs_slab_unref(a->given);
	free(a);
}

static const struct nipfs_block_source_ops ahead_ops = { ahead_want, ahead_next, ahead_cancel,
							 ahead_free, NULL };

void nipfs__ahead_source_hint(struct nipfs_block_source *ahead, const struct nipfs_cid *cid)
{
	const struct nipfs_want want = { *cid, NIPFS_WANT_NODE, 0 };
	struct ahead *a = of(ahead);

	/* it is a hint and no more: without memory there is none */
	if (a->items.n < ITEMS_MAX)
		(void)!nipfs__wants_add(&a->items, &want, 1, NULL);
}

int nipfs__ahead_source_new(struct nipfs_block_source **out, struct nipfs_block_source *source,
			    struct nipfs_error *err)
{
	struct ahead *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return nipfs__fail_nomem(err);
	a->source = (struct nipfs_block_source){ &ahead_ops, source->name };
	a->below = source;
	r = nipfs__wants_init(&a->items, err);
	if (r < 0)
		free(a);
	else
		*out = &a->source;
	return r;
}
