/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UnixFS DAGs of Kubo as tree events: whole, pruned, limited, and with blocks that fail. */
#include <nixipfs/dag.h>

#include <stdio.h>

#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"
#include "tests/support/tree_log.h"
#include "tests/support/unixfs_nodes.h"

static const struct nipfs_tree_limits no_limits = NIPFS_TREE_LIMITS_NONE;

static const char plain_tree[] =
	"dir \"\"\n"
	" file \".hidden\" \"dots\\x0a\"\n"
	" file \"empty\" \"\"\n"
	" file \"hello.txt\" \"hello\\x0a\"\n"
	" link \"link\" \"hello.txt\"\n"
	" file \"multi.txt\" 1092 7d13d76d204cfb48\n"
	" file \"new\\x0aline \\x5c 100% \\xff\" \"odd\\x0a\"\n"
	" file \"run\" \"#!/bin/sh\\x0aecho hello\\x0a\"\n"
	" dir \"sub\"\n"
	"  link \"broken\" \"../nowhere\"\n"
	"  file \"copy\" \"hello\\x0a\"\n"
	"  dir \"empty-dir\"\n";

static const char modes_tree[] =
	"dir \"\" 0755 1.000000000\n"
	" file \".hidden\" 0644 1.000000000 \"dots\\x0a\"\n"
	" file \"empty\" 0644 1.000000000 \"\"\n"
	" file \"hello.txt\" 0644 1.000000000 \"hello\\x0a\"\n"
	" link \"link\" \"hello.txt\" 1.000000000\n"
	" file \"multi.txt\" 0644 1.000000000 1092 7d13d76d204cfb48\n"
	" file \"new\\x0aline \\x5c 100% \\xff\" 0644 1.000000000 \"odd\\x0a\"\n"
	" exec \"run\" 0755 1.000000000 \"#!/bin/sh\\x0aecho hello\\x0a\"\n"
	" dir \"sub\" 0755 1.000000000\n"
	"  link \"broken\" \"../nowhere\" 1.000000000\n"
	"  file \"copy\" 0644 1.000000000 \"hello\\x0a\"\n"
	"  dir \"empty-dir\" 0755 1.000000000\n";

static const struct {
	const char *car;
	const char *text;
} trees[] = {
	{ "tree-v1", plain_tree },     { "tree-v0", plain_tree },    { "tree-trickle", plain_tree },
	{ "tree-inline", plain_tree }, { "tree-modes", modes_tree },
};

enum { N_TREES = sizeof(trees) / sizeof(trees[0]) };

static struct tree_log tree;

static int read_tree(struct memory_blocks *m, const struct nipfs_cid *root,
		     const struct nipfs_tree_limits *limits, struct nipfs_error *err)
{
	const struct nipfs_tree_sink sink = tree_log_sink(&tree);

	return nipfs_dag_tree(memory_blocks_source(m), root, limits, &sink, err);
}

static struct memory_blocks *load(const char *name, struct nipfs_cid *root)
{
	struct memory_blocks *m = memory_blocks_new();

	car_blocks_load(m, name);
	*root = car_blocks_root(name);
	return m;
}

static void unload(struct memory_blocks *m)
{
	memory_blocks_free(m);
	tree_log_release(&tree);
}

START_TEST(gives_the_tree_that_kubo_added)
{
	struct nipfs_cid root;
	struct memory_blocks *m = load(trees[_i % N_TREES].car, &root);

	m->order = _i < N_TREES ? MEMORY_ORDER_FIFO : MEMORY_ORDER_LIFO;
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	ck_assert_str_eq(tree.text, trees[_i % N_TREES].text);
	ck_assert_uint_eq(m->n_waiting, 0);
	ck_assert_uint_gt(m->waiting_max, 4);
	unload(m);
}
END_TEST

START_TEST(gives_hamt_directories_in_order)
{
	struct nipfs_cid root;
	struct memory_blocks *m = load(_i ? "hamt-256" : "hamt-8", &root);
	char expected[2048] = "dir \"\"\n";
	static const int order[] = { 1,	 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 2, 20,
				     21, 22, 23, 24, 25, 26, 3,	 4,  5,	 6,  7,	 8, 9 };

	for (size_t i = 0; i < 26; i++)
		(void)sprintf(expected + strlen(expected), " file \"file-%d\" \"%d\\x0a\"\n",
			      order[i], order[i]);
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	ck_assert_str_eq(tree.text, expected);
	unload(m);
}
END_TEST

