/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multihashes: known digests, and which are taken. */
#include "multiformats/multihash.h"

#include <stdio.h>

#include "multiformats/base/slice.h"
#include "multiformats/varint.h"
#include "tests/support/check_main.h"
#include "tests/support/rows.h"
#include "tests/support/hex_exact.h"

/* What `ipfs cid hashes --supported --numeric` of Kubo 0.43.0 lists, but BLAKE2b. */
static const struct {
	uint64_t code;
	const char *name;
	size_t digest_max;
	bool built_in;
} allowed[] = {
	{ 0x00, "identity", 128, true },      { 0x11, "sha1", 20, false },
	{ 0x12, "sha2-256", 32, true },	      { 0x13, "sha2-512", 64, true },
	{ 0x14, "sha3-512", 64, false },      { 0x15, "sha3-384", 48, false },
	{ 0x16, "sha3-256", 32, false },      { 0x17, "sha3-224", 28, false },
	{ 0x19, "shake-256", 64, false },     { 0x1a, "keccak-224", 28, false },
	{ 0x1b, "keccak-256", 32, false },    { 0x1c, "keccak-384", 48, false },
	{ 0x1d, "keccak-512", 64, false },    { 0x1e, "blake3", 128, false },
	{ 0x56, "dbl-sha2-256", 32, false },  { 0xb254, "blake2s-160", 20, false },
	{ 0xb25f, "blake2s-248", 31, false }, { 0xb260, "blake2s-256", 32, true },
	{ 0xb214, "blake2b-160", 20, true },  { 0xb220, "blake2b-256", 32, true },
	{ 0xb221, "blake2b-264", 33, true },  { 0xb240, "blake2b-512", 64, true },
};
#define N_ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

/* A multihash of @len zeros: how decoding it ends. */
static int decode_zeros(uint64_t code, uint64_t len)
{
	uint8_t raw[2 * NIPFS__VARINT_MAX + 256] = { 0 };
	size_t n = nipfs__varint_encode(code, raw), used = 0;
	struct nipfs_slice digest = { NULL, 0 };
	uint64_t hash = 99;
	int r;

	n += nipfs__varint_encode(len, raw + n);
	r = nipfs__multihash_decode(nipfs__slice(raw, sizeof(raw)), &hash, &digest,
				    &used);
	if (r == 0) {
		ck_assert_uint_eq(hash, code);
		ck_assert_uint_eq(digest.len, len);
		ck_assert_ptr_eq(digest.ptr, raw + n);
		ck_assert_uint_eq(used, n + len);
	} else {
		ck_assert_uint_eq(hash, 99);
		ck_assert_uint_eq(used, 0);
	}
	return r;
}

START_TEST(lengths_that_each_function_can_have)
{
	const uint64_t code = allowed[_i].code;
	const size_t min = code == NIPFS_HASH_IDENTITY ? 0 : NIPFS__DIGEST_MIN;

	for (size_t len = 0; len <= 200; len++)
		ck_assert_int_eq(decode_zeros(code, len),
				 len > NIPFS_DIGEST_MAX ? NIPFS_E_LIMIT
				 : len < min || len > allowed[_i].digest_max
				     ? NIPFS_E_INVALID
				     : 0);
	ck_assert_int_eq(decode_zeros(code, INT64_MAX), NIPFS_E_LIMIT);
}
END_TEST

START_TEST(only_what_is_built_in_has_a_name_and_a_sum)
{
	const char *name = nipfs_hash_name(allowed[_i].code);
	uint8_t digest[NIPFS_DIGEST_MAX];
	uint64_t code = 99;
	size_t len = 99;
	const int r = allowed[_i].built_in ? 0 : NIPFS_E_UNSUPPORTED;

	ck_assert_int_eq(nipfs_hash_from_name(allowed[_i].name, &code), r);
	ck_assert_uint_eq(code, r == 0 ? allowed[_i].code : 99);
	if (r == 0)
		ck_assert_str_eq(name, allowed[_i].name);
	else
		ck_assert_ptr_null(name);
	ck_assert_int_eq(
	    nipfs__multihash_sum(allowed[_i].code, nipfs__slice(NULL, 0), digest, &len),
	    r);
	if (r < 0)
		ck_assert_uint_eq(len, 99);
	else if (allowed[_i].code != NIPFS_HASH_IDENTITY)
		ck_assert_uint_eq(len, allowed[_i].digest_max);
	ck_assert_uint_eq(nipfs__multihash_len(allowed[_i].code),
			  allowed[_i].code == NIPFS_HASH_IDENTITY || r < 0 ? 0 : len);
}
END_TEST

START_TEST(blake2b_has_a_code_for_each_length)
{
	for (uint64_t n = 1; n <= 64; n++) {
		const bool ok = n >= 20;
		uint64_t code = 0;
		char name[32];

		(void)snprintf(name, sizeof(name), "blake2b-%u", (unsigned int)n * 8);
		ck_assert_int_eq(nipfs_hash_from_name(name, &code),
				 ok ? 0 : NIPFS_E_UNSUPPORTED);
		ck_assert_uint_eq(code, ok ? 0xb200 + n : 0);
		ck_assert_int_eq(decode_zeros(0xb200 + n, n),
				 ok ? 0 : NIPFS_E_UNSUPPORTED);
	}
}
END_TEST

