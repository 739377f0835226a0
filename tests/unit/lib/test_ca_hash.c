/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash of a content address, recomputed from a tree. */
#include "lib/nix/ca_hash.h"

#include <string.h>

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/feed_tree.h"

static const struct tree_step hello_txt[] = { TREE_FILE(NULL, "hello\n"), TREE_END };
static const struct tree_step nothing[] = { TREE_FILE(NULL, NULL), TREE_END };
static const struct tree_step link[] = { TREE_LINK(NULL, "hello\n"), TREE_END };
static const struct tree_step plain[] = { TREE_DIR(NULL), TREE_FILE("hello", "Hello World\n"),
					  TREE_UP, TREE_END };
static const struct tree_step executable[] = { TREE_DIR(NULL),
					       TREE_FILE("hello", "Hello World\n", .mode = 0555),
					       TREE_UP, TREE_END };
static const struct tree_step symlink[] = { TREE_DIR(NULL), TREE_LINK("hello", "x"), TREE_UP,
					    TREE_END };

#define SHA256 "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

/* reference nix.md, section 10, numbers 3, 6 and 8, and what sha1sum and its kin say */
static const struct {
	const char *ca;
	const struct tree_step *tree;
} right[] = {
	{ "text:sha256:" SHA256, hello_txt },
	{ "fixed:sha256:" SHA256, hello_txt },
	{ "fixed:sha1:f572d396fae9206628714fb2ce00f72e94f2258f", hello_txt },
	{ "fixed:md5:b1946ac92492d2347c6235b4d2611184", hello_txt },
	{ "fixed:sha512:e7c22b994c59d9cf2b48e549b1e24666636045930d3da7c1acb299d1c3b7f931f94aae41"
	  "edda2c2b207a36e10f8bcb8d45223e54878f5b316e7ce3b6bc019629",
	  hello_txt },
	{ "fixed:md5:d41d8cd98f00b204e9800998ecf8427e", nothing },
	{ "fixed:r:sha256:1c37d01af40be2e80691de3cc3df44377a699afbb17c68f080964b2fd071fc13",
	  hello_txt },
	{ "fixed:r:sha1:0deb52c2735eb38d360f976b7b3823c4ad05cce7", hello_txt },
	{ "fixed:r:md5:ea9b55537dd4c7e104515b2ccfaf4100", plain },
	{ "fixed:r:sha256:2630b68cd6b1bcb5315fb753e6ed135947bdd2a5f692848978943ce5cee85b25",
	  plain },
	{ "fixed:r:md5:20f3ffe011d4cfa7d72bfabef7882836", executable },
	{ "fixed:r:md5:f78b733a68f5edbdf9413899339eaa4a", symlink },
};

/* What comes of a tree: of feeding it, or of finishing. */
static int hash(const struct nipfs__ca *ca, const struct tree_step *tree)
{
	struct nipfs_error err = { 0 };
	struct nipfs__ca_hash *h;
	struct nipfs_tree_sink sink;
	int r;

	ck_assert_int_eq(nipfs__ca_hash_new(&h, ca, &err), 0);
	sink = nipfs__ca_hash_sink(h);
	r = feed_tree(&sink, tree, 5, &err);
	if (r == 0)
		r = nipfs__ca_hash_finish(h, &err);
	nipfs__ca_hash_free(h);
	ck_assert_int_eq(err.code, r);
	return r;
}

static struct nipfs__ca parse(const char *text)
{
	struct nipfs__ca ca;

	ck_assert_msg(nipfs__ca_parse(nipfs__slice_str(text), &ca) == 0, "%s", text);
	return ca;
}

START_TEST(takes_what_has_the_hash)
{
	struct nipfs__ca ca = parse(right[_i].ca);

	ck_assert_int_eq(hash(&ca, right[_i].tree), 0);
	for (size_t i = 0; i < ca.hash.len; i++) {
		ca.hash.bytes[i] ^= 1;
		ck_assert_int_eq(hash(&ca, right[_i].tree), NIPFS_E_MISMATCH);
		ca.hash.bytes[i] ^= 1;
	}
	ck_assert_int_eq(hash(&ca, right[_i].tree == nothing ? hello_txt : nothing),
			 NIPFS_E_MISMATCH);
}
END_TEST

START_TEST(flat_and_text_are_of_one_file)
{
	static const char *const texts[] = { "text:sha256:" SHA256, "fixed:sha256:" SHA256 };
	const struct nipfs__ca ca = parse(texts[_i]);

	ck_assert_int_eq(hash(&ca, link), NIPFS_E_MISMATCH);
	ck_assert_int_eq(hash(&ca, plain), NIPFS_E_MISMATCH);
}
END_TEST

START_TEST(git_is_not_built_in)
{
	const struct nipfs__ca ca = parse("fixed:git:sha1:63ddb340119baf8492d2da53af47e8c7cfcd5eb2");
	struct nipfs_error err = { 0 };
	struct nipfs__ca_hash *h = NULL;

	ck_assert_int_eq(nipfs__ca_hash_new(&h, &ca, &err), NIPFS_E_UNSUPPORTED);
	ck_assert_ptr_null(h);
	ck_assert_str_ne(err.msg, "");
	nipfs__ca_hash_free(NULL);
}
END_TEST

static Suite *ca_hash_suite(void)
{
	Suite *s = suite_create("ca_hash");
	TCase *t = tcase_create("ca_hash");

	tcase_add_loop_test(t, takes_what_has_the_hash, 0, (int)(sizeof(right) / sizeof(right[0])));
	tcase_add_loop_test(t, flat_and_text_are_of_one_file, 0, 2);
	tcase_add_test(t, git_is_not_built_in);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(ca_hash_suite)