/* Of files that the sink has, only the first block is read, however many there are. */
START_TEST(reads_on_past_what_the_sink_has)
{
	enum { FILES = 40, BYTES = 1 << 20 };
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_tree_sink sink = tree_log_sink(&tree);
	struct made_link links[FILES];
	char names[FILES][2], *text = malloc(BYTES);
	struct nipfs_cid root;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', BYTES);
	for (size_t i = 0; i < FILES; i++) {
		names[i][0] = (char)('0' + i / 10);
		names[i][1] = (char)('0' + i % 10);
		text[0] = (char)i;
		links[i].cid = memory_blocks_put(m, NIPFS_CODEC_RAW,
						 (struct nipfs_slice){ (uint8_t *)text, BYTES });
		links[i].name = (struct nipfs_slice){ (uint8_t *)names[i], 2 };
		links[i].size = BYTES;
	}
	root = make_directory(m, links, FILES);
	tree.have_files = true;
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	ck_assert_uint_eq(tree.events, 2 + 2 * FILES);
	/* and of an outline none of them */
	tree_log_release(&tree);
	tree.have_files = true;
	m->answers = 0;
	sink.bytes = NULL;
	ck_assert_int_eq(nipfs_dag_outline(memory_blocks_source(m), &root, &no_limits, &sink, NULL),
			 0);
	ck_assert_uint_eq(tree.events, 2 + 2 * FILES);
	ck_assert_uint_eq(m->answers, 1);
	ck_assert_uint_eq(m->n_waiting, 0);
	free(text);
	unload(m);
}
END_TEST

/* Each block in turn is missing, wrong, or out of reach: each is needed and is named. */
START_TEST(needs_every_block)
{
	static const struct {
		enum memory_fault fault;
		int code;
	} faults[] = { { MEMORY_FAULT_MISSING, NIPFS_E_NOTFOUND },
		       { MEMORY_FAULT_UNREACHABLE, NIPFS_E_UNREACHABLE },
		       { MEMORY_FAULT_CORRUPT, NIPFS_E_MISMATCH },
		       { MEMORY_FAULT_BROKEN, NIPFS_E_SYS } };
	struct nipfs_cid root;
	struct memory_blocks *m = load(trees[_i / 4].car, &root);
	const bool names_it = faults[_i % 4].fault != MEMORY_FAULT_BROKEN;

	for (size_t i = 0; i < m->n; i++) {
		struct nipfs_cid cid = memory_blocks_cid(m, i);
		struct nipfs_error err = { 0, 0, "" };
		char text[NIPFS_CID_TEXT_MAX];

		/* Kubo writes identity blocks, which nobody asks a source for */
		if (cid.hash == NIPFS_HASH_IDENTITY)
			continue;
		(void)nipfs_cid_format(&cid, text);
		tree_log_release(&tree);
		memory_blocks_fault(m, &cid, faults[_i % 4].fault);
		ck_assert_int_eq(read_tree(m, &root, &no_limits, &err), faults[_i % 4].code);
		ck_assert_int_eq(err.code, faults[_i % 4].code);
		if (names_it)
			ck_assert_msg(strstr(err.msg, text) != NULL, "%s in: %s", text, err.msg);
		ck_assert_uint_eq(m->n_waiting, 0);
		memory_blocks_fault(m, &cid, MEMORY_FAULT_NONE);
	}
	unload(m);
}
END_TEST

