/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* narinfo, as Nix writes it and as it must not be. */
#include <nixipfs/narinfo.h>

#include <stdio.h>
#include <string.h>

#include "lib/nix/content_address.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

#define STORE "/nix/store"
#define HASH "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q"
#define NAR "0ip26j2h11n1kgkz36rl4akv694yz65hr72q4kv4b3lxcbi65b3p"

static struct nipfs_slice str(const char *s)
{
	return nipfs__slice_str(s);
}

/* made by fixtures/nix/make.sh; a path with a deriver but no CA can't be recomputed */
static const struct {
	const char *name;
	size_t n_refs, n_sigs;
	bool deriver, ca, self;
} real[] = {
	{ "built", 3, 2, true, false, true },
	{ "plain", 0, 1, true, false, false },
	{ "unsigned", 0, 0, true, false, false },
	{ "text", 0, 1, false, true, false },
	{ "text-refs", 1, 0, false, true, false },
	{ "derivation", 1, 0, false, true, false },
	{ "source", 0, 0, false, true, false },
	{ "flat-sha256", 0, 0, false, true, false },
	{ "flat-md5", 0, 0, false, true, false },
	{ "nar-sha1", 0, 0, false, true, false },
	{ "self-reference-2.8", 3, 0, false, true, true },
	{ "self-reference-2.26", 3, 0, false, true, true },
};

static char *load(const char *name, size_t *len)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "fixtures/nix/narinfo/%s.narinfo", name);
	return (char *)test_fixture(path, len);
}

START_TEST(as_nix_writes_it)
{
	struct nipfs_error err = { 0 };
	struct nipfs_narinfo ni;
	struct nipfs__ca ca;
	size_t len, back_len;
	char *text = load(real[_i].name, &len), *back;

	ck_assert_msg(nipfs_narinfo_parse(nipfs__slice(text, len), STORE, &ni, &err) == 0,
		      "%s", err.msg);
	ck_assert_uint_eq(ni.info.n_refs, real[_i].n_refs);
	ck_assert_uint_eq(ni.info.n_sigs, real[_i].n_sigs);
	ck_assert_int_eq(ni.info.has_deriver, real[_i].deriver);
	ck_assert_int_eq(ni.info.ca != NULL, real[_i].ca);
	ck_assert_int_eq(nipfs_path_info_has_ref(&ni.info, &ni.info.path), real[_i].self);
	ck_assert_str_eq(ni.compression, "none");
	ck_assert_int_eq(ni.file_hash.algo, NIPFS_NIX_SHA256);
	ck_assert_mem_eq(ni.file_hash.bytes, ni.info.nar_hash, 32);
	ck_assert_uint_eq(ni.file_size, ni.info.nar_size);
	ck_assert(!ni.info.ultimate);
	if (ni.info.ca)
		ck_assert_msg(nipfs__ca_check(&ni.info, STORE, &ca, &err) == 0, "%s",
			      err.msg);
	ck_assert_int_eq(nipfs_narinfo_format(&ni.info, STORE, &back, &back_len, &err),
			 0);
	ck_assert_uint_eq(back_len, len);
	ck_assert_mem_eq(back, text, len);
	ck_assert_int_eq(back[len], 0);
	nipfs_narinfo_release(&ni);
	free(back);
	free(text);
}
END_TEST

/* Cut at any byte, it is never taken for a whole one with other contents. */
START_TEST(cut_anywhere)
{
	size_t len;
	char *text = load("built", &len);
	struct nipfs_narinfo whole, ni;

	ck_assert_int_eq(
	    nipfs_narinfo_parse(nipfs__slice(text, len), STORE, &whole, NULL), 0);
	for (size_t k = 0; k < len; k++) {
		struct nipfs_error err = { 0 };

		if (nipfs_narinfo_parse(nipfs__slice(text, k), STORE, &ni, &err) < 0) {
			ck_assert_str_ne(err.msg, "");
			continue;
		}
		/* at the end of a line, when all that must be there is */
		ck_assert_int_eq(text[k - 1], '\n');
		ck_assert_str_eq(ni.info.path.base, whole.info.path.base);
		ck_assert_mem_eq(ni.info.nar_hash, whole.info.nar_hash, 32);
		ck_assert_uint_eq(ni.info.nar_size, whole.info.nar_size);
		nipfs_narinfo_release(&ni);
	}
	nipfs_narinfo_release(&whole);
	free(text);
}
END_TEST

#define PATH_LINE "StorePath: /nix/store/" HASH "-foo\n"
#define REST "URL: nar/x.nar.xz\nNarHash: sha256:" NAR "\nNarSize: 112\n"
#define BASE PATH_LINE REST

