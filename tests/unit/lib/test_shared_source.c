/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One block source for several threads. */
#include "lib/blocks/shared_source.h"

#include <pthread.h>
#include <stdio.h>

#include <nixipfs/sources.h>

#include "multiformats/base/slice.h"
#include "tests/support/block_answers.h"
#include "tests/support/check_main.h"
#include "tests/support/memory_blocks.h"

enum { THREADS = 4, BLOCKS = 240, ROUNDS = 20 };

static struct memory_blocks *blocks;
static struct nipfs__shared_source *shared;

static void setup(void)
{
	blocks = memory_blocks_new();
	ck_assert_int_eq(nipfs__shared_source_new(&shared, memory_blocks_source(blocks), THREADS,
						  NULL),
			 0);
}

static void teardown(void)
{
	nipfs__shared_source_free(shared);
	memory_blocks_free(blocks);
}

static struct nipfs_block_source *handle(size_t i)
{
	return nipfs__shared_source_handle(shared, i);
}

static struct nipfs_cid put(size_t number)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "block %zu", number);
	return memory_blocks_put(blocks, NIPFS_CODEC_RAW, nipfs__slice_str(text));
}

static void want(size_t i, const struct nipfs_cid *cid)
{
	const struct nipfs_want w = { *cid, NIPFS_WANT_LEAF, 0 };

	ck_assert_int_eq(handle(i)->ops->want(handle(i), &w, 1, NULL), 0);
}

static void expect_answer(size_t i, const struct nipfs_cid *cid)
{
	struct nipfs_block block;

	ck_assert_int_eq(handle(i)->ops->next(handle(i), &block, NULL), 0);
	ck_assert(nipfs_cid_equal(&block.cid, cid));
	ck_assert_int_eq(block.status, 0);
	ck_assert_int_eq(block.bytes.fd, -1);
	ck_assert_int_eq(nipfs_cid_verify(cid, nipfs__slice(block.bytes.ptr, block.bytes.len)),
			 0);
}

START_TEST(what_two_want_is_asked_for_once)
{
	const struct nipfs_cid a = put(1), b = put(2);

	want(0, &a);
	want(1, &a);
	want(1, &b);
	want(1, &b);
	expect_answer(1, &a);
	expect_answer(1, &b);
	expect_idle(handle(1));
	expect_answer(0, &a);
	expect_idle(handle(0));
	ck_assert_uint_eq(blocks->wants, 2);
	/* what was answered is asked for again when it is wanted again */
	want(2, &a);
	expect_answer(2, &a);
	ck_assert_uint_eq(blocks->wants, 3);
}
END_TEST

START_TEST(a_problem_is_that_of_one_block_and_has_a_name)
{
	const struct nipfs_cid a = put(1), b = put(2);

	memory_blocks_source(blocks)->name = "bad.car";
	memory_blocks_fault(blocks, &a, MEMORY_FAULT_MISSING);
	want(0, &a);
	want(1, &a);
	want(1, &b);
	memory_blocks_source(blocks)->name = "worse.car";
	expect_status(handle(0), &a, NIPFS_E_NOTFOUND);
	ck_assert_str_eq(handle(0)->name, "worse.car");
	expect_status(handle(1), &a, NIPFS_E_NOTFOUND);
	expect_answer(1, &b);
}
END_TEST

START_TEST(a_failure_is_one_for_all)
{
	const struct nipfs_cid broken = put(1), b = put(2);
	struct nipfs_error err = { 0 };
	struct nipfs_block block;

	memory_blocks_fault(blocks, &broken, MEMORY_FAULT_BROKEN);
	want(0, &b);
	expect_answer(0, &b);
	want(0, &broken);
	ck_assert_int_eq(handle(0)->ops->next(handle(0), &block, &err), NIPFS_E_SYS);
	ck_assert_int_eq(err.code, NIPFS_E_SYS);
	want(1, &b);
	ck_assert_int_eq(handle(1)->ops->next(handle(1), &block, &err), NIPFS_E_SYS);
	handle(0)->ops->cancel(handle(0), &broken);
	expect_idle(handle(0));
}
END_TEST

START_TEST(who_cancels_gets_nothing_and_others_do)
{
	const struct nipfs_cid a = put(1), b = put(2), c = put(3);

	want(0, &a);
	want(1, &a);
	want(0, &b);
	handle(0)->ops->cancel(handle(0), &a);
	expect_answer(0, &b);
	expect_idle(handle(0));
	expect_answer(1, &a);
	/* nobody is left who wants it, before the source was told of it and after */
	want(0, &c);
	handle(0)->ops->cancel(handle(0), &c);
	expect_idle(handle(0));
	ck_assert_uint_eq(blocks->wants, 2);
	want(0, &a);
	want(1, &a);
	want(1, &c);
	expect_answer(1, &a);
	handle(0)->ops->cancel(handle(0), &a);
	expect_idle(handle(0));
	expect_answer(1, &c);
}
END_TEST

START_TEST(what_is_outstanding_is_taken_back)
{
	const struct nipfs_cid a = put(1), b = put(2);

	want(0, &a);
	want(1, &b);
	expect_answer(0, &a);
	nipfs__shared_source_free(shared);
	shared = NULL;
	expect_idle(memory_blocks_source(blocks));
}
END_TEST

