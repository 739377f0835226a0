/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CAR files: written, read whole and cut, of both versions. */
#include <nixipfs/car.h>

#include <stdio.h>
#include <stdlib.h>

#include "multiformats/base/buf.h"
#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"

#define CID_HEX "0155 1220 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define V0_HEX "1220 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static int append(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
		  struct nipfs_error *err)
{
	(void)err;
	ck_assert_int_eq(nipfs__buf_put_slice(ctx, head), 0);
	if (block)
		ck_assert_int_eq(nipfs__buf_put(ctx, block->ptr, block->len), 0);
	return 0;
}

static struct nipfs_cid cid_of_hex(const char *hex)
{
	struct test_hex raw = test_hex_new(hex);
	struct nipfs_cid cid;

	ck_assert_int_eq(nipfs_cid_decode(raw.slice, &cid, NULL), 0);
	test_hex_free(&raw);
	return cid;
}

static void check_bytes(const struct nipfs_buf *b, const char *hex)
{
	struct test_hex expected = test_hex_new(hex);

	ck_assert_uint_eq(b->len, expected.len);
	ck_assert_mem_eq(b->ptr, expected.ptr, expected.len);
	test_hex_free(&expected);
}

/* ---- writing ---------------------------------------------------------------- */

START_TEST(writes_headers)
{
	const struct nipfs_cid roots[] = { cid_of_hex(CID_HEX), cid_of_hex(V0_HEX) };
	static const char *const expected[] = {
		"11 a2 65 726f6f7473 80 67 76657273696f6e 01",
		"3a a2 65 726f6f7473 81 d82a 5825 00" CID_HEX "67 76657273696f6e 01",
		"61 a2 65 726f6f7473 82 d82a 5825 00" CID_HEX "d82a 5823 00" V0_HEX
		"67 76657273696f6e 01",
	};

	for (size_t n = 0; n < 3; n++) {
		struct nipfs_buf b = NIPFS_BUF_INIT(1000);
		const struct nipfs_car_output out = { append, &b };

		ck_assert_int_eq(nipfs_car_put_header(&out, n ? roots : NULL, n, NULL), 0);
		check_bytes(&b, expected[n]);
		ck_assert_uint_eq(nipfs_car_header_bytes(roots, n), b.len);
		nipfs__buf_release(&b);
	}
}
END_TEST

START_TEST(writes_blocks)
{
	const struct nipfs_cid cid = cid_of_hex(CID_HEX);
	const struct nipfs_span block = { .ptr = (const uint8_t *)"abc",
					  .len = 3,
					  .fd = -1 };
	struct nipfs_buf b = NIPFS_BUF_INIT(1000);
	const struct nipfs_car_output out = { append, &b };
	const struct nipfs_span huge = { .ptr = (const uint8_t *)"",
					 .len = NIPFS_CAR_SECTION_MAX,
					 .fd = -1 };

	ck_assert_int_eq(nipfs_car_put_block(&out, &cid, &huge, NULL), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs_car_put_block(&out, &cid, &block, NULL), 0);
	check_bytes(&b, "27" CID_HEX "616263");
	ck_assert_uint_eq(nipfs_car_section_bytes(&cid, 3), b.len);
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(bounds_the_header)
{
	static const size_t counts[] = { 23, 24, 255, 256, 25574, 25575, 30000 };
	const struct nipfs_cid cid = cid_of_hex(CID_HEX);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const size_t n = counts[i];
		struct nipfs_cid *roots = calloc(n, sizeof(*roots));
		struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX);
		const struct nipfs_car_output out = { append, &b };
		struct nipfs_car_reader *reader;
		struct car_bytes bytes;
		const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, "x" };
		int r;

		ck_assert_ptr_nonnull(roots);
		for (size_t k = 0; k < n; k++)
			roots[k] = cid;
		r = nipfs_car_put_header(&out, roots, n, NULL);
		ck_assert_int_eq(r, n < 25575 ? 0 : NIPFS_E_LIMIT);
		if (r == 0) {
			ck_assert_uint_eq(nipfs_car_header_bytes(roots, n), b.len);
			bytes = (struct car_bytes){ b.ptr, b.len, 0, 0 };
			ck_assert_int_eq(nipfs_car_reader_new(&reader, &input, NULL), 0);
			ck_assert_uint_eq(nipfs_car_reader_info(reader)->n_roots, n);
			nipfs_car_reader_free(reader);
		}
		nipfs__buf_release(&b);
		free(roots);
	}
}
END_TEST