/* other writers' habits: all must be taken */
static const char *const lenient[] = {
	BASE,
	REST PATH_LINE,
	BASE "Compression: \n",
	BASE "Compression: xz\nFileHash: sha256:" NAR "\nFileSize: 9\n",
	BASE "References: \n",
	BASE "References: \nReferences: " HASH "-bar\n",
	BASE "References:  " HASH "-bar  " HASH "-bar \n",
	BASE "Deriver: unknown-deriver\n",
	BASE "System: x86_64-linux\nFuture-Key: a: b: c\n",
	BASE "CA: \nCA: text:sha256:" NAR "\n",
	BASE "Sig: a:AAAA\nSig: a:AAAA\nSig: b:AAAA\n",
	BASE "NarSize: 113\nNarSize: 112\n",
	BASE "Deriver: " HASH "-x.drv\nDeriver: " HASH "-y.drv\n",
	"NarSize: 0\n" BASE,
	"StorePath: /nix/store/" HASH "-other\n" BASE,
	PATH_LINE
	"URL: x\nURL: nar/x.nar.xz\nNarSize: 00112\n"
	"NarHash: "
	"sha256:77ac62e2629d8e45f624589c0c8bf99e24b3a722349bf1e79bc186008534e246\n",
	PATH_LINE "URL: nar/x.nar.xz\nNarSize: 112\n"
		  "NarHash: sha256-d6xi4mKdjkX2JFicDIv5niSzpyI0m/Hnm8GGAIU04kY=\n",
};

START_TEST(as_others_write_it)
{
	struct nipfs_error err = { 0 };
	struct nipfs_nix_hash hash = { .len = 0 };
	struct nipfs_narinfo ni;

	ck_assert_int_eq(nipfs_nix_hash_parse(str("sha256:" NAR), &hash), 0);
	ck_assert_msg(nipfs_narinfo_parse(str(lenient[_i]), STORE, &ni, &err) == 0, "%s",
		      err.msg);
	ck_assert_str_eq(ni.info.path.base, HASH "-foo");
	ck_assert_str_eq(ni.url, "nar/x.nar.xz");
	ck_assert_uint_eq(ni.info.nar_size, 112);
	ck_assert_mem_eq(ni.info.nar_hash, hash.bytes, 32);
	ck_assert_str_eq(ni.compression,
			 strstr(lenient[_i], "xz\nFile") ? "xz" : "bzip2");
	ck_assert_uint_eq(ni.info.n_refs, strstr(lenient[_i], "-bar") ? 1 : 0);
	ck_assert_uint_eq(ni.info.n_sigs, strstr(lenient[_i], "Sig") ? 2 : 0);
	ck_assert_int_eq(ni.info.ca != NULL, strstr(lenient[_i], "text") != NULL);
	if (ni.info.has_deriver)
		ck_assert_str_eq(ni.info.deriver.base, HASH "-y.drv");
	nipfs_narinfo_release(&ni);
}
END_TEST

