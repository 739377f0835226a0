/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DAG-CBOR: what is accepted, what is refused and why, which links are found. */
#include "dag/cbor.h"

#include <stdlib.h>

#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"

#define SHA256_CID "1220 0000000000000000000000000000000000000000000000000000000000000000"
#define RAW_LINK "d82a 5825 00 0155 " SHA256_CID
#define V0_LINK "d82a 5823 00 " SHA256_CID
#define IDENTITY_LINK "d82a 46 00 0155 00 01 61"

struct vector {
	const char *hex;
	int code; /* 0: accepted */
	int links;
};

static const struct vector vectors[] = {
	/* numbers */
	{ "00", 0, 0 },
	{ "17", 0, 0 },
	{ "1818", 0, 0 },
	{ "18ff", 0, 0 },
	{ "190100", 0, 0 },
	{ "1a00010000", 0, 0 },
	{ "1b0000000100000000", 0, 0 },
	{ "1bffffffffffffffff", 0, 0 },
	{ "20", 0, 0 },
	{ "3818", 0, 0 },
	{ "390100", 0, 0 },
	{ "3a00010000", 0, 0 },
	{ "3bffffffffffffffff", 0, 0 },
	{ "1817", NIPFS_E_NONCANONICAL, 0 },
	{ "1900ff", NIPFS_E_NONCANONICAL, 0 },
	{ "1a0000ffff", NIPFS_E_NONCANONICAL, 0 },
	{ "1b00000000ffffffff", NIPFS_E_NONCANONICAL, 0 },
	{ "3817", NIPFS_E_NONCANONICAL, 0 },
	{ "3900ff", NIPFS_E_NONCANONICAL, 0 },
	{ "3b00000000ffffffff", NIPFS_E_NONCANONICAL, 0 },
	{ "1c", NIPFS_E_INVALID, 0 },
	/* simple values and floats */
	{ "f4", 0, 0 },
	{ "f5", 0, 0 },
	{ "f6", 0, 0 },
	{ "f7", NIPFS_E_INVALID, 0 },
	{ "e0", NIPFS_E_INVALID, 0 },
	{ "f8ff", NIPFS_E_INVALID, 0 },
	{ "fb3ff199999999999a", 0, 0 },
	{ "fb0000000000000000", 0, 0 },
	{ "fb8000000000000000", 0, 0 },
	{ "fbffefffffffffffff", 0, 0 },
	{ "fb7ff8000000000000", NIPFS_E_INVALID, 0 }, /* NaN */
	{ "fb7ff0000000000000", NIPFS_E_INVALID, 0 }, /* infinity */
	{ "fbfff0000000000000", NIPFS_E_INVALID, 0 },
	{ "f93c00", NIPFS_E_NONCANONICAL, 0 },
	{ "fa3f800000", NIPFS_E_NONCANONICAL, 0 },
	/* bytes and strings */
	{ "40", 0, 0 },
	{ "43010203", 0, 0 },
	{ "5818 000102030405060708090a0b0c0d0e0f1011121314151617", 0, 0 },
	{ "5803010203", NIPFS_E_NONCANONICAL, 0 },
	{ "590003010203", NIPFS_E_NONCANONICAL, 0 },
	{ "60", 0, 0 },
	{ "63666f6f", 0, 0 },
	{ "61ff", 0, 0 }, /* no UTF-8 */
	{ "7803666f6f", NIPFS_E_NONCANONICAL, 0 },
	{ "5f4101ff", NIPFS_E_NONCANONICAL, 0 },
	{ "7f6161ff", NIPFS_E_NONCANONICAL, 0 },
	{ "5bffffffffffffffff", NIPFS_E_TRUNCATED, 0 },
	{ "7b7fffffffffffffff00", NIPFS_E_TRUNCATED, 0 },
	/* lists */
	{ "80", 0, 0 },
	{ "83010203", 0, 0 },
	{ "82 80 81 80", 0, 0 },
	{ "9803010203", NIPFS_E_NONCANONICAL, 0 },
	{ "9f0102ff", NIPFS_E_NONCANONICAL, 0 },
	{ "9b0000000040000000", NIPFS_E_NONCANONICAL, 0 }, /* 8 GB in cbor_load() */
	{ "9a40000000", NIPFS_E_TRUNCATED, 0 },
	{ "9bffffffffffffffff", NIPFS_E_TRUNCATED, 0 },
	{ "ff", NIPFS_E_NONCANONICAL, 0 },
	/* maps */
	{ "a0", 0, 0 },
	{ "a1 6161 01", 0, 0 },
	{ "a2 6161 01 6162 02", 0, 0 },
	{ "a2 6162 01 626161 02", 0, 0 }, /* the shorter key first */
	{ "a2 60 01 6161 02", 0, 0 },
	{ "a2 626161 02 6162 01", NIPFS_E_NONCANONICAL, 0 },
	{ "a2 6162 01 6161 02", NIPFS_E_NONCANONICAL, 0 },
	{ "a2 6161 01 6161 02", NIPFS_E_INVALID, 0 },
	{ "a2 60 01 60 02", NIPFS_E_INVALID, 0 },
	{ "a3 63626172 01 63666f6f 01 63666f6f 02", NIPFS_E_INVALID, 0 },
	{ "a1 01 01", NIPFS_E_INVALID, 0 },
	{ "a1 4161 01", NIPFS_E_INVALID, 0 },
	{ "a1 80 01", NIPFS_E_INVALID, 0 },
	{ "bf616101ff", NIPFS_E_NONCANONICAL, 0 },
	{ "bb8000000000000000", NIPFS_E_TRUNCATED, 0 },
	{ "bbffffffffffffffff", NIPFS_E_TRUNCATED, 0 },
	{ "a2 6161 a1 6162 f6 6162 80", 0, 0 },
	/* links */
	{ RAW_LINK, 0, 1 },
	{ V0_LINK, 0, 1 },
	{ IDENTITY_LINK, 0, 1 },
	{ "82" RAW_LINK IDENTITY_LINK, 0, 2 },
	{ "a1 6161 81" V0_LINK, 0, 1 },
	{ "a1 " RAW_LINK "01", NIPFS_E_INVALID, 0 },
	{ "d82a 40", NIPFS_E_INVALID, 0 },
	{ "d82a 45 0155 00 01 61", NIPFS_E_INVALID, 0 },       /* no multibase prefix */
	{ "d82a 46 01 0155 00 01 61", NIPFS_E_INVALID, 0 },    /* another one */
	{ "d82a 47 00 0155 00 01 61 62", NIPFS_E_INVALID, 0 }, /* a byte too many */
	{ "d82a 45 00 0155 00 01", NIPFS_E_INVALID, 0 },
	{ "d82a 66 00 0155 00 01 61", NIPFS_E_INVALID, 0 }, /* a string */
	{ "d82a 00", NIPFS_E_INVALID, 0 },
	{ "d82a d82a 46 00 0155 00 01 61", NIPFS_E_INVALID, 0 },
	{ "d82b 46 00 0155 00 01 61", NIPFS_E_INVALID, 0 },
	{ "d9002a 46 00 0155 00 01 61", NIPFS_E_NONCANONICAL, 0 },
	{ "c0 00", NIPFS_E_INVALID, 0 },
	{ "d82a 58 1a 00 01 55 55 15 00000000000000000000000000000000000000000000",
	  NIPFS_E_UNSUPPORTED, 0 },
	/* ends */
	{ "0000", NIPFS_E_INVALID, 0 },
	{ "8000", NIPFS_E_INVALID, 0 },
	{ "a000", NIPFS_E_INVALID, 0 },
};

