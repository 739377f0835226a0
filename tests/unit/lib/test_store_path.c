/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths: names, folders, order. */
#include <nixipfs/store_path.h>

#include <stdio.h>
#include <string.h>

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

#define HASH "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q"
#define N50 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
#define N211 N50 N50 N50 N50 "0123456789_"

static struct nipfs_slice str(const char *s)
{
	return nipfs__slice_str(s);
}

/* names of nix src/libstore-tests/path.cc, and the edges */
static const struct {
	const char *name;
	bool has_dot_name;
} good[] = {
	{ "foo", false },     { "foo.drv", false },    { "foo?why", false },
	{ "foo=foo", false }, { ".gitignore", false }, { "...", false },
	{ "...a", false },    { ".a-b", false },       { "..a", false },
	{ "a", false },	      { "-", false },	       { "--", false },
	{ "+-._?=", false },  { "0123456789", false }, { N211, false },
	{ ".", true },	      { "..", true },	       { ".-a", true },
	{ "..-a", true },     { ".-", true },	       { "..-", true },
	{ "...-a", false },   { "foo..bar", false },
};

START_TEST(takes)
{
	char base[512], full[NIPFS_STORE_PATH_MAX], hash[33];
	struct nipfs_store_path path, again;
	struct nipfs_error err;

	(void)snprintf(base, sizeof(base), "%s-%s", HASH, good[_i].name);
	ck_assert_int_eq(nipfs_store_path_parse_base(str(base), &path, &err), 0);
	ck_assert_str_eq(path.base, base);
	ck_assert_str_eq(nipfs_store_path_name(&path), good[_i].name);
	nipfs_store_path_hash_part(&path, hash);
	ck_assert_str_eq(hash, HASH);
	ck_assert_int_eq(nipfs_store_path_has_dot_name(&path), good[_i].has_dot_name);
	ck_assert_uint_eq(nipfs_store_path_format(&path, "/nix/store", full),
			  strlen(base) + 11);
	ck_assert_int_eq(nipfs_store_path_parse(str(full), "/nix/store", &again, &err),
			 0);
	ck_assert_mem_eq(&path, &again, sizeof(path));
	for (size_t i = strlen(base) + 1; i < sizeof(path.base); i++)
		ck_assert_int_eq(path.base[i], 0);
}
END_TEST

static const char *const bad[] = {
	"",
	"foo",
	HASH,
	HASH "-",
	HASH "foo",
	HASH "_foo",
	"g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3-foo",
	"g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3qq-foo",
	"e1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo",
	"G1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo",
	HASH "-foo!o",
	HASH "-foo,*",
	HASH "-foo bar",
	HASH "-foo/bar",
	HASH "-foo:bar",
	HASH "-foo%3abar",
	HASH "-foo~bar",
	HASH "-foo\n",
	HASH "-f\xc3\xb6o",
	HASH "-" N211 "x",
	"../" HASH "-foo",
};

START_TEST(refuses)
{
	struct nipfs_store_path path = { "unchanged" };
	struct nipfs_error err = { 0 };
	char full[512];

	ck_assert_int_eq(nipfs_store_path_parse_base(str(bad[_i]), &path, &err),
			 NIPFS_E_INVALID);
	ck_assert_str_ne(err.msg, "");
	(void)snprintf(full, sizeof(full), "/nix/store/%s", bad[_i]);
	ck_assert_int_eq(nipfs_store_path_parse(str(full), "/nix/store", &path, NULL),
			 NIPFS_E_INVALID);
	ck_assert_str_eq(path.base, "unchanged");
}
END_TEST