static const struct {
	const char *text;
	int code;
} bad[] = {
	{ "", NIPFS_E_INVALID },
	{ "\n", NIPFS_E_INVALID },
	{ "StorePath", NIPFS_E_INVALID },
	{ PATH_LINE, NIPFS_E_INVALID },
	{ REST, NIPFS_E_INVALID },
	{ PATH_LINE "URL: x\nNarSize: 112\n", NIPFS_E_INVALID },
	{ PATH_LINE "NarHash: sha256:" NAR "\nNarSize: 112\n", NIPFS_E_INVALID },
	{ PATH_LINE "URL: \nNarHash: sha256:" NAR "\nNarSize: 112\n", NIPFS_E_INVALID },
	{ PATH_LINE "URL: x\nNarHash: sha256:" NAR "\n", NIPFS_E_INVALID },
	{ BASE "NarSize: 0\n", NIPFS_E_INVALID },
	/* StorePath */
	{ "StorePath: /gnu/store/" HASH "-foo\n" REST, NIPFS_E_UNSUPPORTED },
	{ "StorePath: /nix/store2/" HASH "-foo\n" REST, NIPFS_E_UNSUPPORTED },
	{ "StorePath: " HASH "-foo\n" REST, NIPFS_E_INVALID },
	{ "StorePath: /nix/store/" HASH "\n" REST, NIPFS_E_INVALID },
	{ "StorePath: /nix/store/" HASH "-foo/bin\n" REST, NIPFS_E_INVALID },
	{ "StorePath: /nix/store/../" HASH "-foo\n" REST, NIPFS_E_UNSUPPORTED },
	{ "StorePath: /nix/store/" HASH "-f oo\n" REST, NIPFS_E_INVALID },
	{ "StorePath: \n" REST, NIPFS_E_INVALID },
	/* numbers */
	{ BASE "NarSize: -1\n", NIPFS_E_INVALID },
	{ BASE "NarSize: +1\n", NIPFS_E_INVALID },
	{ BASE "NarSize: 1 \n", NIPFS_E_INVALID },
	{ BASE "NarSize: 0x1\n", NIPFS_E_INVALID },
	{ BASE "NarSize: \n", NIPFS_E_INVALID },
	{ BASE "NarSize: 18446744073709551616\n", NIPFS_E_INVALID },
	{ BASE "FileSize: 1e3\n", NIPFS_E_INVALID },
	{ BASE "FileSize: 99999999999999999999999\n", NIPFS_E_INVALID },
	/* hashes */
	{ BASE "NarHash: " NAR "\n", NIPFS_E_INVALID },
	{ BASE "NarHash: sha256:" NAR "0\n", NIPFS_E_INVALID },
	{ BASE "NarHash: sha1:1amk6n7wxjlw4qkq6dcj6mm7hw3acrw0\n", NIPFS_E_UNSUPPORTED },
	{ BASE "NarHash: sha3:" NAR "\n", NIPFS_E_UNSUPPORTED },
	{ BASE "NarHash: \n", NIPFS_E_INVALID },
	{ BASE "FileHash: sha256:" NAR " \n", NIPFS_E_INVALID },
	{ BASE "FileHash: \n", NIPFS_E_INVALID },
	/* the rest */
	{ BASE "URL: nar/a b\n", NIPFS_E_INVALID },
	{ BASE "URL: nar/a\r\n", NIPFS_E_INVALID },
	{ BASE "Compression: x\tz\n", NIPFS_E_INVALID },
	{ BASE "References: " HASH "-bar foo\n", NIPFS_E_INVALID },
	{ BASE "References: /nix/store/" HASH "-bar\n", NIPFS_E_INVALID },
	{ BASE "References: " HASH "-bar\t" HASH "-baz\n", NIPFS_E_INVALID },
	{ BASE "References: " HASH "-bar\nReferences: " HASH "-bar\n", NIPFS_E_INVALID },
	{ BASE "Deriver: foo.drv\n", NIPFS_E_INVALID },
	{ BASE "Deriver: /nix/store/" HASH "-foo.drv\n", NIPFS_E_INVALID },
	{ BASE "Deriver: \n", NIPFS_E_INVALID },
	{ BASE "Sig: \n", NIPFS_E_INVALID },
	{ BASE "Sig: nokey\n", NIPFS_E_INVALID },
	{ BASE "Sig: :AAAA\n", NIPFS_E_INVALID },
	{ BASE "Sig: a:\n", NIPFS_E_INVALID },
	{ BASE "Sig: a:AAA\n", NIPFS_E_INVALID },
	{ BASE "Sig: a:AA-A\n", NIPFS_E_INVALID },
	{ BASE "Sig: a b:AAAA\n", NIPFS_E_INVALID },
	{ BASE "Sig: a:AAAA b:AAAA\n", NIPFS_E_INVALID },
	{ BASE "CA: text:sha256:" NAR "\nCA: text:sha256:" NAR "\n", NIPFS_E_INVALID },
	{ BASE "CA: text:sha256\n", NIPFS_E_INVALID },
	{ BASE "CA: fixed:sha3:" NAR "\n", NIPFS_E_UNSUPPORTED },
	/* lines */
	{ BASE "X", NIPFS_E_INVALID },
	{ BASE "X:\n", NIPFS_E_INVALID },
	{ BASE "X:y\n", NIPFS_E_INVALID },
	{ BASE "X: y", NIPFS_E_INVALID },
	{ BASE "\n", NIPFS_E_INVALID },
	{ BASE "\nX: y\n", NIPFS_E_INVALID },
	{ BASE "no colon\nX: y\n", NIPFS_E_INVALID },
	{ BASE "CA:\n", NIPFS_E_INVALID },
};

START_TEST(refuses)
{
	struct nipfs_error err = { 0 };
	struct nipfs_narinfo ni = { .file_size = 99 };

	ck_assert_msg(nipfs_narinfo_parse(str(bad[_i].text), STORE, &ni, &err) ==
			  bad[_i].code,
		      "%s\n%s", bad[_i].text, err.msg);
	ck_assert_int_eq(err.code, bad[_i].code);
	ck_assert_str_ne(err.msg, "");
	ck_assert_ptr_null(strchr(err.msg, '\n'));
	ck_assert_uint_eq(ni.file_size, 99);
	ck_assert_int_eq(nipfs_narinfo_parse(str(bad[_i].text), STORE, &ni, NULL),
			 bad[_i].code);
}
END_TEST

