/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SHA-256 service, against libsodium and published vectors. */
#include <sodium.h>

#include "multiformats/base/slice.h"
#include "multiformats/sha256/sha256.h"
#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"

enum { BIG = 1 << 20 };

/* The 251-byte cycle, from memory of its own so that alignment can be chosen. */
static uint8_t *cycle(size_t n)
{
	uint8_t *out = malloc(n ? n : 1);

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(i % 251);
	return out;
}

static const struct {
	const char *text;
	size_t repeat;
	const char *digest;
} golden[] = {
	/* FIPS 180-2, and the empty message */
	{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "a", 1000000,
	  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};

START_TEST(published_vectors)
{
	struct test_hex want = test_hex_new(golden[_i].digest);
	struct nipfs_sha256 s;
	uint8_t digest[NIPFS__SHA256_BYTES];

	nipfs__sha256_init(&s);
	for (size_t i = 0; i < golden[_i].repeat; i++)
		nipfs__sha256_update(&s, nipfs__slice_str(golden[_i].text));
	nipfs__sha256_final(&s, digest);
	ck_assert_mem_eq(digest, want.ptr, sizeof(digest));
	test_hex_free(&want);
}
END_TEST

static void check_len(size_t n)
{
	uint8_t *msg = cycle(n);
	uint8_t want[NIPFS__SHA256_BYTES], got[1][NIPFS__SHA256_BYTES];
	const struct nipfs_slice whole = { msg, n };
	struct nipfs_sha256 s;

	crypto_hash_sha256(want, msg, n);
	nipfs__sha256_many(&whole, 1, got);
	ck_assert_msg(memcmp(want, got[0], sizeof(want)) == 0, "many, %zu bytes", n);
	nipfs__sha256_init(&s);
	nipfs__sha256_update(&s, whole);
	nipfs__sha256_final(&s, got[0]);
	ck_assert_msg(memcmp(want, got[0], sizeof(want)) == 0, "stream, %zu bytes", n);
	free(msg);
}

START_TEST(every_length_and_block_boundaries)
{
	for (size_t n = 0; n <= 300; n++)
		check_len(n);
	for (size_t n = 512; n <= BIG; n *= 2)
		for (size_t d = 0; d <= 2; d++)
			check_len(n - 1 + d);
}
END_TEST

START_TEST(a_stream_may_be_cut_anywhere)
{
	enum { N = 200 };
	uint8_t *msg = cycle(N);
	uint8_t want[NIPFS__SHA256_BYTES], got[NIPFS__SHA256_BYTES];

	crypto_hash_sha256(want, msg, N);
	for (size_t a = 0; a <= N; a++) {
		for (size_t b = a; b <= N; b += 13) {
			struct nipfs_sha256 s, copy;

			nipfs__sha256_init(&s);
			nipfs__sha256_update(&s, nipfs__slice(msg, a));
			nipfs__sha256_update(&s, nipfs__slice(NULL, 0));
			nipfs__sha256_update(&s, nipfs__slice(msg + a, b - a));
			copy = s;
			nipfs__sha256_final(&s, got);
			nipfs__sha256_update(&copy, nipfs__slice(msg + b, N - b));
			nipfs__sha256_final(&copy, got);
			ck_assert_mem_eq(got, want, sizeof(want));
		}
	}
	free(msg);
}
END_TEST

START_TEST(many_at_once_keep_their_order)
{
	enum { N = 300 };
	uint8_t *msg = cycle(N);
	struct nipfs_slice msgs[N];
	static uint8_t got[N + 1][NIPFS__SHA256_BYTES];

	memset(got, 0xee, sizeof(got));
	/* of many lengths, from all alignments */
	for (size_t i = 0; i < N; i++)
		msgs[i] = nipfs__slice(msg + i, (N - i) * 7 % (N - i + 1));
	msgs[N / 2] = nipfs__slice(NULL, 0);
	nipfs__sha256_many(msgs, N, got);
	for (size_t i = 0; i < N; i++) {
		uint8_t want[NIPFS__SHA256_BYTES];

		crypto_hash_sha256(want, msgs[i].ptr, msgs[i].len);
		ck_assert_mem_eq(got[i], want, sizeof(want));
	}
	ck_assert_uint_eq(got[N][0], 0xee);
	nipfs__sha256_many(NULL, 0, got);
	free(msg);
}
END_TEST

static Suite *sha256_suite(void)
{
	Suite *s = suite_create("sha256");
	TCase *tc = tcase_create("sha256");

	tcase_add_loop_test(tc, published_vectors, 0, sizeof(golden) / sizeof(golden[0]));
	tcase_add_test(tc, every_length_and_block_boundaries);
	tcase_add_test(tc, a_stream_may_be_cut_anywhere);
	tcase_add_test(tc, many_at_once_keep_their_order);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(sha256_suite)
