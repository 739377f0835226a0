/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nix base-32, and hashes in each of their forms. */
#include <nixipfs/nix_hash.h>

#include <stdio.h>
#include <string.h>

#include "lib/nix/base32.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/hex.h"
#include "tests/support/rows.h"

static struct nipfs_slice str(const char *s)
{
	return nipfs__slice_str(s);
}

/* reference nix.md, section 10, numbers 7 and 15 */
static const struct {
	const char *hex, *text;
} base32[] = {
	{ "1f", "0z" },
	{ "00", "00" },
	{ "ff", "7z" },
	{ "d86b3392c1202e8ff5a423b302e6284db7f8f435ea9f39b5b1b20fd3ac36dfcb",
	  "1jyz6snd63xjn6skk7za6psgidsd53k05cr3lksqybi0q6936syq" },
	{ "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s" },
	{ "77ac62e2629d8e45f624589c0c8bf99e24b3a722349bf1e79bc186008534e246",
	  "0ip26j2h11n1kgkz36rl4akv694yz65hr72q4kv4b3lxcbi65b3p" },
	{ "8a12321522fd91efbd60ebb2481af88580f61600",
	  "00bgd045z0d4icpbc2yyz4gx48ak44la" },
};

START_TEST(base32_there_and_back)
{
	uint8_t raw[64], back[64];
	char text[128];
	const size_t n = hex_read(base32[_i].hex, raw, sizeof(raw));
	const size_t len = nipfs__base32_encode(nipfs__slice(raw, n), text);

	ck_assert_uint_eq(len, NIPFS__BASE32_LEN(n));
	ck_assert_uint_eq(strlen(text), len);
	ck_assert_str_eq(text, base32[_i].text);
	ck_assert_int_eq(nipfs__base32_decode(str(text), back, n), 0);
	ck_assert_mem_eq(raw, back, n);
	for (size_t k = 0; k < len; k++)
		ck_assert_int_eq(nipfs__base32_decode(nipfs__slice(text, k), back, n),
				 NIPFS_E_INVALID);
}
END_TEST

