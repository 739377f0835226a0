/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index while the store grows: what was not there a moment ago is found. */
#include "lib/blocks/index.h"
#include "lib/blocks/index_probe.h"

#include "tests/unit/lib/index_fixture.h"

/* How many of all added blocks a source gives. */
static size_t served(struct nipfs_block_source *source)
{
	struct nipfs_block block;
	size_t n = 0;

	for (size_t i = 0; i < added->n; i++) {
		const struct nipfs_cid cid = memory_blocks_cid(added, i);

		n += ask_block(source, &cid, &block) == 0;
	}
	return n;
}

START_TEST(what_becomes_valid_is_found)
{
	struct nipfs_block_source *source = new_source();
	size_t nodes;

	make_tree(1, 1);
	(void)add_path(1, 7, false);
	flush_index();
	nodes = get_stats().nodes;
	truths[1] = 0;
	ck_assert_uint_eq(served(source), nodes);
	/* it was told once that this path is not valid, and asks no more */
	truths[1] = 7;
	ck_assert_uint_eq(served(source), nodes);
	nipfs__index_source_refresh(source);
	ck_assert_uint_eq(served(source), added->n);
	/* what counted counts on: its blocks are checked in any case */
	nipfs__index_source_refresh(source);
	ck_assert_uint_eq(served(source), added->n);
	nipfs_block_source_free(source);
}
END_TEST

/* Wants that were outstanding when the path came do not hold the view of that time. */
START_TEST(what_is_indexed_meanwhile_is_found)
{
	struct nipfs_block_source *source = new_source();
	struct nipfs_want wants[2];
	struct nipfs_block block;

	make_small_tree(1, 1);
	(void)add_path(1, 7, false);
	flush_index();
	for (size_t i = 0; i < 2; i++)
		wants[i] = (struct nipfs_want){ memory_blocks_cid(added, i),
						NIPFS_WANT_LEAF, 0 };
	ck_assert_int_eq(source->ops->want(source, wants, 2, NULL), 0);
	ck_assert_int_eq(source->ops->next(source, &block, NULL), 0);
	make_tree(2, 2);
	(void)add_path(2, 7, false);
	flush_index();
	source->ops->cancel(source, &wants[1].cid);
	expect_idle(source);
	ck_assert_uint_eq(served(source), added->n);
	nipfs_block_source_free(source);
}
END_TEST

/* A source is read while the thread writes, path after path. */
START_TEST(reading_and_writing_at_once)
{
	struct nipfs_block_source *source = new_source();
	size_t before = 0;

	for (unsigned int n = 1; n <= 30; n++) {
		make_small_tree(n, n);
		(void)add_path(n, 7, false);
		nipfs__index_source_refresh(source);
		ck_assert_uint_ge(served(source), before);
		flush_index();
		nipfs__index_source_refresh(source);
		before = served(source);
		ck_assert_uint_eq(before, added->n);
	}
	nipfs_block_source_free(source);
}
END_TEST

static size_t probed(struct nipfs__index_probe *probe)
{
	struct nipfs_error err = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < added->n; i++) {
		const struct nipfs_cid cid = memory_blocks_cid(added, i);
		const int r = nipfs__index_probe_has(probe, &cid, &err);

		ck_assert_msg(r >= 0, "%s", err.msg);
		n += (size_t)r;
	}
	return n;
}

static struct nipfs__index_probe *new_probe(void)
{
	const struct nipfs_index_truth truth = { say_truth, NULL };
	struct nipfs__index_probe *probe = NULL;

	ck_assert_int_eq(nipfs__index_probe_new(&probe, test_index, &truth, NULL), 0);
	return probe;
}

START_TEST(a_probe_knows_without_reading)
{
	static const struct nipfs_cid absent = { NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1,
						 32, { 3 } };
	struct nipfs__index_probe *probe;
	size_t nodes;

	for (unsigned int n = 1; n <= 12; n++) {
		make_small_tree(n, n);
		(void)add_path(n, 7, n == 3);
	}
	flush_index();
	/* the files are not looked at */
	ck_assert_int_eq(system("rm -rf store/*"), 0);
	probe = new_probe();
	ck_assert_uint_eq(probed(probe), added->n);
	ck_assert_int_eq(nipfs__index_probe_has(probe, &absent, NULL), 0);
	nipfs__index_probe_free(probe);
	/* many have "same": one of them is enough, wherever its place is kept */
	nodes = get_stats().nodes;
	for (unsigned int n = 1; n <= 12; n++)
		truths[n] = n == 12 ? 7 : 0;
	probe = new_probe();
	ck_assert_uint_gt(probed(probe), nodes);
	nipfs__index_probe_free(probe);
	truths[12] = 0;
	probe = new_probe();
	ck_assert_uint_eq(probed(probe), nodes);
	nipfs__index_probe_free(probe);
	nipfs__index_probe_free(NULL);
}
END_TEST

static Suite *live_suite(void)
{
	Suite *s = suite_create("index_live");
	TCase *t = tcase_create("index_live");

	tcase_add_checked_fixture(t, index_setup, index_teardown);
	tcase_add_test(t, what_becomes_valid_is_found);
	tcase_add_test(t, what_is_indexed_meanwhile_is_found);
	tcase_add_test(t, reading_and_writing_at_once);
	tcase_add_test(t, a_probe_knows_without_reading);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(live_suite)
