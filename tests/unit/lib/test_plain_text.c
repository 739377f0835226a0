/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was made for a terminal becomes a line of a message. */
#include "lib/nix/plain_text.h"

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

static const struct {
	const char *text, *want;
} cases[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "two  blanks", "two  blanks" },
	{ "  in front", "  in front" },
	{ "behind  ", "behind" },
	{ "\n", "" },
	{ "\nfirst", "first" },
	{ "mismatch;\n  specified: a\n  got:       b\n", "mismatch; specified: a got:       b" },
	{ "tab\there", "tab here" },
	{ "a\r\nb", "a b" },
	{ "path '\x1b[35;1m/nix/store/x\x1b[0m' is", "path '/nix/store/x' is" },
	{ "a \x1b[31m b", "a  b" },
	{ "\x1b]0;title\x07" "text", "text" },
	{ "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link" },
	{ "\x1b(Btext", "text" },
	{ "\x1b" "ctext", "text" },
	{ "\x1b", "" },
	{ "a\x1b", "a" },
	{ "a\x1b[", "a" },
	{ "a\x1b[12;", "a" },
	{ "a\x1b]never ends", "a" },
	{ "a\x1b[1\nb", "a b" },
	{ "bell\x07" "del\x7f" "end", "bell del end" },
	{ "C1\xc2\x9b" "31m", "C1 31m" },
	{ "ümlaut ä€\xc2\xa0.", "ümlaut ä€\xc2\xa0." },
	{ "\xff\xfe not UTF-8", "\xff\xfe not UTF-8" },
};

START_TEST(one_line)
{
	char out[256];
	const size_t len = nipfs__plain_text(nipfs__slice_str(cases[_i].text), out, sizeof(out));

	ck_assert_str_eq(out, cases[_i].want);
	ck_assert_uint_eq(len, strlen(out));
}
END_TEST

START_TEST(nul_is_a_control_character)
{
	char out[16];

	ck_assert_uint_eq(nipfs__plain_text(nipfs__slice("a\0b", 3), out, sizeof(out)), 3);
	ck_assert_str_eq(out, "a b");
}
END_TEST

/* In all sizes of the room: never beyond it, whole characters, and a mark where it is cut. */
START_TEST(fits)
{
	static const char text[] = "ab\n  c€€ d    e\x1b[0mäöü";
	char whole[64], out[64];
	const size_t all = nipfs__plain_text(nipfs__slice_str(text), whole, sizeof(whole));

	for (size_t size = 8; size < sizeof(out); size++) {
		size_t len;

		memset(out, '#', sizeof(out));
		len = nipfs__plain_text(nipfs__slice_str(text), out, size);
		ck_assert_uint_lt(len, size);
		ck_assert_uint_eq(strlen(out), len);
		for (size_t i = size; i < sizeof(out); i++)
			ck_assert_int_eq(out[i], '#');
		if (len == all) {
			ck_assert_str_eq(out, whole);
			continue;
		}
		ck_assert_str_eq(out + len - 3, "…");
		ck_assert_int_eq(strncmp(out, whole, len - 3), 0);
		/* what was cut began a character */
		ck_assert(((unsigned char)whole[len - 3] & 0xc0) != 0x80);
	}
}
END_TEST

static Suite *make_suite(void)
{
	Suite *s = suite_create("plain text");
	TCase *tc = tcase_create("plain text");

	tcase_add_loop_test(tc, one_line, 0, sizeof(cases) / sizeof(*cases));
	tcase_add_test(tc, nul_is_a_control_character);
	tcase_add_test(tc, fits);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(make_suite)
