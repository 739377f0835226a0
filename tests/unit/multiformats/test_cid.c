/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CIDs: as text in every base, as bytes, of blocks, and what is refused. */
#include <nixipfs/cid.h>

#include <stdio.h>

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/rows.h"
#include "tests/support/hex_exact.h"

#define V0 "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"
#define V1 "bafkreie5qrjvaw64n4tjm6hbnm7fnqvcssfed4whsjqxzslbd3jwhsk3mm"
#define SHA "9d8453505bdc6f269678e16b3e56c2a2948a41f2c792617cc9611ed363c95b63"

static struct nipfs_cid parse(const char *text)
{
	struct nipfs_cid cid = { 0 };

	ck_assert_msg(nipfs_cid_parse(nipfs__slice_str(text), &cid) == 0, "'%s'", text);
	return cid;
}

static void check_text(const struct nipfs_cid *cid, const char *want)
{
	char text[NIPFS_CID_TEXT_MAX];

	ck_assert_uint_eq(nipfs_cid_format(cid, text), strlen(want));
	ck_assert_str_eq(text, want);
}

/* Its bytes read back, alone and with others behind, and no part of them does. */
static void check_bytes(const struct nipfs_cid *cid)
{
	uint8_t raw[NIPFS_CID_BYTES_MAX + 4];
	const size_t n = nipfs_cid_encode(cid, raw);
	struct nipfs_cid back;
	size_t used = 0;

	ck_assert_uint_le(n, NIPFS_CID_BYTES_MAX);
	memset(raw + n, 0xff, 4);
	for (size_t k = 0; k < n; k++)
		ck_assert_int_eq(nipfs_cid_decode(nipfs__slice(raw, k), &back, &used),
				 NIPFS_E_TRUNCATED);
	ck_assert_uint_eq(used, 0);
	ck_assert_int_eq(nipfs_cid_decode(nipfs__slice(raw, n + 4), &back, &used), 0);
	ck_assert_uint_eq(used, n);
	ck_assert(nipfs_cid_equal(cid, &back));
	ck_assert_int_eq(nipfs_cid_decode(nipfs__slice(raw, n), &back, NULL), 0);
	/* unused bytes are 0, so equal values are equal memory, but for padding */
	ck_assert_mem_eq(cid->digest, back.digest, sizeof(back.digest));
}

START_TEST(published_cids_as_kubo_takes_them_apart)
{
	char *file = rows_read("fixtures/multiformats/cid.tsv"), *rest = file;
	char *col[5];
	size_t rows = 0;

	while (rows_next(&rest, col, 5)) {
		const struct nipfs_cid cid = parse(col[0]);
		struct test_hex digest =
		    test_hex_new(strcmp(col[4], "-") == 0 ? "" : col[4]);

		ck_assert_uint_eq(cid.version, strtoul(col[1], NULL, 10));
		ck_assert_uint_eq(cid.codec, strtoul(col[2], NULL, 10));
		ck_assert_uint_eq(cid.hash, strtoul(col[3], NULL, 10));
		ck_assert_uint_eq(cid.digest_len, digest.len);
		ck_assert_mem_eq(cid.digest, digest.ptr, digest.len);
		if (col[0][0] == 'Q' || col[0][0] == 'b')
			check_text(&cid, col[0]);
		check_bytes(&cid);
		test_hex_free(&digest);
		rows++;
	}
	ck_assert_uint_eq(rows, 119);
	free(file);
}
END_TEST

START_TEST(every_base_as_kubo_writes_it)
{
	char *file = rows_read("fixtures/multiformats/cid-bases.tsv"), *rest = file;
	char *col[3];
	size_t rows = 0;

	while (rows_next(&rest, col, 3)) {
		const struct nipfs_cid cid = parse(col[0]), same = parse(col[2]);
		char text[NIPFS_CID_TEXT_MAX];
		enum nipfs_base base;

		ck_assert(nipfs_cid_equal(&cid, &same));
		ck_assert_int_eq(nipfs_base_from_name(col[1], &base), 0);
		ck_assert_int_eq(nipfs_cid_format_base(&cid, base, text), 0);
		ck_assert_str_eq(text, col[2]);
		rows++;
	}
	ck_assert_uint_eq(rows, 72);
	free(file);
}
END_TEST

