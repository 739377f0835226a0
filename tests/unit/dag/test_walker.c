/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk over a DAG: the blocks and the order of `ipfs dag export`, each once. */
#include <nixipfs/dag.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"
#include "tests/support/unixfs_nodes.h"

static int add_seen(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	struct memory_blocks *set = ctx;
	const size_t before = set->n;

	(void)err;
	memory_blocks_put_as(set, cid, (struct nipfs_slice){ NULL, 0 });
	return set->n > before;
}

/* Writes what it is given as a CAR. */
struct walk {
	struct nipfs_buf car;
	size_t n;
	size_t stop_at;              /* fail at this block, counted from 1 on */
	const struct nipfs_cid *end; /* leave out what is below this one */
};

static int append(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
		  struct nipfs_error *err)
{
	struct walk *w = ctx;

	(void)err;
	must_be_0(nipfs__buf_put_slice(&w->car, head));
	if (block)
		must_be_0(nipfs__buf_put(&w->car, block->ptr, block->len));
	return 0;
}

static int on_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		    struct nipfs_error *err)
{
	struct walk *w = ctx;
	const struct nipfs_car_output out = { append, w };

	(void)err;
	ck_assert_int_eq(nipfs_cid_verify(cid, (struct nipfs_slice){ block->ptr, block->len }), 0);
	if (++w->n == w->stop_at)
		return NIPFS_E_CANCELLED;
	must_be_0(nipfs_car_put_block(&out, cid, block, NULL));
	return w->end && nipfs_cid_equal(cid, w->end);
}

static int walk(struct memory_blocks *m, const struct nipfs_cid *root, struct walk *w,
		struct nipfs_error *err)
{
	struct memory_blocks *set = memory_blocks_new();
	const struct nipfs_seen seen = { add_seen, set };
	const int r = nipfs_dag_walk(memory_blocks_source(m), root, &seen, on_block, w, err);

	ck_assert_uint_eq(m->n_waiting, 0);
	memory_blocks_free(set);
	return r;
}

static struct walk walk_start(const struct nipfs_cid *root)
{
	struct walk w = { NIPFS_BUF_INIT(SIZE_MAX), 0, 0, NULL };
	const struct nipfs_car_output out = { append, &w };

	if (root)
		must_be_0(nipfs_car_put_header(&out, root, 1, NULL));
	return w;
}

static const char *const cars[] = { "tree-v1",	  "tree-v0", "tree-trickle", "tree-inline",
				    "tree-modes", "hamt-8",  "hamt-256",     "cbor" };
enum { N_CARS = sizeof(cars) / sizeof(cars[0]) };

START_TEST(exports_what_kubo_does)
{
	const char *name = cars[_i % N_CARS];
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root(name);
	struct walk w = walk_start(&root);
	char path[256];
	uint8_t *file;
	size_t len;

	(void)snprintf(path, sizeof(path), "fixtures/car/%s.car", name);
	file = test_fixture(path, &len);
	car_blocks_load(m, name);
	m->order = _i < N_CARS ? MEMORY_ORDER_FIFO : MEMORY_ORDER_LIFO;
	ck_assert_int_eq(walk(m, &root, &w, NULL), 0);
	ck_assert_uint_eq(w.car.len, len);
	ck_assert_mem_eq(w.car.ptr, file, len);
	nipfs__buf_release(&w.car);
	free(file);
	memory_blocks_free(m);
}
END_TEST

START_TEST(needs_every_block)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root(cars[_i]);

	car_blocks_load(m, cars[_i]);
	for (size_t i = 0; i < m->n; i++) {
		const struct nipfs_cid cid = memory_blocks_cid(m, i);
		struct nipfs_error err = { 0, 0, "" };
		struct walk w = walk_start(NULL);

		if (cid.hash == NIPFS_HASH_IDENTITY)
			continue;
		memory_blocks_fault(m, &cid, MEMORY_FAULT_CORRUPT);
		ck_assert_int_eq(walk(m, &root, &w, &err), NIPFS_E_MISMATCH);
		ck_assert_int_eq(err.code, NIPFS_E_MISMATCH);
		ck_assert_uint_eq(w.n, i);
		memory_blocks_fault(m, &cid, MEMORY_FAULT_NONE);
		nipfs__buf_release(&w.car);
	}
	memory_blocks_free(m);
}
END_TEST

START_TEST(stops_and_leaves_out)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root("tree-v1");
	struct walk w = walk_start(NULL);
	struct nipfs_dir_entry sub;

	car_blocks_load(m, "tree-v1");
	for (size_t i = 1; i <= m->n; i++) {
		w.n = 0;
		w.stop_at = i;
		ck_assert_int_eq(walk(m, &root, &w, NULL), NIPFS_E_CANCELLED);
		ck_assert_uint_eq(w.n, i);
	}
	w.stop_at = w.n = 0;
	w.end = &root;
	ck_assert_int_eq(walk(m, &root, &w, NULL), 0);
	ck_assert_uint_eq(w.n, 1);
	ck_assert_int_eq(nipfs_dag_lookup(memory_blocks_source(m), &root, text_slice("multi.txt"),
					  &sub, NULL),
			 0);
	w.n = 0;
	w.end = &sub.cid;
	ck_assert_int_eq(walk(m, &root, &w, NULL), 0);
	ck_assert_uint_eq(w.n, m->n - 5);
	nipfs__buf_release(&w.car);
	memory_blocks_free(m);
}
END_TEST

