/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix.conf: which files are read, in which order, and how. */
#include <nixipfs/nix_conf.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/nix/conf.h"
#include "tests/support/check_main.h"
#include "tests/support/scratch.h"

#define CACHE_KEY "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
#define TEST_KEY "test1:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpE="
#define TEST_SECRET                                                                      \
	"test2:jbX9NxZp8WB/coK8k7yLf0gNYmBbIbCrOFwgJgI7OV+"                              \
	"0sASf4R5oFQlioSlN3bJ56uvshzr7S9Z75pcv+9hSkQ=="

static char here[512];

/* An environment in which all that could be read is in the folder of the test. */
static void setup(void)
{
	char path[2048];

	scratch_setup();
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	(void)unsetenv("NIX_USER_CONF_FILES");
	(void)unsetenv("NIX_CONFIG_HOME");
	(void)unsetenv("NIX_CONFIG");
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)snprintf(path, sizeof(path), "%s/etc", here);
	(void)setenv("NIX_CONF_DIR", path, 1);
	(void)snprintf(path, sizeof(path), "%s/xdg1:%s/xdg2", here, here);
	(void)setenv("XDG_CONFIG_DIRS", path, 1);
	(void)snprintf(path, sizeof(path), "%s/home", here);
	(void)setenv("HOME", path, 1);
	scratch_dir("etc", 0755);
}

static struct nipfs_nix_conf *load(enum nipfs_nix_conf_scope scope)
{
	struct nipfs_nix_conf *conf = NULL;
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs_nix_conf_load(scope, &conf, &err) == 0, "%s", err.msg);
	return conf;
}

/* Loads with @text as the system's file. */
static struct nipfs_nix_conf *load_text(const char *text)
{
	(void)unlink("etc/nix.conf");
	scratch_file("etc/nix.conf", text, 0644);
	return load(NIPFS_NIX_CONF_ALL);
}

static void expect(const struct nipfs_nix_conf *conf, const char *name, const char *want)
{
	const char *got = nipfs_nix_conf_get(conf, name);

	if (!want)
		ck_assert_ptr_null(got);
	else
		ck_assert_pstr_eq(got, want);
}

START_TEST(defaults)
{
	struct nipfs_nix_conf *conf = load(NIPFS_NIX_CONF_ALL);
	bool value = false;

	expect(conf, "trusted-public-keys", CACHE_KEY);
	expect(conf, "substituters", "https://cache.nixos.org/");
	expect(conf, "trusted-users", "root");
	expect(conf, "ignored-acls", "security.selinux system.nfs4_acl security.csm");
	expect(conf, "build-users-group", getuid() == 0 ? "nixbld" : "");
	expect(conf, "secret-key-files", "");
	expect(conf, "store", NULL);
	expect(conf, "max-jobs", NULL);
	ck_assert_int_eq(nipfs_nix_conf_get_bool(conf, "require-sigs", &value, NULL), 0);
	ck_assert(value);
	ck_assert_int_eq(
	    nipfs_nix_conf_get_bool(conf, "auto-optimise-store", &value, NULL), 0);
	ck_assert(!value);
	value = true;
	ck_assert_int_eq(nipfs_nix_conf_get_bool(conf, "no-such-setting", &value, NULL),
			 0);
	ck_assert(value);
	nipfs_nix_conf_free(conf);
	nipfs_nix_conf_free(NULL);
}
END_TEST

START_TEST(lines)
{
	struct nipfs_nix_conf *conf = load_text("# comment\n"
						"\n"
						"  \t\n"
						"a = 1 # one\n"
						"b\t=\ttwo   words\t\n"
						"c =\n"
						"d = x=y = z\n"
						"a = 2\n"
						"e = last line without its newline");

	expect(conf, "a", "2");
	expect(conf, "b", "two words");
	expect(conf, "c", "");
	expect(conf, "d", "x=y = z");
	expect(conf, "e", "last line without its newline");
	nipfs_nix_conf_free(conf);
}
END_TEST

START_TEST(extra_and_aliases)
{
	struct nipfs_nix_conf *conf =
	    load_text("extra-trusted-public-keys = " TEST_KEY "\n"
		      "binary-caches = https://a https://b\n"
		      "extra-binary-caches = https://c\n"
		      "extra-unknown-list = 1\n"
		      "extra-unknown-list = 2\n"
		      "trusted-users = root me\n"
		      "extra-require-sigs = false\n"
		      "extra-trusted-users =\n"
		      "extra- = x\n");

	expect(conf, "trusted-public-keys", CACHE_KEY " " TEST_KEY);
	expect(conf, "substituters", "https://a https://b https://c");
	expect(conf, "unknown-list", "1 2");
	expect(conf, "trusted-users", "root me");
	expect(conf, "require-sigs", "true");
	expect(conf, "extra-", "x");
	ck_assert_int_eq(nipfs_nix_conf_set(conf, "binary-cache-public-keys", ""), 0);
	expect(conf, "trusted-public-keys", "");
	ck_assert_int_eq(nipfs_nix_conf_set(conf, "extra-substituters", "  https://d\n"),
			 0);
	expect(conf, "substituters", "https://a https://b https://c https://d");
	nipfs_nix_conf_free(conf);
}
END_TEST

