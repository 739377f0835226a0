/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of UnixFS files: ranges, odd shapes, and sizes that lie. */
#include <nixipfs/dag.h>

#include <stdio.h>
#include <stdlib.h>

#include "dag/fetch.h"
#include "dag/file_reader.h"
#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"
#include "tests/support/unixfs_nodes.h"

#define NO_DATA ((struct nipfs_slice){ NULL, 0 })

/* Takes bytes into a buffer, and ends with a code when it is full. */
struct taker {
	struct nipfs_buf bytes;
	int full;
};

static int take(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct taker *t = ctx;

	(void)err;
	ck_assert_uint_gt(bytes->len, 0);
	return nipfs__buf_put(&t->bytes, bytes->ptr, bytes->len) < 0 ? t->full : 0;
}

static int read_range(struct memory_blocks *m, const struct nipfs_cid *file, uint64_t offset,
		      uint64_t length, struct taker *t)
{
	struct nipfs_error err = { 0, 0, "" };
	const int r = nipfs_dag_read(memory_blocks_source(m), file, offset, length, take, t, &err);

	if (r < 0 && r != t->full)
		ck_assert_int_eq(err.code, r);
	ck_assert_uint_eq(m->n_waiting, 0);
	return r;
}

/* Reads a file whole and compares it with a text, or only takes the code. */
static int read_text(struct memory_blocks *m, const struct nipfs_cid *file, const char *expected)
{
	struct taker t = { NIPFS_BUF_INIT(1 << 20), NIPFS_E_CANCELLED };
	const int r = read_range(m, file, 0, UINT64_MAX, &t);

	if (r == 0) {
		ck_assert_uint_eq(t.bytes.len, strlen(expected));
		if (t.bytes.len)
			ck_assert_mem_eq(t.bytes.ptr, expected, t.bytes.len);
	}
	nipfs__buf_release(&t.bytes);
	return r;
}

/* ---- files of Kubo --------------------------------------------------------------- */

/* What `seq 1 300` prints. */
static size_t seq_text(char *out)
{
	size_t n = 0;

	for (int i = 1; i <= 300; i++)
		n += (size_t)sprintf(out + n, "%d\n", i);
	return n;
}

static struct nipfs_cid lookup(struct memory_blocks *m, const struct nipfs_cid *dir,
			       const char *name)
{
	struct nipfs_dir_entry entry;

	ck_assert_int_eq(nipfs_dag_lookup(memory_blocks_source(m), dir, text_slice(name), &entry,
					  NULL),
			 0);
	return entry.cid;
}

static const char *const cars[] = { "tree-v1", "tree-v0", "tree-trickle", "tree-inline",
				    "tree-modes" };
static const uint64_t edges[] = { 0,   1,   63,   64,	65,   127,  128,  255,	256,
				  257, 511, 512,  513,	768,  1024, 1091, 1092, 1093,
				  1ull << 40,	  UINT64_MAX };
enum { N_EDGES = sizeof(edges) / sizeof(edges[0]), N_CARS = sizeof(cars) / sizeof(cars[0]) };

START_TEST(reads_ranges)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root(cars[_i / N_EDGES]);
	const uint64_t offset = edges[_i % N_EDGES];
	struct nipfs_cid file;
	char text[2048];
	const uint64_t size = seq_text(text);

	ck_assert_uint_eq(size, 1092);
	car_blocks_load(m, cars[_i / N_EDGES]);
	file = lookup(m, &root, "multi.txt");
	for (size_t i = 0; i < N_EDGES; i++) {
		const uint64_t begin = offset < size ? offset : size;
		const uint64_t len = edges[i] < size - begin ? edges[i] : size - begin;
		struct taker t = { NIPFS_BUF_INIT(1 << 20), NIPFS_E_CANCELLED };

		m->order = i % 2 ? MEMORY_ORDER_LIFO : MEMORY_ORDER_FIFO;
		ck_assert_int_eq(read_range(m, &file, offset, edges[i], &t), 0);
		ck_assert_uint_eq(t.bytes.len, len);
		if (len)
			ck_assert_mem_eq(t.bytes.ptr, text + begin, len);
		nipfs__buf_release(&t.bytes);
	}
	memory_blocks_free(m);
}
END_TEST