START_TEST(leaves_out_what_was_seen)
{
	struct memory_blocks *m = memory_blocks_new(), *set = memory_blocks_new();
	const struct nipfs_seen seen = { add_seen, set };
	const struct nipfs_cid root = car_blocks_root("tree-v1");
	struct walk w = walk_start(NULL);
	struct nipfs_dir_entry sub;

	car_blocks_load(m, "tree-v1");
	ck_assert_int_eq(nipfs_dag_lookup(memory_blocks_source(m), &root, text_slice("multi.txt"),
					  &sub, NULL),
			 0);
	ck_assert_int_eq(add_seen(set, &sub.cid, NULL), 1);
	ck_assert_int_eq(nipfs_dag_walk(memory_blocks_source(m), &root, &seen, on_block, &w, NULL),
			 0);
	ck_assert_uint_eq(w.n, m->n - 6);
	/* and a second walk with the same set gives nothing */
	ck_assert_int_eq(nipfs_dag_walk(memory_blocks_source(m), &root, &seen, on_block, &w, NULL),
			 0);
	ck_assert_uint_eq(w.n, m->n - 6);
	nipfs__buf_release(&w.car);
	memory_blocks_free(m);
	memory_blocks_free(set);
}
END_TEST

/* 2^40 ways through 41 blocks: each is visited once. */
START_TEST(visits_shared_blocks_once)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_cid root = make_raw(m, "x");
	struct walk w = walk_start(NULL);

	for (int level = 0; level < 40; level++) {
		const struct made_link links[] = { { root, text_slice("a"), 1 },
						   { root, text_slice("b"), 1 },
						   { root, text_slice("c"), 1 } };

		root = make_directory(m, links, 3);
	}
	ck_assert_int_eq(walk(m, &root, &w, NULL), 0);
	ck_assert_uint_eq(w.n, 41);
	nipfs__buf_release(&w.car);
	memory_blocks_free(m);
}
END_TEST

/* Deep and wide at once: children of children while siblings are under way. */
START_TEST(walks_deep_and_wide)
{
	enum { DEPTH = 3000, WIDTH = 300 };
	static struct made_link links[WIDTH];
	struct memory_blocks *m = memory_blocks_new();
	struct walk w = walk_start(NULL);
	struct nipfs_cid root;
	char text[16];

	for (int i = 0; i < WIDTH; i++) {
		(void)sprintf(text, "%d", i);
		links[i] = (struct made_link){ make_raw(m, text), text_slice("x"), 1 };
		links[i].cid = make_directory(m, &links[i], 1);
	}
	root = make_directory(m, links, WIDTH);
	for (int i = 0; i < DEPTH; i++) {
		const struct made_link link = { root, text_slice("x"), 1 };

		root = make_directory(m, &link, 1);
	}
	m->order = _i ? MEMORY_ORDER_LIFO : MEMORY_ORDER_FIFO;
	ck_assert_int_eq(walk(m, &root, &w, NULL), 0);
	ck_assert_uint_eq(w.n, DEPTH + 1 + 2 * WIDTH);
	ck_assert_uint_eq(m->answers, w.n);
	ck_assert_uint_gt(m->waiting_max, 20);
	nipfs__buf_release(&w.car);
	memory_blocks_free(m);
}
END_TEST

static const struct {
	uint64_t codec;
	const char *bytes;
	int code;
} blocks[] = {
	{ NIPFS_CODEC_RAW, "\xff", 0 },
	{ NIPFS_CODEC_CBOR, "\xff", 0 },
	{ NIPFS_CODEC_JSON, "[", 0 },
	{ NIPFS_CODEC_LIBP2P_KEY, "x", 0 },
	{ NIPFS_CODEC_DAG_PB, "", 0 },
	{ NIPFS_CODEC_DAG_PB, "x", NIPFS_E_INVALID },
	{ NIPFS_CODEC_DAG_CBOR, "\x80", 0 },
	{ NIPFS_CODEC_DAG_CBOR, "\x81", NIPFS_E_INVALID },
	{ NIPFS_CODEC_DAG_CBOR, "\x18\x01", NIPFS_E_NONCANONICAL },
	{ NIPFS_CODEC_DAG_JSON, "[]", NIPFS_E_UNSUPPORTED },
	{ NIPFS_CODEC_DAG_JOSE, "x", NIPFS_E_UNSUPPORTED },
	{ NIPFS_CODEC_GIT_RAW, "x", NIPFS_E_UNSUPPORTED },
	{ 0x300000, "x", NIPFS_E_UNSUPPORTED },
};

START_TEST(knows_codecs)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = memory_blocks_put(m, blocks[_i].codec,
							text_slice(blocks[_i].bytes));
	struct nipfs_error err = { 0, 0, "" };
	struct walk w = walk_start(NULL);

	ck_assert_int_eq(walk(m, &root, &w, &err), blocks[_i].code);
	ck_assert_int_eq(err.code, blocks[_i].code);
	ck_assert_uint_eq(w.n, blocks[_i].code == 0);
	nipfs__buf_release(&w.car);
	memory_blocks_free(m);
}
END_TEST

static Suite *walker_suite(void)
{
	Suite *suite = suite_create("walker");
	TCase *tc = tcase_create("walker");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, exports_what_kubo_does, 0, 2 * N_CARS);
	tcase_add_loop_test(tc, needs_every_block, 0, 3);
	tcase_add_test(tc, stops_and_leaves_out);
	tcase_add_test(tc, leaves_out_what_was_seen);
	tcase_add_test(tc, visits_shared_blocks_once);
	tcase_add_loop_test(tc, walks_deep_and_wide, 0, 2);
	tcase_add_loop_test(tc, knows_codecs, 0, (int)(sizeof(blocks) / sizeof(blocks[0])));
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(walker_suite)
