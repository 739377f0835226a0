/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chunkers: sizes that the upstream Go code gives, and any split of the input. */
#include "tests/support/check_main.h"
#include "tests/support/stream.h"

#include <sodium.h>
#include <string.h>

#include "multiformats/base/slice.h"
#include "unixfs/chunker.h"

enum { STREAM_LEN = 4 << 20, SIZES_MAX = 4096 };

static uint8_t stream[STREAM_LEN];

static void fill_stream(void)
{
	stream_bytes("chunker-test", 0, stream, STREAM_LEN);
}

/* The chunk sizes of @in when it is fed in pieces of at most @step bytes. */
static size_t cut_all(const char *name, struct nipfs_slice in, size_t step,
		      uint32_t *sizes)
{
	struct nipfs__chunker c;
	struct nipfs_chunker params;
	uint32_t len = 0;
	size_t n = 0;
	bool sound = true; /* one assertion in the end: each costs a system call */

	ck_assert_int_eq(nipfs_chunker_parse(name, &params), 0);
	nipfs__chunker_init(&c, &params);
	while (in.len) {
		const struct nipfs_slice piece =
			nipfs__slice(in.ptr, in.len < step ? in.len : step);
		bool cut;
		const size_t used = nipfs__chunker_feed(&c, piece, &cut);

		sound &= used > 0 && used <= piece.len && (cut || used == piece.len);
		in = nipfs__slice_skip(in, used);
		len += (uint32_t)used;
		if (cut || in.len == 0) {
			sound &= n < SIZES_MAX && len <= params.max;
			sizes[n++ % SIZES_MAX] = len;
			len = 0;
		}
	}
	ck_assert(sound);
	return n;
}

static const struct {
	const char *chunker;
	size_t n_all;
	uint32_t sizes[24];
} vectors[] = {
	{ "buzhash", 20, { 170676, 225765, 154473, 186804, 144193, 229835, 303694,
			   192995, 208695, 138316, 278374, 152487, 153128, 231098,
			   190882, 210614, 161443, 410133, 213615, 237084 } },
	{ "rabin-87381-262144-393216",
	  15,
	  { 393216, 393216, 88581, 213523, 266808, 383474, 211184, 393216 } },
	{ "rabin",
	  15,
	  { 393216, 393216, 88581, 213523, 266808, 383474, 211184, 393216 } },
	{ "rabin-262144", 15, { 393216, 393216, 88581, 213523, 266808, 383474, 211184 } },
	{ "rabin-16384-32768-65536", 99, { 18347, 16646, 65536, 20282, 50345 } },
	{ "rabin-512-1024-2048", 3216, { 921, 1140, 741, 1288, 759, 2048 } },
	{ "size-1048576", 4, { 1048576, 1048576, 1048576, 1048576 } },
	{ "size-1048575", 5, { 1048575, 1048575, 1048575, 1048575, 4 } },
	{ "default", 16, { 262144, 262144 } },
};

START_TEST(cuts_where_the_upstream_code_cuts)
{
	static uint32_t sizes[SIZES_MAX];
	const size_t n = cut_all(vectors[_i].chunker, nipfs__slice(stream, STREAM_LEN),
				 SIZE_MAX, sizes);

	ck_assert_uint_eq(n, vectors[_i].n_all);
	for (size_t i = 0; i < 24 && vectors[_i].sizes[i]; i++)
		ck_assert_uint_eq(sizes[i], vectors[_i].sizes[i]);
}
END_TEST

START_TEST(cuts_the_same_however_the_bytes_come)
{
	static const size_t steps[] = { 1, 7, 31, 33, 4096, 131072, 131073, 524289 };
	static uint32_t whole[SIZES_MAX], pieces[SIZES_MAX];
	/* byte by byte is slow: a part of the stream will do */
	const struct nipfs_slice in = nipfs__slice(stream, STREAM_LEN / 4);
	const size_t n = cut_all(vectors[_i].chunker, in, SIZE_MAX, whole);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		ck_assert_uint_eq(cut_all(vectors[_i].chunker, in, steps[i], pieces), n);
		ck_assert_mem_eq(whole, pieces, n * sizeof(whole[0]));
	}
}
END_TEST

START_TEST(ends_rabin_as_upstream)
{
	static uint32_t sizes[SIZES_MAX];
	const size_t n = cut_all("rabin-87381-262144-393216",
				 nipfs__slice(stream, STREAM_LEN), SIZE_MAX, sizes);

	ck_assert_uint_eq(sizes[n - 2], 355971);
	ck_assert_uint_eq(sizes[n - 1], 59888);
}
END_TEST

START_TEST(cuts_zeros_at_the_minimum)
{
	static uint8_t zeros[1000000];
	static uint32_t sizes[SIZES_MAX];
	size_t n = cut_all("buzhash", nipfs__slice(zeros, 524289), SIZE_MAX, sizes);

	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(sizes[3], 131072);
	ck_assert_uint_eq(sizes[4], 1);
	n = cut_all("rabin-87381-262144-393216", nipfs__slice(zeros, sizeof(zeros)),
		    SIZE_MAX, sizes);
	ck_assert_uint_eq(n, 12);
	ck_assert_uint_eq(sizes[10], 87381);
	ck_assert_uint_eq(sizes[11], 38809);
}
END_TEST

START_TEST(never_cuts_below_the_rabin_window)
{
	static uint32_t sizes[SIZES_MAX];

	ck_assert_uint_eq(cut_all("rabin-47", nipfs__slice(stream, 2 << 20), 4096, sizes),
			  1);
}
END_TEST

START_TEST(has_the_table_of_boxo)
{
	static const char expected[] =
		"5682f46a3226102a4f113d61841ab4f3e815b43ba590f1a1ecab7561369fc0cb";
	uint8_t raw[256 * 4], digest[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(digest) + 1];

	for (size_t i = 0; i < 256; i++)
		for (size_t k = 0; k < 4; k++)
			raw[4 * i + k] = (uint8_t)(nipfs__buzhash_table[i] >> (8 * k));
	(void)crypto_hash_sha256(digest, raw, sizeof(raw));
	ck_assert_str_eq(sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest)),
			 expected);
}
END_TEST

static Suite *chunker_suite(void)
{
	Suite *s = suite_create("chunker");
	TCase *tc = tcase_create("cuts");

	tcase_add_unchecked_fixture(tc, fill_stream, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, cuts_where_the_upstream_code_cuts, 0,
			    sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_loop_test(tc, cuts_the_same_however_the_bytes_come, 0,
			    sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_test(tc, ends_rabin_as_upstream);
	tcase_add_test(tc, cuts_zeros_at_the_minimum);
	tcase_add_test(tc, never_cuts_below_the_rabin_window);
	tcase_add_test(tc, has_the_table_of_boxo);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(chunker_suite)
