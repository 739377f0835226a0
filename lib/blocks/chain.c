/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several block sources as one: what one lacks the next is asked for. */
#include "lib/blocks/chain.h"

#include <stdlib.h>

#include <nixipfs/progress.h>

#include "dag/block.h"
#include "lib/blocks/wants.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"

enum {
	ASK_AT_ONCE = 32,
	READY_WAIT_MS = 10 /* for one member, while others wait as well */
};

/* The lists of wants: to be asked for, or answered when all were asked; and asked for. */
enum { FRESH, ASKED };

/*
 * @asked: wants that it has to answer
 * @why:   what it failed with
 */
struct member {
	struct nipfs_block_source *source;
	bool borrowed, helper;
	size_t asked;
	uint64_t blocks, bytes, wrong;
	struct nipfs_error why;
};

/*
 * @is_staged:  what next returns was found already, by asking whether it would have to wait
 * @staged_err: the failure that it returns; its code is 0 for an answer
 * @staged:     that answer; its bytes have a reference of their own
 * @given:      of the answer that was staged last
 */
struct chain {
	struct nipfs_block_source source;
	struct nipfs__wants wants;
	struct nipfs_buf names;
	bool is_staged;
	struct nipfs_error staged_err;
	struct nipfs_block staged;
	struct nipfs_slab *given;
	size_t n;
	struct member members[];
};

static struct chain *of(struct nipfs_block_source *self)
{
	return (struct chain *)(void *)self;
}

static const char *name_of(const struct member *m)
{
	return m->source->name;
}

/* Names the chain after all members but helpers, whose names may have changed. */
static int name_all(struct chain *c)
{
	nipfs__buf_clear(&c->names);
	for (size_t i = 0; i < c->n; i++)
		if (!c->members[i].helper &&
		    nipfs__buf_printf(&c->names, "%s%s", c->names.len ? ", " : "",
				      name_of(&c->members[i])) < 0)
			return NIPFS_E_NOMEM;
	if (nipfs__buf_terminate(&c->names) < 0)
		return NIPFS_E_NOMEM;
	c->source.name = (const char *)c->names.ptr;
	return 0;
}

/* ---- asking ---------------------------------------------------------------------- */

/* The next member has to see to it; all having failed, it is to be answered. */
static void pass_on(struct chain *c, struct nipfs__wanted *item)
{
	if (item->list == ASKED)
		c->members[item->member].asked--;
	item->member++;
	nipfs__wants_move(&c->wants, item, FRESH);
}

/*
 * A member is out, unless the failure is one of the whole process. Return: 0, or
 * @code with @err written.
 */
static int member_failed(struct chain *c, size_t i, int code, struct nipfs_error *why,
			 struct nipfs_error *err)
{
	struct nipfs__wanted *next;

	if (why->code == 0)
		(void)nipfs__fail(why, code, "'%s': %s", name_of(&c->members[i]),
				  nipfs_err_text(code));

	if (code == NIPFS_E_NOMEM || code == NIPFS_E_CANCELLED) {
		if (err)
			*err = *why;
		return code;
	}
	c->members[i].why = *why;
	for (struct nipfs__wanted *item = c->wants.first[ASKED]; item; item = next) {
		next = item->next;
		if (item->member == i)
			pass_on(c, item);
	}
	return 0;
}

/* Asks the member of @first for it and for those behind it. */
static int ask(struct chain *c, struct nipfs__wanted *first, struct nipfs_error *err)
{
	struct member *m = &c->members[first->member];
	struct nipfs_want wants[ASK_AT_ONCE];
	struct nipfs__wanted *item = first, *next;
	const size_t i = first->member;
	struct nipfs_error why = { 0 };
	size_t n = 0;
	int code;

	for (; item && item->member == i && n < ASK_AT_ONCE; item = next) {
		next = item->next;
		nipfs__wanted_cid(item, &wants[n].cid);
		wants[n].role = item->role;
		wants[n++].bytes = item->bytes;
		nipfs__wants_move(&c->wants, item, ASKED);
	}
	m->asked += n;
	code = m->source->ops->want(m->source, wants, n, &why);
	return code < 0 ? member_failed(c, i, code, &why, err) : 0;
}

/* Asks until the first FRESH want, if any is left, is one to be answered. */
static int ask_all(struct chain *c, struct nipfs_error *err)
{
	struct nipfs__wanted *item;
	int code = 0;

	while (code == 0 && (item = c->wants.first[FRESH])) {
		while (item->member < c->n && c->members[item->member].why.code)
			item->member++;
		if (item->member == c->n)
			break;
		code = ask(c, item, err);
	}
	return code;
}

/* ---- answering ------------------------------------------------------------------- */