START_TEST(names_the_path)
{
	struct nipfs_cid root, sub, copy;
	struct memory_blocks *m = load("tree-v1", &root);
	struct nipfs_error err = { 0, 0, "" };
	struct nipfs_block_source *source = memory_blocks_source(m);
	const struct nipfs_slice path = { (const uint8_t *)"sub/broken", 10 };

	ck_assert_int_eq(nipfs_dag_resolve(source, &root, path, &copy, NULL), 0);
	ck_assert_int_eq(nipfs_dag_resolve(source, &root,
					   (struct nipfs_slice){ path.ptr, 3 }, &sub, NULL),
			 0);
	memory_blocks_fault(m, &copy, MEMORY_FAULT_MISSING);
	ck_assert_int_eq(read_tree(m, &root, &no_limits, &err), NIPFS_E_NOTFOUND);
	ck_assert_msg(strncmp(err.msg, "'sub/broken': block 'bafy", 25) == 0, "%s", err.msg);

	/* below the root that is asked for */
	tree_log_release(&tree);
	ck_assert_int_eq(read_tree(m, &sub, &no_limits, &err), NIPFS_E_NOTFOUND);
	ck_assert_msg(strncmp(err.msg, "'broken': block 'bafy", 21) == 0, "%s", err.msg);

	/* and at it there is none */
	tree_log_release(&tree);
	ck_assert_int_eq(read_tree(m, &copy, &no_limits, &err), NIPFS_E_NOTFOUND);
	ck_assert_msg(strncmp(err.msg, "block 'bafy", 11) == 0, "%s", err.msg);
	unload(m);
}
END_TEST

START_TEST(stops_with_the_sink)
{
	struct nipfs_cid root;
	struct memory_blocks *m = load("tree-v1", &root);
	unsigned int all;

	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	all = tree.events;
	for (unsigned int i = 1; i <= all; i++) {
		struct nipfs_error err = { 0, 0, "" };

		tree_log_release(&tree);
		tree.fail_at = i;
		ck_assert_int_eq(read_tree(m, &root, &no_limits, &err), NIPFS_E_CANCELLED);
		ck_assert_str_eq(err.msg, "");
		ck_assert_uint_eq(tree.events, i);
		ck_assert_uint_eq(m->n_waiting, 0);
	}
	unload(m);
}
END_TEST

START_TEST(leaves_out_what_the_sink_has)
{
	struct nipfs_cid root;
	struct memory_blocks *m = load("tree-v1", &root);
	size_t answers;

	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	answers = m->answers;

	tree_log_release(&tree);
	tree.have = "multi.txt";
	m->answers = 0;
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	ck_assert_ptr_nonnull(strstr(tree.text, " file \"multi.txt\" had\n"));
	ck_assert_ptr_nonnull(strstr(tree.text, "  file \"copy\" \"hello\\x0a\"\n"));
	ck_assert_uint_eq(m->answers, answers - 5);

	tree_log_release(&tree);
	tree.have = "sub";
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	ck_assert_ptr_nonnull(strstr(tree.text, " dir \"sub\"\n"));
	ck_assert_ptr_null(strstr(tree.text, "copy"));

	tree_log_release(&tree);
	tree.have = "";
	m->answers = 0;
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	ck_assert_str_eq(tree.text, "dir \"\"\n");
	ck_assert_uint_eq(m->answers, 1);
	unload(m);
}
END_TEST

static const struct {
	struct nipfs_tree_limits limits;
	int code;
} limits[] = {
	{ { 0, 0, 0, true, 0 }, 0 },
	{ { 2, 17, 10, false, 0 }, 0 },
	{ { 1, 0, 0, true, 0 }, NIPFS_E_LIMIT },
	{ { 0, 16, 0, true, 0 }, NIPFS_E_LIMIT },
	{ { 0, 0, 9, true, 0 }, NIPFS_E_LIMIT },
};

/* An outline has all entries of the tree, in the same order. */
START_TEST(outlines_the_tree)
{
	const struct nipfs_tree_sink sink = tree_log_sink(&tree);
	struct nipfs_cid root;
	struct memory_blocks *m = load(trees[_i].car, &root);
	char *whole;

	tree.have_files = true;
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	whole = strdup(tree.text);
	tree_log_release(&tree);
	tree.have_files = true;
	ck_assert_int_eq(nipfs_dag_outline(memory_blocks_source(m), &root, &no_limits, &sink, NULL),
			 0);
	ck_assert_str_eq(tree.text, whole);
	ck_assert_uint_eq(m->n_waiting, 0);
	free(whole);
	unload(m);
}
END_TEST

