/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MurmurHash3: published values, and the names of real HAMTs. */
#include "tests/support/check_main.h"

#include "multiformats/base/slice.h"
#include "unixfs/murmur3.h"

static const struct {
	const char *text;
	uint64_t h1;
} values[] = {
	{ "", 0 },
	{ "a", 0x85555565f6597889 },
	{ "hello", 0xcbd8a7b341bd9b02 },
	{ "470.txt", 0x006e88df5847e67c },
	{ "742.txt", 0x00ff87d129ae5428 },
	{ "file100", 0x6ebdd02172035365 },
	{ "0123456789abcdef", 0x4be06d94cf4ad1a7 },
	{ "0123456789abcdef0", 0xeb24ae8785a5c075 },
};

START_TEST(gives_the_published_value)
{
	const struct nipfs_slice text = nipfs__slice_str(values[_i].text);

	ck_assert_uint_eq(nipfs__murmur3_h1(text), values[_i].h1);
}
END_TEST

static Suite *murmur3_suite(void)
{
	Suite *s = suite_create("murmur3");
	TCase *tc = tcase_create("values");

	tcase_add_loop_test(tc, gives_the_published_value, 0,
			    sizeof(values) / sizeof(values[0]));
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(murmur3_suite)
