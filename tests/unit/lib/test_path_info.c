/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Path infos: the sets they hold, copies, fingerprints. */
#include <nixipfs/path_info.h>

#include <stdio.h>
#include <string.h>

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

#define HASH "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q"
#define CA_16                                                                            \
	"text:sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
#define CA_32 "text:sha256:00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq"

static struct nipfs_slice str(const char *s)
{
	return nipfs__slice_str(s);
}

static struct nipfs_store_path path(const char *name)
{
	struct nipfs_store_path p;
	char base[128];

	(void)snprintf(base, sizeof(base), "%s-%s", HASH, name);
	ck_assert_int_eq(nipfs_store_path_parse_base(str(base), &p, NULL), 0);
	return p;
}

static struct nipfs_path_info sample(void)
{
	const struct nipfs_store_path refs[] = { path("c"), path("a"), path("c"),
						 path("b") };
	struct nipfs_path_info info;

	nipfs_path_info_init(&info);
	info.path = path("b");
	info.nar_size = 96;
	info.has_deriver = true;
	info.deriver = path("b.drv");
	info.registration_time = 7;
	memset(info.nar_hash, 0, sizeof(info.nar_hash));
	ck_assert_int_eq(nipfs_path_info_set_refs(&info, refs, 4), 0);
	ck_assert_int_eq(nipfs_path_info_add_sig(&info, str("k2:AAAA")), 0);
	ck_assert_int_eq(nipfs_path_info_add_sig(&info, str("k1:AAAA")), 0);
	ck_assert_int_eq(nipfs_path_info_add_sig(&info, str("k1:AAAA")), 0);
	ck_assert_int_eq(nipfs_path_info_add_sig(&info, str("k1:BBBB")), 0);
	ck_assert_int_eq(nipfs_path_info_set_ca(&info, str(CA_16)), 0);
	return info;
}

static void expect_sample(const struct nipfs_path_info *info)
{
	const struct nipfs_store_path self = path("b"), other = path("d");

	ck_assert_uint_eq(info->n_refs, 3);
	ck_assert_str_eq(info->refs[0].base, HASH "-a");
	ck_assert_str_eq(info->refs[2].base, HASH "-c");
	ck_assert(nipfs_path_info_has_ref(info, &self));
	ck_assert(!nipfs_path_info_has_ref(info, &other));
	ck_assert_uint_eq(info->n_sigs, 3);
	ck_assert_str_eq(info->sigs[0], "k1:AAAA");
	ck_assert_str_eq(info->sigs[1], "k1:BBBB");
	ck_assert_str_eq(info->sigs[2], "k2:AAAA");
	ck_assert_str_eq(info->ca, CA_32);
	ck_assert_str_eq(info->deriver.base, HASH "-b.drv");
	ck_assert_int_eq(info->registration_time, 7);
}

START_TEST(sets_and_copies)
{
	struct nipfs_path_info info = sample(), copy;

	expect_sample(&info);
	ck_assert_int_eq(nipfs_path_info_copy(&info, &copy), 0);
	nipfs_path_info_release(&info);
	expect_sample(&copy);
	ck_assert_int_eq(nipfs_path_info_set_refs(&copy, NULL, 0), 0);
	ck_assert_ptr_null(copy.refs);
	ck_assert_int_eq(nipfs_path_info_set_ca(&copy, str("")), 0);
	ck_assert_ptr_null(copy.ca);
	nipfs_path_info_release(&copy);
	nipfs_path_info_release(&copy);
	ck_assert_int_eq(nipfs_path_info_copy(&copy, &info), 0);
	ck_assert_uint_eq(info.n_refs, 0);
	nipfs_path_info_release(&info);
}
END_TEST

START_TEST(limits)
{
	struct nipfs_path_info info = sample();
	const struct nipfs_store_path ref = path("x");
	char sig[NIPFS_SIG_TEXT_MAX + 8];

	ck_assert_int_eq(nipfs_path_info_set_refs(&info, &ref, NIPFS_PATH_REFS_MAX + 1),
			 NIPFS_E_LIMIT);
	memset(sig, 'A', sizeof(sig));
	sig[3] = ':';
	ck_assert_int_eq(
	    nipfs_path_info_add_sig(&info, nipfs__slice(sig, NIPFS_SIG_TEXT_MAX)), 0);
	ck_assert_int_eq(
	    nipfs_path_info_add_sig(&info, nipfs__slice(sig, NIPFS_SIG_TEXT_MAX + 4)),
	    NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs_path_info_set_ca(&info, str("text:md5:x")),
			 NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_path_info_set_ca(&info, str("nonsense")), NIPFS_E_INVALID);
	ck_assert_str_eq(info.ca, CA_32);
	nipfs_path_info_release(&info);
}
END_TEST

START_TEST(fingerprints)
{
	static const char want[] =
	    "1;/s/" HASH "-b;"
	    "sha256:0000000000000000000000000000000000000000000000000000;"
	    "96;/s/" HASH "-a,/s/" HASH "-b,/s/" HASH "-c";
	struct nipfs_path_info info = sample();
	struct nipfs_error err = { 0 };
	size_t len = 0;
	char *text = NULL;

	ck_assert_int_eq(nipfs_path_info_fingerprint(&info, "/s", &text, &len, &err), 0);
	ck_assert_str_eq(text, want);
	ck_assert_uint_eq(len, strlen(want));
	free(text);
	ck_assert_int_eq(nipfs_path_info_set_refs(&info, NULL, 0), 0);
	ck_assert_int_eq(nipfs_path_info_fingerprint(&info, "/s", &text, &len, &err), 0);
	ck_assert_int_eq(text[len - 1], ';');
	free(text);
	info.nar_size = 0;
	ck_assert_int_eq(nipfs_path_info_fingerprint(&info, "/s", &text, &len, &err),
			 NIPFS_E_INVALID);
	nipfs_path_info_release(&info);
}
END_TEST

static Suite *path_info_suite(void)
{
	Suite *s = suite_create("path_info");
	TCase *t = tcase_create("path_info");

	tcase_add_test(t, sets_and_copies);
	tcase_add_test(t, limits);
	tcase_add_test(t, fingerprints);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(path_info_suite)
