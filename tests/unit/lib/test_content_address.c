/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content addresses and the store paths that follow from them. */
#include "lib/nix/content_address.h"

#include <stdio.h>
#include <string.h>

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/rows.h"

#define STORE "/nix/store"

static struct nipfs_slice str(const char *s)
{
	return nipfs__slice_str(s);
}

static void expect_path(const char *text, const char *name, const char *const *refs,
			bool self, const char *want)
{
	struct nipfs_store_path paths[4], got;
	struct nipfs_error err = { 0 };
	struct nipfs__ca ca;
	size_t n = 0;

	for (; refs && refs[n]; n++)
		ck_assert_int_eq(
		    nipfs_store_path_parse_base(str(refs[n]), &paths[n], &err), 0);
	ck_assert_msg(nipfs__ca_parse(str(text), &ca) == 0, "%s", text);
	ck_assert_msg(
	    nipfs__ca_store_path(&ca, STORE, str(name), paths, n, self, &got, &err) == 0,
	    "%s: %s", text, err.msg);
	ck_assert_str_eq(got.base, want);
}

START_TEST(fixed_paths_as_nix_prints_them)
{
	char *file = rows_read("fixtures/nix/fixed-paths.tsv"), *rest = file, *column[3];
	size_t rows = 0;

	for (; rows_next(&rest, column, 3); rows++)
		expect_path(column[0], column[1], NULL, false,
			    column[2] + strlen(STORE "/"));
	ck_assert_uint_eq(rows, 32);
	free(file);
}
END_TEST

/* reference nix.md, section 10, numbers 3, 5 and 8 to 14 */
#define HELLO_16 "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
static const struct {
	const char *ca, *name;
	const char *refs[2];
	bool self;
	const char *path;
} paths[] = {
	{ "fixed:r:sha256:04zwf782yjwnh3q6hz5izfd6jyip8kgw6g6yj43fiqhbyhdd0dqw",
	  "hello.txt",
	  { NULL },
	  false,
	  "i9pmrzmpshapij2kin22pff6fc2adavx-hello.txt" },
	{ "fixed:r:sha1:0deb52c2735eb38d360f976b7b3823c4ad05cce7",
	  "hello.txt",
	  { NULL },
	  false,
	  "hzq8n5jpi3g2d0xhlvqd8q1gx5c9s6i3-hello.txt" },
	{ "fixed:r:sha256:c9d7c10ad4778f588d3077a0c44cd9d9ca7bf45af76d69b8f1dd6096048b4c11",
	  "tree",
	  { NULL },
	  false,
	  "yjqfbz78nvp50yfrasgjnxdbi8yvqzwz-tree" },
	{ "text:sha256:" HELLO_16,
	  "hello.txt",
	  { NULL },
	  false,
	  "qa1w9gdfrba6jl2r57mb3c43863gqywp-hello.txt" },
	{ "fixed:r:sha1:0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
	  "bar",
	  { NULL },
	  false,
	  "mp57d33657rf34lzvlbpfa1gjfv5gmpg-bar" },
	{ "fixed:r:sha256:1xqkzcb3909fp07qngljr4wcdnrh1gdam1m2n29i6hhrxlmkgkv1",
	  "baz",
	  { "dxwkwjzdaq7ka55pkk252gh32bgpmql4-foo" },
	  false,
	  "s89y431zzhmdn3k8r96rvakryddkpv2v-baz" },
	{ "fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh",
	  "foo",
	  { "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar" },
	  true,
	  "n5wkd9frr45pa74if5gpz9j7mifg27fh-foo" },
	/* the texts "bar" and "/nix/store/vxjiwkjkn7x4079qvh1jkl5pn05j2aw0-foo" */
	{ "text:sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
	  "foo",
	  { NULL },
	  false,
	  "vxjiwkjkn7x4079qvh1jkl5pn05j2aw0-foo" },
	{ "text:sha256:bcd698d8c0f97a637a6ac51a0517ff95ceb72c696a01186b7ccf6b54e02d13a4",
	  "baz",
	  { "vxjiwkjkn7x4079qvh1jkl5pn05j2aw0-foo" },
	  false,
	  "5xd714cbfnkz02h2vbsj4fm03x3f15nf-baz" },
	/* the text "see /nix/store/qa1w9gdfrba6jl2r57mb3c43863gqywp-hello.txt" */
	{ "text:sha256:89736bb744b99e9758a05d3ef39e5291ed2cb48dcb801fed26ed79b4d5af312d",
	  "ref.txt",
	  { "qa1w9gdfrba6jl2r57mb3c43863gqywp-hello.txt" },
	  false,
	  "byx2467nnw53qkiah0w2w2pm1297qi5v-ref.txt" },
	{ "fixed:git:sha1:63ddb340119baf8492d2da53af47e8c7cfcd5eb2",
	  "x",
	  { NULL },
	  false,
	  "pmw2xjaqxy6yd1wqsg4ms8jc48pdcfl3-x" },
};

