/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chains of block sources: who is asked, who is believed, who is blamed. */
#include "lib/blocks/chain.h"

#include <stdio.h>

#include "multiformats/base/slice.h"
#include "tests/support/block_answers.h"
#include "tests/support/check_main.h"
#include "tests/support/memory_blocks.h"

enum { MEMBERS = 3 };

static struct memory_blocks *members[MEMBERS];
static struct nipfs_block_source *chain;
static const char *const names[MEMBERS] = { "first.car", "second.car", "third" };

static struct nipfs_cid put(size_t member, const char *text)
{
	return memory_blocks_put(members[member], NIPFS_CODEC_RAW,
				 nipfs__slice_str(text));
}

static void expect_text(const struct nipfs_cid *cid, const char *text)
{
	expect_block(chain, cid, nipfs__slice_str(text));
}

static void setup(void)
{
	struct nipfs_block_source *sources[MEMBERS];

	for (size_t i = 0; i < MEMBERS; i++) {
		members[i] = memory_blocks_new();
		sources[i] = memory_blocks_source(members[i]);
		sources[i]->name = names[i];
	}
	ck_assert_int_eq(nipfs_chain_source_new(&chain, sources, MEMBERS, NULL), 0);
}

static void teardown(void)
{
	nipfs_block_source_free(chain);
	for (size_t i = 0; i < MEMBERS; i++)
		memory_blocks_free(members[i]);
}

static struct nipfs_source_report report(size_t i)
{
	struct nipfs_source_report r;

	ck_assert_int_eq(nipfs_chain_source_report(chain, i, &r), 0);
	return r;
}

START_TEST(asks_the_next_for_what_one_lacks)
{
	const struct nipfs_cid a = put(0, "a"), b = put(1, "bb"), c = put(2, "ccc");
	const struct nipfs_cid nobody = put(0, "nobody has it");
	struct nipfs_source_report r;

	memory_blocks_fault(members[0], &nobody, MEMORY_FAULT_MISSING);
	expect_text(&c, "ccc");
	ck_assert_str_eq(chain->name, "third");
	expect_text(&a, "a");
	ck_assert_str_eq(chain->name, "first.car");
	expect_text(&b, "bb");
	expect_status(chain, &nobody, NIPFS_E_NOTFOUND);
	ck_assert_str_eq(chain->name, "first.car, second.car, third");
	ck_assert_uint_eq(report(0).blocks, 1);
	ck_assert_uint_eq(report(1).blocks, 1);
	ck_assert_uint_eq(report(2).bytes, 3);
	ck_assert_str_eq(report(2).name, "third");
	ck_assert_int_eq(nipfs_chain_source_report(chain, 3, &r), NIPFS_E_NOTFOUND);
	expect_idle(chain);
}
END_TEST

START_TEST(the_first_that_has_it_is_taken)
{
	const struct nipfs_cid a = put(0, "same");

	(void)put(1, "same");
	expect_text(&a, "same");
	ck_assert_uint_eq(members[1]->wants, 0);
}
END_TEST

START_TEST(wrong_bytes_are_replaced_and_reported)
{
	const struct nipfs_cid a = put(0, "right"), b = put(0, "only wrong");

	(void)put(2, "right");
	memory_blocks_fault(members[0], &a, MEMORY_FAULT_CORRUPT);
	memory_blocks_fault(members[0], &b, MEMORY_FAULT_CORRUPT);
	expect_text(&a, "right");
	ck_assert_uint_eq(report(0).wrong, 1);
	ck_assert_uint_eq(report(2).wrong, 0);
	ck_assert(!report(0).failed);
	expect_status(chain, &b, NIPFS_E_MISMATCH);
	ck_assert_str_eq(chain->name, "first.car");
	ck_assert_uint_eq(report(0).wrong, 2);
}
END_TEST

START_TEST(unreachable_is_kept_unless_somebody_has_it)
{
	const struct nipfs_cid a = put(1, "here"), b = put(1, "not here");

	(void)put(2, "here");
	memory_blocks_fault(members[1], &a, MEMORY_FAULT_UNREACHABLE);
	memory_blocks_fault(members[1], &b, MEMORY_FAULT_UNREACHABLE);
	expect_text(&a, "here");
	expect_status(chain, &b, NIPFS_E_UNREACHABLE);
	ck_assert_str_eq(chain->name, "second.car");
}
END_TEST

