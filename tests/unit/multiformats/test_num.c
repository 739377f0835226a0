/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checked arithmetic, byte order, and slices. */
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

START_TEST(sums_and_products_that_fit)
{
	uint64_t v;
	size_t n;

	ck_assert(!nipfs__add_u64(UINT64_MAX - 1, 1, &v) && v == UINT64_MAX);
	ck_assert(nipfs__add_u64(UINT64_MAX, 1, &v));
	ck_assert(!nipfs__mul_u64(UINT64_MAX / 3, 3, &v) && v == UINT64_MAX);
	ck_assert(nipfs__mul_u64(1ull << 32, 1ull << 32, &v));
	ck_assert(!nipfs__add_size(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
	ck_assert(nipfs__add_size(SIZE_MAX, 1, &n));
	ck_assert(!nipfs__mul_size(0, SIZE_MAX, &n) && n == 0);
	ck_assert(nipfs__mul_size(2, SIZE_MAX, &n));
	ck_assert_uint_eq(nipfs__min_size(3, 4), 3);
	ck_assert_uint_eq(nipfs__min_size(4, 3), 3);
	ck_assert_uint_eq(nipfs__min_u64(UINT64_MAX, 7), 7);
	ck_assert_uint_eq(nipfs__min_u64(7, UINT64_MAX), 7);
}
END_TEST

START_TEST(byte_order)
{
	/* from an odd address */
	uint8_t mem[9] = { 0 }, *p = mem + 1;
	static const uint8_t le64[] = { 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01 };
	static const uint8_t be64[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };

	nipfs__put_le64(p, 0x0123456789abcdefull);
	ck_assert_mem_eq(p, le64, 8);
	ck_assert_uint_eq(nipfs__get_le64(p), 0x0123456789abcdefull);
	ck_assert_uint_eq(nipfs__get_le32(p), 0x89abcdefu);
	nipfs__put_be64(p, 0x0123456789abcdefull);
	ck_assert_mem_eq(p, be64, 8);
	ck_assert_uint_eq(nipfs__get_be64(p), 0x0123456789abcdefull);
	memset(p, 0, 8);
	nipfs__put_le32(p, 0x89abcdefu);
	ck_assert_mem_eq(p, le64, 4);
	nipfs__put_be32(p, 0x01234567u);
	ck_assert_mem_eq(p, be64, 4);
	ck_assert_uint_eq(p[4], 0);
	ck_assert_uint_eq(mem[0], 0);
}
END_TEST

START_TEST(slices_compare_as_unsigned_bytes)
{
	/* in their order */
	static const char *const names[] = { "",   "\x01", "A",	   "a",	   "a\x01",
					     "aa", "b",	   "\x80", "\xff", "\xff\x01" };
	enum { N = sizeof(names) / sizeof(names[0]) };

	for (int i = 0; i < N; i++) {
		for (int k = 0; k < N; k++) {
			const struct nipfs_slice a = nipfs__slice_str(names[i]);
			const struct nipfs_slice b = nipfs__slice_str(names[k]);
			const int r = nipfs__slice_cmp(a, b);

			ck_assert_int_eq((r > 0) - (r < 0), (i > k) - (i < k));
			ck_assert_int_eq(nipfs__slice_eq(a, b), i == k);
		}
	}
}
END_TEST

START_TEST(no_bytes_may_be_null)
{
	const struct nipfs_slice none = nipfs__slice(NULL, 0);

	ck_assert(nipfs__slice_eq(none, nipfs__slice_str("")));
	ck_assert_int_eq(nipfs__slice_cmp(none, nipfs__slice_str("")), 0);
	ck_assert_int_lt(nipfs__slice_cmp(none, nipfs__slice_str("a")), 0);
	ck_assert_ptr_null(nipfs__slice_skip(none, 0).ptr);
	ck_assert_uint_eq(nipfs__slice_skip(nipfs__slice_str("abc"), 2).ptr[0], 'c');
	ck_assert_uint_eq(nipfs__slice_skip(nipfs__slice_str("abc"), 3).len, 0);
}
END_TEST

static Suite *num_suite(void)
{
	Suite *s = suite_create("num");
	TCase *tc = tcase_create("num");

	tcase_add_test(tc, sums_and_products_that_fit);
	tcase_add_test(tc, byte_order);
	tcase_add_test(tc, slices_compare_as_unsigned_bytes);
	tcase_add_test(tc, no_bytes_may_be_null);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(num_suite)