/* ---- reading ----------------------------------------------------------------- */

/* Reads all, and writes what was read as CARv1 to @again. Return: of the last call. */
static int read_all(const struct nipfs_car_input *input, struct nipfs_buf *again,
		    size_t *n_blocks)
{
	const struct nipfs_car_output out = { append, again };
	struct nipfs_car_reader *reader;
	struct nipfs_car_section section;
	struct nipfs_error err = { 0, 0, "" };
	struct nipfs_slice block = { NULL, 0 };
	const struct nipfs_car_info *info;
	int r = nipfs_car_reader_new(&reader, input, &err);

	*n_blocks = 0;
	if (r < 0) {
		ck_assert_int_eq(err.code, r);
		return r;
	}
	info = nipfs_car_reader_info(reader);
	r = nipfs_car_put_header(&out, info->roots, info->n_roots, NULL);
	while (r == 0 && (r = nipfs_car_reader_next(reader, &section, &err)) == 0) {
		ck_assert_uint_eq(section.offset - info->data_offset, again->len);
		r = nipfs_car_reader_block(reader, &block, &err);
		if (r < 0)
			break;
		ck_assert_uint_eq(block.len, section.block_len);
		ck_assert_int_eq(nipfs_cid_verify(&section.cid, block), 0);
		ck_assert_int_eq(nipfs_car_reader_block(reader, &block, NULL), NIPFS_E_USAGE);
		r = nipfs_car_put_block(&out, &section.cid,
					&(struct nipfs_span){ .ptr = block.ptr,
							      .len = block.len,
							      .fd = -1 },
					NULL);
		++*n_blocks;
	}
	if (r < 0) {
		ck_assert_int_eq(err.code, r);
		ck_assert_int_eq(nipfs_car_reader_next(reader, &section, NULL), r);
	}
	nipfs_car_reader_free(reader);
	return r;
}

static const char *const v1_names[] = { "tree-v1",  "tree-v0", "tree-trickle", "tree-inline",
					"tree-modes", "hamt-8", "hamt-256", "cbor",
					"json", "missing" };

START_TEST(reads_what_kubo_wrote)
{
	char path[256];
	struct car_bytes bytes = { NULL, 0, 0, (size_t[]){ 0, 1, 7 }[_i % 3] };
	const char *name = v1_names[_i / 3];
	const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, name };
	const struct nipfs_cid root = car_blocks_root(name);
	struct nipfs_buf again = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs_car_reader *reader;
	size_t n;
	uint8_t *file;

	(void)snprintf(path, sizeof(path), "fixtures/car/%s.car", name);
	file = test_fixture(path, &bytes.len);
	bytes.ptr = file;
	ck_assert_int_eq(read_all(&input, &again, &n), 1);
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_eq(again.len, bytes.len);
	ck_assert_mem_eq(again.ptr, file, again.len);

	bytes.at = 0;
	ck_assert_int_eq(nipfs_car_reader_new(&reader, &input, NULL), 0);
	ck_assert_uint_eq(nipfs_car_reader_info(reader)->n_roots, 1);
	ck_assert(nipfs_cid_equal(&nipfs_car_reader_info(reader)->roots[0], &root));
	nipfs_car_reader_free(reader);
	nipfs__buf_release(&again);
	free(file);
}
END_TEST

/* Where sections end: only there may a CAR be cut and still be one. */
static bool is_boundary(const uint8_t *file, size_t len, size_t cut)
{
	struct car_bytes bytes = { file, len, 0, 0 };
	const struct nipfs_car_input input = { car_bytes_read, car_bytes_skip, &bytes, "x" };
	struct nipfs_car_reader *reader;
	struct nipfs_car_section section;
	bool found = false;

	ck_assert_int_eq(nipfs_car_reader_new(&reader, &input, NULL), 0);
	while (!found && nipfs_car_reader_next(reader, &section, NULL) == 0)
		found = section.offset == cut || section.block_offset + section.block_len == cut;
	nipfs_car_reader_free(reader);
	return found;
}

