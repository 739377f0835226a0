/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forgetting: prune, remove, replacement, abort; and what is left of shared blocks. */
#include <nixipfs/dag.h>

#include "multiformats/base/slice.h"
#include "tests/unit/lib/index_fixture.h"

/* Keeps the paths that are valid with the same hash, as a caller with a store would. */
static int keep_true(void *ctx, const struct nipfs_index_owner *owner,
		     struct nipfs_error *err)
{
	const unsigned long n = strtoul(owner->key.path.base, NULL, 10);

	(void)err;
	if (ctx)
		++*(unsigned int *)ctx;
	return truths[n] == owner->key.nar_hash[0];
}

static struct nipfs_index_pruned prune(void)
{
	struct nipfs_index_pruned pruned;
	struct nipfs_error err = { 0 };

	must(nipfs_index_prune(test_index, keep_true, NULL, NULL, &pruned, &err), &err);
	return pruned;
}

/* Records a closure of @n narinfos, and one more that all closures share. */
static void add_closure(unsigned int path, unsigned int n, unsigned int seed)
{
	const struct nipfs_index_key key = path_key(path, truths[path]);
	struct nipfs_index_writer *w = NULL;
	struct nipfs_block_sink sink;
	struct nipfs_link root = { .tsize = seed };
	struct nipfs_error err = { 0 };
	char text[600];

	must(nipfs_index_writer_begin_closure(&w, test_index, &key, &err), &err);
	sink = nipfs_index_writer_block_sink(w);
	for (unsigned int i = 0; i <= n; i++) {
		struct nipfs_span span = { .ptr = (const uint8_t *)text,
					   .len = 0,
					   .fd = -1 };

		(void)snprintf(text, sizeof(text), "narinfo %u %500u", i ? seed : 0, i);
		span.len = strlen(text);
		must(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256,
				  nipfs__slice(text, span.len), &root.cid),
		     &err);
		must(sink.put(sink.ctx, &root.cid, &span, NULL, &err), &err);
		memory_blocks_put_as(added, &root.cid, nipfs__slice(text, span.len));
	}
	must(nipfs_index_writer_commit(w, &root, NULL, &err), &err);
}

START_TEST(prunes_what_is_gone_and_nothing_else)
{
	struct nipfs_index_pruned pruned;
	uint64_t both, one;

	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	one = get_stats().blocks;
	make_tree(2, 2);
	(void)add_path(2, 9, true);
	flush_index();
	both = get_stats().blocks;
	ck_assert_uint_gt(both, one);
	pruned = prune();
	ck_assert_uint_eq(pruned.owners + pruned.blocks + pruned.nodes, 0);
	truths[1] = 0;
	ck_assert(get_stats().swept);
	pruned = prune();
	ck_assert_uint_eq(pruned.owners, 1);
	ck_assert_uint_gt(pruned.blocks, 0);
	ck_assert_uint_eq(get_stats().blocks, both - pruned.blocks);
	ck_assert(get_stats().swept);
	ck_assert_uint_eq(get_stats().paths, 1);
	/* all of path 2 is there, what it shared with path 1 included */
	ck_assert_uint_eq(count_served(), get_stats().blocks);
	memory_blocks_free(added);
	added = memory_blocks_new();
	(void)add_path(2, 9, true);
	flush_index();
	ck_assert_uint_eq(count_served(), added->n);
	truths[2] = 0;
	pruned = prune();
	ck_assert_uint_eq(get_stats().paths, 0);
	expect_nothing_left();
}
END_TEST