START_TEST(reads_needed_blocks_alone)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root("tree-v1");
	struct taker t = { NIPFS_BUF_INIT(1 << 20), NIPFS_E_CANCELLED };
	struct nipfs_cid file;

	car_blocks_load(m, "tree-v1");
	file = lookup(m, &root, "multi.txt");
	m->answers = 0;
	ck_assert_int_eq(read_range(m, &file, 300, 10, &t), 0);
	ck_assert_uint_eq(m->answers, 2);
	m->answers = 0;
	ck_assert_int_eq(read_range(m, &file, 511, 2, &t), 0);
	ck_assert_uint_eq(m->answers, 3);
	m->answers = 0;
	ck_assert_int_eq(read_range(m, &file, 1092, 10, &t), 0);
	ck_assert_uint_eq(m->answers, 1);
	ck_assert_uint_eq(t.bytes.len, 12);
	nipfs__buf_release(&t.bytes);
	memory_blocks_free(m);
}
END_TEST

START_TEST(misses_a_block_only_where_it_is_needed)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid file = car_blocks_root("missing");
	struct taker t = { NIPFS_BUF_INIT(1 << 20), NIPFS_E_CANCELLED };

	car_blocks_load(m, "missing");
	ck_assert_int_eq(read_range(m, &file, 0, 512, &t), 0);
	ck_assert_int_eq(read_range(m, &file, 1024, 512, &t), 0);
	ck_assert_uint_eq(t.bytes.len, 512 + 68);
	ck_assert_int_eq(read_range(m, &file, 0, 513, &t), NIPFS_E_NOTFOUND);
	ck_assert_int_eq(read_range(m, &file, 1023, 1, &t), NIPFS_E_NOTFOUND);
	nipfs__buf_release(&t.bytes);
	memory_blocks_free(m);
}
END_TEST

START_TEST(is_for_files)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root("tree-v1");
	const struct nipfs_cid cbor = car_blocks_root("cbor");
	struct nipfs_cid link;

	car_blocks_load(m, "tree-v1");
	car_blocks_load(m, "cbor");
	link = lookup(m, &root, "link");
	ck_assert_int_eq(read_text(m, &root, ""), NIPFS_E_INVALID);
	ck_assert_int_eq(read_text(m, &link, ""), NIPFS_E_INVALID);
	ck_assert_int_eq(read_text(m, &cbor, ""), NIPFS_E_INVALID);
	memory_blocks_free(m);
}
END_TEST

/* ---- nodes made by hand ------------------------------------------------------------ */

START_TEST(reads_bytes_beside_links)
{
	struct memory_blocks *m = memory_blocks_new();
	struct made_link links[3] = { { make_raw(m, "cd"), NO_DATA, 2 } };
	struct nipfs_cid file;

	links[1] = (struct made_link){ make_file(m, NULL, 0, text_slice("e"), 1), NO_DATA, 1 };
	links[2] = (struct made_link){ make_file(m, links, 2, text_slice("x"), 4), NO_DATA, 4 };
	file = make_file(m, links, 3, text_slice("ab"), 9);
	ck_assert_int_eq(read_text(m, &file, "abcdexcde"), 0);
	for (uint64_t offset = 0; offset <= 9; offset++) {
		for (uint64_t len = 0; offset + len <= 9; len++) {
			struct taker t = { NIPFS_BUF_INIT(100), NIPFS_E_CANCELLED };

			ck_assert_int_eq(read_range(m, &file, offset, len, &t), 0);
			ck_assert_uint_eq(t.bytes.len, len);
			if (len)
				ck_assert_mem_eq(t.bytes.ptr, &"abcdexcde"[offset], len);
			nipfs__buf_release(&t.bytes);
		}
	}
	memory_blocks_free(m);
}
END_TEST

