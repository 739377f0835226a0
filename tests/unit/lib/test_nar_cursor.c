/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges of a NAR: the same bytes as the writer of NARs makes, however they are asked
 * for. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <nixipfs/disk.h>
#include <nixipfs/nar.h>

#include "lib/blocks/nar_cursor.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/scratch.h"

static struct nipfs_buf whole;
static struct nipfs__nar_cursor *cursor;

static int collect(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)err;
	return nipfs__buf_put(ctx, bytes->ptr, bytes->len);
}

/* The whole NAR of "tree", and a cursor over it. */
static void begin(void)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_nar_output output = { .write = collect, .ctx = &whole };
	struct nipfs_nar_writer *w = NULL;
	struct nipfs_tree_sink sink;

	whole = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	ck_assert_int_eq(nipfs_nar_writer_new(&w, &output, 0, NULL), 0);
	sink = nipfs_nar_writer_sink(w);
	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, "tree", NULL, &limits, &sink, NULL),
			 0);
	ck_assert_int_eq(nipfs_nar_writer_finish(w, NULL, NULL), 0);
	nipfs_nar_writer_free(w);
	ck_assert_int_eq(nipfs__nar_cursor_new(&cursor, AT_FDCWD, "tree", NULL), 0);
}

static void end(void)
{
	nipfs__nar_cursor_free(cursor);
	nipfs__buf_release(&whole);
}

static void expect_range(size_t offset, size_t len)
{
	struct nipfs_buf got = NIPFS_BUF_INIT(SIZE_MAX);
	const size_t there = offset < whole.len ? whole.len - offset : 0;
	const size_t want = len < there ? len : there;
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs__nar_cursor_read(cursor, offset, len, &got, &err) == 0, "%s",
		      err.msg);
	ck_assert_msg(got.len == want, "%zu+%zu: %zu", offset, len, got.len);
	ck_assert(want == 0 || memcmp(got.ptr, whole.ptr + offset, want) == 0);
	nipfs__buf_release(&got);
}

static void make_tree(void)
{
	scratch_dir("tree", 0755);
	scratch_file("tree/a", "small\n", 0644);
	scratch_cycle("tree/b-just-framing", 16383, 0755);
	scratch_cycle("tree/c-just-linked", 16384, 0644);
	scratch_dir("tree/dir", 0755);
	scratch_file("tree/dir/empty", "", 0755);
	scratch_link("tree/dir/link", "../a");
	scratch_cycle("tree/dir/z-big", 200001, 0644);
	scratch_dir("tree/void", 0755);
	scratch_file("tree/z", "last", 0644);
}

START_TEST(in_order)
{
	static const size_t steps[] = { 7, 1000, 16384, 100000, 1 << 20, 1 << 24 };

	make_tree();
	begin();
	for (size_t at = 0; at < whole.len; at += steps[_i])
		expect_range(at, steps[_i]);
	expect_range(whole.len, 10);
	end();
}
END_TEST

START_TEST(in_any_order)
{
	uint64_t state = 1;

	make_tree();
	begin();
	for (int i = 0; i < 300; i++) {
		size_t offset, len;

		state = state * 6364136223846793005u + 1442695040888963407u;
		offset = (size_t)(state >> 33) % (whole.len + 100);
		len = (size_t)(state >> 20) % (i % 3 ? 500 : 400000);
		expect_range(offset, len);
	}
	expect_range(0, whole.len);
	expect_range(SIZE_MAX, SIZE_MAX);
	end();
}
END_TEST

START_TEST(framing_alone_opens_no_big_file)
{
	size_t at;

	make_tree();
	begin();
	/* were it read, its bytes would be others now and it could not be opened */
	for (at = 0; memcmp(whole.ptr + at, "z-big", 5) != 0;)
		at++;
	expect_range(0, at + 5 + 91);
	expect_range(whole.len - 200, 200);
	end();
}
END_TEST

START_TEST(a_root_of_any_kind)
{
	if (_i == 0)
		scratch_file("tree", "a file\n", 0755);
	else if (_i == 1)
		scratch_link("tree", "nowhere");
	else
		scratch_dir("tree", 0755);
	begin();
	for (size_t at = 0; at < whole.len; at += 13)
		expect_range(at, 13);
	expect_range(0, 1000);
	end();
}
END_TEST

START_TEST(a_tree_that_goes_away_is_an_error)
{
	struct nipfs_buf got = NIPFS_BUF_INIT(SIZE_MAX);

	make_tree();
	begin();
	expect_range(0, 10);
	ck_assert_int_eq(rename("tree", "gone"), 0);
	ck_assert_int_eq(nipfs__nar_cursor_read(cursor, 0, 10, &got, NULL),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(rename("gone", "tree"), 0);
	expect_range(5, 10);
	nipfs__buf_release(&got);
	end();
}
END_TEST

static Suite *nar_cursor_suite(void)
{
	Suite *s = suite_create("nar_cursor");
	TCase *t = tcase_create("nar_cursor");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_loop_test(t, in_order, 0, 6);
	tcase_add_test(t, in_any_order);
	tcase_add_test(t, framing_alone_opens_no_big_file);
	tcase_add_loop_test(t, a_root_of_any_kind, 0, 3);
	tcase_add_test(t, a_tree_that_goes_away_is_an_error);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(nar_cursor_suite)