START_TEST(base32_of_every_length)
{
	uint8_t raw[64], back[64];
	char text[128];

	for (size_t n = 1; n <= sizeof(raw); n++) {
		for (size_t i = 0; i < n; i++)
			raw[i] = (uint8_t)(i * 37 + n * 101 + 255);
		(void)nipfs__base32_encode(nipfs__slice(raw, n), text);
		ck_assert_int_eq(nipfs__base32_decode(str(text), back, n), 0);
		ck_assert_mem_eq(raw, back, n);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t bytes;
} bad_base32[] = {
	{ "0t", 1 },  { "zz", 1 },    { "c0", 1 },  { "80", 1 },
	{ "0e", 1 },  { "0o", 1 },    { "0u", 1 },  { "0A", 1 },
	{ "", 1 },    { "0", 1 },     { "000", 1 }, { "0 ", 1 },
	{ "0\n", 1 }, { "h0000", 3 }, { "0=", 1 },  { "0\x80", 1 },
};

START_TEST(base32_refuses)
{
	uint8_t raw[8];

	ck_assert_int_eq(
	    nipfs__base32_decode(str(bad_base32[_i].text), raw, bad_base32[_i].bytes),
	    NIPFS_E_INVALID);
}
END_TEST

/* A NUL byte is no character of the alphabet, whatever ends that in memory. */
START_TEST(base32_refuses_a_zero_byte)
{
	uint8_t raw[1];

	ck_assert_int_eq(nipfs__base32_decode(nipfs__slice("\0\0", 2), raw, 1),
			 NIPFS_E_INVALID);
}
END_TEST

static void expect_hash(const char *text, const struct nipfs_nix_hash *want)
{
	struct nipfs_nix_hash got;

	ck_assert_msg(nipfs_nix_hash_parse(str(text), &got) == 0, "%s", text);
	ck_assert_int_eq(got.algo, want->algo);
	ck_assert_uint_eq(got.len, want->len);
	ck_assert_mem_eq(got.bytes, want->bytes, sizeof(got.bytes));
}

static void expect_form(const struct nipfs_nix_hash *h, enum nipfs_nix_hash_form form,
			const char *algo, const char *sep, const char *bare)
{
	char want[NIPFS_NIX_HASH_TEXT_MAX * 2], got[NIPFS_NIX_HASH_TEXT_MAX];
	struct nipfs_nix_hash back;

	(void)snprintf(want, sizeof(want), "%s%s%s", algo, sep, bare);
	ck_assert_uint_eq(nipfs_nix_hash_format(h, form, got), strlen(want));
	ck_assert_str_eq(got, want);
	expect_hash(got, h);
	if (form != NIPFS_NIX_SRI) {
		ck_assert_int_eq(nipfs_nix_hash_parse_bare(h->algo, str(bare), &back), 0);
		ck_assert_mem_eq(back.bytes, h->bytes, sizeof(back.bytes));
	}
	/* a part of a long hexadecimal number can be a number in base-32 */
	for (size_t k = 0; form != NIPFS_NIX_BASE16 && k < strlen(got); k++)
		ck_assert_int_lt(nipfs_nix_hash_parse(nipfs__slice(got, k), &back), 0);
}

START_TEST(hashes_as_nix_writes_them)
{
	char *file = rows_read("fixtures/nix/hashes.tsv"), *rest = file, *column[5];
	size_t rows = 0;

	for (; rows_next(&rest, column, 5); rows++) {
		struct nipfs_nix_hash h;
		enum nipfs_nix_algo algo;

		ck_assert_int_eq(nipfs_nix_algo_from_name(str(column[0]), &algo), 0);
		ck_assert_str_eq(nipfs_nix_algo_name(algo), column[0]);
		ck_assert_uint_eq(nipfs_nix_algo_bytes(algo) * 2, strlen(column[1]));
		ck_assert_int_eq(nipfs_nix_hash_parse_bare(algo, str(column[1]), &h), 0);
		expect_form(&h, NIPFS_NIX_BASE16, column[0], ":", column[1]);
		expect_form(&h, NIPFS_NIX_BASE32, column[0], ":", column[2]);
		expect_form(&h, NIPFS_NIX_BASE64, column[0], ":", column[3]);
		expect_form(&h, NIPFS_NIX_SRI, "", "", column[4]);
	}
	ck_assert_uint_eq(rows, 8);
	free(file);
}
END_TEST

#define ABC_64 "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
#define ABC_16 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct {
	const char *text;
	int code;
} bad[] = {
	{ "", NIPFS_E_INVALID },
	{ "sha256", NIPFS_E_INVALID },
	{ ABC_16, NIPFS_E_INVALID },
	{ ":", NIPFS_E_UNSUPPORTED },
	{ "sha257:" ABC_16, NIPFS_E_UNSUPPORTED },
	{ "SHA256:" ABC_16, NIPFS_E_UNSUPPORTED },
	{ "blake3:" ABC_16, NIPFS_E_UNSUPPORTED },
	{ "sha1:" ABC_16, NIPFS_E_INVALID },
	{ "sha256:" ABC_16 "0", NIPFS_E_INVALID },
	{ "sha256: " ABC_16, NIPFS_E_INVALID },
	{ "sha256-" ABC_16, NIPFS_E_INVALID },
	{ "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  NIPFS_E_INVALID },
	/* bits that no byte uses, padding that is missing or too much, a newline */
	{ "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=", NIPFS_E_INVALID },
	{ "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0", NIPFS_E_INVALID },
	{ "sha256-" ABC_64 "=", NIPFS_E_INVALID },
	{ "sha256-" ABC_64 "\n", NIPFS_E_INVALID },
	{ "sha256-ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=", NIPFS_E_INVALID },
	{ "sha256:2b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
	  NIPFS_E_INVALID },
};

START_TEST(refuses)
{
	struct nipfs_nix_hash h = { .len = 99 };

	ck_assert_int_eq(nipfs_nix_hash_parse(str(bad[_i].text), &h), bad[_i].code);
	ck_assert_uint_eq(h.len, 99);
}
END_TEST

START_TEST(hexadecimal_in_either_case)
{
	struct nipfs_nix_hash upper, lower;

	ck_assert_int_eq(
	    nipfs_nix_hash_parse(str("sha1:A9993E364706816ABA3E25717850C26C9CD0D89D"),
				 &upper),
	    0);
	ck_assert_int_eq(
	    nipfs_nix_hash_parse(str("sha1:a9993e364706816aba3e25717850c26c9cd0d89d"),
				 &lower),
	    0);
	ck_assert_mem_eq(&upper, &lower, sizeof(upper));
}
END_TEST

START_TEST(no_such_function)
{
	ck_assert_ptr_null(nipfs_nix_algo_name((enum nipfs_nix_algo)0));
	ck_assert_ptr_null(nipfs_nix_algo_name((enum nipfs_nix_algo)5));
	ck_assert_uint_eq(nipfs_nix_algo_bytes((enum nipfs_nix_algo)0), 0);
}
END_TEST

static Suite *nix_hash_suite(void)
{
	Suite *s = suite_create("nix_hash");
	TCase *t = tcase_create("nix_hash");

	tcase_add_loop_test(t, base32_there_and_back, 0,
			    sizeof(base32) / sizeof(base32[0]));
	tcase_add_test(t, base32_of_every_length);
	tcase_add_loop_test(t, base32_refuses, 0,
			    sizeof(bad_base32) / sizeof(bad_base32[0]));
	tcase_add_test(t, base32_refuses_a_zero_byte);
	tcase_add_test(t, hashes_as_nix_writes_them);
	tcase_add_loop_test(t, refuses, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, hexadecimal_in_either_case);
	tcase_add_test(t, no_such_function);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(nix_hash_suite)
