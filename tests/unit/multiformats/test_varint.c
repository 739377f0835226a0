/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multiformats varints. */
#include "multiformats/base/slice.h"
#include "multiformats/varint.h"
#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"

static const struct {
	uint64_t value;
	const char *hex;
} golden[] = {
	/* multiformats/unsigned-varint, README */
	{ 0, "00" },
	{ 1, "01" },
	{ 127, "7f" },
	{ 128, "8001" },
	{ 255, "ff01" },
	{ 300, "ac02" },
	{ 16384, "808001" },
	{ 1ull << 32, "8080808010" },
	{ 1ull << 35, "808080808001" },
	{ (1ull << 56) - 1, "ffffffffffffff7f" },
	{ 1ull << 56, "808080808080808001" },
	{ INT64_MAX, "ffffffffffffffff7f" },
};

START_TEST(golden_values_and_no_prefix_of_them)
{
	struct test_hex want = test_hex_new(golden[_i].hex);
	uint8_t raw[NIPFS__VARINT_MAX];
	uint64_t back = 7;
	size_t used = 7;

	ck_assert_uint_eq(nipfs__varint_encode(golden[_i].value, raw), want.len);
	ck_assert_mem_eq(raw, want.ptr, want.len);
	for (size_t k = 0; k < want.len; k++) {
		ck_assert_int_eq(nipfs__varint_decode(nipfs__slice(raw, k), &back, &used),
				 NIPFS_E_TRUNCATED);
		ck_assert_uint_eq(back, 7);
		ck_assert_uint_eq(used, 7);
	}
	ck_assert_int_eq(nipfs__varint_decode(want.slice, &back, &used), 0);
	ck_assert_uint_eq(back, golden[_i].value);
	ck_assert_uint_eq(used, want.len);
	test_hex_free(&want);
}
END_TEST

static const struct {
	const char *hex;
	int code;
} rejects[] = {
	{ "", NIPFS_E_TRUNCATED },
	{ "8000", NIPFS_E_NONCANONICAL },
	{ "ff00", NIPFS_E_NONCANONICAL },
	{ "81808000", NIPFS_E_NONCANONICAL },
	{ "808080808080808000", NIPFS_E_NONCANONICAL },
	{ "808080808080808080", NIPFS_E_LIMIT },
	{ "80808080808080808001", NIPFS_E_LIMIT },
	{ "ffffffffffffffffff01", NIPFS_E_LIMIT },
};

START_TEST(rejects_what_is_not_minimal_or_too_long)
{
	struct test_hex in = test_hex_new(rejects[_i].hex);
	uint64_t v = 7;
	size_t used = 7;

	ck_assert_int_eq(nipfs__varint_decode(in.slice, &v, &used), rejects[_i].code);
	ck_assert_uint_eq(v, 7);
	ck_assert_uint_eq(used, 7);
	test_hex_free(&in);
}
END_TEST

START_TEST(bytes_after_it_are_ignored)
{
	static const uint8_t in[] = { 0xac, 0x02, 0xff, 0xff };
	uint64_t v;
	size_t used;

	ck_assert_int_eq(nipfs__varint_decode(nipfs__slice(in, sizeof(in)), &v, &used),
			 0);
	ck_assert_uint_eq(v, 300);
	ck_assert_uint_eq(used, 2);
}
END_TEST

static Suite *varint_suite(void)
{
	Suite *s = suite_create("varint");
	TCase *tc = tcase_create("varint");

	tcase_add_loop_test(tc, golden_values_and_no_prefix_of_them, 0,
			    sizeof(golden) / sizeof(golden[0]));
	tcase_add_loop_test(tc, rejects_what_is_not_minimal_or_too_long, 0,
			    sizeof(rejects) / sizeof(rejects[0]));
	tcase_add_test(tc, bytes_after_it_are_ignored);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(varint_suite)