START_TEST(a_member_that_fails_is_asked_no_more)
{
	const struct nipfs_cid broken = put(1, "broken"), c = put(2, "c"),
			       d = put(1, "d");
	struct nipfs_want want = { d, NIPFS_WANT_NODE, 0 };
	struct nipfs_error err = { 0 };
	struct nipfs_block block;

	(void)put(2, "broken");
	memory_blocks_fault(members[1], &broken, MEMORY_FAULT_BROKEN);
	expect_text(&broken, "broken");
	ck_assert(report(1).failed);
	expect_text(&c, "c");
	/* it might have had this one: that is no "not found" */
	ck_assert_int_eq(chain->ops->want(chain, &want, 1, NULL), 0);
	ck_assert_int_eq(chain->ops->next(chain, &block, &err), NIPFS_E_SYS);
	ck_assert_int_eq(err.code, NIPFS_E_SYS);
	expect_idle(chain);
	expect_text(&c, "c");
}
END_TEST

START_TEST(many_wants_in_any_order)
{
	enum { MANY = 500 };
	static struct nipfs_cid cids[MANY];
	static struct nipfs_want wants[MANY];
	size_t got = 0, missing = 0, cancelled = 0;
	struct nipfs_block block;
	char text[16];

	members[1]->order = MEMORY_ORDER_LIFO;
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "block %zu", i);
		cids[i] = put(i % MEMBERS, text);
		if (i % 5 == 0)
			memory_blocks_fault(members[i % MEMBERS], &cids[i],
					    MEMORY_FAULT_MISSING);
		wants[i] = (struct nipfs_want){ cids[i], NIPFS_WANT_LEAF, 7 };
	}
	ck_assert_int_eq(chain->ops->want(chain, wants, MANY, NULL), 0);
	ck_assert_int_eq(chain->ops->want(chain, wants, MANY, NULL), 0);
	while (chain->ops->next(chain, &block, NULL) == 0) {
		if (block.status == 0)
			ck_assert(block.verified);
		got += block.status == 0;
		missing += block.status == NIPFS_E_NOTFOUND;
		if (got == 100)
			for (size_t i = 0; i < MANY; i++)
				if (i % 5 == 0 && i % 3 == 0) {
					chain->ops->cancel(chain, &cids[i]);
					cancelled++;
				}
	}
	ck_assert_uint_eq(got, MANY - MANY / 5);
	ck_assert_uint_ge(missing + cancelled, MANY / 5);
	expect_text(&cids[1], "block 1");
	expect_status(chain, &cids[0], NIPFS_E_NOTFOUND);
}
END_TEST

START_TEST(a_failure_with_many_outstanding)
{
	enum { MANY = 200 };
	static struct nipfs_want wants[MANY];
	struct nipfs_block block;
	size_t answers = 0, failures = 0;
	char text[16];
	int code;

	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "block %zu", i);
		wants[i].cid = put(0, text);
		if (i % 2)
			(void)put(2, text);
	}
	memory_blocks_fault(members[0], &wants[10].cid, MEMORY_FAULT_BROKEN);
	ck_assert_int_eq(chain->ops->want(chain, wants, MANY, NULL), 0);
	while ((code = chain->ops->next(chain, &block, NULL)) != 1) {
		answers += code == 0;
		failures += code == NIPFS_E_SYS;
	}
	ck_assert_uint_eq(answers + failures, MANY);
	ck_assert_uint_eq(answers, 10 + (MANY - 10) / 2);
}
END_TEST

/* The first member of a chain of its own is a helper, the second a real one. */
static struct nipfs_block_source *with_helper(void)
{
	const struct nipfs__chain_member two[] = {
		{ memory_blocks_source(members[0]), true, true },
		{ memory_blocks_source(members[1]), true, false },
	};
	struct nipfs_block_source *s = NULL;

	ck_assert_int_eq(nipfs__chain_new(&s, two, 2, NULL), 0);
	return s;
}