START_TEST(blocks_that_many_paths_share)
{
	enum { MANY = 60 };
	struct nipfs_index_stats stats;
	struct nipfs_index_pruned pruned;

	for (unsigned int n = 0; n < MANY; n++) {
		scratch_dir(in_path(n, ""), 0755);
		scratch_file(in_path(n, "a"), "shared\n", 0644);
		scratch_file(in_path(n, "x"), "shared\n", 0755);
		(void)add_path(n, 7, true);
	}
	flush_index();
	stats = get_stats();
	/* two files, one directory, a NAR, the nodes of it: the same for all */
	ck_assert_uint_lt(stats.blocks, 8);
	ck_assert_uint_eq(stats.nodes, (uint64_t)run_sql("select count(*) from nodes"));
	ck_assert_int_gt(run_sql("select count(*) from extra"), MANY);
	ck_assert_uint_eq(count_served(), added->n);
	/* the last one alone has them, then the first one alone */
	for (unsigned int n = 0; n < MANY - 1; n++)
		truths[n] = 0;
	ck_assert_uint_eq(count_served(), added->n);
	truths[0] = 7;
	truths[MANY - 1] = 0;
	ck_assert_uint_eq(count_served(), added->n);
	pruned = prune();
	ck_assert_uint_eq(pruned.owners, MANY - 1);
	ck_assert_uint_eq(pruned.blocks + pruned.nodes, 0);
	ck_assert_int_eq(run_sql("select count(*) from extra"), 0);
	ck_assert_uint_eq(count_served(), added->n);
	truths[0] = 0;
	pruned = prune();
	ck_assert_uint_eq(pruned.blocks, stats.blocks);
	ck_assert_uint_eq(pruned.nodes, stats.nodes);
	expect_nothing_left();
}
END_TEST

START_TEST(pruned_one_by_one_the_rest_stays)
{
	enum { SOME = 12 };

	for (unsigned int n = 0; n < SOME; n++) {
		scratch_dir(in_path(n, ""), 0755);
		scratch_file(in_path(n, "a"), "shared by all\n", 0644);
		scratch_file(in_path(n, "b"),
			     n % 2 ? "shared by half\n" : "by the other half\n", 0644);
		scratch_link(in_path(n, "link"), "a");
		(void)add_path(n, 7, n % 3 == 0);
	}
	flush_index();
	for (unsigned int i = 0; i < SOME; i++) {
		const unsigned int n = i * 5 % SOME;

		truths[n] = 0;
		ck_assert_uint_eq(prune().owners, 1);
		ck_assert_uint_eq(count_served(), get_stats().blocks);
		ck_assert_uint_eq(get_stats().nodes,
				  (uint64_t)run_sql("select count(*) from nodes"));
		ck_assert_uint_eq(get_stats().blocks,
				  (uint64_t)run_sql("select count(*) from blocks"));
	}
	expect_nothing_left();
}
END_TEST

START_TEST(a_path_made_anew_takes_the_place_of_the_old)
{
	const struct nipfs_index_key old = path_key(1, 7), new = path_key(1, 8);

	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	ck_assert_int_eq(unlink(in_path(1, "seed")), 0);
	scratch_file(in_path(1, "seed"), "other\n", 0644);
	(void)add_path(1, 8, true);
	flush_index();
	ck_assert_uint_eq(get_stats().paths, 1);
	ck_assert(!get_stats().swept);
	ck_assert_int_eq(nipfs_index_find(test_index, &old, NULL, NULL),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_index_find(test_index, &new, NULL, NULL), 0);
	(void)prune();
	ck_assert(get_stats().swept);
	ck_assert_uint_eq(count_served(), get_stats().blocks);
	ck_assert_uint_lt(count_served(), added->n);
	truths[1] = 0;
	(void)prune();
	expect_nothing_left();
}
END_TEST

START_TEST(adding_the_same_again_adds_nothing)
{
	struct nipfs_index_stats first, again;
	const struct nipfs_index_key key = path_key(1, 7);
	struct nipfs_index_owner owner;

	make_tree(1, 1);
	(void)add_path(1, 7, true);
	add_closure(1, 5, 1);
	flush_index();
	first = get_stats();
	ck_assert_uint_eq(first.closures, 1);
	(void)add_path(1, 7, true);
	/* without a NAR-shaped file: what is there has more */
	(void)add_path(1, 7, false);
	add_closure(1, 5, 1);
	flush_index();
	again = get_stats();
	ck_assert(again.swept);
	ck_assert_uint_eq(again.blocks, first.blocks);
	ck_assert_uint_eq(again.closures, 1);
	ck_assert_int_eq(run_sql("select count(*) from owners"), 2);
	/* a NAR-shaped file more is more */
	make_tree(2, 2);
	(void)add_path(2, 7, false);
	(void)add_path(2, 7, true);
	flush_index();
	ck_assert_int_eq(nipfs_index_find(test_index, &key, &owner, NULL), 0);
	ck_assert(owner.has_nar);
	ck_assert_uint_eq(get_stats().paths, 2);
	ck_assert_uint_eq(count_served(), get_stats().blocks);
}
END_TEST

