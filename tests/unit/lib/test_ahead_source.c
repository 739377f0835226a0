/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A source that gets blocks before they are wanted. */
#include "lib/blocks/ahead_source.h"

#include <stdio.h>

#include "multiformats/base/slice.h"
#include "tests/support/block_answers.h"
#include "tests/support/check_main.h"
#include "tests/support/memory_blocks.h"

static struct memory_blocks *blocks;
static struct nipfs_block_source *ahead;

static void setup(void)
{
	blocks = memory_blocks_new();
	ck_assert_int_eq(nipfs__ahead_source_new(&ahead, memory_blocks_source(blocks), NULL), 0);
}

static void teardown(void)
{
	nipfs_block_source_free(ahead);
	expect_idle(memory_blocks_source(blocks));
	memory_blocks_free(blocks);
}

static struct nipfs_cid put(size_t number)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "block %zu", number);
	return memory_blocks_put(blocks, NIPFS_CODEC_RAW, nipfs__slice_str(text));
}

static void expect_number(size_t number, const struct nipfs_cid *cid)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "block %zu", number);
	expect_block(ahead, cid, nipfs__slice_str(text));
}

START_TEST(hints_come_with_what_is_wanted)
{
	const struct nipfs_cid a = put(1), b = put(2), c = put(3);

	blocks->order = _i ? MEMORY_ORDER_LIFO : MEMORY_ORDER_FIFO;
	nipfs__ahead_source_hint(ahead, &b);
	nipfs__ahead_source_hint(ahead, &c);
	nipfs__ahead_source_hint(ahead, &b);
	ck_assert_uint_eq(blocks->wants, 0);
	expect_number(1, &a);
	ck_assert_uint_eq(blocks->wants, 3);
	expect_number(3, &c);
	expect_number(2, &b);
	ck_assert_uint_eq(blocks->wants, 3);
	expect_idle(ahead);
	/* what was given out is not kept */
	expect_number(2, &b);
	ck_assert_uint_eq(blocks->wants, 4);
}
END_TEST

START_TEST(the_latest_hints_are_asked_for_first)
{
	enum { HINTS = 200 };
	static struct nipfs_cid cids[HINTS];
	const struct nipfs_cid wanted = put(HINTS);

	for (size_t i = 0; i < HINTS; i++) {
		cids[i] = put(i);
		nipfs__ahead_source_hint(ahead, &cids[i]);
	}
	blocks->order = MEMORY_ORDER_LIFO;
	expect_number(HINTS, &wanted);
	ck_assert_uint_le(blocks->waiting_max, 64);
	for (size_t i = HINTS; i-- > 0;)
		expect_number(i, &cids[i]);
	ck_assert_uint_eq(blocks->wants, HINTS + 1);
	ck_assert_uint_le(blocks->waiting_max, 65);
}
END_TEST

static const struct {
	enum memory_fault fault;
	int status;
} faults[] = {
	{ MEMORY_FAULT_MISSING, NIPFS_E_NOTFOUND },
	{ MEMORY_FAULT_UNREACHABLE, NIPFS_E_UNREACHABLE },
};

/* It is asked for again when it is wanted, and may be there by then. */
START_TEST(a_hint_that_fails_is_none)
{
	const struct nipfs_cid a = put(1), bad = put(2);

	memory_blocks_fault(blocks, &bad, faults[_i].fault);
	nipfs__ahead_source_hint(ahead, &bad);
	expect_number(1, &a);
	expect_number(1, &a);
	expect_status(ahead, &bad, faults[_i].status);
	memory_blocks_fault(blocks, &bad, MEMORY_FAULT_NONE);
	nipfs__ahead_source_hint(ahead, &bad);
	expect_number(2, &bad);
}
END_TEST

START_TEST(a_hint_with_other_bytes_is_none)
{
	const struct nipfs_cid a = put(1), bad = put(2);

	memory_blocks_fault(blocks, &bad, MEMORY_FAULT_CORRUPT);
	nipfs__ahead_source_hint(ahead, &bad);
	blocks->order = MEMORY_ORDER_LIFO;
	expect_number(1, &a);
	memory_blocks_fault(blocks, &bad, MEMORY_FAULT_NONE);
	expect_number(2, &bad);
}
END_TEST

START_TEST(what_is_cancelled_may_come_later)
{
	const struct nipfs_cid a = put(1), b = put(2);
	const struct nipfs_want wants[] = { { a, NIPFS_WANT_NODE, 0 }, { b, NIPFS_WANT_NODE, 0 } };

	ck_assert_int_eq(ahead->ops->want(ahead, wants, 2, NULL), 0);
	ahead->ops->cancel(ahead, &a);
	ahead->ops->cancel(ahead, &a);
	expect_number(2, &b);
	expect_idle(ahead);
	expect_number(1, &a);
	ck_assert_uint_eq(blocks->wants, 2);
	/* one that is here already, and wanted, and then not */
	nipfs__ahead_source_hint(ahead, &a);
	expect_number(2, &b);
	expect_number(2, &b);
	ck_assert_int_eq(ahead->ops->want(ahead, wants, 1, NULL), 0);
	ahead->ops->cancel(ahead, &a);
	expect_idle(ahead);
	expect_number(1, &a);
}
END_TEST

/* Only so many bytes are kept, and the rest comes when it is wanted. */
START_TEST(what_is_kept_is_bounded)
{
	enum { BIG = 1 << 20, N = 8 };
	static uint8_t bytes[BIG];
	struct nipfs_cid cids[N], a = put(1);

	for (size_t i = 0; i < N; i++) {
		bytes[0] = (uint8_t)i;
		cids[i] = memory_blocks_put(blocks, NIPFS_CODEC_RAW,
					    nipfs__slice(bytes, sizeof(bytes)));
		nipfs__ahead_source_hint(ahead, &cids[i]);
	}
	blocks->order = MEMORY_ORDER_LIFO;
	expect_number(1, &a);
	for (size_t i = 0; i < N; i++) {
		bytes[0] = (uint8_t)i;
		expect_block(ahead, &cids[i], nipfs__slice(bytes, sizeof(bytes)));
	}
}
END_TEST

START_TEST(a_failure_is_one)
{
	const struct nipfs_cid a = put(1);
	const struct nipfs_want want = { a, NIPFS_WANT_NODE, 0 };
	struct nipfs_block block;

	memory_blocks_fault(blocks, &a, MEMORY_FAULT_BROKEN);
	ck_assert_int_eq(ahead->ops->want(ahead, &want, 1, NULL), 0);
	ck_assert_int_eq(ahead->ops->next(ahead, &block, NULL), NIPFS_E_SYS);
	ahead->ops->cancel(ahead, &a);
	expect_idle(ahead);
}
END_TEST

static Suite *ahead_suite(void)
{
	Suite *s = suite_create("ahead source");
	TCase *t = tcase_create("ahead");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, hints_come_with_what_is_wanted, 0, 2);
	tcase_add_test(t, the_latest_hints_are_asked_for_first);
	tcase_add_loop_test(t, a_hint_that_fails_is_none, 0, 2);
	tcase_add_test(t, a_hint_with_other_bytes_is_none);
	tcase_add_test(t, what_is_cancelled_may_come_later);
	tcase_add_test(t, what_is_kept_is_bounded);
	tcase_add_test(t, a_failure_is_one);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(ahead_suite)