START_TEST(a_helper_is_never_to_blame)
{
	const struct nipfs_cid good = put(0, "good"), bad = put(0, "bad"),
			       only_bad = put(0, "only bad"), nobody = put(2, "nobody's");
	struct nipfs_block_source *s = with_helper();
	struct nipfs_source_report r;

	(void)put(1, "bad");
	memory_blocks_fault(members[0], &bad, MEMORY_FAULT_CORRUPT);
	memory_blocks_fault(members[0], &only_bad, MEMORY_FAULT_CORRUPT);
	expect_block(s, &good, nipfs__slice_str("good"));
	expect_block(s, &bad, nipfs__slice_str("bad"));
	expect_status(s, &only_bad, NIPFS_E_NOTFOUND);
	ck_assert_str_eq(s->name, "second.car");
	expect_status(s, &nobody, NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_chain_source_report(s, 0, &r), 0);
	ck_assert_uint_eq(r.blocks, 1);
	ck_assert_uint_eq(r.wrong, 2);
	ck_assert_int_eq(nipfs_chain_source_report(s, 1, &r), 0);
	ck_assert_uint_eq(r.blocks, 1);
	nipfs_block_source_free(s);
	/* members that were lent are there yet */
	expect_text(&good, "good");
}
END_TEST

START_TEST(a_helper_that_fails_is_no_failure)
{
	const struct nipfs_cid broken = put(0, "broken"), nobody = put(2, "nobody's"),
			       there = put(1, "there");
	struct nipfs_block_source *s = with_helper();
	struct nipfs_source_report r;

	memory_blocks_fault(members[0], &broken, MEMORY_FAULT_BROKEN);
	expect_status(s, &broken, NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_chain_source_report(s, 0, &r), 0);
	ck_assert(r.failed);
	expect_status(s, &nobody, NIPFS_E_NOTFOUND);
	expect_block(s, &there, nipfs__slice_str("there"));
	nipfs_block_source_free(s);
}
END_TEST

/* ---- members that let us wait -------------------------------------------------------- */

static struct nipfs_block_source_ops shy_ops;
static int shy_for, asked_shy;

static bool shy_ready(struct nipfs_block_source *self, int wait_ms)
{
	(void)self;
	(void)wait_ms;
	asked_shy++;
	return shy_for-- <= 0;
}

/* Makes a member one that is not ready so many times. */
static void make_shy(size_t member, int times)
{
	struct nipfs_block_source *m = memory_blocks_source(members[member]);

	shy_ops = *m->ops;
	shy_ops.ready = shy_ready;
	m->ops = &shy_ops;
	shy_for = times;
	asked_shy = 0;
}

START_TEST(the_first_that_is_ready_answers)
{
	const struct nipfs_cid slow = put(0, "slow"), lacking = put(0, "lacking");
	const struct nipfs_want wants[] = { { slow, NIPFS_WANT_LEAF, 0 },
					    { lacking, NIPFS_WANT_LEAF, 0 } };
	struct nipfs_block block;

	(void)put(1, "lacking");
	members[0]->order = MEMORY_ORDER_LIFO;
	memory_blocks_fault(members[0], &lacking, MEMORY_FAULT_MISSING);
	make_shy(0, 0);
	ck_assert_int_eq(chain->ops->want(chain, wants, 2, NULL), 0);
	/* the one that lacks it has said so; from then on it lets us wait */
	shy_for = 7;
	ck_assert_int_eq(chain->ops->next(chain, &block, NULL), 0);
	ck_assert(nipfs_cid_equal(&block.cid, &lacking));
	ck_assert_str_eq(chain->name, "second.car");
	ck_assert_int_eq(asked_shy, 1);
	ck_assert_int_eq(chain->ops->next(chain, &block, NULL), 0);
	ck_assert(nipfs_cid_equal(&block.cid, &slow));
	expect_idle(chain);
}
END_TEST

START_TEST(two_that_let_us_wait)
{
	const struct nipfs_cid a = put(0, "a"), b = put(0, "b");
	const struct nipfs_want wants[] = { { a, NIPFS_WANT_LEAF, 0 },
					    { b, NIPFS_WANT_LEAF, 0 } };
	struct nipfs_block block;
	size_t n = 0;

	(void)put(2, "b");
	members[0]->order = MEMORY_ORDER_LIFO;
	memory_blocks_fault(members[0], &b, MEMORY_FAULT_MISSING);
	make_shy(0, 25);
	make_shy(2, 25);
	ck_assert_int_eq(chain->ops->want(chain, wants, 2, NULL), 0);
	while (chain->ops->next(chain, &block, NULL) == 0)
		n += block.status == 0;
	ck_assert_uint_eq(n, 2);
}
END_TEST