START_TEST(refuses_a_zero_byte)
{
	struct nipfs_store_path path;

	ck_assert_int_eq(nipfs_store_path_parse_base(
			     nipfs__slice(HASH "-f\0o", sizeof(HASH) + 3), &path, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs_store_path_parse_base(nipfs__slice(NULL, 0), &path, NULL),
			 NIPFS_E_INVALID);
}
END_TEST

static const char *const bad_full[] = {
	"",
	"/",
	"/nix/store",
	"/nix/store/",
	"/nix/store/" HASH "-foo/",
	"/nix/store/" HASH "-foo/bin",
	"/nix/store//" HASH "-foo",
	"/nix/stores/" HASH "-foo",
	"/nix/storf/" HASH "-foo",
	"/gnu/store/" HASH "-foo",
	"nix/store/" HASH "-foo",
	HASH "-foo",
};

START_TEST(refuses_full)
{
	struct nipfs_store_path path;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(
	    nipfs_store_path_parse(str(bad_full[_i]), "/nix/store", &path, &err),
	    NIPFS_E_INVALID);
	ck_assert_str_ne(err.msg, "");
}
END_TEST

static const struct {
	const char *path, *dir, *rest; /* rest NULL: refused */
} splits[] = {
	{ "/nix/store/" HASH "-foo", "/nix/store", "" },
	{ "/nix/store/" HASH "-foo/", "/nix/store", "" },
	{ "/nix/store/" HASH "-foo/bin/x", "/nix/store", "bin/x" },
	{ "/nix/store/" HASH "-foo/bin/x//", "/nix/store", "bin/x" },
	{ "//nix//store//" HASH "-foo//bin//x", "/nix/store", "bin//x" },
	{ "/tmp/a b/" HASH "-foo/bin", "/tmp/a b", "bin" },
	{ "/" HASH "-foo/bin", "/", "bin" },
	{ "/nix/store", "/nix/store", NULL },
	{ "/nix/store/", "/nix/store", NULL },
	{ "/nix/store/.links/x", "/nix/store", NULL },
	{ "/nix/store2/" HASH "-foo", "/nix/store", NULL },
	{ "/nix/" HASH "-foo", "/nix/store", NULL },
	{ "nix/store/" HASH "-foo", "/nix/store", NULL },
	{ "/tmp", "/nix/store", NULL },
	{ "", "/nix/store", NULL },
};

START_TEST(splits_below)
{
	struct nipfs_store_path path;
	struct nipfs_slice rest;
	struct nipfs_error err = { 0 };
	const int r = nipfs_store_path_split(str(splits[_i].path), splits[_i].dir, &path,
					     &rest, &err);

	if (!splits[_i].rest) {
		ck_assert_int_eq(r, NIPFS_E_INVALID);
		ck_assert_str_ne(err.msg, "");
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(path.base, HASH "-foo");
	ck_assert(nipfs__slice_eq(rest, str(splits[_i].rest)));
}
END_TEST

START_TEST(from_digest)
{
	static const uint8_t digest[] = { 0x8a, 0x12, 0x32, 0x15, 0x22, 0xfd, 0x91,
					  0xef, 0xbd, 0x60, 0xeb, 0xb2, 0x48, 0x1a,
					  0xf8, 0x85, 0x80, 0xf6, 0x16, 0x00 };
	struct nipfs_store_path path;

	ck_assert_int_eq(nipfs_store_path_from_digest(digest, str("x.drv"), &path, NULL),
			 0);
	ck_assert_str_eq(path.base, "00bgd045z0d4icpbc2yyz4gx48ak44la-x.drv");
	ck_assert(nipfs_store_path_is_derivation(&path));
	ck_assert_int_eq(nipfs_store_path_from_digest(digest, str(""), &path, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs_store_path_from_digest(digest, str("a b"), &path, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs_store_path_from_digest(digest, str("xdrv"), &path, NULL),
			 0);
	ck_assert(!nipfs_store_path_is_derivation(&path));
	ck_assert_int_eq(nipfs_store_path_from_digest(digest, str(".drv"), &path, NULL),
			 0);
	ck_assert(nipfs_store_path_is_derivation(&path));
}
END_TEST

START_TEST(hash_parts)
{
	ck_assert(nipfs_store_hash_part_is_valid(str(HASH)));
	ck_assert(!nipfs_store_hash_part_is_valid(str(HASH "0")));
	ck_assert(!nipfs_store_hash_part_is_valid(str("")));
	ck_assert(
	    !nipfs_store_hash_part_is_valid(str("e1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q")));
}
END_TEST

START_TEST(a_set_in_byte_order)
{
	static const char *const names[] = {
		"b", "a.b", "a", "a-b", "b", "Z", "a", "a+"
	};
	static const char *const want[] = { "Z", "a", "a+", "a-b", "a.b", "b" };
	struct nipfs_store_path paths[8] = { 0 }, other;
	size_t n;

	for (size_t i = 0; i < 8; i++) {
		char base[64];

		(void)snprintf(base, sizeof(base), "%s-%s", HASH, names[i]);
		ck_assert_int_eq(nipfs_store_path_parse_base(str(base), &paths[i], NULL),
				 0);
	}
	n = nipfs_store_path_sort(paths, 8);
	ck_assert_uint_eq(n, 6);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(nipfs_store_path_name(&paths[i]), want[i]);
		ck_assert(nipfs_store_path_find(paths, n, &paths[i]));
	}
	ck_assert_int_eq(nipfs_store_path_parse_base(str(HASH "-c"), &other, NULL), 0);
	ck_assert(!nipfs_store_path_find(paths, n, &other));
	ck_assert(!nipfs_store_path_find(NULL, 0, &other));
	ck_assert_uint_eq(nipfs_store_path_sort(NULL, 0), 0);
}
END_TEST

#define LOOP(t, test, table)                                                             \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *store_path_suite(void)
{
	Suite *s = suite_create("store_path");
	TCase *t = tcase_create("store_path");

	LOOP(t, takes, good);
	LOOP(t, refuses, bad);
	tcase_add_test(t, refuses_a_zero_byte);
	LOOP(t, refuses_full, bad_full);
	LOOP(t, splits_below, splits);
	tcase_add_test(t, from_digest);
	tcase_add_test(t, hash_parts);
	tcase_add_test(t, a_set_in_byte_order);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(store_path_suite)
