/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index: what is recorded is read back from the store, and only while it is true. */
#include <sys/stat.h>

#include "multiformats/base/slice.h"
#include "tests/unit/lib/index_fixture.h"

/* All added blocks, in the given direction, with their right bytes. */
static void expect_all_served(bool backwards)
{
	struct nipfs_block_source *source = new_source();

	for (size_t i = 0; i < added->n; i++) {
		const struct nipfs_cid cid =
		    memory_blocks_cid(added, backwards ? added->n - 1 - i : i);
		struct nipfs_slice bytes;

		ck_assert(memory_blocks_get(added, &cid, &bytes));
		expect_block(source, &cid, bytes);
	}
	nipfs_block_source_free(source);
}

START_TEST(gives_all_blocks_of_a_tree)
{
	make_tree(1, 1);
	(void)add_path(1, 7, _i);
	flush_index();
	ck_assert_uint_gt(added->n, 20);
	expect_all_served(false);
	expect_all_served(true);
	nipfs_index_close(test_index);
	open_index();
	expect_all_served(false);
}
END_TEST

START_TEST(leaves_come_with_their_file)
{
	struct nipfs_block_source *source;
	struct nipfs_block block;
	struct nipfs_cid cid;
	char back[22];

	make_tree(1, 1);
	(void)add_path(1, 7, false);
	flush_index();
	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256,
				      nipfs__slice_str("the same in all paths\n"), &cid),
			 0);
	source = new_source();
	ck_assert_int_eq(ask_block(source, &cid, &block), 0);
	ck_assert_int_eq(pread(block.bytes.fd, back, 22, (off_t)block.bytes.offset), 22);
	ck_assert_mem_eq(back, "the same in all paths\n", 22);
	nipfs_block_source_free(source);
}
END_TEST

static void root_file(void)
{
	scratch_file(in_path(1, ""), "a file as root\n", 0644);
}

static void root_executable(void)
{
	scratch_file(in_path(1, ""), "#!/bin/sh\n", 0755);
}

static void root_empty(void)
{
	scratch_file(in_path(1, ""), "", 0644);
}

static void root_big(void)
{
	scratch_cycle(in_path(1, ""), (2 << 20) + 1, 0755);
}

static void root_link(void)
{
	scratch_link(in_path(1, ""), "nowhere");
}

static void root_dir(void)
{
	scratch_dir(in_path(1, ""), 0755);
}

static void (*const roots[])(void) = {
	root_file, root_executable, root_empty, root_big, root_link, root_dir,
};

START_TEST(any_kind_of_root)
{
	roots[_i]();
	(void)add_path(1, 7, true);
	flush_index();
	ck_assert_uint_gt(added->n, 0);
	expect_all_served(false);
}
END_TEST

static const char *const chunkers[] = { "size-256", "size-1000", "rabin-64-128-256",
					"buzhash" };

START_TEST(any_way_to_cut_files)
{
	const struct nipfs_index_key key = path_key(1, 7);
	struct nipfs_index_writer *w = NULL;
	struct nipfs_unixfs_params params;
	struct nipfs_link root, nar;
	struct nipfs_error err = { 0 };

	make_tree(1, 1);
	truths[1] = 7;
	for (int leaves = 0; leaves < 2; leaves++) {
		must(nipfs_unixfs_profile(leaves ? "kubo-cidv1" : "unixfs-v0-2015",
					  &params),
		     &err);
		must(nipfs_chunker_parse(chunkers[_i], &params.chunker), &err);
		must(nipfs_index_writer_begin(&w, test_index, &key, 1, &err), &err);
		feed_writer(w, 1, &params, false, &root, &nar);
		must(nipfs_index_writer_commit(w, &root, NULL, &err), &err);
		flush_index();
		expect_all_served(false);
		memory_blocks_free(added);
		added = memory_blocks_new();
	}
}
END_TEST

