/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CARv2: its payload and both forms of its index, as go-car writes them. */
#include <nixipfs/car.h>

#include <stdlib.h>

#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"
#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"

static int mem_read_at(void *ctx, uint64_t offset, void *buf, size_t n, struct nipfs_error *err)
{
	const struct car_bytes *c = ctx;

	(void)err;
	if (offset > c->len || n > c->len - offset)
		return NIPFS_E_TRUNCATED;
	memcpy(buf, c->ptr + offset, n);
	return 0;
}

struct v2 {
	uint8_t *file;
	struct car_bytes bytes;
	struct nipfs_car_file at;
	struct nipfs_car_reader *reader;
	const struct nipfs_car_info *info;
};

static void v2_open(struct v2 *v, const char *path)
{
	struct nipfs_car_input input = { car_bytes_read, car_bytes_skip, &v->bytes, "x" };

	v->file = test_fixture(path, &v->bytes.len);
	v->bytes.ptr = v->file;
	v->bytes.at = v->bytes.step = 0;
	v->at = (struct nipfs_car_file){ mem_read_at, &v->bytes, v->bytes.len, "x" };
	ck_assert_int_eq(nipfs_car_reader_new(&v->reader, &input, NULL), 0);
	v->info = nipfs_car_reader_info(v->reader);
}

static void v2_close(struct v2 *v)
{
	nipfs_car_reader_free(v->reader);
	free(v->file);
}

static const struct {
	const char *path;
	uint64_t data_offset, index_offset;
} files[] = {
	{ "fixtures/car/v2-sorted.car", 51, 2687 },
	{ "fixtures/car/v2-multihash.car", 51, 2687 },
	{ "fixtures/car/v2-padded.car", 51 + 113, 2687 + 113 + 57 },
	{ "fixtures/car/v2-no-index.car", 51, 0 },
};

START_TEST(holds_the_same_as_version_1)
{
	size_t len;
	uint8_t *v1 = test_fixture("fixtures/car/tree-v1.car", &len);
	struct car_bytes bytes = { v1, len, 0, 0 };
	const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, "x" };
	struct nipfs_car_reader *plain;
	struct nipfs_car_section a, b;
	struct v2 v;
	int r;

	v2_open(&v, files[_i].path);
	ck_assert_int_eq(nipfs_car_reader_new(&plain, &input, NULL), 0);
	ck_assert_uint_eq(v.info->version, 2);
	ck_assert_uint_eq(v.info->data_offset, files[_i].data_offset);
	ck_assert_uint_eq(v.info->data_bytes, len);
	ck_assert_uint_eq(v.info->index_offset, files[_i].index_offset);
	ck_assert_uint_eq(v.info->n_roots, 1);
	while ((r = nipfs_car_reader_next(plain, &a, NULL)) == 0) {
		struct nipfs_slice block;

		ck_assert_int_eq(nipfs_car_reader_next(v.reader, &b, NULL), 0);
		ck_assert(nipfs_cid_equal(&a.cid, &b.cid));
		ck_assert_uint_eq(a.offset + v.info->data_offset, b.offset);
		ck_assert_uint_eq(a.block_offset + v.info->data_offset, b.block_offset);
		ck_assert_int_eq(nipfs_car_reader_block(v.reader, &block, NULL), 0);
		ck_assert_mem_eq(block.ptr, v1 + a.block_offset, a.block_len);
	}
	ck_assert_int_eq(r, 1);
	ck_assert_int_eq(nipfs_car_reader_next(v.reader, &b, NULL), 1);
	nipfs_car_reader_free(plain);
	v2_close(&v);
	free(v1);
}
END_TEST

/* The data of a CARv2 has a length: a cut is seen even where a section ends. */
START_TEST(cut_data_is_truncated)
{
	struct v2 v;

	v2_open(&v, files[_i].path);
	for (size_t cut = v.info->data_offset; cut < v.info->data_offset + v.info->data_bytes;
	     cut++) {
		struct car_bytes bytes = { v.file, cut, 0, 0 };
		const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, "x" };
		struct nipfs_car_reader *reader;
		struct nipfs_car_section section;
		int r = nipfs_car_reader_new(&reader, &input, NULL);

		if (r == 0) {
			while (r == 0)
				r = nipfs_car_reader_next(reader, &section, NULL);
			nipfs_car_reader_free(reader);
		}
		ck_assert_int_eq(r, NIPFS_E_TRUNCATED);
	}
	v2_close(&v);
}
END_TEST

static int count_entry(void *ctx, uint64_t hash, struct nipfs_slice digest, uint64_t offset,
		       struct nipfs_error *err)
{
	(void)err;
	ck_assert(hash == NIPFS_HASH_SHA2_256 || hash == UINT64_MAX);
	ck_assert_uint_eq(digest.len, 32);
	ck_assert_uint_ge(offset, 51);
	++*(size_t *)ctx;
	return 0;
}