START_TEST(version_0_has_one_form)
{
	const struct nipfs_cid cid = parse(V0);
	char text[NIPFS_CID_TEXT_MAX] = "kept";

	ck_assert_int_eq(nipfs_cid_format_base(&cid, NIPFS_BASE_32, text), NIPFS_E_USAGE);
	ck_assert_str_eq(text, "kept");
	ck_assert_int_eq(nipfs_cid_format_base(&cid, NIPFS_BASE_58_BTC, text), 0);
	ck_assert_str_eq(text, V0);
}
END_TEST

/* go-cid, TestReadCidsFromBuffer */
START_TEST(one_behind_the_other)
{
	static const char *const texts[] = {
		V1,
		"k2cwueckqkibutvhkr4p2ln2pjcaxaakpd9db0e7j7ax1lxhhxy3ekpv",
		"Qmf5Qzp6nGBku7CEn2UQx4mgN8TW69YUok36DrGa6NN893",
		"zb2rhZi1JR4eNc2jBGaRYJKYM8JEB4ovenym8L1CmFsRAytkz",
		("bafkqarjpmzuwyzltorxxezjpkvcfgqkfjfbfcvslivje2vchkzdu6rckjjcfgtkolaze6m"
		 "ssjqzeyn2e"
		 "krcfatkjku2vowseky3fswkfkm2deqkrju3e2"),
	};
	enum { N = sizeof(texts) / sizeof(texts[0]) };
	uint8_t raw[N * NIPFS_CID_BYTES_MAX];
	size_t n = 0, at = 0;

	for (size_t i = 0; i < N; i++) {
		const struct nipfs_cid cid = parse(texts[i]);

		n += nipfs_cid_encode(&cid, raw + n);
	}
	for (size_t i = 0; i < N; i++) {
		const struct nipfs_cid want = parse(texts[i]);
		struct nipfs_cid got;
		size_t used;

		ck_assert_int_eq(
		    nipfs_cid_decode(nipfs__slice(raw + at, n - at), &got, &used), 0);
		ck_assert(nipfs_cid_equal(&got, &want));
		at += used;
	}
	ck_assert_uint_eq(at, n);
}
END_TEST

static const struct {
	const char *hex;
	int code;
} bad_bytes[] = {
	{ "", NIPFS_E_TRUNCATED },
	/* versions */
	{ "00 55 12 20" SHA, NIPFS_E_INVALID },
	{ "02 55 12 20" SHA, NIPFS_E_INVALID },
	{ "03 55 12 20" SHA, NIPFS_E_INVALID },
	{ "8100 55 12 20" SHA, NIPFS_E_NONCANONICAL },
	{ "12", NIPFS_E_TRUNCATED },
	{ "12 1f" SHA, NIPFS_E_INVALID },
	{ "12 14" SHA, NIPFS_E_INVALID },
	{ "13 40" SHA SHA, NIPFS_E_INVALID },
	/* numbers */
	{ "01 d500 12 20" SHA, NIPFS_E_NONCANONICAL },
	{ "01 55 9200 20" SHA, NIPFS_E_NONCANONICAL },
	{ "01 55 12 a000" SHA, NIPFS_E_NONCANONICAL },
	{ "01 80808080808080808001 12 20" SHA, NIPFS_E_LIMIT },
	/* hash functions: murmur3, md5, none of that code */
	{ "01 55 22 08 0011223344556677", NIPFS_E_UNSUPPORTED },
	{ "01 55 d501 10 acbd18db4cc2f85cedef654fccc4a4d8", NIPFS_E_UNSUPPORTED },
	{ "01 55 9fe503 20" SHA, NIPFS_E_UNSUPPORTED },
	/* digests: sha2-256 of 19 and of 33 bytes, sha1 of 21, 129 and 2^31 bytes */
	{ "01 55 12 13" SHA, NIPFS_E_INVALID },
	{ "01 55 12 21" SHA "00", NIPFS_E_INVALID },
	{ "01 55 11 15" SHA, NIPFS_E_INVALID },
	{ "01 55 00 8101" SHA SHA SHA SHA "00", NIPFS_E_LIMIT },
	{ "01 55 00 8080808008" SHA, NIPFS_E_LIMIT },
};

START_TEST(bytes_that_are_refused)
{
	struct test_hex in = test_hex_new(bad_bytes[_i].hex);
	struct nipfs_cid cid = { .codec = 99 };
	size_t used = 99;

	ck_assert_msg(nipfs_cid_decode(in.slice, &cid, &used) == bad_bytes[_i].code, "%s",
		      bad_bytes[_i].hex);
	ck_assert_uint_eq(cid.codec, 99);
	ck_assert_uint_eq(used, 99);
	test_hex_free(&in);
}
END_TEST