/* Nobody has it. Return: 0 with @out filled, or the failure of a member. */
static int answer_missing(struct chain *c, struct nipfs__wanted *item,
			  struct nipfs_block *out, struct nipfs_error *err)
{
	struct nipfs_block missing = { .status = item->problem,
				       .bytes = { .fd = -1 } };
	const bool is_bad = item->problem && item->problem != NIPFS_E_UNREACHABLE;
	const struct member *blamed = &c->members[item->blame];

	nipfs__wanted_cid(item, &missing.cid);
	nipfs__wants_remove(&c->wants, item);
	if (is_bad) {
		c->source.name = name_of(blamed);
		*out = missing;
		return 0;
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct member *m = &c->members[i];

		if (m->why.code && !m->helper) {
			if (err)
				*err = m->why;
			return m->why.code;
		}
	}
	if (missing.status == 0) {
		missing.status = NIPFS_E_NOTFOUND;
		if (name_all(c) < 0)
			return nipfs__fail_nomem(err);
	} else {
		c->source.name = name_of(blamed);
	}
	*out = missing;
	return 0;
}

/* Takes the answer of a member. Return: 0 when it is one of the chain's, else 1. */
static int take_answer(struct chain *c, size_t i, struct nipfs_block *block,
		       struct nipfs_block *out)
{
	struct member *m = &c->members[i];
	struct nipfs__wanted *item = nipfs__wants_find(&c->wants, &block->cid);
	int status = block->status;

	if (!item || item->list != ASKED || item->member != i)
		return 1;
	if (status == 0 && !block->verified)
		status = nipfs_cid_verify(
		    &block->cid,
		    (struct nipfs_slice){ block->bytes.ptr, block->bytes.len });
	if (status == 0) {
		m->asked--;
		m->blocks++;
		m->bytes += block->bytes.len;
		nipfs__wants_remove(&c->wants, item);
		c->source.name = name_of(m);
		block->verified = true;
		*out = *block;
		return 0;
	}
	if (status == NIPFS_E_MISMATCH)
		m->wrong++;
	if (status != NIPFS_E_NOTFOUND && !m->helper &&
	    (item->problem == 0 || item->problem == NIPFS_E_UNREACHABLE)) {
		item->problem = status;
		item->blame = i;
	}
	pass_on(c, item);
	return 1;
}

/* Lets one member give one answer. Return: as take_answer(), or negative. */
static int poll_member(struct chain *c, size_t i, struct nipfs_block *out,
		       struct nipfs_error *err)
{
	struct member *m = &c->members[i];
	struct nipfs_error why = { 0 };
	struct nipfs_block block = { .bytes = { .fd = -1 } };
	int code = m->source->ops->next(m->source, &block, &why);

	if (code == 0)
		return take_answer(c, i, &block, out);
	if (code == 1)
		code = nipfs__fail(&why, NIPFS_E_INVALID, "'%s' left a block unanswered",
				   name_of(m));
	code = member_failed(c, i, code, &why, err);
	return code < 0 ? code : 1;
}

/* Whether a member has an answer, or soon: not where it would only keep others waiting. */
static bool is_ready(const struct member *m, int wait_ms)
{
	return !m->source->ops->ready || m->source->ops->ready(m->source, wait_ms) ||
	       nipfs_cancelled();
}

/*
 * Which member is let give an answer: one that has it now, or within @wait_ms of each;
 * negative: for as long as it takes. Return: c->n when none has to, or has it in time.
 */
static size_t choose_member(const struct chain *c, int wait_ms)
{
	const bool for_ever = wait_ms < 0;
	size_t n = 0, found = c->n;

	for (size_t i = 0; i < c->n; i++)
		if (c->members[i].asked && ++n == 1)
			found = i;
	if (n == 0 || (n == 1 && for_ever))
		return found;
	for (int wait = 0;; wait = for_ever ? READY_WAIT_MS : wait_ms) {
		for (size_t i = found; i < c->n; i++)
			if (c->members[i].asked && is_ready(&c->members[i], wait))
				return i;
		if (wait == wait_ms)
			return c->n;
	}
}

/* Finds an answer, as next, but for the time it may take. Return: as next; 2: not in time. */
static int find_answer(struct chain *c, int wait_ms, struct nipfs_block *out,
		       struct nipfs_error *err)
{
	size_t i;
	int code;

	for (;;) {
		code = ask_all(c, err);
		if (code < 0)
			return code;
		if (c->wants.first[FRESH])
			return answer_missing(c, c->wants.first[FRESH], out, err);
		if (!c->wants.first[ASKED])
			return 1;
		i = choose_member(c, wait_ms);
		if (i == c->n)
			return 2;
		code = poll_member(c, i, out, err);
		if (code != 1)
			return code;
	}
}