START_TEST(order_of_files)
{
	struct nipfs_nix_conf *conf;

	scratch_file("etc/nix.conf", "a = system\nb = system\nc = system\nd = system\n",
		     0644);
	scratch_dir("xdg1", 0755);
	scratch_dir("xdg1/nix", 0755);
	scratch_file("xdg1/nix/nix.conf", "b = xdg1\nc = xdg1\n", 0644);
	scratch_dir("xdg2", 0755);
	scratch_dir("xdg2/nix", 0755);
	scratch_file("xdg2/nix/nix.conf", "b = xdg2\nf = xdg2\n", 0644);
	scratch_dir("home", 0755);
	scratch_dir("home/.config", 0755);
	scratch_dir("home/.config/nix", 0755);
	scratch_file("home/.config/nix/nix.conf", "c = home\nd = home\n", 0644);
	(void)setenv("NIX_CONFIG", "d = env\ne = env", 1);
	conf = load(NIPFS_NIX_CONF_ALL);
	expect(conf, "a", "system");
	expect(conf, "b", "xdg1");
	expect(conf, "c", "home");
	expect(conf, "d", "env");
	expect(conf, "e", "env");
	expect(conf, "f", "xdg2");
	nipfs_nix_conf_free(conf);
	conf = load(NIPFS_NIX_CONF_SYSTEM);
	expect(conf, "d", "system");
	expect(conf, "e", NULL);
	nipfs_nix_conf_free(conf);
}
END_TEST

START_TEST(places_of_the_users_file)
{
	struct nipfs_nix_conf *conf;
	char path[4096];

	scratch_dir("home", 0755);
	scratch_dir("home/.config", 0755);
	scratch_dir("home/.config/nix", 0755);
	scratch_file("home/.config/nix/nix.conf", "a = home\n", 0644);
	scratch_dir("xdg", 0755);
	scratch_dir("xdg/nix", 0755);
	scratch_file("xdg/nix/nix.conf", "a = xdg\n", 0644);
	scratch_file("one", "a = one\nb = one\n", 0644);
	scratch_file("two", "a = two\nb = two\nc = two\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/xdg", here);
	(void)setenv("XDG_CONFIG_HOME", path, 1);
	conf = load(NIPFS_NIX_CONF_ALL);
	expect(conf, "a", "xdg");
	nipfs_nix_conf_free(conf);
	(void)snprintf(path, sizeof(path), "%s/xdg/nix", here);
	(void)setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	(void)setenv("NIX_CONFIG_HOME", path, 1);
	conf = load(NIPFS_NIX_CONF_ALL);
	expect(conf, "a", "xdg");
	nipfs_nix_conf_free(conf);
	/* these replace all the others; the first wins; those that are not there don't
	 * count */
	(void)snprintf(path, sizeof(path), "%s/one::%s/none:%s/two:", here, here, here);
	(void)setenv("NIX_USER_CONF_FILES", path, 1);
	conf = load(NIPFS_NIX_CONF_ALL);
	expect(conf, "a", "one");
	expect(conf, "b", "one");
	expect(conf, "c", "two");
	nipfs_nix_conf_free(conf);
	(void)setenv("NIX_USER_CONF_FILES", "", 1);
	conf = load(NIPFS_NIX_CONF_ALL);
	expect(conf, "a", NULL);
	nipfs_nix_conf_free(conf);
}
END_TEST

START_TEST(includes)
{
	struct nipfs_nix_conf *conf;
	char text[4096];

	scratch_dir("etc/sub", 0755);
	scratch_file("etc/sub/x.conf", "a = x\nb = x\ninclude ../y.conf\nc = x\n", 0644);
	scratch_file("etc/y.conf", "b = y\nc = y\nd = y\n", 0644);
	(void)snprintf(text, sizeof(text),
		       "a = before\nd = before\ninclude sub/x.conf\n!include none.conf\n"
		       "!include %s/etc/y.conf\na = after\ninclude sub\n",
		       here);
	conf = load_text(text);
	expect(conf, "a", "after");
	expect(conf, "b", "y");
	expect(conf, "c", "y");
	expect(conf, "d", "y");
	nipfs_nix_conf_free(conf);
	(void)snprintf(text, sizeof(text), "include %s/etc/y.conf", here);
	(void)setenv("NIX_CONFIG", text, 1);
	conf = load_text("d = system\n");
	expect(conf, "d", "y");
	nipfs_nix_conf_free(conf);
}
END_TEST