START_TEST(refuses_sizes_that_lie)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid two = make_raw(m, "ab"), none = make_raw(m, "");
	const struct nipfs_cid pb = make_file(m, NULL, 0, text_slice("ab"), 2);
	const struct nipfs_cid dir = make_directory(m, NULL, 0);
	const struct nipfs_cid symlink = make_symlink(m, text_slice("ab"));
	const struct {
		struct made_link links[2];
		size_t n;
		uint64_t filesize;
		int code;
	} cases[] = {
		{ { { two, NO_DATA, 2 }, { two, NO_DATA, 2 } }, 2, 4, 0 },
		{ { { two, NO_DATA, 2 }, { none, NO_DATA, 0 } }, 2, 2, 0 },
		{ { { two, NO_DATA, 2 }, { two, NO_DATA, 2 } }, 2, 5, NIPFS_E_INVALID },
		{ { { two, NO_DATA, 2 }, { two, NO_DATA, 2 } }, 2, 3, NIPFS_E_INVALID },
		{ { { two, NO_DATA, 3 } }, 1, 3, NIPFS_E_INVALID },
		{ { { two, NO_DATA, 1 } }, 1, 1, NIPFS_E_INVALID },
		{ { { two, NO_DATA, 0 } }, 1, 0, NIPFS_E_INVALID },
		{ { { none, NO_DATA, 1 } }, 1, 1, NIPFS_E_INVALID },
		{ { { pb, NO_DATA, 2 } }, 1, 2, 0 },
		{ { { pb, NO_DATA, 3 } }, 1, 3, NIPFS_E_INVALID },
		{ { { pb, NO_DATA, UINT64_MAX } }, 1, UINT64_MAX, NIPFS_E_INVALID },
		{ { { two, NO_DATA, 2 }, { two, NO_DATA, UINT64_MAX } }, 2, 1, NIPFS_E_INVALID },
		{ { { dir, NO_DATA, 0 } }, 1, 0, NIPFS_E_INVALID },
		{ { { symlink, NO_DATA, 2 } }, 1, 2, NIPFS_E_INVALID },
		{ { { two, { (const uint8_t *)"a", 1 }, 2 } }, 1, 2, NIPFS_E_INVALID },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct nipfs_cid file = make_file(m, cases[i].links, cases[i].n, NO_DATA,
							cases[i].filesize);
		const int r = read_text(m, &file, cases[i].n == 2 && cases[i].filesize == 4 ?
							  "abab" :
							  "ab");

		ck_assert_msg(r == cases[i].code, "case %zu: %d", i, r);
	}
	memory_blocks_free(m);
}
END_TEST

START_TEST(refuses_nodes_that_are_no_unixfs)
{
	static const struct {
		const char *hex;
		size_t len;
		int code;
	} blocks[] = {
		{ "", 0, NIPFS_E_INVALID },
		{ "\x0a\x00", 2, NIPFS_E_INVALID },
		{ "\x0a\x02\x08\x02", 4, 0 }, /* no filesize, no bytes */
		{ "\x0a\x05\x08\x02\x12\x01x", 7, NIPFS_E_INVALID },
		{ "\x0a\x07\x08\x02\x12\x01x\x18\x01", 9, 0 },
		{ "\x0a\x07\x08\x00\x12\x01x\x18\x01", 9, 0 }, /* the type Raw */
		{ "\x0a\x07\x08\x03\x12\x01x\x18\x01", 9, NIPFS_E_UNSUPPORTED },
		{ "\x0a\x07\x08\x06\x12\x01x\x18\x01", 9, NIPFS_E_INVALID },
		{ "\x0a\x07\x08\x02\x12\x01x\x18\x02", 9, NIPFS_E_INVALID },
		{ "\x0a\x09\x08\x02\x12\x01x\x18\x01\x20\x00", 11, NIPFS_E_INVALID },
		{ "\x0a\x07\x08\x02\x12\x01x\x18", 8, NIPFS_E_INVALID },
	};
	struct memory_blocks *m = memory_blocks_new();

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		const struct nipfs_slice bytes = { (const uint8_t *)blocks[i].hex, blocks[i].len };
		const struct nipfs_cid file = memory_blocks_put(m, NIPFS_CODEC_DAG_PB, bytes);
		const int r = read_text(m, &file, blocks[i].len == 4 ? "" : "x");

		ck_assert_msg(r == blocks[i].code, "block %zu: %d", i, r);
	}
	memory_blocks_free(m);
}
END_TEST

/* @levels nodes, each with @n links to the one below; at the bottom @leaf of @bytes. */
static struct nipfs_cid make_tower(struct memory_blocks *m, struct nipfs_cid leaf,
				   uint64_t bytes, unsigned int levels, size_t n)
{
	struct made_link links[4];

	for (; levels > 0; levels--) {
		for (size_t i = 0; i < n; i++)
			links[i] = (struct made_link){ leaf, NO_DATA, bytes };
		bytes *= n;
		leaf = make_file(m, links, n, NO_DATA, bytes);
	}
	return leaf;
}