/* ---- whether a chain lets us wait ---------------------------------------------------- */

START_TEST(a_chain_is_ready_when_a_member_has_an_answer)
{
	const struct nipfs_cid lacking = put(0, "lacking"), other = put(2, "other");
	const struct nipfs_want want = { lacking, NIPFS_WANT_LEAF, 0 },
				more = { other, NIPFS_WANT_LEAF, 0 };
	struct nipfs_block block;

	ck_assert(chain->ops->ready(chain, 0)); /* with nothing outstanding next says so */
	expect_idle(chain);
	(void)put(1, "lacking");
	memory_blocks_fault(members[0], &lacking, MEMORY_FAULT_MISSING);
	make_shy(1, 3);
	ck_assert_int_eq(chain->ops->want(chain, &want, 1, NULL), 0);
	/* the first says at once that it lacks it; the second is asked twice each time */
	ck_assert(!chain->ops->ready(chain, 1));
	ck_assert(chain->ops->ready(chain, 1));
	ck_assert_int_eq(asked_shy, 4);
	/* the answer outlives what its member is asked for meanwhile */
	ck_assert(chain->ops->ready(chain, 0));
	ck_assert_int_eq(chain->ops->want(chain, &more, 1, NULL), 0);
	ck_assert_int_eq(chain->ops->next(chain, &block, NULL), 0);
	ck_assert(nipfs_cid_equal(&block.cid, &lacking));
	ck_assert_int_eq(block.status, 0);
	ck_assert_uint_eq(block.bytes.len, 7);
	ck_assert_int_eq(memcmp(block.bytes.ptr, "lacking", 7), 0);
	ck_assert_int_eq(chain->ops->next(chain, &block, NULL), 0);
	ck_assert(nipfs_cid_equal(&block.cid, &other));
	expect_idle(chain);
}
END_TEST

START_TEST(a_chain_that_is_ready_to_fail)
{
	const struct nipfs_cid broken = put(0, "broken");
	struct nipfs_want want = { broken, NIPFS_WANT_LEAF, 0 };
	struct nipfs_error err = { 0 };
	struct nipfs_block block;

	memory_blocks_fault(members[0], &broken, MEMORY_FAULT_BROKEN);
	ck_assert_int_eq(chain->ops->want(chain, &want, 1, NULL), 0);
	ck_assert(chain->ops->ready(chain, 0));
	ck_assert_int_eq(chain->ops->next(chain, &block, &err), NIPFS_E_SYS);
	ck_assert_int_eq(err.code, NIPFS_E_SYS);
	expect_idle(chain);
	/* what was found may be cancelled, and dropped with the chain */
	want.cid = put(2, "there");
	ck_assert_int_eq(chain->ops->want(chain, &want, 1, NULL), 0);
	ck_assert(chain->ops->ready(chain, 0));
	chain->ops->cancel(chain, &want.cid);
	expect_idle(chain);
	ck_assert_int_eq(chain->ops->want(chain, &want, 1, NULL), 0);
	ck_assert(chain->ops->ready(chain, 0));
}
END_TEST

static Suite *chain_suite(void)
{
	Suite *s = suite_create("chain");
	TCase *t = tcase_create("chain");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, asks_the_next_for_what_one_lacks);
	tcase_add_test(t, the_first_that_has_it_is_taken);
	tcase_add_test(t, wrong_bytes_are_replaced_and_reported);
	tcase_add_test(t, unreachable_is_kept_unless_somebody_has_it);
	tcase_add_test(t, a_member_that_fails_is_asked_no_more);
	tcase_add_test(t, many_wants_in_any_order);
	tcase_add_test(t, a_failure_with_many_outstanding);
	tcase_add_test(t, a_helper_is_never_to_blame);
	tcase_add_test(t, a_helper_that_fails_is_no_failure);
	tcase_add_test(t, the_first_that_is_ready_answers);
	tcase_add_test(t, two_that_let_us_wait);
	tcase_add_test(t, a_chain_is_ready_when_a_member_has_an_answer);
	tcase_add_test(t, a_chain_that_is_ready_to_fail);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(chain_suite)