static const struct {
	const char *text, *says;
	int code;
} bad[] = {
	{ "a\n", "line 1", NIPFS_E_INVALID },
	{ "x = 1\n\na b = 1\n", "line 3", NIPFS_E_INVALID },
	{ "a= 1\n", "line 1", NIPFS_E_INVALID },
	{ "a =1\n", "line 1", NIPFS_E_INVALID },
	{ "= 1\n", "line 1", NIPFS_E_INVALID },
	{ "include\n", "line 1", NIPFS_E_INVALID },
	{ "include a b\n", "line 1", NIPFS_E_INVALID },
	{ "!include # x\n", "line 1", NIPFS_E_INVALID },
	{ "include none.conf\n", "none.conf", NIPFS_E_INVALID },
	{ "include nix.conf\n", "too deeply", NIPFS_E_LIMIT },
};

START_TEST(refuses)
{
	struct nipfs_nix_conf *conf = NULL;
	struct nipfs_error err = { 0 };

	scratch_file("etc/nix.conf", bad[_i].text, 0644);
	ck_assert_int_eq(nipfs_nix_conf_load(NIPFS_NIX_CONF_ALL, &conf, &err),
			 bad[_i].code);
	ck_assert_ptr_null(conf);
	ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, "nix.conf"));
}
END_TEST

/* Two files that include each other twice: not 2^16 times. */
START_TEST(includes_have_an_end)
{
	struct nipfs_nix_conf *conf = NULL;
	struct nipfs_error err = { 0 };
	char name[32], text[128];

	for (int i = 0; i < 14; i++) {
		(void)snprintf(name, sizeof(name), "etc/%d", i);
		(void)snprintf(text, sizeof(text), "include %d\ninclude %d\n", i + 1,
			       i + 1);
		scratch_file(name, text, 0644);
	}
	scratch_file("etc/14", "", 0644);
	scratch_file("etc/nix.conf", "include 0\n", 0644);
	ck_assert_int_eq(nipfs_nix_conf_load(NIPFS_NIX_CONF_ALL, &conf, &err),
			 NIPFS_E_LIMIT);
}
END_TEST

START_TEST(refuses_in_the_environment)
{
	struct nipfs_nix_conf *conf = NULL;
	struct nipfs_error err = { 0 };

	(void)setenv("NIX_CONFIG", "include relative.conf", 1);
	ck_assert_int_eq(nipfs_nix_conf_load(NIPFS_NIX_CONF_ALL, &conf, &err),
			 NIPFS_E_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "NIX_CONFIG"));
	(void)setenv("NIX_CONFIG", "access-tokens github.com=hunter2", 1);
	ck_assert_int_eq(nipfs_nix_conf_load(NIPFS_NIX_CONF_ALL, &conf, &err),
			 NIPFS_E_INVALID);
	ck_assert_ptr_null(strstr(err.msg, "hunter2"));
}
END_TEST

START_TEST(too_long)
{
	struct nipfs_nix_conf *conf = NULL;
	struct nipfs_error err = { 0 };

	scratch_cycle("etc/nix.conf", NIPFS__CONF_TEXT_MAX + 1, 0644);
	ck_assert_int_eq(nipfs_nix_conf_load(NIPFS_NIX_CONF_SYSTEM, &conf, &err),
			 NIPFS_E_LIMIT);
	(void)unlink("etc/nix.conf");
	scratch_cycle("etc/nix.conf", 300, 0644);
	ck_assert_int_eq(nipfs_nix_conf_load(NIPFS_NIX_CONF_SYSTEM, &conf, &err),
			 NIPFS_E_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "zero byte"));
}
END_TEST

START_TEST(too_many_settings)
{
	struct nipfs_nix_conf *conf = load(NIPFS_NIX_CONF_ALL);
	char name[32];

	for (int i = 0; i < NIPFS__CONF_SETTINGS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "setting-%d", i);
		ck_assert_int_eq(nipfs_nix_conf_set(conf, name, "x"), 0);
	}
	ck_assert_int_eq(nipfs_nix_conf_set(conf, name, "y"), 0);
	ck_assert_int_eq(nipfs_nix_conf_set(conf, "one-more", "y"), NIPFS_E_LIMIT);
	nipfs_nix_conf_free(conf);
}
END_TEST