START_TEST(other_functions_are_not_allowed)
{
	/* sha2-384, shake-128, murmur3, md5, sha2-256-trunc254-padded, sha2-224, … */
	static const uint64_t codes[] = { 0x01,	  0x10,	  0x18,	  0x1f,	    0x20,
					  0x22,	  0x57,	  0xd5,	  0x1012,   0x1013,
					  0x1014, 0x1100, 0xb200, 0xb213,   0xb241,
					  0xb253, 0xb261, 0xb401, INT64_MAX };
	static const char *const names[] = { "",	 "md5",		"sha1",
					     "blake3",	 "sha256",	"sha2-256 ",
					     "SHA2-256", "blake2b-152", "blake2b-520" };
	uint64_t code = 0;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		ck_assert_int_eq(decode_zeros(codes[i], 32), NIPFS_E_UNSUPPORTED);
		ck_assert_ptr_null(nipfs_hash_name(codes[i]));
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(nipfs_hash_from_name(names[i], &code),
				 NIPFS_E_UNSUPPORTED);
	ck_assert_uint_eq(code, 0);
}
END_TEST

START_TEST(vectors_of_go_multihash)
{
	char *file = rows_read("fixtures/multiformats/multihash.tsv"), *rest = file;
	char *col[2];
	size_t computed = 0, rows = 0;

	while (rows_next(&rest, col, 2)) {
		struct test_hex msg =
		    test_hex_new(strcmp(col[0], "-") == 0 ? "" : col[0]);
		struct test_hex mh = test_hex_new(col[1]);
		uint8_t digest[NIPFS_DIGEST_MAX];
		struct nipfs_slice want;
		size_t used, len;
		uint64_t hash;
		const int r = nipfs__multihash_decode(mh.slice, &hash, &want, &used);

		/* the list has md5, shake-128 and digests of a few bytes as well */
		ck_assert(r == 0 || r == NIPFS_E_UNSUPPORTED || r == NIPFS_E_INVALID);
		for (size_t k = 0; r == 0 && k < mh.len; k++)
			ck_assert_int_eq(nipfs__multihash_decode(nipfs__slice(mh.ptr, k),
								 &hash, &want, &used),
					 NIPFS_E_TRUNCATED);
		if (r == 0 && nipfs__multihash_sum(hash, msg.slice, digest, &len) == 0) {
			ck_assert_uint_ge(len, want.len);
			ck_assert_mem_eq(digest, want.ptr, want.len);
			computed++;
		}
		test_hex_free(&msg);
		test_hex_free(&mh);
		rows++;
	}
	ck_assert_uint_eq(rows, 88);
	ck_assert_uint_eq(computed, 66);
	free(file);
}
END_TEST

START_TEST(identity_holds_128_bytes)
{
	uint8_t msg[NIPFS_DIGEST_MAX + 1], digest[NIPFS_DIGEST_MAX];
	size_t len = 99;

	memset(msg, 'B', sizeof(msg));
	ck_assert_int_eq(nipfs__multihash_sum(NIPFS_HASH_IDENTITY,
					      nipfs__slice(msg, NIPFS_DIGEST_MAX + 1),
					      digest, &len),
			 NIPFS_E_LIMIT);
	ck_assert_uint_eq(len, 99);
	ck_assert_int_eq(nipfs__multihash_sum(NIPFS_HASH_IDENTITY,
					      nipfs__slice(msg, NIPFS_DIGEST_MAX), digest,
					      &len),
			 0);
	ck_assert_uint_eq(len, NIPFS_DIGEST_MAX);
	ck_assert_mem_eq(digest, msg, len);
}
END_TEST

START_TEST(over_long_numbers_are_refused)
{
	static const char *const over_long[] = { "9200 20", "12 a000", "12 80", "" };
	static const int codes[] = { NIPFS_E_NONCANONICAL, NIPFS_E_NONCANONICAL,
				     NIPFS_E_TRUNCATED, NIPFS_E_TRUNCATED };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct test_hex in = test_hex_new(over_long[i]);
		struct nipfs_slice digest;
		uint64_t hash;
		size_t used;

		ck_assert_int_eq(nipfs__multihash_decode(in.slice, &hash, &digest, &used),
				 codes[i]);
		test_hex_free(&in);
	}
}
END_TEST

static Suite *multihash_suite(void)
{
	Suite *s = suite_create("multihash");
	TCase *tc = tcase_create("multihash");

	tcase_add_loop_test(tc, lengths_that_each_function_can_have, 0, N_ALLOWED);
	tcase_add_loop_test(tc, only_what_is_built_in_has_a_name_and_a_sum, 0, N_ALLOWED);
	tcase_add_test(tc, blake2b_has_a_code_for_each_length);
	tcase_add_test(tc, other_functions_are_not_allowed);
	tcase_add_test(tc, vectors_of_go_multihash);
	tcase_add_test(tc, identity_holds_128_bytes);
	tcase_add_test(tc, over_long_numbers_are_refused);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(multihash_suite)