START_TEST(bounds_the_depth)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid leaf = make_raw(m, "ab");
	struct nipfs_cid file = make_tower(m, leaf, 2, NIPFS__FILE_DEPTH_MAX, 1);

	ck_assert_int_eq(read_text(m, &file, "ab"), 0);
	file = make_tower(m, leaf, 2, NIPFS__FILE_DEPTH_MAX + 1, 1);
	ck_assert_int_eq(read_text(m, &file, "ab"), NIPFS_E_LIMIT);
	memory_blocks_free(m);
}
END_TEST

/* 2^40 bytes from 41 blocks: the sink says when it is enough. */
START_TEST(reads_deep_sharing)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid file = make_tower(m, make_raw(m, "a"), 1, 40, 2);
	struct taker t = { NIPFS_BUF_INIT(100000), NIPFS_E_CANCELLED };

	ck_assert_int_eq(read_range(m, &file, 0, UINT64_MAX, &t), NIPFS_E_CANCELLED);
	ck_assert_uint_eq(t.bytes.len, 100000);
	nipfs__buf_clear(&t.bytes);
	ck_assert_int_eq(read_range(m, &file, (1ull << 40) - 5, UINT64_MAX, &t), 0);
	ck_assert_uint_eq(t.bytes.len, 5);
	nipfs__buf_clear(&t.bytes);
	ck_assert_int_eq(read_range(m, &file, 1ull << 39, 3, &t), 0);
	ck_assert_uint_eq(t.bytes.len, 3);
	nipfs__buf_release(&t.bytes);
	memory_blocks_free(m);
}
END_TEST

/* 2^40 times nothing: refused in bounded time, whatever the sink does. */
START_TEST(bounds_what_gives_nothing)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid none = make_file(m, NULL, 0, NO_DATA, 0);
	struct nipfs_cid file = make_tower(m, _i ? make_raw(m, "") : none, 0, 40, 2);
	struct made_link links[2] = { { file, NO_DATA, 0 }, { make_raw(m, "ab"), NO_DATA, 2 } };

	ck_assert_int_eq(read_text(m, &file, ""), NIPFS_E_LIMIT);
	file = make_file(m, links, 2, NO_DATA, 2);
	ck_assert_int_eq(read_text(m, &file, "ab"), NIPFS_E_LIMIT);
	ck_assert_uint_lt(m->answers, 3 * NIPFS__FETCH_WORK_BASE / 256);

	/* a few are nothing bad */
	file = make_tower(m, none, 0, 8, 2);
	ck_assert_int_eq(read_text(m, &file, ""), 0);
	memory_blocks_free(m);
}
END_TEST

START_TEST(keeps_its_window)
{
	enum { LEAVES = 300 };
	struct memory_blocks *m = memory_blocks_new();
	static struct made_link links[LEAVES];
	struct taker t = { NIPFS_BUF_INIT(1 << 20), NIPFS_E_CANCELLED };
	struct nipfs_cid file;
	char text[8];

	for (int i = 0; i < LEAVES; i++) {
		(void)sprintf(text, "%06d", i);
		links[i] = (struct made_link){ make_raw(m, text), NO_DATA, 6 };
	}
	file = make_file(m, links, LEAVES, NO_DATA, LEAVES * 6);
	m->order = _i ? MEMORY_ORDER_LIFO : MEMORY_ORDER_FIFO;
	ck_assert_int_eq(read_range(m, &file, 0, UINT64_MAX, &t), 0);
	for (int i = 0; i < LEAVES; i++) {
		(void)sprintf(text, "%06d", i);
		ck_assert_mem_eq(t.bytes.ptr + (size_t)i * 6, text, 6);
	}
	ck_assert_uint_eq(m->answers, LEAVES + 1);
	ck_assert_uint_ge(m->waiting_max, NIPFS__FETCH_WANTS - 1);
	ck_assert_uint_le(m->waiting_max, NIPFS__FETCH_WANTS + 1);
	nipfs__buf_release(&t.bytes);
	memory_blocks_free(m);
}
END_TEST

START_TEST(asks_once_for_what_repeats)
{
	enum { LEAVES = 1000 };
	struct memory_blocks *m = memory_blocks_new();
	static struct made_link links[LEAVES];
	struct taker t = { NIPFS_BUF_INIT(1 << 20), NIPFS_E_CANCELLED };
	struct nipfs_cid file;

	for (int i = 0; i < LEAVES; i++)
		links[i] = (struct made_link){ make_raw(m, "zz"), NO_DATA, 2 };
	file = make_file(m, links, LEAVES, NO_DATA, LEAVES * 2);
	ck_assert_int_eq(read_range(m, &file, 0, UINT64_MAX, &t), 0);
	ck_assert_uint_eq(t.bytes.len, LEAVES * 2);
	ck_assert_uint_eq(m->answers, 2);
	nipfs__buf_release(&t.bytes);
	memory_blocks_free(m);
}
END_TEST

