/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes of trees: sums, sharing, depth, and blocks that are not there. */
#include <nixipfs/tree_size.h>

#include <nixipfs/progress.h>

#include "tests/support/check_main.h"
#include "tests/support/unixfs_nodes.h"

static struct made_link named(const char *name, struct nipfs_cid cid, uint64_t tsize)
{
	return (struct made_link){ cid, text_slice(name), tsize };
}

static void counts(struct memory_blocks *m, struct nipfs_cid root, uint64_t bytes,
		   uint64_t entries)
{
	struct nipfs_tree_size size;
	struct nipfs_error err;

	ck_assert_int_eq(nipfs_tree_size(memory_blocks_source(m), &root, &size, &err), 0);
	ck_assert_uint_eq(size.bytes, bytes);
	ck_assert_uint_eq(size.entries, entries);
}

static void fails(struct memory_blocks *m, struct nipfs_cid root, int code)
{
	struct nipfs_tree_size size = { 7, 7 };
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs_tree_size(memory_blocks_source(m), &root, &size, &err), code);
	ck_assert_int_eq(err.code, code);
	ck_assert_uint_eq(size.bytes, 7);
	ck_assert_uint_eq(size.entries, 7);
}

START_TEST(sums_up_every_kind)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid raw = make_raw(m, "hello");
	const struct nipfs_cid inlined = make_file(m, NULL, 0, text_slice("hi"), 2);
	const struct nipfs_cid large =
		make_file(m, (struct made_link[]){ { raw, text_slice(""), 5 },
						   { raw, text_slice(""), 5 } },
			  2, text_slice(""), 10);
	const struct nipfs_cid link = make_symlink(m, text_slice("x"));
	const struct nipfs_cid empty = make_directory(m, NULL, 0);
	const struct nipfs_cid dir = make_directory(
		m,
		(struct made_link[]){ named("a", raw, 5), named("b", inlined, 9),
				      named("c", large, 99), named("d", link, 5),
				      named("e", empty, 4) },
		5);
	const struct nipfs_cid top = make_directory(
		m, (struct made_link[]){ named("1", dir, 99), named("2", dir, 99) }, 2);

	counts(m, raw, 5, 1);
	counts(m, inlined, 2, 1);
	counts(m, large, 10, 1);
	counts(m, link, 0, 1);
	counts(m, empty, 0, 1);
	counts(m, dir, 17, 6);
	counts(m, top, 34, 13);
	memory_blocks_free(m);
}
END_TEST

START_TEST(shared_directories_are_read_once)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_cid dir = make_directory(
		m, (struct made_link[]){ named("f", make_raw(m, "x"), 1) }, 1);

	for (int i = 0; i < 40; i++)
		dir = make_directory(
			m, (struct made_link[]){ named("a", dir, 1), named("b", dir, 1) }, 2);
	m->answers = 0;
	counts(m, dir, UINT64_C(1) << 40, (UINT64_C(1) << 40) + (UINT64_C(1) << 41) - 1);
	ck_assert_uint_le(m->answers, 2 * 41);

	for (int i = 0; i < 40; i++)
		dir = make_directory(
			m, (struct made_link[]){ named("a", dir, 1), named("b", dir, 1) }, 2);
	counts(m, dir, UINT64_MAX, UINT64_MAX);
	memory_blocks_free(m);
}
END_TEST

START_TEST(depth_is_bounded)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_cid dir = make_directory(m, NULL, 0);

	for (int i = 1; i < 20000; i++)
		dir = make_directory(m, (struct made_link[]){ named("d", dir, 1) }, 1);
	counts(m, dir, 0, 20000);
	dir = make_directory(m, (struct made_link[]){ named("d", dir, 1) }, 1);
	fails(m, dir, NIPFS_E_LIMIT);
	memory_blocks_free(m);
}
END_TEST

START_TEST(failures_are_told)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid inner = make_directory(m, NULL, 0);
	const struct nipfs_cid outer =
		make_directory(m, (struct made_link[]){ named("d", inner, 1) }, 1);

	memory_blocks_fault(m, &inner, MEMORY_FAULT_MISSING);
	fails(m, outer, NIPFS_E_NOTFOUND);
	memory_blocks_fault(m, &inner, MEMORY_FAULT_CORRUPT);
	fails(m, outer, NIPFS_E_MISMATCH);
	memory_blocks_fault(m, &inner, MEMORY_FAULT_NONE);
	nipfs_cancel();
	fails(m, outer, NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
	counts(m, outer, 0, 2);
	memory_blocks_free(m);
}
END_TEST

static Suite *tree_size_suite(void)
{
	Suite *suite = suite_create("lib/tree_size");
	TCase *tc = tcase_create("tree_size");

	tcase_add_test(tc, sums_up_every_kind);
	tcase_add_test(tc, shared_directories_are_read_once);
	tcase_add_test(tc, depth_is_bounded);
	tcase_add_test(tc, failures_are_told);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(tree_size_suite)
