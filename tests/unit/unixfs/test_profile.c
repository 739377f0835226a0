/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles, chunkers by name, and what is refused: each tried with Kubo 0.43.0. */
#include "tests/support/check_main.h"

#include <nixipfs/unixfs.h>

static const struct {
	const char *text;
	int result;
	struct nipfs_chunker chunker;
} chunkers[] = {
	{ "", 0, { NIPFS_CHUNKER_SIZE, 0, 262144, 262144 } },
	{ "default", 0, { NIPFS_CHUNKER_SIZE, 0, 262144, 262144 } },
	{ "size-1", 0, { NIPFS_CHUNKER_SIZE, 0, 1, 1 } },
	{ "size-+5", 0, { NIPFS_CHUNKER_SIZE, 0, 5, 5 } },
	{ "size-005", 0, { NIPFS_CHUNKER_SIZE, 0, 5, 5 } },
	{ "size-2096896", 0, { NIPFS_CHUNKER_SIZE, 0, 2096896, 2096896 } },
	{ "rabin", 0, { NIPFS_CHUNKER_RABIN, 87381, 262144, 393216 } },
	{ "rabin-48", 0, { NIPFS_CHUNKER_RABIN, 16, 48, 72 } },
	{ "rabin-+300", 0, { NIPFS_CHUNKER_RABIN, 100, 300, 450 } },
	{ "rabin-47", 0, { NIPFS_CHUNKER_RABIN, 15, 47, 2097152 } },
	{ "rabin-0", 0, { NIPFS_CHUNKER_RABIN, 0, 0, 2097152 } },
	{ "rabin-1397931", 0, { NIPFS_CHUNKER_RABIN, 465977, 1397931, 2096896 } },
	{ "rabin-16-32-64", 0, { NIPFS_CHUNKER_RABIN, 16, 32, 64 } },
	{ "rabin-16-32-2096896", 0, { NIPFS_CHUNKER_RABIN, 16, 32, 2096896 } },
	{ "rabin-min:16-avg:32-max:64", 0, { NIPFS_CHUNKER_RABIN, 16, 32, 64 } },
	{ "rabin-min:x:16-32-64", 0, { NIPFS_CHUNKER_RABIN, 16, 32, 64 } },
	{ "buzhash", 0, { NIPFS_CHUNKER_BUZHASH, 0, 0, 524288 } },
	{ "buzhash-foo", 0, { NIPFS_CHUNKER_BUZHASH, 0, 0, 524288 } },
	{ "size-0", NIPFS_E_LIMIT, { 0 } },
	{ "size-2096897", NIPFS_E_LIMIT, { 0 } },
	{ "size-99999999999999999999", NIPFS_E_LIMIT, { 0 } },
	{ "rabin-1397932", NIPFS_E_LIMIT, { 0 } },
	{ "rabin-15-32-64", NIPFS_E_LIMIT, { 0 } },
	{ "rabin-16-16-64", NIPFS_E_LIMIT, { 0 } },
	{ "rabin-16-64-64", NIPFS_E_LIMIT, { 0 } },
	{ "rabin-16-32-2096897", NIPFS_E_LIMIT, { 0 } },
	{ "rabin-4294967312-4294967328-4294967360", NIPFS_E_LIMIT, { 0 } },
	{ "size", NIPFS_E_INVALID, { 0 } },
	{ "size-", NIPFS_E_INVALID, { 0 } },
	{ "size-+", NIPFS_E_INVALID, { 0 } },
	{ "size--1", NIPFS_E_INVALID, { 0 } },
	{ "size-5-", NIPFS_E_INVALID, { 0 } },
	{ "size-0x10", NIPFS_E_INVALID, { 0 } },
	{ "size-1_000", NIPFS_E_INVALID, { 0 } },
	{ "size- 5", NIPFS_E_INVALID, { 0 } },
	{ "SIZE-5", NIPFS_E_INVALID, { 0 } },
	{ " ", NIPFS_E_INVALID, { 0 } },
	{ "-", NIPFS_E_INVALID, { 0 } },
	{ "rabin-", NIPFS_E_INVALID, { 0 } },
	{ "rabin-1-2", NIPFS_E_INVALID, { 0 } },
	{ "rabin-1-2-3-4", NIPFS_E_INVALID, { 0 } },
	{ "rabin-min:16", NIPFS_E_INVALID, { 0 } },
	{ "rabin-min:-32-64", NIPFS_E_INVALID, { 0 } },
	{ "rabin-avg:16-avg:32-max:64", NIPFS_E_INVALID, { 0 } },
	{ "rabin-16-max:32-max:64", NIPFS_E_INVALID, { 0 } },
	{ "buzhashx", NIPFS_E_INVALID, { 0 } },
	{ "default-1", NIPFS_E_INVALID, { 0 } },
};

