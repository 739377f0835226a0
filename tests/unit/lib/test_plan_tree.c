/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counting the blocks of trees by their nodes alone. */
#include "lib/plan_tree.h"

#include "multiformats/base/slice.h"
#include "tests/support/unixfs_nodes.h"
#include "tests/unit/lib/index_fixture.h"

/* Nodes, the leaves among them too: none of those may be asked for. */
static struct memory_blocks *nodes;
static struct nipfs__plan_trees *plan;

static void begin(bool with_index)
{
	static const struct nipfs_index_truth truth = { say_truth, NULL };

	ck_assert_int_eq(nipfs__plan_trees_new(&plan, memory_blocks_source(nodes),
					       with_index ? test_index : NULL, &truth, NULL,
					       NULL),
			 0);
}

static struct nipfs_plan_size size_of(const struct nipfs_cid *tree, uint64_t nar_size, int code)
{
	struct nipfs_plan_size size;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs__plan_tree(plan, tree, nar_size, nipfs__slice_str("x"), &size,
					  &err),
			 code);
	ck_assert(code == 0 || err.code == code);
	return size;
}

static void expect(const struct nipfs_plan_size *size, uint64_t here_blocks, uint64_t here_bytes,
		   uint64_t fetch_blocks, uint64_t fetch_bytes)
{
	ck_assert_uint_eq(size->here_blocks, here_blocks);
	ck_assert_uint_eq(size->here_bytes, here_bytes);
	ck_assert_uint_eq(size->fetch_blocks, fetch_blocks);
	ck_assert_uint_eq(size->fetch_bytes, fetch_bytes);
}

static void setup(void)
{
	index_setup();
	nodes = memory_blocks_new();
}

static void teardown(void)
{
	nipfs__plan_trees_free(plan);
	memory_blocks_free(nodes);
	index_teardown();
}

/* A directory with a file of two leaves and one of one, which is the first leaf again. */
static struct nipfs_cid make_tree_of_three(uint64_t *bytes)
{
	struct made_link parts[2] = { { make_raw(nodes, "leaf 1"), { NULL, 0 }, 6 },
				      { make_raw(nodes, "the other"), { NULL, 0 }, 9 } };
	const struct made_link entries[2] = {
		{ make_file(nodes, parts, 2, nipfs__slice(NULL, 0), 15), text_slice("a"), 99 },
		{ parts[0].cid, text_slice("b"), 6 },
	};
	const struct nipfs_cid dir = make_directory(nodes, entries, 2);

	*bytes = nodes->bytes;
	return dir;
}

START_TEST(leaves_are_counted_and_not_read)
{
	struct nipfs_plan_size size;
	uint64_t bytes;
	const struct nipfs_cid dir = make_tree_of_three(&bytes);

	begin(false);
	size = size_of(&dir, 1000, 0);
	expect(&size, 0, 0, 4, bytes);
	ck_assert(!size.partial);
	ck_assert_uint_eq(nodes->wants, 2);
	/* the same tree again costs nothing */
	size = size_of(&dir, 1000, 0);
	expect(&size, 0, 0, 0, 0);
}
END_TEST

START_TEST(what_the_index_has_is_here)
{
	const struct nipfs_cid other = make_raw(nodes, "the other");
	struct nipfs_plan_size size;
	uint64_t bytes;
	const struct nipfs_cid dir = make_tree_of_three(&bytes);

	scratch_dir(in_path(1, ""), 0755);
	scratch_file(in_path(1, "f"), "leaf 1", 0644);
	(void)add_path(1, 7, false);
	flush_index();
	begin(true);
	size = size_of(&dir, 1000, 0);
	expect(&size, 1, 6, 3, bytes - 6);
	/* a tree that is one leaf is about as big as its NAR */
	size = size_of(&other, 120, 0);
	expect(&size, 0, 0, 0, 0);
}
END_TEST

START_TEST(a_tree_that_is_a_leaf)
{
	const struct nipfs_cid leaf = make_raw(nodes, "leaf");
	struct nipfs_plan_size size;

	begin(false);
	size = size_of(&leaf, 120, 0);
	expect(&size, 0, 0, 1, 120);
	ck_assert_uint_eq(nodes->wants, 0);
}
END_TEST

START_TEST(a_node_that_is_missing_or_wrong)
{
	static const enum memory_fault faults[] = { MEMORY_FAULT_MISSING,
						    MEMORY_FAULT_UNREACHABLE,
						    MEMORY_FAULT_CORRUPT, MEMORY_FAULT_BROKEN };
	static const int codes[] = { NIPFS_E_NOTFOUND, NIPFS_E_UNREACHABLE, NIPFS_E_MISMATCH,
				     NIPFS_E_SYS };
	const struct made_link part = { make_raw(nodes, "leaf"), { NULL, 0 }, 4 };
	const struct made_link file = { make_file(nodes, &part, 1, nipfs__slice(NULL, 0), 4),
					text_slice("a"), 99 };
	const struct nipfs_cid dir = make_directory(nodes, &file, 1);
	struct nipfs_plan_size size;

	memory_blocks_fault(nodes, &file.cid, faults[_i]);
	begin(false);
	size = size_of(&dir, 1000, codes[_i]);
	ck_assert(size.partial);
	ck_assert_uint_eq(size.fetch_blocks, 1);
}
END_TEST

/* A small tree that says it has exabytes, in as many leaves as one likes. */
START_TEST(sizes_that_lie)
{
	struct made_link parts[3] = { { make_raw(nodes, "1"), { NULL, 0 }, UINT64_MAX / 2 },
				      { make_raw(nodes, "2"), { NULL, 0 }, UINT64_MAX / 2 },
				      { make_raw(nodes, "3"), { NULL, 0 }, UINT64_MAX / 2 } };
	const struct made_link file = { make_file(nodes, parts, 3, nipfs__slice(NULL, 0), 4),
					text_slice("a"), 99 };
	struct made_link entries[2] = { file, file };
	struct nipfs_plan_size size;
	struct nipfs_cid dir;

	entries[1].name = text_slice("b");
	entries[1].cid = make_symlink(nodes, text_slice("target"));
	dir = make_directory(nodes, entries, 2);
	begin(false);
	size = size_of(&dir, 1000, 0);
	ck_assert(size.partial);
	ck_assert_uint_eq(size.fetch_bytes, INT64_MAX);
	/* it ended there */
	ck_assert_uint_eq(size.fetch_blocks, 2 + 3);
}
END_TEST

START_TEST(nodes_that_are_none)
{
	const struct nipfs_cid bad = memory_blocks_put(nodes, NIPFS_CODEC_DAG_PB,
						       nipfs__slice_str("\x0a\x02\xff\xff"));
	struct nipfs_plan_size size;

	begin(false);
	size = size_of(&bad, 1000, NIPFS_E_INVALID);
	ck_assert(size.partial);
}
END_TEST

static Suite *plan_suite(void)
{
	Suite *s = suite_create("plan_tree");
	TCase *t = tcase_create("plan_tree");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, leaves_are_counted_and_not_read);
	tcase_add_test(t, what_the_index_has_is_here);
	tcase_add_test(t, a_tree_that_is_a_leaf);
	tcase_add_loop_test(t, a_node_that_is_missing_or_wrong, 0, 4);
	tcase_add_test(t, sizes_that_lie);
	tcase_add_test(t, nodes_that_are_none);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(plan_suite)