static int stop(void *ctx, uint64_t hash, struct nipfs_slice digest, uint64_t offset,
		struct nipfs_error *err)
{
	(void)hash;
	(void)digest;
	(void)offset;
	(void)err;
	++*(size_t *)ctx;
	return NIPFS_E_CANCELLED;
}

START_TEST(finds_every_block)
{
	struct nipfs_car_section section;
	struct nipfs_car_index *index;
	size_t n = 0, listed = 0, stopped = 0;
	uint64_t offset = 0;
	struct nipfs_cid absent;
	struct v2 v;

	v2_open(&v, files[_i].path);
	ck_assert_int_eq(nipfs_car_index_new(&index, &v.at, v.info, NULL), 0);
	for (; nipfs_car_reader_next(v.reader, &section, NULL) == 0; n++) {
		ck_assert_int_eq(nipfs_car_index_find(index, &section.cid, &offset, NULL), 0);
		ck_assert_uint_eq(offset, section.offset);
		absent = section.cid;
		absent.digest[31] ^= 1;
		offset = 4711;
		ck_assert_int_eq(nipfs_car_index_find(index, &absent, &offset, NULL),
				 NIPFS_E_NOTFOUND);
		ck_assert_uint_eq(offset, 4711);
	}
	ck_assert_uint_gt(n, 5);
	ck_assert_int_eq(nipfs_car_index_each(index, count_entry, &listed, NULL), 0);
	ck_assert_uint_eq(listed, n);
	ck_assert_int_eq(nipfs_car_index_each(index, stop, &stopped, NULL), NIPFS_E_CANCELLED);
	ck_assert_uint_eq(stopped, 1);
	nipfs_car_index_free(index);
	v2_close(&v);
}
END_TEST

START_TEST(says_when_there_is_no_index)
{
	struct nipfs_car_index *index;
	struct v2 v;

	v2_open(&v, "fixtures/car/v2-no-index.car");
	ck_assert_int_eq(nipfs_car_index_new(&index, &v.at, v.info, NULL), NIPFS_E_NOTFOUND);
	v2_close(&v);
}
END_TEST

START_TEST(a_cut_index_is_truncated)
{
	struct v2 v;

	v2_open(&v, files[_i].path);
	for (size_t cut = v.info->index_offset; cut < v.bytes.len; cut++) {
		struct nipfs_car_index *index;
		uint8_t *exact = malloc(cut);
		struct car_bytes bytes = { exact, cut, 0, 0 };
		const struct nipfs_car_file file = { mem_read_at, &bytes, cut, "x" };

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, v.file, cut);
		ck_assert_int_eq(nipfs_car_index_new(&index, &file, v.info, NULL),
				 NIPFS_E_TRUNCATED);
		free(exact);
	}
	v2_close(&v);
}
END_TEST

/* An index alone, at byte 0x100 of a file with 0x80 bytes of data at 0x33. */
static const struct {
	const char *hex;
	int open, each;
} odd[] = {
	{ "8008 00000000", 0, 0 },
	{ "8108 00000000", 0, 0 },
	{ "8108 01000000 1200000000000000 00000000", 0, 0 },
	{ "8208 00000000", NIPFS_E_UNSUPPORTED, 0 },
	{ "0000 00000000", NIPFS_E_UNSUPPORTED, 0 },
	{ "8008 ffffffff", NIPFS_E_INVALID, 0 },
	{ "8008 01000000", NIPFS_E_TRUNCATED, 0 },
	{ "8108 ffffff7f", NIPFS_E_TRUNCATED, 0 },
	{ "8008 01000000 07000000 0000000000000000", NIPFS_E_INVALID, 0 },
	{ "8008 01000000 89000000 0000000000000000", NIPFS_E_INVALID, 0 },
	{ "8008 01000000 0a000000 0900000000000000 000000000000000000", NIPFS_E_INVALID, 0 },
	{ "8008 01000000 0a000000 0a00000000000000 000000000000000000", NIPFS_E_TRUNCATED, 0 },
	{ "8008 01000000 0a000000 f9ffffffffffffff", NIPFS_E_INVALID, 0 },
	{ "8008 01000000 08000000 f8ffffffffffffff", NIPFS_E_TRUNCATED, 0 },
	{ "8008 01000000 08000000 0800000000000000 0700000000000000", 0, 0 },
	{ "8008 01000000 09000000 0900000000000000 aa 7f00000000000000", 0, 0 },
	{ "8008 01000000 09000000 0900000000000000 aa 8000000000000000", 0, NIPFS_E_INVALID },
	{ "8008 01000000 09000000 0900000000000000 aa ffffffffffffffff", 0, NIPFS_E_INVALID },
	{ "8008 01000000 09000000 1200000000000000 aa 0000000000000000 aa 0100000000000000", 0,
	  0 },
	{ "8008 01000000 09000000 1200000000000000 ab 0000000000000000 aa 0100000000000000", 0,
	  NIPFS_E_INVALID },
};