/* ---- threads --------------------------------------------------------------------- */

/* @cids: of all blocks */
struct reader {
	size_t number;
	const struct nipfs_cid *cids;
	size_t n_good;
};

/* Wants blocks in an order of its own, a few ahead. */
static void *read_all(void *ctx)
{
	struct reader *r = ctx;
	struct nipfs_block_source *s = handle(r->number);

	for (size_t i = 0; i < BLOCKS * ROUNDS; i += 10) {
		struct nipfs_block block;

		for (size_t k = i; k < i + 10; k++) {
			const struct nipfs_want w = { r->cids[k * (r->number + 1) % BLOCKS],
						      NIPFS_WANT_LEAF, 0 };

			if (s->ops->want(s, &w, 1, NULL) < 0)
				return NULL;
		}
		while (s->ops->next(s, &block, NULL) == 0)
			r->n_good += block.status == 0 &&
				     nipfs_cid_verify(&block.cid,
						      nipfs__slice(block.bytes.ptr,
								   block.bytes.len)) == 0;
	}
	return ctx;
}

/* Distinct blocks of each ten. */
static size_t expected(const struct reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < BLOCKS * ROUNDS; i += 10)
		for (size_t k = i; k < i + 10; k++) {
			bool again = false;

			for (size_t l = i; l < k; l++)
				again = again || (l * (r->number + 1)) % BLOCKS ==
							 (k * (r->number + 1)) % BLOCKS;
			n += !again;
		}
	return n;
}

static void run_threads(void)
{
	static struct nipfs_cid cids[BLOCKS];
	struct reader readers[THREADS];
	pthread_t threads[THREADS];
	void *done;

	for (size_t i = 0; i < BLOCKS; i++)
		cids[i] = put(i);
	for (size_t i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){ i, cids, 0 };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &done), 0);
		ck_assert_ptr_eq(done, &readers[i]);
		ck_assert_uint_eq(readers[i].n_good, expected(&readers[i]));
	}
}

START_TEST(threads_get_what_each_of_them_wants)
{
	blocks->order = _i ? MEMORY_ORDER_LIFO : MEMORY_ORDER_FIFO;
	run_threads();
}
END_TEST

/* A chain can tell whether it is ready. */
START_TEST(threads_share_a_chain)
{
	struct memory_blocks *empty = memory_blocks_new();
	struct nipfs_block_source *members[] = { memory_blocks_source(empty),
						 memory_blocks_source(blocks) };
	struct nipfs_block_source *chain;

	nipfs__shared_source_free(shared);
	ck_assert_int_eq(nipfs_chain_source_new(&chain, members, 2, NULL), 0);
	ck_assert_int_eq(nipfs__shared_source_new(&shared, chain, THREADS, NULL), 0);
	run_threads();
	nipfs__shared_source_free(shared);
	shared = NULL;
	expect_idle(chain);
	nipfs_block_source_free(chain);
	memory_blocks_free(empty);
}
END_TEST

static void *read_one(void *ctx)
{
	struct reader *r = ctx;
	struct nipfs_block block;
	struct nipfs_block_source *s = handle(r->number);

	r->n_good = s->ops->next(s, &block, NULL) == 0 && block.status == 0 &&
		    nipfs_cid_equal(&block.cid, r->cids);
	return ctx;
}

/* One thread has more to fetch than may wait; another, whose answer comes behind that, waits
 * for it to be fetched. */
START_TEST(who_is_slow_is_waited_for)
{
	enum { BIG = 1 << 20, N = 24 };
	static uint8_t bytes[BIG];
	struct nipfs_cid cids[N], own = put(1);
	struct reader reader = { 1, &own, 0 };
	pthread_t thread;

	for (size_t i = 0; i < N; i++) {
		bytes[0] = (uint8_t)i;
		cids[i] = memory_blocks_put(blocks, NIPFS_CODEC_RAW,
					    nipfs__slice(bytes, sizeof(bytes)));
		want(0, &cids[i]);
	}
	want(1, &own);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_one, &reader), 0);
	for (size_t i = 0; i < N; i++)
		expect_answer(0, &cids[i]);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(reader.n_good, 1);
}
END_TEST

static Suite *shared_source_suite(void)
{
	Suite *s = suite_create("shared source");
	TCase *one = tcase_create("one thread"), *threads = tcase_create("threads");

	tcase_add_checked_fixture(one, setup, teardown);
	tcase_add_test(one, what_two_want_is_asked_for_once);
	tcase_add_test(one, a_problem_is_that_of_one_block_and_has_a_name);
	tcase_add_test(one, a_failure_is_one_for_all);
	tcase_add_test(one, who_cancels_gets_nothing_and_others_do);
	tcase_add_test(one, what_is_outstanding_is_taken_back);
	suite_add_tcase(s, one);
	tcase_add_checked_fixture(threads, setup, teardown);
	tcase_add_loop_test(threads, threads_get_what_each_of_them_wants, 0, 2);
	tcase_add_test(threads, threads_share_a_chain);
	tcase_add_test(threads, who_is_slow_is_waited_for);
	suite_add_tcase(s, threads);
	return s;
}

NIPFS_TEST_MAIN(shared_source_suite)