START_TEST(takes_chunkers_as_kubo_does)
{
	struct nipfs_unixfs_params p;
	struct nipfs_chunker c = { NIPFS_CHUNKER_SIZE, 1, 2, 3 };

	ck_assert_int_eq(nipfs_chunker_parse(chunkers[_i].text, &c), chunkers[_i].result);
	if (chunkers[_i].result < 0) {
		ck_assert_uint_eq(c.max, 3);
		return;
	}
	ck_assert_int_eq(c.kind, chunkers[_i].chunker.kind);
	ck_assert_uint_eq(c.min, chunkers[_i].chunker.min);
	ck_assert_uint_eq(c.avg, chunkers[_i].chunker.avg);
	ck_assert_uint_eq(c.max, chunkers[_i].chunker.max);
	ck_assert_int_eq(nipfs_unixfs_profile("nix", &p), 0);
	p.chunker = c;
	ck_assert_int_eq(nipfs_unixfs_check(&p, NULL), 0);
}
END_TEST

START_TEST(has_four_profiles_that_are_lawful)
{
	struct nipfs_unixfs_params p;
	const char *name;
	size_t n = 0;

	while ((name = nipfs_unixfs_profile_name(n))) {
		ck_assert_int_eq(nipfs_unixfs_profile(name, &p), 0);
		ck_assert_int_eq(nipfs_unixfs_check(&p, NULL), 0);
		n++;
	}
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(nipfs_unixfs_profile("nix", &p), 0);
	ck_assert_int_eq(p.mode, NIPFS_MODE_EXECUTABLE);
	ck_assert_uint_eq(p.max_file_links, 1024);
	ck_assert_int_eq(nipfs_unixfs_profile("Nix", &p), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(nipfs_unixfs_profile("", &p), NIPFS_E_UNSUPPORTED);
}
END_TEST

/* One change to a lawful combination, and whether Kubo takes the result. */
struct change {
	const char *what;
	void (*apply)(struct nipfs_unixfs_params *p);
	const char *named; /* in the message when it is refused */
};

#define CHANGE(name, ...)                                       \
	static void name(struct nipfs_unixfs_params *p)         \
	{                                                       \
		__VA_ARGS__;                                    \
	}
CHANGE(version_2, p->cid_version = 2)
CHANGE(version_0, p->cid_version = 0)
CHANGE(version_0_sha512, p->cid_version = 0; p->hash = NIPFS_HASH_SHA2_512)
CHANGE(sha512, p->hash = NIPFS_HASH_SHA2_512)
CHANGE(sha3, p->hash = 0x16)
CHANGE(inline_128, p->inline_blocks = true; p->inline_limit = 128)
CHANGE(inline_129, p->inline_blocks = true; p->inline_limit = 129)
CHANGE(no_inline_129, p->inline_limit = 129)
CHANGE(chunk_0, p->chunker.avg = 0)
CHANGE(chunk_max, p->chunker.avg = p->chunker.max = NIPFS_CHUNK_MAX)
CHANGE(chunk_over, p->chunker.avg = p->chunker.max = NIPFS_CHUNK_MAX + 1)
CHANGE(rabin_falls,
       p->chunker = ((struct nipfs_chunker){ NIPFS_CHUNKER_RABIN, 32, 32, 64 }))
CHANGE(rabin_short,
       p->chunker = ((struct nipfs_chunker){ NIPFS_CHUNKER_RABIN, 15, 32, 64 }))
CHANGE(links_0, p->max_file_links = 0)
CHANGE(links_1, p->max_file_links = 1)
CHANGE(links_1_trickle, p->max_file_links = 1; p->layout = NIPFS_LAYOUT_TRICKLE)
CHANGE(links_many, p->max_file_links = 70000)
CHANGE(fanout_0, p->hamt_fanout = 0)
CHANGE(fanout_4, p->hamt_fanout = 4)
CHANGE(fanout_8, p->hamt_fanout = 8)
CHANGE(fanout_12, p->hamt_fanout = 12)
CHANGE(fanout_1024, p->hamt_fanout = 1024)
CHANGE(fanout_2048, p->hamt_fanout = 2048)
CHANGE(raw_mode, p->mode = NIPFS_MODE_PRESERVE)
CHANGE(raw_mtime, p->mtime = NIPFS_MTIME_PRESERVE)
CHANGE(both, p->mode = NIPFS_MODE_PRESERVE; p->mtime = NIPFS_MTIME_PRESERVE;
       p->raw_leaves = false)
CHANGE(executable_wrapped, p->raw_leaves = false)
CHANGE(no_such_layout, p->layout = (enum nipfs_layout)9)
CHANGE(no_such_chunker, p->chunker.kind = (enum nipfs_chunker_kind)9)
CHANGE(no_such_estimate, p->hamt_estimate = (enum nipfs_hamt_estimate)9)
CHANGE(no_such_mode, p->mode = (enum nipfs_mode_policy)9)
CHANGE(no_such_mtime, p->mtime = (enum nipfs_mtime_policy)9)

static const struct change changes[] = {
	{ "CID version 2", version_2, "CID version 2" },
	{ "CID version 0", version_0, NULL },
	{ "CID version 0 with sha2-512", version_0_sha512, "'sha2-512'" },
	{ "sha2-512", sha512, NULL },
	{ "a hash that is not built in", sha3, "0x16" },
	{ "inline to 128", inline_128, NULL },
	{ "inline to 129", inline_129, "inline limit 129" },
	{ "an unused limit of 129", no_inline_129, NULL },
	{ "chunks of 0", chunk_0, "chunk size 0" },
	{ "largest chunks", chunk_max, NULL },
	{ "too large chunks", chunk_over, "chunk size" },
	{ "rabin not ascending", rabin_falls, "rabin" },
	{ "rabin below its window", rabin_short, "rabin" },
	{ "0 links", links_0, NULL },
	{ "1 link", links_1, "max file links 1" },
	{ "1 link, trickle", links_1_trickle, NULL },
	{ "70000 links", links_many, NULL },
	{ "fanout 0", fanout_0, "HAMT fanout 0" },
	{ "fanout 4", fanout_4, "HAMT fanout 4" },
	{ "fanout 8", fanout_8, NULL },
	{ "fanout 12", fanout_12, "HAMT fanout 12" },
	{ "fanout 1024", fanout_1024, NULL },
	{ "fanout 2048", fanout_2048, "HAMT fanout 2048" },
	{ "mode over raw leaves", raw_mode, "raw leaves" },
	{ "mtime over raw leaves", raw_mtime, "raw leaves" },
	{ "mode and mtime", both, NULL },
	{ "executable without raw leaves", executable_wrapped, NULL },
	{ "no such layout", no_such_layout, "layout 9" },
	{ "no such chunker", no_such_chunker, "chunker 9" },
	{ "no such estimate", no_such_estimate, "estimate 9" },
	{ "no such mode policy", no_such_mode, "mode policy 9" },
	{ "no such mtime policy", no_such_mtime, "mtime policy 9" },
};

START_TEST(refuses_by_name_what_kubo_refuses)
{
	const struct change *c = &changes[_i];
	struct nipfs_unixfs_params p;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs_unixfs_profile("nix", &p), 0);
	c->apply(&p);
	ck_assert_msg(nipfs_unixfs_check(&p, &err) == (c->named ? NIPFS_E_USAGE : 0),
		      "%s: %s", c->what, err.msg);
	if (c->named) {
		ck_assert_int_eq(err.code, NIPFS_E_USAGE);
		ck_assert_msg(strstr(err.msg, c->named), "%s: %s", c->what, err.msg);
	}
}
END_TEST

static Suite *profile_suite(void)
{
	Suite *s = suite_create("profile");
	TCase *tc = tcase_create("parameters");

	tcase_add_loop_test(tc, takes_chunkers_as_kubo_does, 0,
			    sizeof(chunkers) / sizeof(chunkers[0]));
	tcase_add_test(tc, has_four_profiles_that_are_lawful);
	tcase_add_loop_test(tc, refuses_by_name_what_kubo_refuses, 0,
			    sizeof(changes) / sizeof(changes[0]));
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(profile_suite)