/* ---- the source ------------------------------------------------------------------ */

static int chain_want(struct nipfs_block_source *self, const struct nipfs_want *wants,
		      size_t n, struct nipfs_error *err)
{
	const int code = nipfs__wants_add(&of(self)->wants, wants, n, err);

	return code < 0 ? code : ask_all(of(self), err);
}

static int chain_next(struct nipfs_block_source *self, struct nipfs_block *out,
		      struct nipfs_error *err)
{
	struct chain *c = of(self);

	nipfs_slab_unref(c->given);
	c->given = NULL;
	if (!c->is_staged)
		return find_answer(c, -1, out, err);
	c->is_staged = false;
	if (c->staged_err.code) {
		if (err)
			*err = c->staged_err;
		return c->staged_err.code;
	}
	*out = c->staged;
	c->given = out->bytes.slab;
	return 0;
}

/* Whoever has the answer may be asked for something else before it is taken. */
static bool chain_ready(struct nipfs_block_source *self, int wait_ms)
{
	struct chain *c = of(self);
	struct nipfs_block answer;
	int code;

	if (c->is_staged)
		return true;
	c->staged_err = (struct nipfs_error){ .code = 0 };
	code = find_answer(c, wait_ms, &answer, &c->staged_err);
	if (code > 0)
		return code == 1;
	c->is_staged = true;
	if (code < 0)
		return true;
	c->staged = answer;
	if (answer.status == 0 && nipfs__span_hold(&answer.bytes, &c->staged.bytes) < 0)
		(void)nipfs__fail_nomem(&c->staged_err);
	return true;
}

static void drop_staged(struct chain *c)
{
	if (c->is_staged && !c->staged_err.code)
		nipfs_slab_unref(c->staged.bytes.slab);
	c->is_staged = false;
}

static void chain_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	struct chain *c = of(self);
	struct nipfs__wanted *item = nipfs__wants_find(&c->wants, cid);

	if (c->is_staged && !c->staged_err.code && nipfs_cid_equal(&c->staged.cid, cid))
		drop_staged(c);
	if (item && item->list == ASKED) {
		struct member *m = &c->members[item->member];

		m->asked--;
		m->source->ops->cancel(m->source, cid);
	}
	nipfs__wants_remove(&c->wants, item);
}

static void release(struct chain *c)
{
	drop_staged(c);
	nipfs_slab_unref(c->given);
	nipfs__wants_release(&c->wants);
	nipfs__buf_release(&c->names);
	free(c);
}

static void chain_free(struct nipfs_block_source *self)
{
	for (size_t i = 0; i < of(self)->n; i++)
		if (!of(self)->members[i].borrowed)
			nipfs_block_source_free(of(self)->members[i].source);
	release(of(self));
}

static const struct nipfs_block_source_ops chain_ops = { chain_want, chain_next,
							 chain_cancel, chain_free, chain_ready };

int nipfs__chain_new(struct nipfs_block_source **out,
		     const struct nipfs__chain_member *take_members, size_t n,
		     struct nipfs_error *err)
{
	struct chain *c = calloc(1, sizeof(*c) + n * sizeof(c->members[0]));
	int code;

	if (!c)
		return nipfs__fail_nomem(err);
	c->n = n;
	c->names = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	for (size_t i = 0; i < n; i++) {
		c->members[i].source = take_members[i].source;
		c->members[i].borrowed = take_members[i].borrowed;
		c->members[i].helper = take_members[i].helper;
	}
	code = nipfs__wants_init(&c->wants, err);
	if (code == 0 && name_all(c) < 0)
		code = nipfs__fail_nomem(err);
	if (code < 0) {
		release(c);
		return code;
	}
	c->source.ops = &chain_ops;
	*out = &c->source;
	return 0;
}

int nipfs_chain_source_new(struct nipfs_block_source **out,
			   struct nipfs_block_source *const *take_sources, size_t n,
			   struct nipfs_error *err)
{
	nipfs_auto_free struct nipfs__chain_member *members = calloc(n, sizeof(*members));

	if (!members)
		return nipfs__fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		members[i].source = take_sources[i];
	return nipfs__chain_new(out, members, n, err);
}

int nipfs_chain_source_report(const struct nipfs_block_source *chain, size_t i,
			      struct nipfs_source_report *out)
{
	const struct chain *c = (const struct chain *)(const void *)chain;

	if (i >= c->n)
		return NIPFS_E_NOTFOUND;
	*out =
	    (struct nipfs_source_report){ name_of(&c->members[i]), c->members[i].blocks,
					  c->members[i].bytes, c->members[i].wrong,
					  c->members[i].why.code != 0 };
	return 0;
}