static const struct {
	const char *text;
	int code;
} bad_texts[] = {
	{ "", NIPFS_E_TRUNCATED },
	{ "b", NIPFS_E_TRUNCATED },
	{ "Q", NIPFS_E_INVALID },
	{ "Qm", NIPFS_E_INVALID },
	{ "nonsense", NIPFS_E_INVALID },
	{ "hello", NIPFS_E_UNSUPPORTED }, /* h: base32z */
	{ "/ipfs/" V1, NIPFS_E_INVALID },
	{ V1 " ", NIPFS_E_INVALID },
	{ V1 "\n", NIPFS_E_INVALID },
	{ " " V1, NIPFS_E_INVALID },
	/* one character less, one more, one that is no digit: of version 0 */
	{ "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1", NIPFS_E_INVALID },
	{ V0 "1", NIPFS_E_INVALID },
	{ "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zIII", NIPFS_E_INVALID },
	{ "Qmzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", NIPFS_E_INVALID },
	/* version 0 has no multibase form: in base58btc, base16 and base32 */
	{ "z" V0, NIPFS_E_INVALID },
	{ "f1220" SHA, NIPFS_E_INVALID },
	{ "bciqj3bctkbn5y3zgsz4oc2z6k3bkffekihzmpetbptewchwtmpevwyy", NIPFS_E_INVALID },
	/* bytes behind it, bits behind it, too few bytes */
	{ "f01551220" SHA "00", NIPFS_E_INVALID },
	{ "bafkreie5qrjvaw64n4tjm6hbnm7fnqvcssfed4whsjqxzslbd3jwhsk3mn",
	  NIPFS_E_NONCANONICAL },
	{ "bafkreie5qrjvaw64n4tjm6hbnm7fnqvcssfed4whsjqxzslbd3jwhsk3",
	  NIPFS_E_TRUNCATED },
	/* multibases that are not built in */
	{ "K2CWUECKQKIBUTVHKR4P2LN2PJCAXAAKPD9DB0E7J7AX1LXHHXY3EKPV",
	  NIPFS_E_UNSUPPORTED },
	{ "MAVUSIOOwxEKY/BwUmvv0yJlvuSQnrkHkZJuTTKSVmRt4UrhV", NIPFS_E_UNSUPPORTED },
	/* IPIP-512: an identity CID of 129 bytes */
	{ "bafkqbaibifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifauc"
	  "qkbifaucq"
	  "kbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqkbifau"
	  "cqkbifau"
	  "cqkbifaucqkbifaucqkbifaucqkbifaucqkbifaucqi",
	  NIPFS_E_LIMIT },
};

START_TEST(texts_that_are_refused)
{
	const struct nipfs_slice text = nipfs__slice_str(bad_texts[_i].text);
	struct nipfs_cid cid = { .codec = 99 };
	const int r = nipfs_cid_parse(text, &cid);

	ck_assert_msg(r == bad_texts[_i].code, "'%s': %d", bad_texts[_i].text, r);
	ck_assert_uint_eq(cid.codec, 99);
}
END_TEST

START_TEST(a_long_text_is_refused_unread)
{
	char text[NIPFS_CID_TEXT_MAX + 1];
	struct nipfs_cid cid;

	memset(text, 'a', sizeof(text));
	text[0] = 'b';
	ck_assert_int_eq(nipfs_cid_parse(nipfs__slice(text, sizeof(text)), &cid),
			 NIPFS_E_LIMIT);
	ck_assert_int_lt(nipfs_cid_parse(nipfs__slice(text, sizeof(text) - 1), &cid), 0);
	/* the slowest base, at the longest length */
	memset(text, 'z', sizeof(text));
	ck_assert_int_lt(nipfs_cid_parse(nipfs__slice(text, sizeof(text) - 1), &cid), 0);
}
END_TEST

