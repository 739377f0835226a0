/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Named pins: their names there and back, and the directory that is pinned. */
#include "lib/ipfs/named_pin.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

enum { WHEN = 1795582218 };

START_TEST(there_and_back)
{
	static const char *const names[] = { "main", "a@b", "x@2026-11-25T04:50:18Z",
					     "\xc3\xa9t\xc3\xa9", "-", " " };
	char label[NIPFS__PIN_NAME_MAX + 1];
	struct nipfs_slice name;
	time_t when;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(nipfs__named_pin_format(names[i], WHEN, label, NULL), 0);
		ck_assert_int_eq(nipfs__named_pin_parse(nipfs__slice_str(label), &name, &when), 0);
		ck_assert(nipfs__slice_eq(name, nipfs__slice_str(names[i])));
		ck_assert_int_eq(when, WHEN);
	}
	ck_assert_int_eq(nipfs__named_pin_format("main", WHEN, label, NULL), 0);
	ck_assert_str_eq(label, "main@2026-11-25T04:50:18Z");
}
END_TEST

START_TEST(what_is_none)
{
	static const char *const texts[] = {
		"", "main", "@2026-11-25T04:50:18Z", "main@2026-11-25T04:50:18", "main@2026-11-25",
		"main@2026-11-31T04:50:18Z", "main@2026-1-025T04:50:18Z", "main@2026-11-25T24:50:18Z",
		"main@2026-11-25T04:50:18z", "main 2026-11-25T04:50:18Z", "a/b@2026-11-25T04:50:18Z",
		"a\x01@2026-11-25T04:50:18Z", "\xff@2026-11-25T04:50:18Z",
		"main@-026-11-25T04:50:18Z",
	};
	char label[NIPFS__PIN_NAME_MAX + 1], longest[NIPFS__NAMED_PIN_NAME_MAX + 2];
	struct nipfs_slice name;
	struct nipfs_error err;
	time_t when;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(nipfs__named_pin_parse(nipfs__slice_str(texts[i]), &name, &when) ==
				      NIPFS_E_NOTFOUND,
			      "%s", texts[i]);
	memset(longest, 'x', sizeof(longest));
	longest[NIPFS__NAMED_PIN_NAME_MAX + 1] = 0;
	ck_assert_int_eq(nipfs__named_pin_format(longest, WHEN, label, &err), NIPFS_E_USAGE);
	longest[NIPFS__NAMED_PIN_NAME_MAX] = 0;
	ck_assert_int_eq(nipfs__named_pin_format(longest, WHEN, label, &err), 0);
	ck_assert_uint_eq(strlen(label), NIPFS__PIN_NAME_MAX);
	ck_assert_int_eq(nipfs__named_pin_format("", WHEN, label, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__named_pin_format("a/b", WHEN, label, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__named_pin_format("a\nb", WHEN, label, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__named_pin_format("\xff", WHEN, label, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__named_pin_format("a", (time_t)1 << 45, label, &err),
			 NIPFS_E_USAGE);
}
END_TEST

static int keep(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		const struct nipfs_origin *origin, struct nipfs_error *err)
{
	(void)origin;
	(void)err;
	ck_assert_int_eq(nipfs_cid_verify(cid, nipfs__slice(bytes->ptr, bytes->len)), 0);
	++*(int *)ctx;
	return 0;
}

START_TEST(its_directory)
{
	int n = 0;
	const struct nipfs_block_sink sink = { keep, &n };
	struct nipfs_link link = { .tsize = 1000 }, dir;
	char text[NIPFS_CID_TEXT_MAX];

	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256,
				      nipfs__slice_str("x"), &link.cid),
			 0);
	ck_assert_int_eq(nipfs__named_pin_dir("main@2026-11-25T04:50:18Z", &link, &sink, &dir, NULL),
			 0);
	ck_assert_int_eq(n, 1);
	(void)nipfs_cid_format(&dir.cid, text);
	ck_assert_str_eq(text, "bafybeigozcsycrabrttmammpepeytelwqiohwomotr2gq3gsdufdsxmp2q");
	ck_assert_uint_gt(dir.tsize, 1000);
}
END_TEST

static Suite *named_pin_suite(void)
{
	Suite *s = suite_create("named_pin");
	TCase *t = tcase_create("named_pin");

	tcase_add_test(t, there_and_back);
	tcase_add_test(t, what_is_none);
	tcase_add_test(t, its_directory);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(named_pin_suite)