static const struct {
	const char *text;
	int value; /* -1: refused */
} bools[] = {
	{ "true", 1 }, { "yes", 1 }, { "1", 1 },       { "false", 0 },
	{ "no", 0 },   { "0", 0 },   { "True", -1 },   { "on", -1 },
	{ "", -1 },    { "2", -1 },  { "yes no", -1 },
};

START_TEST(switches)
{
	struct nipfs_nix_conf *conf = load(NIPFS_NIX_CONF_ALL);
	struct nipfs_error err = { 0 };
	bool value = false;
	int r;

	ck_assert_int_eq(nipfs_nix_conf_set(conf, "fsync-metadata", bools[_i].text), 0);
	r = nipfs_nix_conf_get_bool(conf, "fsync-metadata", &value, &err);
	if (bools[_i].value < 0) {
		ck_assert_int_eq(r, NIPFS_E_INVALID);
		ck_assert_ptr_nonnull(strstr(err.msg, "fsync-metadata"));
	} else {
		ck_assert_int_eq(r, 0);
		ck_assert_int_eq(value, bools[_i].value);
	}
	nipfs_nix_conf_free(conf);
}
END_TEST

START_TEST(words)
{
	const char *rest = "  one two\tthree ", *none = NULL, *empty = "";
	struct nipfs_slice word;
	size_t n = 0;

	for (; nipfs_nix_conf_next_word(&rest, &word); n++)
		ck_assert_uint_eq(word.len, n == 2 ? 5 : 3);
	ck_assert_uint_eq(n, 3);
	ck_assert(!nipfs_nix_conf_next_word(&none, &word));
	ck_assert(!nipfs_nix_conf_next_word(&empty, &word));
}
END_TEST

START_TEST(keys_that_are_trusted)
{
	struct nipfs_keyring ring = { NULL, 0 };
	struct nipfs_error err = { 0 };
	struct nipfs_nix_conf *conf;
	char text[4096];

	scratch_file("secret", TEST_SECRET "\n", 0600);
	(void)snprintf(text, sizeof(text),
		       "extra-trusted-public-keys = " TEST_KEY "\n"
		       "secret-key-files = %s/none %s/secret\n",
		       here, here);
	conf = load_text(text);
	ck_assert_msg(nipfs_nix_conf_keyring(conf, &ring, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(ring.n, 3);
	ck_assert_str_eq(ring.keys[0].name, "cache.nixos.org-1");
	ck_assert_str_eq(ring.keys[1].name, "test1");
	ck_assert_str_eq(ring.keys[2].name, "test2");
	ck_assert_mem_eq(ring.keys[1].key, ring.keys[2].key, 32);
	nipfs_keyring_release(&ring);

	ck_assert_int_eq(nipfs_nix_conf_set(conf, "secret-key-files", "etc/nix.conf"), 0);
	ck_assert_int_eq(nipfs_nix_conf_keyring(conf, &ring, &err), NIPFS_E_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "secret-key-files"));
	nipfs_keyring_release(&ring);
	ck_assert_int_eq(nipfs_nix_conf_set(conf, "secret-key-files", ""), 0);
	ck_assert_int_eq(nipfs_nix_conf_set(conf, "trusted-public-keys", "nonsense"), 0);
	ck_assert_int_eq(nipfs_nix_conf_keyring(conf, &ring, &err), NIPFS_E_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "trusted-public-keys"));
	ck_assert_int_eq(nipfs_nix_conf_set(conf, "trusted-public-keys", ""), 0);
	ck_assert_int_eq(nipfs_nix_conf_keyring(conf, &ring, &err), 0);
	ck_assert_uint_eq(ring.n, 0);
	nipfs_nix_conf_free(conf);
}
END_TEST

#define LOOP(t, test, table)                                                             \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *nix_conf_suite(void)
{
	Suite *s = suite_create("nix_conf");
	TCase *t = tcase_create("nix_conf");

	tcase_add_checked_fixture(t, setup, scratch_teardown);
	tcase_add_test(t, defaults);
	tcase_add_test(t, lines);
	tcase_add_test(t, extra_and_aliases);
	tcase_add_test(t, order_of_files);
	tcase_add_test(t, places_of_the_users_file);
	tcase_add_test(t, includes);
	LOOP(t, refuses, bad);
	tcase_add_test(t, includes_have_an_end);
	tcase_add_test(t, refuses_in_the_environment);
	tcase_add_test(t, too_long);
	tcase_add_test(t, too_many_settings);
	LOOP(t, switches, bools);
	tcase_add_test(t, words);
	tcase_add_test(t, keys_that_are_trusted);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(nix_conf_suite)