START_TEST(the_longest_cid_fits_as_text)
{
	struct nipfs_cid cid = { .version = 1,
				 .codec = INT64_MAX,
				 .hash = 0x1e,
				 .digest_len = NIPFS_DIGEST_MAX };
	char text[NIPFS_CID_TEXT_MAX];

	memset(cid.digest, 0xff, sizeof(cid.digest));
	check_bytes(&cid);
	for (const char *base = "fFbBkzmuU"; *base; base++) {
		struct nipfs_cid back;

		ck_assert_int_eq(
		    nipfs_cid_format_base(&cid, (enum nipfs_base) * base, text), 0);
		ck_assert_int_eq(nipfs_cid_parse(nipfs__slice_str(text), &back), 0);
		ck_assert(nipfs_cid_equal(&cid, &back));
	}
}
END_TEST

START_TEST(equal_means_all_of_it)
{
	const struct nipfs_cid cid = parse(V1);
	struct nipfs_cid other = cid;

	ck_assert(nipfs_cid_equal(&cid, &other));
	other.codec = NIPFS_CODEC_DAG_PB;
	ck_assert(!nipfs_cid_equal(&cid, &other));
	other = cid;
	other.version = 0;
	ck_assert(!nipfs_cid_equal(&cid, &other));
	other = cid;
	other.hash = NIPFS_HASH_BLAKE2B_256;
	ck_assert(!nipfs_cid_equal(&cid, &other));
	other = cid;
	other.digest_len--;
	ck_assert(!nipfs_cid_equal(&cid, &other));
	other = cid;
	other.digest[31] ^= 1;
	ck_assert(!nipfs_cid_equal(&cid, &other));
}
END_TEST

static const struct {
	uint8_t version;
	uint64_t codec, hash;
	const char *hex;
	const char *cid;
} blocks[] = {
	/* Kubo and go-codec-dagpb: raw blocks and dag-pb blocks */
	{ 1, 0x55, 0x12, "",
	  "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku" },
	{ 1, 0x55, 0x12, "68656c6c6f20776f726c64",
	  "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e" },
	{ 1, 0x55, 0x12, "68656c6c6f2c20776f726c6421",
	  "bafkreidi4zlleupgp2bvrpxyja5lbvi4mym7hz5bvhyoowby2qp7g2hxfa" },
	{ 1, 0x55, 0x12, "74657374",
	  "bafkreie7q3iidccmpvszul7kudcvvuavuo7u6gzlbobczuk5nqk3b4akba" },
	{ 1, 0x55, 0x13, "68656c6c6f20776f726c64",
	  "bafkrgqbqt3gerhas23vuzrapkdeqf4vu2dwxp3srdj6hvg6nhsug2tgyn6mj3u23yx7utftq3i2ck"
	  "w2fwdh5"
	  "qmhid5qf3t35yvkc5e5ottlw6" },
	{ 1, 0x55, 0x00, "", "bafkqaaa" },
	{ 1, 0x55, 0x00, "68656c6c6f2c20776f726c6421", "bafkqadlimvwgy3zmeb3w64tmmqqq" },
	{ 1, 0x70, 0x00, "0a020801", "bafyaabakaieac" },
	{ 0, 0x70, 0x12, "0a020801", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn" },
	{ 0, 0x70, 0x12, "0a0408021800",
	  "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH" },
	{ 1, 0x70, 0x12, "",
	  "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku" },
	{ 1, 0x70, 0x12, "0a00",
	  "bafybeiaqfni3s5s2k2r6rgpxz4hohdsskh44ka5tk6ztbjerqpvxwfkwaq" },
	{ 1, 0x70, 0x12, "0a050001020304",
	  "bafybeibazl2z4vqp2tmwcfag6wirmtpnomxknqcgrauj7m2yisrz3qjbom" },
	{ 1, 0x70, 0x12, "120b0a09015500050001020304",
	  "bafybeia53f5n75ituvc3yupuf7tdnxf6fqetrmo2alc6g6iljkmk7ys5mm" },
	{ 1, 0x70, 0x12, "12140a0901550005000102030418ffffffffffffff0f",
	  "bafybeiezymjvhwfuharanxmzxwuomzjjuzqjewjolr4phaiyp6l7qfwo64" },
};

START_TEST(cids_of_blocks)
{
	struct test_hex block = test_hex_new(blocks[_i].hex);
	struct nipfs_cid cid;

	ck_assert_int_eq(nipfs_cid_of(blocks[_i].version, blocks[_i].codec,
				      blocks[_i].hash, block.slice, &cid),
			 0);
	check_text(&cid, blocks[_i].cid);
	ck_assert_int_eq(nipfs_cid_verify(&cid, block.slice), 0);
	if (cid.digest_len) {
		cid.digest[cid.digest_len - 1] ^= 1;
		ck_assert_int_eq(nipfs_cid_verify(&cid, block.slice), NIPFS_E_MISMATCH);
	}
	ck_assert_int_eq(nipfs_cid_verify(&cid, nipfs__slice("not this", 8)),
			 NIPFS_E_MISMATCH);
	test_hex_free(&block);
}
END_TEST

START_TEST(cids_that_cannot_be_made)
{
	static const uint8_t big[NIPFS_DIGEST_MAX + 1];
	const struct nipfs_slice block = nipfs__slice(big, sizeof(big));
	struct nipfs_cid cid = { .codec = 99 };

	ck_assert_int_eq(nipfs_cid_of(2, 0x55, 0x12, block, &cid), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_cid_of(0, 0x55, 0x12, block, &cid), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_cid_of(0, 0x70, 0x13, block, &cid), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_cid_of(1, 0x55, 0x1e, block, &cid), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_cid_of(1, 0x55, 0x22, block, &cid), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_cid_of(1, UINT64_MAX, 0x12, block, &cid),
			 NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_cid_of(1, 0x55, 0x00, block, &cid), NIPFS_E_LIMIT);
	ck_assert_uint_eq(cid.codec, 99);
	ck_assert_int_eq(
	    nipfs_cid_of(1, 0x55, 0x00, nipfs__slice(big, NIPFS_DIGEST_MAX), &cid), 0);
}
END_TEST

/* Kubo 0.43.0 imports, pins and reads the block of each of these. */
START_TEST(a_digest_may_be_cut_short)
{
	static const char *const texts[] = {
		"bafkrefci47f4pvszceiiwreac4wlmma5ih5by3q",
		"bafkreh2i47f4pvszceiiwreac4wlmma5ih5by3w3aizi6fzg46s4rtx3",
		"bafkreici47f4pvszceiiwreac4wlmma5ih5by3w3aizi6fzg46s4rtx3zm",
	};
	const struct nipfs_slice block = nipfs__slice_str("hello truncated\n");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct nipfs_cid cid = parse(texts[i]);

		check_text(&cid, texts[i]);
		ck_assert_int_eq(nipfs_cid_verify(&cid, block), 0);
		cid.digest[0] ^= 1;
		ck_assert_int_eq(nipfs_cid_verify(&cid, block), NIPFS_E_MISMATCH);
	}
}
END_TEST