/*
 * Nodes of a megabyte each that look small come in reverse: what does not fit is
 * thrown away and asked for again.
 */
START_TEST(bounds_what_it_holds)
{
	enum { NODES = 24, INSIDE = 1 << 20, BELOW = 2 << 20 };
	struct memory_blocks *m = memory_blocks_new();
	uint8_t *bytes = calloc(1, INSIDE);
	static struct made_link links[NODES];
	struct made_link below[2];
	struct taker t = { NIPFS_BUF_INIT((size_t)NODES * (INSIDE + BELOW)), NIPFS_E_CANCELLED };
	struct nipfs_cid file;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < 2; i++)
		below[i] = (struct made_link){
			memory_blocks_put(m, NIPFS_CODEC_RAW, (struct nipfs_slice){ bytes, INSIDE }),
			NO_DATA, INSIDE
		};
	for (uint8_t i = 0; i < NODES; i++) {
		bytes[0] = i;
		links[i] = (struct made_link){
			make_file(m, below, 2, (struct nipfs_slice){ bytes, INSIDE },
				  INSIDE + BELOW),
			NO_DATA, INSIDE + BELOW
		};
	}
	file = make_file(m, links, NODES, NO_DATA, (uint64_t)NODES * (INSIDE + BELOW));
	m->order = MEMORY_ORDER_LIFO;
	ck_assert_int_eq(read_range(m, &file, 0, UINT64_MAX, &t), 0);
	ck_assert_uint_eq(t.bytes.len, (size_t)NODES * (INSIDE + BELOW));
	for (size_t i = 0; i < NODES; i++)
		ck_assert_uint_eq(t.bytes.ptr[i * (INSIDE + BELOW)], i);
	ck_assert_uint_gt(m->answers, NODES + 1 + 1);
	nipfs__buf_release(&t.bytes);
	free(bytes);
	memory_blocks_free(m);
}
END_TEST

START_TEST(bounds_a_block)
{
	struct memory_blocks *m = memory_blocks_new();
	const size_t size = NIPFS_BLOCK_MAX + 1;
	uint8_t *bytes = calloc(1, size);
	struct taker t = { NIPFS_BUF_INIT(size), NIPFS_E_CANCELLED };
	struct nipfs_cid file;

	ck_assert_ptr_nonnull(bytes);
	file = memory_blocks_put(m, NIPFS_CODEC_RAW, (struct nipfs_slice){ bytes, size });
	ck_assert_int_eq(read_range(m, &file, 0, UINT64_MAX, &t), NIPFS_E_LIMIT);
	file = memory_blocks_put(m, NIPFS_CODEC_RAW, (struct nipfs_slice){ bytes, size - 1 });
	ck_assert_int_eq(read_range(m, &file, 0, UINT64_MAX, &t), 0);
	ck_assert_uint_eq(t.bytes.len, NIPFS_BLOCK_MAX);
	nipfs__buf_release(&t.bytes);
	free(bytes);
	memory_blocks_free(m);
}
END_TEST

static Suite *file_reader_suite(void)
{
	Suite *suite = suite_create("file_reader");
	TCase *tc = tcase_create("file_reader");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, reads_ranges, 0, N_CARS * N_EDGES);
	tcase_add_test(tc, reads_needed_blocks_alone);
	tcase_add_test(tc, misses_a_block_only_where_it_is_needed);
	tcase_add_test(tc, is_for_files);
	tcase_add_test(tc, reads_bytes_beside_links);
	tcase_add_test(tc, refuses_sizes_that_lie);
	tcase_add_test(tc, refuses_nodes_that_are_no_unixfs);
	tcase_add_test(tc, bounds_the_depth);
	tcase_add_test(tc, reads_deep_sharing);
	tcase_add_loop_test(tc, bounds_what_gives_nothing, 0, 2);
	tcase_add_loop_test(tc, keeps_its_window, 0, 2);
	tcase_add_test(tc, asks_once_for_what_repeats);
	tcase_add_test(tc, bounds_what_it_holds);
	tcase_add_test(tc, bounds_a_block);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(file_reader_suite)