START_TEST(known_paths)
{
	expect_path(paths[_i].ca, paths[_i].name, paths[_i].refs, paths[_i].self,
		    paths[_i].path);
}
END_TEST

/* text as it comes, and as Nix writes it */
static const struct {
	const char *text, *canonical; /* NULL: the same */
} good[] = {
	{ "text:sha256:1vb2xd67750jrvqgykxrf5ipl3h1q57sxc57q5nzjw56bqp3sxzr", NULL },
	{ "fixed:sha1:1amk6n7wxjlw4qkq6dcj6mm7hw3acrw0", NULL },
	{ "fixed:md5:4425hx5d1mc9y39llj4k4nm55i", NULL },
	{ "fixed:r:sha1:wky5hhdjb1ljygf1vczhk08wika96rbr", NULL },
	{ "fixed:git:sha1:1amk6n7wxjlw4qkq6dcj6mm7hw3acrw0", NULL },
	{ "fixed:git:sha256:1vb2xd67750jrvqgykxrf5ipl3h1q57sxc57q5nzjw56bqp3sxzr", NULL },
	{ "text:sha256:" HELLO_16,
	  "text:sha256:00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq" },
	{ "fixed:r:sha256:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=",
	  "fixed:r:sha256:00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq" },
};

START_TEST(texts)
{
	const char *want = good[_i].canonical ? good[_i].canonical : good[_i].text;
	char text[NIPFS__CA_TEXT_MAX];
	struct nipfs__ca ca;

	ck_assert_int_eq(nipfs__ca_parse(str(good[_i].text), &ca), 0);
	ck_assert_uint_eq(nipfs__ca_format(&ca, text), strlen(want));
	ck_assert_str_eq(text, want);
	for (size_t k = 0; k < strlen(want); k++)
		ck_assert_int_lt(nipfs__ca_parse(nipfs__slice(want, k), &ca), 0);
}
END_TEST

static const struct {
	const char *text;
	int code;
} bad[] = {
	{ "", NIPFS_E_INVALID },
	{ "text", NIPFS_E_INVALID },
	{ "sha256:" HELLO_16, NIPFS_E_INVALID },
	{ "text:sha256", NIPFS_E_INVALID },
	{ "text:" HELLO_16, NIPFS_E_INVALID },
	{ "text:sha1:1amk6n7wxjlw4qkq6dcj6mm7hw3acrw0", NIPFS_E_UNSUPPORTED },
	{ "text:r:sha256:" HELLO_16, NIPFS_E_UNSUPPORTED },
	{ "fixed:r:r:sha256:" HELLO_16, NIPFS_E_UNSUPPORTED },
	{ "fixed:x:sha256:" HELLO_16, NIPFS_E_UNSUPPORTED },
	{ "fixed:git:md5:4425hx5d1mc9y39llj4k4nm55i", NIPFS_E_UNSUPPORTED },
	{ "fixed:blake3:" HELLO_16, NIPFS_E_UNSUPPORTED },
	{ "fixed:sha1:" HELLO_16, NIPFS_E_INVALID },
	{ "fixed:sha256:sha256:" HELLO_16, NIPFS_E_INVALID },
	{ "fixed:sha256:sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=",
	  NIPFS_E_INVALID },
	{ "Fixed:sha256:" HELLO_16, NIPFS_E_INVALID },
	{ "fixed: sha256:" HELLO_16, NIPFS_E_UNSUPPORTED },
	{ "fixed:sha256:" HELLO_16 " ", NIPFS_E_INVALID },
};