static int count_link(void *ctx, const struct nipfs_cid *cid)
{
	(void)cid;
	++*(int *)ctx;
	return 0;
}

START_TEST(accepts_the_one_form)
{
	const struct vector *v = &vectors[_i];
	struct test_hex in = test_hex_new(v->hex);
	int links = 0;
	const int r = nipfs__cbor_links(in.slice, count_link, &links);

	ck_assert_msg(r == v->code, "%s: %d, not %d", v->hex, r, v->code);
	if (r == 0)
		ck_assert_int_eq(links, v->links);
	test_hex_free(&in);
}
END_TEST

START_TEST(refuses_every_prefix)
{
	const struct vector *v = &vectors[_i];
	struct test_hex in = test_hex_new(v->hex);

	for (size_t n = 0; v->code == 0 && n < in.len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		int links = 0;

		memcpy(exact, in.ptr, n);
		ck_assert_int_eq(nipfs__cbor_links(nipfs__slice(exact, n), count_link, &links),
				 NIPFS_E_TRUNCATED);
		free(exact);
	}
	test_hex_free(&in);
}
END_TEST

static int nested(size_t depth)
{
	uint8_t *in = malloc(depth + 1);
	int links = 0, r;

	memset(in, 0x81, depth);
	in[depth] = 0xf6;
	r = nipfs__cbor_links(nipfs__slice(in, depth + 1), count_link, &links);
	free(in);
	return r;
}