/* Allowed and not built in: read, written, and not verified. */
START_TEST(hash_functions_of_others_pass_through)
{
	static const char *const texts[] = {
		"bafkr4icj3sdq34o6p7lapfgoxtset5om3lsxll72uz5cjnrkzmb6aoo3si",
		"bafkrmichjflejeh6aren53o7pig7zk3m3vxqcoc2i5dv326k3x6obh7jry",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct nipfs_cid cid = parse(texts[i]);

		check_text(&cid, texts[i]);
		check_bytes(&cid);
		ck_assert_int_eq(nipfs_cid_verify(&cid, nipfs__slice_str("foo\n")),
				 NIPFS_E_UNSUPPORTED);
	}
}
END_TEST

static Suite *cid_suite(void)
{
	Suite *s = suite_create("cid");
	TCase *tc = tcase_create("cid");

	tcase_add_test(tc, published_cids_as_kubo_takes_them_apart);
	tcase_add_test(tc, every_base_as_kubo_writes_it);
	tcase_add_test(tc, version_0_has_one_form);
	tcase_add_test(tc, one_behind_the_other);
	tcase_add_loop_test(tc, bytes_that_are_refused, 0,
			    sizeof(bad_bytes) / sizeof(bad_bytes[0]));
	tcase_add_loop_test(tc, texts_that_are_refused, 0,
			    sizeof(bad_texts) / sizeof(bad_texts[0]));
	tcase_add_test(tc, a_long_text_is_refused_unread);
	tcase_add_test(tc, the_longest_cid_fits_as_text);
	tcase_add_test(tc, equal_means_all_of_it);
	tcase_add_loop_test(tc, cids_of_blocks, 0, sizeof(blocks) / sizeof(blocks[0]));
	tcase_add_test(tc, cids_that_cannot_be_made);
	tcase_add_test(tc, a_digest_may_be_cut_short);
	tcase_add_test(tc, hash_functions_of_others_pass_through);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(cid_suite)