START_TEST(refuses_a_zero_byte)
{
	char text[] = BASE "X: y\n";
	struct nipfs_narinfo ni;

	text[sizeof(text) - 4] = 0;
	ck_assert_int_eq(
	    nipfs_narinfo_parse(nipfs__slice(text, sizeof(text) - 1), STORE, &ni, NULL),
	    NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs_narinfo_parse(nipfs__slice(NULL, 0), STORE, &ni, NULL),
			 NIPFS_E_INVALID);
}
END_TEST

START_TEST(another_store_folder)
{
	struct nipfs_error err = { 0 };
	struct nipfs_narinfo ni;

	ck_assert_int_eq(nipfs_narinfo_parse(str(BASE), "/tmp/store", &ni, &err),
			 NIPFS_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "/tmp/store"));
	ck_assert_ptr_nonnull(strstr(err.msg, "/nix/store"));
}
END_TEST

/* As long as one may be, and one byte longer. */
START_TEST(limits)
{
	char *text = malloc(NIPFS_NARINFO_MAX + 2);
	const size_t n = strlen(BASE);
	struct nipfs_error err = { 0 };
	struct nipfs_narinfo ni;

	memset(text, 'x', NIPFS_NARINFO_MAX + 1);
	memcpy(text, BASE "X: ", n + 3);
	text[NIPFS_NARINFO_MAX - 1] = '\n';
	ck_assert_int_eq(
	    nipfs_narinfo_parse(nipfs__slice(text, NIPFS_NARINFO_MAX), STORE, &ni, &err),
	    0);
	nipfs_narinfo_release(&ni);
	ck_assert_int_eq(nipfs_narinfo_parse(nipfs__slice(text, NIPFS_NARINFO_MAX + 1),
					     STORE, &ni, &err),
			 NIPFS_E_LIMIT);
	free(text);
}
END_TEST

START_TEST(too_many_signatures)
{
	char *text = malloc(64 * 1024);
	struct nipfs_error err = { 0 };
	struct nipfs_narinfo ni;
	size_t n = (size_t)sprintf(text, "%s", BASE);

	for (int i = 0; i < NIPFS_PATH_SIGS_MAX; i++)
		n += (size_t)sprintf(text + n, "Sig: k%d:AAAA\n", i);
	ck_assert_int_eq(nipfs_narinfo_parse(nipfs__slice(text, n), STORE, &ni, &err), 0);
	ck_assert_uint_eq(ni.info.n_sigs, NIPFS_PATH_SIGS_MAX);
	for (size_t i = 1; i < ni.info.n_sigs; i++)
		ck_assert_int_lt(strcmp(ni.info.sigs[i - 1], ni.info.sigs[i]), 0);
	nipfs_narinfo_release(&ni);
	n += (size_t)sprintf(text + n, "Sig: one-more:AAAA\n");
	ck_assert_int_eq(nipfs_narinfo_parse(nipfs__slice(text, n), STORE, &ni, &err),
			 NIPFS_E_LIMIT);
	free(text);
}
END_TEST

/* What no narinfo could hold is not written: the reader would refuse it. */
START_TEST(too_many_references)
{
	enum { MANY = 30000 };
	struct nipfs_store_path *refs = calloc(MANY, sizeof(*refs));
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	struct nipfs_error err = { 0 };
	size_t len;
	char *text;

	ck_assert_int_eq(nipfs_store_path_parse_base(str(HASH "-foo"), &info.path, NULL),
			 0);
	ck_assert_int_eq(nipfs_narinfo_format(&info, STORE, &text, &len, &err),
			 NIPFS_E_INVALID);
	info.nar_size = 112;
	for (size_t i = 0; i < MANY; i++)
		(void)snprintf(refs[i].base, sizeof(refs[i].base), "%s-%zu", HASH, i);
	ck_assert_int_eq(nipfs_path_info_set_refs(&info, refs, MANY), 0);
	ck_assert_int_eq(nipfs_narinfo_format(&info, STORE, &text, &len, &err),
			 NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs_path_info_set_refs(&info, refs, MANY / 2), 0);
	ck_assert_int_eq(nipfs_narinfo_format(&info, STORE, &text, &len, &err), 0);
	free(text);
	nipfs_path_info_release(&info);
	free(refs);
}
END_TEST

#define LOOP(t, test, table)                                                             \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *narinfo_suite(void)
{
	Suite *s = suite_create("narinfo");
	TCase *t = tcase_create("narinfo");

	LOOP(t, as_nix_writes_it, real);
	tcase_add_test(t, cut_anywhere);
	LOOP(t, as_others_write_it, lenient);
	LOOP(t, refuses, bad);
	tcase_add_test(t, refuses_a_zero_byte);
	tcase_add_test(t, another_store_folder);
	tcase_add_test(t, limits);
	tcase_add_test(t, too_many_signatures);
	tcase_add_test(t, too_many_references);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(narinfo_suite)