START_TEST(find_knows_what_was_recorded)
{
	const struct nipfs_index_key key = path_key(1, 7), other = path_key(1, 8),
				     absent = path_key(2, 7);
	struct nipfs_index_owner owner;
	struct nipfs_link root;
	struct nipfs_error err = { 0 };

	make_tree(1, 1);
	ck_assert_int_eq(nipfs_index_find(test_index, &key, &owner, &err),
			 NIPFS_E_NOTFOUND);
	root = add_path(1, 7, true);
	flush_index();
	must(nipfs_index_find(test_index, &key, &owner, &err), &err);
	ck_assert(nipfs_cid_equal(&owner.root.cid, &root.cid));
	ck_assert_uint_eq(owner.root.tsize, root.tsize);
	ck_assert_int_eq(owner.kind, NIPFS_INDEX_PATH);
	ck_assert_str_eq(owner.key.store_dir, folder);
	ck_assert_str_eq(owner.key.path.base, key.path.base);
	ck_assert_mem_eq(owner.key.nar_hash, key.nar_hash, 32);
	ck_assert_uint_eq(owner.nar_size, 1001);
	ck_assert(owner.has_nar);
	ck_assert_uint_gt(owner.nar.file_bytes, 6 << 20);
	ck_assert_uint_eq(owner.blocks, added->n);
	ck_assert_int_gt(owner.added, 0);
	ck_assert_int_eq(nipfs_index_find(test_index, &other, NULL, &err),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_index_find(test_index, &absent, NULL, &err),
			 NIPFS_E_NOTFOUND);
	must(nipfs_index_find(test_index, &key, NULL, &err), &err);
}
END_TEST

START_TEST(a_path_that_is_another_now_does_not_count)
{
	struct nipfs_index_stats stats;

	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	stats = get_stats();
	ck_assert_uint_eq(stats.blocks, added->n);
	ck_assert_uint_eq(stats.paths, 1);
	ck_assert_uint_eq(stats.nar_bytes, 1001);
	ck_assert_uint_gt(stats.file_bytes, 10000);
	ck_assert_uint_eq(count_served(), stats.blocks);
	truths[1] = 8;
	/* what is kept whole is right whatever became of the path */
	ck_assert_uint_eq(count_served(), stats.nodes);
	truths[1] = 0;
	ck_assert_uint_eq(count_served(), stats.nodes);
	truths[1] = 7;
	ck_assert_uint_eq(count_served(), stats.blocks);
}
END_TEST

static const struct nipfs_cid absent_cid = {
	NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 3 }
};

START_TEST(a_changed_file_is_noticed_and_named)
{
	struct nipfs_block_source *source;
	struct nipfs_block block;
	struct nipfs_cid cid;

	make_tree(1, 1);
	(void)add_path(1, 7, false);
	flush_index();
	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256,
				      nipfs__slice_str("odd\n"), &cid),
			 0);
	ck_assert_int_eq(unlink(in_path(1, "no files/below/here/\xff\n")), 0);
	scratch_file(in_path(1, "no files/below/here/\xff\n"), "bad\n", 0644);
	source = new_source();
	expect_status(source, &absent_cid, NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(source->name, "index.sqlite"));
	ck_assert_int_eq(ask_block(source, &cid, &block), NIPFS_E_MISMATCH);
	ck_assert_ptr_nonnull(strstr(source->name, "-path/no files/below/here/\xff\n"));
	ck_assert_ptr_eq(strstr(source->name, folder), source->name);
	expect_status(source, &absent_cid, NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(source->name, "index.sqlite"));
	nipfs_block_source_free(source);
}
END_TEST

/* Ways to damage a path; none may give a wrong block, or worse. */
static void damage_nothing_left(void)
{
	ck_assert_int_eq(system("rm -rf store/*1-path"), 0);
}

static void damage_dir_is_link(void)
{
	ck_assert_int_eq(
	    system("cd store/*1-path && mv bin elsewhere && ln -s elsewhere bin"), 0);
}

static void damage_file_is_link(void)
{
	ck_assert_int_eq(system("cd store/*1-path && mv same other && ln -s other same"),
			 0);
}

static void damage_fifo(void)
{
	ck_assert_int_eq(system("cd store/*1-path && rm same && mkfifo same"), 0);
}

static void damage_shorter(void)
{
	ck_assert_int_eq(system("cd store/*1-path && truncate -s 1000000 z-*"), 0);
}

static void damage_more_entries(void)
{
	ck_assert_int_eq(system("cd store/*1-path && touch 0 && touch bin/0"), 0);
}

static void damage_root_is_file(void)
{
	ck_assert_int_eq(system("rm -rf store/*1-path"), 0);
	scratch_file(in_path(1, ""), "the same in all paths\n", 0644);
}

static void (*const damages[])(void) = {
	damage_nothing_left, damage_dir_is_link,  damage_file_is_link, damage_fifo,
	damage_shorter,      damage_more_entries, damage_root_is_file,
};

START_TEST(damaged_paths_give_right_blocks_or_none)
{
	size_t before, after;

	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	before = count_served();
	damages[_i]();
	after = count_served();
	ck_assert_uint_lt(after, before);
	ck_assert_uint_ge(after, get_stats().nodes);
	/* another path has them still */
	make_tree(2, 1);
	(void)add_path(2, 9, true);
	flush_index();
	ck_assert_uint_eq(count_served(), before);
}
END_TEST

