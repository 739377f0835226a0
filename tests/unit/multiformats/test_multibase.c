/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The encodings of multibase. */
#include "multiformats/base/slice.h"
#include "multiformats/multibase.h"
#include "tests/support/check_main.h"
#include "tests/support/rows.h"
#include "tests/support/hex_exact.h"

static const char *const names[] = { "base16",	    "base16upper", "base32",
				     "base32upper", "base36",	   "base58btc",
				     "base64",	    "base64url",   "base64urlpad" };
static const char prefixes[] = "fFbBkzmuU";
#define N_BASES (sizeof(names) / sizeof(names[0]))

START_TEST(names_are_those_of_the_table)
{
	enum nipfs_base base = NIPFS_BASE_16;

	ck_assert_int_eq(nipfs_base_from_name(names[_i], &base), 0);
	ck_assert_int_eq((int)base, prefixes[_i]);
}
END_TEST

START_TEST(other_names_are_unknown)
{
	static const char *const others[] = {
		"",	  "base2", "base32hex", "base64pad",
		"BASE32", "base3", "base322",	"identity"
	};
	enum nipfs_base base = NIPFS_BASE_36;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_int_eq(nipfs_base_from_name(others[i], &base),
				 NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq((int)base, NIPFS_BASE_36);
}
END_TEST

START_TEST(vectors_of_the_specification)
{
	char *file = rows_read("fixtures/multiformats/multibase.tsv"), *rest = file;
	char *col[4];
	size_t rows = 0;

	while (rows_next(&rest, col, 4)) {
		struct test_hex want = test_hex_new(col[2]);
		const struct nipfs_slice text = nipfs__slice_str(col[3]);
		enum nipfs_base base, found;
		uint8_t bytes[64];
		char out[128];
		size_t len;

		ck_assert_int_eq(nipfs_base_from_name(col[0], &base), 0);
		ck_assert_int_eq(
		    nipfs__multibase_decode(text, &found, bytes, sizeof(bytes), &len), 0);
		ck_assert_int_eq((int)found, (int)base);
		ck_assert_uint_eq(len, want.len);
		ck_assert_mem_eq(bytes, want.ptr, len);
		if (strcmp(col[1], "both") == 0) {
			ck_assert_int_eq(nipfs__multibase_encode(base, want.slice, out,
								 sizeof(out), &len),
					 0);
			ck_assert_uint_eq(len, text.len);
			ck_assert_mem_eq(out, text.ptr, len);
		}
		test_hex_free(&want);
		rows++;
	}
	ck_assert_uint_eq(rows, 41);
	free(file);
}
END_TEST

/* Lengths around every group of digits, with zeros in front and with all bits set. */
START_TEST(round_trips_in_buffers_of_the_exact_size)
{
	const enum nipfs_base base = (enum nipfs_base)prefixes[_i];

	for (size_t n = 0; n <= 140; n++) {
		for (unsigned int kind = 0; kind < 3; kind++) {
			uint8_t in[140], out[140];
			char text[512], exact[512];
			size_t len, again, back;

			for (size_t i = 0; i < n; i++)
				in[i] = kind == 0   ? 0xff
					: kind == 1 ? (uint8_t)(i < n / 2 ? 0 : i * 7 + n)
						    : 0;
			ck_assert_int_eq(
			    nipfs__multibase_encode(base, nipfs__slice(in, n), text,
						    sizeof(text), &len),
			    0);
			ck_assert_int_eq(nipfs__multibase_encode(base,
								 nipfs__slice(in, n),
								 exact, len, &again),
					 0);
			ck_assert_mem_eq(text, exact, len);
			ck_assert_int_eq(nipfs__multibase_encode(base,
								 nipfs__slice(in, n),
								 exact, len - 1, &again),
					 NIPFS_E_LIMIT);
			ck_assert_int_eq(nipfs__multibase_decode(nipfs__slice(text, len),
								 NULL, out, n, &back),
					 0);
			ck_assert_uint_eq(back, n);
			ck_assert(n == 0 || memcmp(in, out, n) == 0);
			if (n > 0)
				ck_assert_int_eq(
				    nipfs__multibase_decode(nipfs__slice(text, len), NULL,
							    out, n - 1, &back),
				    NIPFS_E_LIMIT);
		}
	}
}
END_TEST

static const struct {
	const char *text;
	int code;
} rejects[] = {
	{ "", NIPFS_E_TRUNCATED },
	/* prefixes: reserved, unknown, of encodings that are not built in */
	{ "1", NIPFS_E_INVALID },
	{ "Qm", NIPFS_E_INVALID },
	{ "/", NIPFS_E_INVALID },
	{ " b", NIPFS_E_INVALID },
	{ "\xf0\x9f\x9a\x80", NIPFS_E_INVALID },
	{ "00000", NIPFS_E_UNSUPPORTED },
	{ "K2LCPZO5YIKIDYNFL", NIPFS_E_UNSUPPORTED },
	{ "MeWVzIG1hbmkgIQ==", NIPFS_E_UNSUPPORTED },
	{ "Z7Pznk19XTTzBtx", NIPFS_E_UNSUPPORTED },
	/* not a digit of the base */
	{ "f0g", NIPFS_E_INVALID },
	{ "f 0", NIPFS_E_INVALID },
	{ "f00\n", NIPFS_E_INVALID },
	{ "ba1", NIPFS_E_INVALID },
	{ "baa\r\n", NIPFS_E_INVALID },
	{ "bae======", NIPFS_E_INVALID },
	{ "b\x80\x80", NIPFS_E_INVALID },
	{ "b[[", NIPFS_E_INVALID },
	{ "b@@", NIPFS_E_INVALID },
	{ "k!", NIPFS_E_INVALID },
	{ "k-1", NIPFS_E_INVALID },
	{ "k[", NIPFS_E_INVALID },
	{ "z0", NIPFS_E_INVALID },
	{ "zO", NIPFS_E_INVALID },
	{ "zI", NIPFS_E_INVALID },
	{ "zl", NIPFS_E_INVALID },
	{ "z1 ", NIPFS_E_INVALID },
	{ "mAA-A", NIPFS_E_INVALID },
	{ "uAA+A", NIPFS_E_INVALID },
	{ "mAA==", NIPFS_E_INVALID },
	{ "uAA==", NIPFS_E_INVALID },
	/* digits that stand for no byte */
	{ "f0", NIPFS_E_INVALID },
	{ "fabc", NIPFS_E_INVALID },
	{ "ba", NIPFS_E_INVALID },
	{ "baaa", NIPFS_E_INVALID },
	{ "baaaaaa", NIPFS_E_INVALID },
	{ "mA", NIPFS_E_INVALID },
	{ "uAAAAA", NIPFS_E_INVALID },
	/* bits behind the last byte */
	{ "bab", NIPFS_E_NONCANONICAL },
	{ "baaab", NIPFS_E_NONCANONICAL },
	{ "baaaab", NIPFS_E_NONCANONICAL },
	{ "baaaaaab", NIPFS_E_NONCANONICAL },
	{ "mAB", NIPFS_E_NONCANONICAL },
	{ "uAAB", NIPFS_E_NONCANONICAL },
	{ "UAB==", NIPFS_E_NONCANONICAL },
	{ "UAAB=", NIPFS_E_NONCANONICAL },
	/* padding */
	{ "UAA", NIPFS_E_INVALID },
	{ "UAA=", NIPFS_E_INVALID },
	{ "UAA===", NIPFS_E_INVALID },
	{ "UA===", NIPFS_E_INVALID },
	{ "U====", NIPFS_E_INVALID },
	{ "UAA==AAAA", NIPFS_E_INVALID },
	{ "UAAAA====", NIPFS_E_INVALID },
	{ "UAA=A", NIPFS_E_INVALID },
};

START_TEST(refuses_what_is_not_strict)
{
	uint8_t out[64];
	size_t len = 7;
	enum nipfs_base base = NIPFS_BASE_36;

	ck_assert_msg(nipfs__multibase_decode(nipfs__slice_str(rejects[_i].text), &base,
					      out, sizeof(out), &len) == rejects[_i].code,
		      "'%s'", rejects[_i].text);
	ck_assert_uint_eq(len, 7);
	ck_assert_int_eq((int)base, NIPFS_BASE_36);
}
END_TEST

START_TEST(either_case_where_a_base_has_one)
{
	static const char *const same[][2] = { { "fABcd", "Fabcd" },
					       { "bNBswy", "Bnbswy" },
					       { "kZZ9", "kzz9" } };

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		uint8_t a[8], b[8];
		size_t n_a, n_b;

		ck_assert_int_eq(nipfs__multibase_decode(nipfs__slice_str(same[i][0]),
							 NULL, a, sizeof(a), &n_a),
				 0);
		ck_assert_int_eq(nipfs__multibase_decode(nipfs__slice_str(same[i][1]),
							 NULL, b, sizeof(b), &n_b),
				 0);
		ck_assert_uint_eq(n_a, n_b);
		ck_assert_mem_eq(a, b, n_a);
	}
}
END_TEST