START_TEST(closures_go_with_their_path)
{
	unsigned int asked = 0;
	struct nipfs_index_pruned pruned;
	struct nipfs_error err = { 0 };

	scratch_file(in_path(1, ""), "one\n", 0644);
	scratch_file(in_path(2, ""), "two\n", 0644);
	(void)add_path(1, 7, false);
	(void)add_path(2, 7, false);
	add_closure(1, 5, 1);
	add_closure(1, 6, 3);
	add_closure(2, 7, 2);
	flush_index();
	ck_assert_uint_eq(get_stats().closures, 3);
	ck_assert_uint_eq(get_stats().nodes, 5 + 6 + 7 + 1);
	ck_assert_uint_eq(count_served(), added->n);
	truths[1] = 0;
	must(nipfs_index_prune(test_index, keep_true, &asked, NULL, &pruned, &err), &err);
	ck_assert_uint_eq(asked, 5);
	ck_assert_uint_eq(pruned.owners, 3);
	ck_assert_uint_eq(get_stats().nodes, 7 + 1);
	truths[2] = 0;
	(void)prune();
	expect_nothing_left();
}
END_TEST

START_TEST(remove_forgets_at_once)
{
	const struct nipfs_index_key key = path_key(1, 7);
	struct nipfs_error err = { 0 };

	make_tree(1, 1);
	make_tree(2, 2);
	(void)add_path(1, 7, true);
	(void)add_path(2, 7, true);
	add_closure(1, 3, 1);
	flush_index();
	must(nipfs_index_remove(test_index, folder, &key.path, &err), &err);
	ck_assert_int_eq(nipfs_index_find(test_index, &key, NULL, NULL),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_index_remove(test_index, folder, &key.path, &err),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_index_remove(test_index, "/elsewhere", &key.path, &err),
			 NIPFS_E_NOTFOUND);
	ck_assert_uint_eq(get_stats().paths, 1);
	ck_assert_uint_eq(get_stats().closures, 0);
	ck_assert(!get_stats().swept);
	must(nipfs_index_prune(test_index, NULL, NULL, NULL, NULL, &err), &err);
	ck_assert(get_stats().swept);
	ck_assert_uint_eq(count_served(), get_stats().blocks);
}
END_TEST

START_TEST(abort_leaves_nothing)
{
	const struct nipfs_index_key key = path_key(1, 7);
	struct nipfs_index_writer *w = NULL;
	struct nipfs_unixfs_params params;
	struct nipfs_link root, nar;
	struct nipfs_error err = { 0 };

	make_tree(1, 1);
	must(nipfs_unixfs_profile("nix", &params), &err);
	must(nipfs_index_writer_begin(&w, test_index, &key, 1, &err), &err);
	nipfs_index_writer_abort(w);
	must(nipfs_index_writer_begin(&w, test_index, &key, 1, &err), &err);
	feed_writer(w, 1, &params, true, &root, &nar);
	nipfs_index_writer_abort(w);
	nipfs_index_writer_abort(NULL);
	flush_index();
	expect_nothing_left();
}
END_TEST

/* More nodes than one job holds, so that the owner is in the database before it is whole.
 */