static int ignore(void *ctx, uint64_t hash, struct nipfs_slice digest, uint64_t offset,
		  struct nipfs_error *err)
{
	(void)ctx;
	(void)hash;
	(void)digest;
	(void)err;
	ck_assert_uint_ge(offset, 0x33);
	ck_assert_uint_lt(offset, 0x33 + 0x80);
	return 0;
}

START_TEST(takes_odd_indices_as_they_are)
{
	struct test_hex hex = test_hex_new(odd[_i].hex);
	const size_t len = 0x100 + hex.len;
	uint8_t *file = calloc(1, len);
	struct car_bytes bytes = { file, len, 0, 0 };
	const struct nipfs_car_file at = { mem_read_at, &bytes, len, "x" };
	const struct nipfs_car_info info = { 2, NULL, 0, 0x33, 0x80, 0x100 };
	struct nipfs_car_index *index = NULL;
	struct nipfs_error err = { 0, 0, "" };

	ck_assert_ptr_nonnull(file);
	memcpy(file + 0x100, hex.ptr, hex.len);
	ck_assert_int_eq(nipfs_car_index_new(&index, &at, &info, &err), odd[_i].open);
	ck_assert_int_eq(err.code, odd[_i].open);
	if (index)
		ck_assert_int_eq(nipfs_car_index_each(index, ignore, NULL, NULL), odd[_i].each);
	nipfs_car_index_free(index);
	free(file);
	test_hex_free(&hex);
}
END_TEST

START_TEST(bounds_the_parts)
{
	const uint32_t n = 5000;
	const size_t len = 0x100 + 6 + (size_t)n * 12;
	uint8_t *file = calloc(1, len);
	struct car_bytes bytes = { file, len, 0, 0 };
	const struct nipfs_car_file at = { mem_read_at, &bytes, len, "x" };
	const struct nipfs_car_info info = { 2, NULL, 0, 0x33, 0x80, 0x100 };
	struct nipfs_car_index *index;

	ck_assert_ptr_nonnull(file);
	memcpy(file + 0x100, "\x80\x08", 2);
	nipfs__put_le32(file + 0x102, n);
	for (size_t i = 0; i < n; i++)
		nipfs__put_le32(file + 0x106 + 12 * i, 40);
	ck_assert_int_eq(nipfs_car_index_new(&index, &at, &info, NULL), NIPFS_E_LIMIT);
	free(file);
}
END_TEST

/* More entries than are read at once, with equal digests among them. */
START_TEST(finds_the_first_of_equal_ones)
{
	const uint32_t n = 2000;
	const size_t len = 0x100 + 6 + 12 + (size_t)n * 28;
	uint8_t *file = calloc(1, len), *entry = file + 0x112;
	struct car_bytes bytes = { file, len, 0, 0 };
	const struct nipfs_car_file at = { mem_read_at, &bytes, len, "x" };
	const struct nipfs_car_info info = { 2, NULL, 0, 0x33, n, 0x100 };
	struct nipfs_car_index *index;
	struct nipfs_cid cid = { 0x55, NIPFS_HASH_BLAKE2B_160, 1, 20, { 0 } };
	uint64_t offset = 0;

	ck_assert_ptr_nonnull(file);
	memcpy(file + 0x100, "\x80\x08\1\0\0\0\x1c\0\0\0", 10);
	nipfs__put_le64(file + 0x10a, (uint64_t)n * 28);
	for (uint32_t i = 0; i < n; i++, entry += 28) {
		nipfs__put_be64(entry, i / 3);
		nipfs__put_le64(entry + 20, i);
	}
	ck_assert_int_eq(nipfs_car_index_new(&index, &at, &info, NULL), 0);
	for (uint32_t i = 0; i < n; i++) {
		nipfs__put_be64(cid.digest, i / 3);
		ck_assert_int_eq(nipfs_car_index_find(index, &cid, &offset, NULL), 0);
		ck_assert_uint_eq(offset, 0x33 + i / 3 * 3);
	}
	nipfs__put_be64(cid.digest, UINT64_MAX);
	ck_assert_int_eq(nipfs_car_index_find(index, &cid, &offset, NULL), NIPFS_E_NOTFOUND);
	nipfs_car_index_free(index);
	free(file);
}
END_TEST

static Suite *car_index_suite(void)
{
	Suite *suite = suite_create("car_index");
	TCase *tc = tcase_create("car_index");

	tcase_add_loop_test(tc, holds_the_same_as_version_1, 0, 4);
	tcase_add_loop_test(tc, cut_data_is_truncated, 0, 4);
	tcase_add_loop_test(tc, finds_every_block, 0, 3);
	tcase_add_test(tc, says_when_there_is_no_index);
	tcase_add_loop_test(tc, a_cut_index_is_truncated, 0, 3);
	tcase_add_loop_test(tc, takes_odd_indices_as_they_are, 0,
			    (int)(sizeof(odd) / sizeof(odd[0])));
	tcase_add_test(tc, bounds_the_parts);
	tcase_add_test(tc, finds_the_first_of_equal_ones);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(car_index_suite)