START_TEST(quadratic_bases_are_bounded)
{
	static uint8_t in[NIPFS__MULTIBASE_RADIX_MAX + 1], out[sizeof(in)];
	static char text[4 * sizeof(in)];
	const enum nipfs_base base = _i ? NIPFS_BASE_36 : NIPFS_BASE_58_BTC;
	size_t len, back;

	memset(in, 0xff, sizeof(in));
	ck_assert_int_eq(nipfs__multibase_encode(base, nipfs__slice(in, sizeof(in)), text,
						 sizeof(text), &len),
			 NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__multibase_encode(base, nipfs__slice(in, sizeof(in) - 1),
						 text, sizeof(text), &len),
			 0);
	ck_assert_int_eq(nipfs__multibase_decode(nipfs__slice(text, len), NULL, out,
						 sizeof(out), &back),
			 0);
	ck_assert_uint_eq(back, sizeof(in) - 1);
	ck_assert_mem_eq(in, out, back);
	text[len] = text[len - 1];
	ck_assert_int_eq(nipfs__multibase_decode(nipfs__slice(text, len + 1), NULL, out,
						 sizeof(out), &back),
			 NIPFS_E_LIMIT);
}
END_TEST

START_TEST(base58_without_a_prefix)
{
	/* draft-msporny-base58, test vectors */
	static const char *const vectors[][2] = {
		{ "48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U" },
		{ "0000287fb4cd", "11233QC4" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct test_hex bytes = test_hex_new(vectors[i][0]);
		uint8_t out[32];
		char text[64];
		size_t len;

		ck_assert_int_eq(
		    nipfs__base58_encode(bytes.slice, text, sizeof(text), &len), 0);
		ck_assert_uint_eq(len, strlen(vectors[i][1]));
		ck_assert_mem_eq(text, vectors[i][1], len);
		ck_assert_int_eq(
		    nipfs__base58_decode(nipfs__slice(text, len), out, sizeof(out), &len),
		    0);
		ck_assert_uint_eq(len, bytes.len);
		ck_assert_mem_eq(out, bytes.ptr, len);
		test_hex_free(&bytes);
	}
}
END_TEST

static Suite *multibase_suite(void)
{
	Suite *s = suite_create("multibase");
	TCase *tc = tcase_create("multibase");

	tcase_add_loop_test(tc, names_are_those_of_the_table, 0, N_BASES);
	tcase_add_test(tc, other_names_are_unknown);
	tcase_add_test(tc, vectors_of_the_specification);
	tcase_add_loop_test(tc, round_trips_in_buffers_of_the_exact_size, 0, N_BASES);
	tcase_add_loop_test(tc, refuses_what_is_not_strict, 0,
			    sizeof(rejects) / sizeof(rejects[0]));
	tcase_add_test(tc, either_case_where_a_base_has_one);
	tcase_add_loop_test(tc, quadratic_bases_are_bounded, 0, 2);
	tcase_add_test(tc, base58_without_a_prefix);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(multibase_suite)