START_TEST(keeps_to_limits)
{
	struct nipfs_cid root;
	struct memory_blocks *m = load("tree-v1", &root);
	struct nipfs_error err = { 0, 0, "" };

	ck_assert_int_eq(read_tree(m, &root, &limits[_i].limits, &err), limits[_i].code);
	ck_assert_int_eq(err.code, limits[_i].code);
	unload(m);
}
END_TEST

/* @levels directories in each other, with a file at the bottom. */
static struct nipfs_cid make_chain(struct memory_blocks *m, unsigned int levels)
{
	struct made_link link = { make_raw(m, "x"), text_slice("n"), 1 };

	while (levels-- > 0)
		link.cid = make_directory(m, &link, 1);
	return link.cid;
}

START_TEST(bounds_the_depth)
{
	static const struct nipfs_tree_limits nix = NIPFS_TREE_LIMITS_NIX;
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_error err = { 0, 0, "" };
	struct nipfs_cid root = make_chain(m, 63), leaf;

	ck_assert_int_eq(read_tree(m, &root, &nix, NULL), 0);
	tree_log_release(&tree);
	root = make_chain(m, 64);
	ck_assert_int_eq(read_tree(m, &root, &nix, &err), NIPFS_E_LIMIT);
	ck_assert_msg(strncmp(err.msg, "'n/n/n/n/", 9) == 0, "%s", err.msg);
	tree_log_release(&tree);
	root = make_chain(m, 3000);
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), 0);
	tree_log_release(&tree);

	/* the path is long; why it failed is said none the less */
	leaf = make_raw(m, "x");
	memory_blocks_fault(m, &leaf, MEMORY_FAULT_MISSING);
	ck_assert_int_eq(read_tree(m, &root, &no_limits, &err), NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "is not in 'memory'"));
	unload(m);
}
END_TEST

/* 2^40 files from 41 blocks: the sink says when it is enough. */
START_TEST(reads_deep_sharing)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_cid root = make_raw(m, "x");

	for (int level = 0; level < 40; level++) {
		const struct made_link links[] = { { root, text_slice("a"), 1 },
						   { root, text_slice("b"), 1 } };

		root = make_directory(m, links, 2);
	}
	tree.fail_at = 20000;
	ck_assert_int_eq(read_tree(m, &root, &no_limits, NULL), NIPFS_E_CANCELLED);
	ck_assert_uint_eq(m->n_waiting, 0);
	unload(m);
}
END_TEST

START_TEST(refuses_symlinks_by_their_target)
{
	static const struct nipfs_tree_limits full = { 0, 0, 0, false, 0 };
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid empty = make_symlink(m, text_slice(""));

	ck_assert_int_eq(read_tree(m, &empty, &no_limits, NULL), 0);
	ck_assert_str_eq(tree.text, "link \"\" \"\"\n");
	tree_log_release(&tree);
	ck_assert_int_eq(read_tree(m, &empty, &full, NULL), NIPFS_E_INVALID);
	unload(m);
}
END_TEST

static Suite *tree_reader_suite(void)
{
	Suite *suite = suite_create("tree_reader");
	TCase *tc = tcase_create("tree_reader");

	tcase_add_loop_test(tc, gives_the_tree_that_kubo_added, 0, 2 * N_TREES);
	tcase_add_loop_test(tc, gives_hamt_directories_in_order, 0, 2);
	tcase_add_loop_test(tc, needs_every_block, 0, 4 * N_TREES);
	tcase_add_test(tc, names_the_path);
	tcase_add_test(tc, stops_with_the_sink);
	tcase_add_test(tc, leaves_out_what_the_sink_has);
	tcase_add_test(tc, reads_on_past_what_the_sink_has);
	tcase_add_loop_test(tc, outlines_the_tree, 0, N_TREES);
	tcase_add_loop_test(tc, keeps_to_limits, 0, (int)(sizeof(limits) / sizeof(limits[0])));
	tcase_add_test(tc, bounds_the_depth);
	tcase_add_test(tc, reads_deep_sharing);
	tcase_add_test(tc, refuses_symlinks_by_their_target);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(tree_reader_suite)