START_TEST(refuses)
{
	struct nipfs__ca ca = { .hash.len = 99 };

	ck_assert_int_eq(nipfs__ca_parse(str(bad[_i].text), &ca), bad[_i].code);
	ck_assert_uint_eq(ca.hash.len, 99);
}
END_TEST

/* references where there can be none; itself where it can't be */
static const struct {
	const char *ca;
	bool refs, self;
} impossible[] = {
	{ "text:sha256:" HELLO_16, false, true },
	{ "fixed:sha256:" HELLO_16, true, false },
	{ "fixed:sha256:" HELLO_16, false, true },
	{ "fixed:r:md5:4425hx5d1mc9y39llj4k4nm55i", true, false },
	{ "fixed:r:md5:4425hx5d1mc9y39llj4k4nm55i", false, true },
	{ "fixed:git:sha256:" HELLO_16, true, false },
};

START_TEST(references_that_cannot_be)
{
	struct nipfs_store_path ref, out = { "unchanged" };
	struct nipfs_error err = { 0 };
	struct nipfs__ca ca;

	ck_assert_int_eq(nipfs_store_path_parse_base(
			     str("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar"), &ref, NULL),
			 0);
	ck_assert_int_eq(nipfs__ca_parse(str(impossible[_i].ca), &ca), 0);
	ck_assert_int_eq(nipfs__ca_store_path(&ca, STORE, str("x"), &ref,
					      impossible[_i].refs, impossible[_i].self,
					      &out, &err),
			 NIPFS_E_INVALID);
	ck_assert_str_ne(err.msg, "");
	ck_assert_str_eq(out.base, "unchanged");
	ck_assert_int_eq(
	    nipfs__ca_store_path(&ca, STORE, str("a b"), NULL, 0, false, &out, &err),
	    NIPFS_E_INVALID);
}
END_TEST

static void check(const char *path, const char *ca, const char *const *refs, int want)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	struct nipfs_store_path paths_[3];
	struct nipfs_error err = { 0 };
	struct nipfs__ca parsed;
	size_t n = 0;

	ck_assert_int_eq(nipfs_store_path_parse_base(str(path), &info.path, NULL), 0);
	for (; refs[n]; n++)
		ck_assert_int_eq(
		    nipfs_store_path_parse_base(str(refs[n]), &paths_[n], NULL), 0);
	ck_assert_int_eq(nipfs_path_info_set_refs(&info, paths_, n), 0);
	ck_assert_int_eq(nipfs_path_info_set_ca(&info, str(ca)), 0);
	ck_assert_msg(nipfs__ca_check(&info, STORE, &parsed, &err) == want, "%s",
		      err.msg);
	nipfs_path_info_release(&info);
}

START_TEST(claims)
{
	static const char *const ca =
	    "fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh";
	static const char *const path = "n5wkd9frr45pa74if5gpz9j7mifg27fh-foo";
	static const char *const bar = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar";

	check(path, ca, (const char *[]){ bar, path, NULL }, 0);
	check(path, ca, (const char *[]){ path, bar, NULL }, 0);
	/* a reference more or less, another hash, another name */
	check(path, ca, (const char *[]){ bar, NULL }, NIPFS_E_MISMATCH);
	check(path, ca, (const char *[]){ path, NULL }, NIPFS_E_MISMATCH);
	check(path, ca, (const char *[]){ NULL }, NIPFS_E_MISMATCH);
	check("n5wkd9frr45pa74if5gpz9j7mifg27fh-fop", ca,
	      (const char *[]){ bar, "n5wkd9frr45pa74if5gpz9j7mifg27fh-fop", NULL },
	      NIPFS_E_MISMATCH);
	check(path, "fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhg",
	      (const char *[]){ bar, path, NULL }, NIPFS_E_MISMATCH);
	check(path, "text:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh",
	      (const char *[]){ path, NULL }, NIPFS_E_INVALID);
}
END_TEST

#define LOOP(t, test, table)                                                             \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *content_address_suite(void)
{
	Suite *s = suite_create("content_address");
	TCase *t = tcase_create("content_address");

	tcase_add_test(t, fixed_paths_as_nix_prints_them);
	LOOP(t, known_paths, paths);
	LOOP(t, texts, good);
	LOOP(t, refuses, bad);
	LOOP(t, references_that_cannot_be, impossible);
	tcase_add_test(t, claims);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(content_address_suite)