START_TEST(abort_of_a_big_owner_is_swept_up)
{
	const struct nipfs_index_key key = path_key(1, 7);
	struct nipfs_index_writer *w = NULL;
	struct nipfs_block_sink sink;
	struct nipfs_error err = { 0 };
	static uint8_t bytes[4096];
	const struct nipfs_span span = { .ptr = bytes, .len = sizeof(bytes), .fd = -1 };

	must(nipfs_index_writer_begin_closure(&w, test_index, &key, &err), &err);
	sink = nipfs_index_writer_block_sink(w);
	for (unsigned int i = 0; i < 3000; i++) {
		struct nipfs_cid cid = {
			NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 0 }
		};

		memcpy(cid.digest + 4, &i, sizeof(i));
		must(sink.put(sink.ctx, &cid, &span, NULL, &err), &err);
	}
	flush_index();
	ck_assert_int_eq(run_sql("select count(*) from owners where complete = 0"), 1);
	ck_assert_uint_eq(get_stats().closures, 0);
	/* its writer lives: nobody may bury it */
	ck_assert_uint_eq(prune().owners, 0);
	ck_assert_int_eq(run_sql("select count(*) from owners"), 1);
	nipfs_index_writer_abort(w);
	flush_index();
	ck_assert(!get_stats().swept);
	(void)prune();
	expect_nothing_left();
}
END_TEST

static int refuse(void *ctx, const struct nipfs_index_owner *owner,
		  struct nipfs_error *err)
{
	(void)ctx;
	(void)owner;
	(void)err;
	return NIPFS_E_UNREACHABLE;
}

START_TEST(a_failing_callback_changes_nothing)
{
	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	ck_assert_int_eq(nipfs_index_prune(test_index, refuse, NULL, NULL, NULL, NULL),
			 NIPFS_E_UNREACHABLE);
	ck_assert_int_eq(nipfs_index_list(test_index, refuse, NULL, NULL),
			 NIPFS_E_UNREACHABLE);
	ck_assert(get_stats().swept);
	ck_assert_uint_eq(count_served(), added->n);
}
END_TEST

static int note_order(void *ctx, const struct nipfs_index_owner *owner,
		      struct nipfs_error *err)
{
	char *text = ctx;
	const size_t len = strlen(text);

	(void)err;
	ck_assert_str_eq(owner->key.store_dir, folder);
	(void)snprintf(text + len, 100 - len, "%lu%c ",
		       strtoul(owner->key.path.base, NULL, 10),
		       owner->kind == NIPFS_INDEX_PATH ? 'p' : 'c');
	return 0;
}

START_TEST(list_is_in_order)
{
	struct nipfs_error err = { 0 };
	char text[100] = "";

	for (unsigned int n = 3; n > 0; n--) {
		scratch_file(in_path(n, ""), "x", 0644);
		(void)add_path(n, 7, false);
		if (n != 2)
			add_closure(n, 2, n);
	}
	flush_index();
	must(nipfs_index_list(test_index, note_order, text, &err), &err);
	ck_assert_str_eq(text, "1p 1c 2p 3p 3c ");
}
END_TEST

START_TEST(progress_and_cancelling)
{
	scratch_file(in_path(1, ""), "x", 0644);
	(void)add_path(1, 7, false);
	flush_index();
	truths[1] = 0;
	nipfs_cancel();
	ck_assert_int_eq(nipfs_index_prune(test_index, keep_true, NULL, NULL, NULL, NULL),
			 NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
	/* it is forgotten already, and swept up after by the next */
	ck_assert_uint_eq(get_stats().paths, 0);
	ck_assert(!get_stats().swept);
	(void)prune();
	expect_nothing_left();
}
END_TEST

static Suite *index_prune_suite(void)
{
	Suite *s = suite_create("index_prune");
	TCase *t = tcase_create("index_prune");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, index_setup, index_teardown);
	tcase_add_test(t, prunes_what_is_gone_and_nothing_else);
	tcase_add_test(t, blocks_that_many_paths_share);
	tcase_add_test(t, pruned_one_by_one_the_rest_stays);
	tcase_add_test(t, a_path_made_anew_takes_the_place_of_the_old);
	tcase_add_test(t, adding_the_same_again_adds_nothing);
	tcase_add_test(t, closures_go_with_their_path);
	tcase_add_test(t, remove_forgets_at_once);
	tcase_add_test(t, abort_leaves_nothing);
	tcase_add_test(t, abort_of_a_big_owner_is_swept_up);
	tcase_add_test(t, a_failing_callback_changes_nothing);
	tcase_add_test(t, list_is_in_order);
	tcase_add_test(t, progress_and_cancelling);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(index_prune_suite)
