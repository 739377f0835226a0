/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Credentials for nodes and services: what they become, and that no message repeats them. */
#include <stdio.h>

#include "lib/ipfs/credentials.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/scratch.h"

static const struct {
	const char *text, *line; /* NULL: refused */
} cases[] = {
	{ "bearer:s3cret", "Authorization: Bearer s3cret" },
	{ "bearer:s3cret\n", "Authorization: Bearer s3cret" },
	{ "basic:user:s3cret", "Authorization: Basic dXNlcjpzM2NyZXQ=" },
	{ "basic:user:s3:cr et \r\n", "Authorization: Basic dXNlcjpzMzpjciBldA==" },
	{ "basic:dXNlcjpzM2NyZXQ=", "Authorization: Basic dXNlcjpzM2NyZXQ=" },
	{ "basic::", "Authorization: Basic Og==" },
	{ "", NULL },
	{ "s3cret", NULL },
	{ "bearer:", NULL },
	{ "bearer: ", NULL },
	{ "bearer:s3cret two", NULL },
	{ "bearer:s3cret\r\nX-More: y", NULL },
	{ "bearer:s3cr\x7f", NULL },
	{ "bearer:s3cr\xc3\xa9", NULL },
	{ "Bearer:s3cret", NULL },
	{ "basic:", NULL },
	{ "basic:s3cret\tx", NULL },
	{ "token:s3cret", NULL },
};

START_TEST(what_kubo_takes)
{
	struct nipfs_error err = { 0 };
	char *line = NULL;
	const int r =
		nipfs__credentials_parse(nipfs__slice_str(cases[_i].text), &line, &err);

	if (cases[_i].line) {
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(line, cases[_i].line);
	} else {
		ck_assert_int_eq(r, NIPFS_E_INVALID);
		ck_assert_ptr_null(line);
		ck_assert_ptr_null(strstr(err.msg, "s3cr"));
	}
	nipfs__secret_free(line);
}
END_TEST

static void expect_loaded(const char *line)
{
	char *got = NULL;

	ck_assert_int_eq(nipfs__credentials_load(&got, NULL), 0);
	if (line)
		ck_assert_str_eq(got, line);
	else
		ck_assert_ptr_null(got);
	nipfs__secret_free(got);
}

START_TEST(from_the_environment_or_a_file)
{
	static char big[9000];
	struct nipfs_error err = { 0 };
	char *got = NULL;

	unsetenv("NIX_IPFS_API_AUTH");
	unsetenv("NIX_IPFS_API_AUTH_FILE");
	expect_loaded(NULL);
	setenv("NIX_IPFS_API_AUTH", "", 1);
	scratch_file("auth", "basic:user:s3cret\n", 0600);
	setenv("NIX_IPFS_API_AUTH_FILE", "auth", 1);
	expect_loaded("Authorization: Basic dXNlcjpzM2NyZXQ=");
	setenv("NIX_IPFS_API_AUTH", "bearer:token", 1);
	expect_loaded("Authorization: Bearer token");
	unsetenv("NIX_IPFS_API_AUTH");

	setenv("NIX_IPFS_API_AUTH_FILE", "none", 1);
	ck_assert_int_eq(nipfs__credentials_load(&got, &err), NIPFS_E_SYS);
	ck_assert_msg(strstr(err.msg, "'none'") != NULL, "%s", err.msg);
	scratch_file("bad", "s3cret\n", 0600);
	setenv("NIX_IPFS_API_AUTH_FILE", "bad", 1);
	ck_assert_int_eq(nipfs__credentials_load(&got, &err), NIPFS_E_INVALID);
	ck_assert_ptr_null(strstr(err.msg, "s3cret"));
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "bearer:", 7);
	scratch_file("big", big, 0600);
	setenv("NIX_IPFS_API_AUTH_FILE", "big", 1);
	ck_assert_int_eq(nipfs__credentials_load(&got, &err), NIPFS_E_LIMIT);
	setenv("NIX_IPFS_API_AUTH_FILE", ".", 1);
	ck_assert_int_eq(nipfs__credentials_load(&got, &err), NIPFS_E_SYS);
	ck_assert_ptr_null(got);
}
END_TEST

START_TEST(tokens_of_services)
{
	static const char *const bad[] = { "", "\n", "s3c ret", "s3cret\nX-More: y", "s3cr\xc3\xa9" };
	struct nipfs_error err = { 0 };
	char *got = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(
			nipfs__pin_token_parse(nipfs__slice_str(bad[i]), &got, &err),
			NIPFS_E_INVALID);
		ck_assert_ptr_null(strstr(err.msg, "s3c"));
	}
	/* what Kubo is told is not what a service is told */
	setenv("NIX_IPFS_API_AUTH", "bearer:other", 1);
	unsetenv("NIX_IPFS_PIN_TOKEN");
	unsetenv("NIX_IPFS_PIN_TOKEN_FILE");
	ck_assert_int_eq(nipfs__pin_token_load(&got, &err), 0);
	ck_assert_ptr_null(got);
	scratch_file("token", "s3cret=\n", 0600);
	setenv("NIX_IPFS_PIN_TOKEN_FILE", "token", 1);
	ck_assert_int_eq(nipfs__pin_token_load(&got, &err), 0);
	ck_assert_str_eq(got, "Authorization: Bearer s3cret=");
	nipfs__secret_free(got);
	setenv("NIX_IPFS_PIN_TOKEN", "bearer:x", 1);
	ck_assert_int_eq(nipfs__pin_token_load(&got, &err), 0);
	ck_assert_str_eq(got, "Authorization: Bearer bearer:x");
	nipfs__secret_free(got);
	unsetenv("NIX_IPFS_API_AUTH");
}
END_TEST

static Suite *credentials_suite(void)
{
	Suite *s = suite_create("credentials");
	TCase *t = tcase_create("credentials");

	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_loop_test(t, what_kubo_takes, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, from_the_environment_or_a_file);
	tcase_add_test(t, tokens_of_services);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(credentials_suite)