START_TEST(bounds_the_depth)
{
	ck_assert_int_eq(nested(NIPFS__CBOR_DEPTH_MAX), 0);
	ck_assert_int_eq(nested(NIPFS__CBOR_DEPTH_MAX + 1), NIPFS_E_LIMIT);
	ck_assert_int_eq(nested(1000000), NIPFS_E_LIMIT);
}
END_TEST

START_TEST(gives_items_as_they_stand)
{
	struct test_hex in = test_hex_new("a2 6161 82 1863 3863 6162 " IDENTITY_LINK);
	struct nipfs__cbor_reader r = NIPFS__CBOR_READER_INIT(in.slice);
	static const enum nipfs__cbor_kind kinds[] = {
		NIPFS__CBOR_MAP,  NIPFS__CBOR_STRING,   NIPFS__CBOR_LIST,
		NIPFS__CBOR_UINT, NIPFS__CBOR_NEGATIVE, NIPFS__CBOR_STRING,
	};
	static const uint64_t numbers[] = { 2, 1, 2, 99, 99, 1 };
	struct nipfs__cbor_item item;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		ck_assert_int_eq(nipfs__cbor_next(&r, &item), 0);
		ck_assert_int_eq(item.kind, kinds[i]);
		ck_assert_uint_eq(item.number, numbers[i]);
	}
	ck_assert_int_eq(nipfs__cbor_next(&r, &item), 0);
	ck_assert_int_eq(item.kind, NIPFS__CBOR_LINK);
	ck_assert_uint_eq(item.cid.hash, NIPFS_HASH_IDENTITY);
	ck_assert_uint_eq(item.cid.digest[0], 'a');
	ck_assert_int_eq(nipfs__cbor_next(&r, &item), 1);
	nipfs__cbor_reader_release(&r);
	test_hex_free(&in);
}
END_TEST

static int stop_at_first(void *ctx, const struct nipfs_cid *cid)
{
	(void)cid;
	++*(int *)ctx;
	return NIPFS_E_CANCELLED;
}

START_TEST(stops_when_told)
{
	struct test_hex in = test_hex_new("82" IDENTITY_LINK IDENTITY_LINK);
	int links = 0;

	ck_assert_int_eq(nipfs__cbor_links(in.slice, stop_at_first, &links), NIPFS_E_CANCELLED);
	ck_assert_int_eq(links, 1);
	test_hex_free(&in);
}
END_TEST

static Suite *cbor_suite(void)
{
	const int n = (int)(sizeof(vectors) / sizeof(vectors[0]));
	Suite *suite = suite_create("cbor");
	TCase *tc = tcase_create("cbor");

	tcase_add_loop_test(tc, accepts_the_one_form, 0, n);
	tcase_add_loop_test(tc, refuses_every_prefix, 0, n);
	tcase_add_test(tc, bounds_the_depth);
	tcase_add_test(tc, gives_items_as_they_stand);
	tcase_add_test(tc, stops_when_told);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(cbor_suite)