START_TEST(many_wants_are_each_answered)
{
	struct nipfs_block_source *source;
	struct nipfs_block block;
	size_t n = 0;

	make_tree(1, 1);
	(void)add_path(1, 7, false);
	flush_index();
	source = new_source();
	for (size_t i = 0; i < added->n; i++) {
		const struct nipfs_want want = { memory_blocks_cid(added, i),
						 NIPFS_WANT_LEAF, 0 };

		ck_assert_int_eq(source->ops->want(source, &want, 1, NULL), 0);
		ck_assert_int_eq(source->ops->want(source, &want, 1, NULL), 0);
		if (i == 3)
			source->ops->cancel(source, &want.cid);
	}
	while (source->ops->next(source, &block, NULL) == 0) {
		ck_assert_int_eq(block.status, 0);
		n++;
	}
	ck_assert_uint_eq(n, added->n - 1);
	nipfs_block_source_free(source);
}
END_TEST

/* ---- keys that fall together ----------------------------------------------------- */

START_TEST(blocks_with_the_same_key_are_told_apart)
{
	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	/* each block gets the places of three others before its own, and one more behind
	 * it */
	(void)run_sql(
	    "create temp table wrong as select key, places from blocks;"
	    "update blocks set places = cast("
	    "(select w.places from temp.wrong w where w.key > blocks.key"
	    " order by w.key limit 1) ||"
	    "(select w.places from temp.wrong w order by w.key limit 1) ||"
	    "(select w.places from temp.wrong w order by w.key desc limit 1) ||"
	    "places as blob)"
	    " where key < (select max(key) from temp.wrong);"
	    "insert into extra select b.key, w.places from blocks b, temp.wrong w"
	    " where w.key = (select max(key) from temp.wrong);");
	ck_assert_uint_eq(count_served(), added->n);
	/* the right place is not in the row, but among the further ones */
	(void)run_sql("insert or ignore into extra select b.key, w.places from blocks b"
		      " join (select key, places from blocks) w on w.key = b.key;"
		      "create temp table first as select places from blocks limit 1;"
		      "update blocks set places = (select places from temp.first);");
	ck_assert_uint_gt(count_served(), 0);
}
END_TEST

START_TEST(rows_that_make_no_sense_are_passed_over)
{
	static const char *const bad[] = {
		"x''",
		"x'ff'",
		"x'00'",
		"x'0001'",
		"x'0180'",
		"x'01010101'",
		"x'0401010000ffffffff0f00'",
		"x'05010000ffffffffffffffffff01'",
		"x'0201ffffffffffffffffff01ffffffffffffffffff01ffffffffffffffffff01'",
		"x'030100ffffffffffffffffff0100ffffffffffffffffff01'",
	};
	char sql[256];

	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(sql, sizeof(sql), "update blocks set places = %s", bad[i]);
		(void)run_sql(sql);
		/* one of them is, as it happens, right for one block */
		ck_assert_uint_le(count_served(), 1);
	}
}
END_TEST

START_TEST(directories_in_a_circle_end)
{
	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	(void)run_sql("update dirs set parent = dir");
	ck_assert_uint_gt(count_served(), 0);
	(void)run_sql("update dirs set parent = dir + 1");
	ck_assert_uint_gt(count_served(), 0);
	(void)run_sql("update dirs set parent = 1, name = '../../..'");
	ck_assert_uint_gt(count_served(), 0);
	(void)run_sql("delete from dirs");
	ck_assert_uint_gt(count_served(), 0);
}
END_TEST

static Suite *index_suite(void)
{
	Suite *s = suite_create("index");
	TCase *t = tcase_create("index");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, index_setup, index_teardown);
	tcase_add_loop_test(t, gives_all_blocks_of_a_tree, 0, 2);
	tcase_add_test(t, leaves_come_with_their_file);
	tcase_add_loop_test(t, any_kind_of_root, 0, sizeof(roots) / sizeof(roots[0]));
	tcase_add_loop_test(t, any_way_to_cut_files, 0,
			    sizeof(chunkers) / sizeof(chunkers[0]));
	tcase_add_test(t, find_knows_what_was_recorded);
	tcase_add_test(t, a_path_that_is_another_now_does_not_count);
	tcase_add_test(t, a_changed_file_is_noticed_and_named);
	tcase_add_loop_test(t, damaged_paths_give_right_blocks_or_none, 0,
			    sizeof(damages) / sizeof(damages[0]));
	tcase_add_test(t, many_wants_are_each_answered);
	tcase_add_test(t, blocks_with_the_same_key_are_told_apart);
	tcase_add_test(t, rows_that_make_no_sense_are_passed_over);
	tcase_add_test(t, directories_in_a_circle_end);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(index_suite)