START_TEST(a_cut_car_is_truncated)
{
	size_t len, n;
	uint8_t *file = test_fixture("fixtures/car/cbor.car", &len);

	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		struct car_bytes bytes = { exact, cut, 0, 0 };
		const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, "x" };
		struct nipfs_buf again = NIPFS_BUF_INIT(SIZE_MAX);

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, file, cut);
		ck_assert_int_eq(read_all(&input, &again, &n),
				 is_boundary(file, len, cut) ? 1 : NIPFS_E_TRUNCATED);
		nipfs__buf_release(&again);
		free(exact);
	}
	free(file);
}
END_TEST

START_TEST(leaves_out_what_is_not_asked_for)
{
	struct nipfs_buf car = NIPFS_BUF_INIT(SIZE_MAX);
	const struct nipfs_car_output out = { append, &car };
	const struct nipfs_cid cid = cid_of_hex(CID_HEX);
	const size_t sizes[] = { 0, 1, 16384, 100000, 1 << 20, 3 };
	const size_t n = sizeof(sizes) / sizeof(sizes[0]);
	uint8_t *big = calloc(1, 1 << 20);

	ck_assert_ptr_nonnull(big);
	ck_assert_int_eq(nipfs_car_put_header(&out, NULL, 0, NULL), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(nipfs_car_put_block(&out, &cid,
						     &(struct nipfs_span){
							     .ptr = big,
							     .len = sizes[i],
							     .fd = -1 },
						     NULL),
				 0);
	for (int seeks = 0; seeks < 2; seeks++) {
		for (size_t cut = 0; cut < 2; cut++) {
			struct car_bytes bytes = { car.ptr, car.len - cut, 0, 0 };
			const struct nipfs_car_input input = {
				car_bytes_read, seeks ? car_bytes_skip : NULL, &bytes, "x"
			};
			struct nipfs_car_reader *reader;
			struct nipfs_car_section section;

			ck_assert_int_eq(nipfs_car_reader_new(&reader, &input, NULL), 0);
			for (size_t i = 0; i < n; i++) {
				ck_assert_int_eq(nipfs_car_reader_next(reader, &section, NULL), 0);
				ck_assert_uint_eq(section.block_len, sizes[i]);
			}
			ck_assert_int_eq(nipfs_car_reader_next(reader, &section, NULL),
					 cut ? NIPFS_E_TRUNCATED : 1);
			nipfs_car_reader_free(reader);
		}
	}
	free(big);
	nipfs__buf_release(&car);
}
END_TEST

struct reject {
	const char *hex;
	int code;
};

#define EMPTY_HEADER "11 a2 65726f6f7473 80 6776657273696f6e 01"
#define V2(offset, size, index)                                                  \
	"0aa16776657273696f6e02 00000000000000000000000000000000" offset size index

static const struct reject rejects[] = {
	{ "", NIPFS_E_TRUNCATED },
	{ "00", NIPFS_E_INVALID },
	{ "8000", NIPFS_E_NONCANONICAL },
	{ "ffffff7f", NIPFS_E_LIMIT },
	{ "01 a0", NIPFS_E_UNSUPPORTED },          /* version 0 */
	{ "0a a16776657273696f6e 01", NIPFS_E_INVALID }, /* no roots */
	{ "0a a16776657273696f6e 03", NIPFS_E_UNSUPPORTED },
	{ "11 a2 65726f6f7473 80 6776657273696f6e 02", NIPFS_E_UNSUPPORTED },
	{ "11 a2 65726f6f7473 00 6776657273696f6e 01", NIPFS_E_INVALID },
	{ "12 a2 65726f6f7473 8100 6776657273696f6e 01", NIPFS_E_INVALID },
	{ "11 a2 6776657273696f6e 01 65726f6f7473 80", NIPFS_E_NONCANONICAL },
	{ "12 a2 65726f6f7473 80 6776657273696f6e 1801", NIPFS_E_NONCANONICAL },
	{ "11 a2 65726f6f7473 80 6776657273696f6e 20", NIPFS_E_INVALID },
	{ "14 a3 6161 00 65726f6f7473 80 6776657273696f6e 01", NIPFS_E_INVALID },
	{ "12 a2 65726f6f7473 80 6776657273696f6e 01 00", NIPFS_E_INVALID },
	{ "10 a2 65726f6f7473 80 6776657273696f6e", NIPFS_E_INVALID },
	{ "01 80", NIPFS_E_INVALID },
	{ EMPTY_HEADER "00", NIPFS_E_INVALID },
	{ EMPTY_HEADER "80", NIPFS_E_TRUNCATED },
	{ EMPTY_HEADER "8100", NIPFS_E_NONCANONICAL },
	{ EMPTY_HEADER "818080 04", NIPFS_E_LIMIT },
	{ EMPTY_HEADER "ffffffffffffffffff01", NIPFS_E_LIMIT },
	{ EMPTY_HEADER "01 01", NIPFS_E_INVALID },
	{ EMPTY_HEADER "05 0155122000", NIPFS_E_INVALID },
	{ EMPTY_HEADER "24" CID_HEX "24", NIPFS_E_TRUNCATED },
	{ EMPTY_HEADER "24 0255 1220 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  NIPFS_E_INVALID },
	{ V2("3300000000000000", "1200000000000000", "0000000000000000"), NIPFS_E_TRUNCATED },
	{ V2("3200000000000000", "1200000000000000", "0000000000000000"), NIPFS_E_INVALID },
	{ V2("3300000000000000", "0000000000000000", "0000000000000000"), NIPFS_E_INVALID },
	{ V2("3300000000000000", "ffffffffffffffff", "0000000000000000"), NIPFS_E_INVALID },
	{ V2("ffffffffffffff7f", "1200000000000000", "0000000000000000"), NIPFS_E_TRUNCATED },
	{ V2("3300000000000000", "1200000000000000", "4400000000000000") EMPTY_HEADER,
	  NIPFS_E_INVALID }, /* the index begins inside the data */
	{ V2("3300000000000000", "1100000000000000", "0000000000000000") EMPTY_HEADER,
	  NIPFS_E_TRUNCATED },
	{ V2("3300000000000000", "1300000000000000", "0000000000000000") EMPTY_HEADER "24" CID_HEX,
	  NIPFS_E_TRUNCATED }, /* the section leads out of the data */
	{ V2("3300000000000000", "0b00000000000000", "0000000000000000")
	  "0aa16776657273696f6e02 0000000000000000000000000000000000000000000000000000000000",
	  NIPFS_E_UNSUPPORTED }, /* version 2 in version 2 */
};

START_TEST(refuses)
{
	struct test_hex in = test_hex_new(rejects[_i].hex);

	for (int seeks = 0; seeks < 2; seeks++) {
		struct car_bytes bytes = { in.ptr, in.len, 0, 0 };
		const struct nipfs_car_input input = {
			car_bytes_read, seeks ? car_bytes_skip : NULL, &bytes, "x"
		};
		struct nipfs_buf again = NIPFS_BUF_INIT(SIZE_MAX);
		size_t n;
		const int r = read_all(&input, &again, &n);

		ck_assert_msg(r == rejects[_i].code, "%s: %d, not %d", rejects[_i].hex, r,
			      rejects[_i].code);
		nipfs__buf_release(&again);
	}
	test_hex_free(&in);
}
END_TEST

START_TEST(takes_null_roots)
{
	struct test_hex in = test_hex_new("11 a2 65726f6f7473 f6 6776657273696f6e 01");
	struct car_bytes bytes = { in.ptr, in.len, 0, 0 };
	const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, "x" };
	struct nipfs_buf again = NIPFS_BUF_INIT(SIZE_MAX);
	size_t n;

	ck_assert_int_eq(read_all(&input, &again, &n), 1);
	ck_assert_uint_eq(n, 0);
	nipfs__buf_release(&again);
	test_hex_free(&in);
}
END_TEST

static Suite *car_suite(void)
{
	Suite *suite = suite_create("car");
	TCase *tc = tcase_create("car");

	tcase_add_test(tc, writes_headers);
	tcase_add_test(tc, writes_blocks);
	tcase_add_test(tc, bounds_the_header);
	tcase_add_loop_test(tc, reads_what_kubo_wrote, 0,
			    3 * (int)(sizeof(v1_names) / sizeof(v1_names[0])));
	tcase_add_test(tc, a_cut_car_is_truncated);
	tcase_add_test(tc, leaves_out_what_is_not_asked_for);
	tcase_add_loop_test(tc, refuses, 0, (int)(sizeof(rejects) / sizeof(rejects[0])));
	tcase_add_test(tc, takes_null_roots);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(car_suite)
