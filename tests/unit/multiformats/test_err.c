/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Error codes, their texts, and messages. */
#include <errno.h>
#include <string.h>

#include "multiformats/base/err.h"
#include "tests/support/check_main.h"

START_TEST(every_code_has_its_own_name_text_and_exit_code)
{
	static const struct {
		int code, exit_code;
		const char *name;
	} rows[] = {
#define ROW(name, value, exit_code, text) { value, exit_code, #name },
		NIPFS_ERR_MAP(ROW)
#undef ROW
	};
	enum { N = sizeof(rows) / sizeof(rows[0]) };

	for (size_t i = 0; i < N; i++) {
		ck_assert_int_lt(rows[i].code, 0);
		ck_assert_str_eq(nipfs_err_name(rows[i].code), rows[i].name);
		ck_assert_int_eq(nipfs_err_exit_code(rows[i].code), rows[i].exit_code);
		ck_assert_int_ge(rows[i].exit_code, 1);
		ck_assert_int_le(rows[i].exit_code, 5);
		for (size_t k = 0; k < i; k++) {
			ck_assert_int_ne(rows[i].code, rows[k].code);
			ck_assert_str_ne(nipfs_err_text(rows[i].code),
					 nipfs_err_text(rows[k].code));
		}
	}
}
END_TEST

/* The manual promises these. */
START_TEST(exit_codes_of_the_command)
{
	ck_assert_int_eq(nipfs_err_exit_code(0), 0);
	ck_assert_int_eq(nipfs_err_exit_code(NIPFS_E_SYS), 1);
	ck_assert_int_eq(nipfs_err_exit_code(NIPFS_E_USAGE), 2);
	ck_assert_int_eq(nipfs_err_exit_code(NIPFS_E_MISMATCH), 3);
	ck_assert_int_eq(nipfs_err_exit_code(NIPFS_E_NOTFOUND), 4);
	ck_assert_int_eq(nipfs_err_exit_code(NIPFS_E_UNREACHABLE), 5);
	ck_assert_int_eq(nipfs_err_exit_code(-9999), 1);
	ck_assert_str_eq(nipfs_err_text(0), "success");
	ck_assert_str_eq(nipfs_err_name(0), "OK");
	ck_assert_str_eq(nipfs_err_text(-9999), "unknown error");
	ck_assert_str_eq(nipfs_err_name(1), "UNKNOWN");
}
END_TEST

START_TEST(a_failure_is_recorded_and_returned)
{
	struct nipfs_error err = { .sys_errno = 99 };

	ck_assert_int_eq(
	    nipfs__fail(&err, NIPFS_E_LIMIT, "'%s' has %d entries", "bin", 7),
	    NIPFS_E_LIMIT);
	ck_assert_int_eq(err.code, NIPFS_E_LIMIT);
	ck_assert_int_eq(err.sys_errno, 0);
	ck_assert_str_eq(err.msg, "'bin' has 7 entries");
	ck_assert_int_eq(nipfs__fail(NULL, NIPFS_E_LIMIT, "no matter"), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__fail_nomem(&err), NIPFS_E_NOMEM);
	ck_assert_int_eq(err.code, NIPFS_E_NOMEM);
	ck_assert_str_eq(err.msg, "out of memory");
	ck_assert_int_eq(nipfs__fail_nomem(NULL), NIPFS_E_NOMEM);
}
END_TEST

START_TEST(a_system_call_names_its_cause)
{
	struct nipfs_error err;

	ck_assert_int_eq(nipfs__fail_errno(&err, ENOENT, "cannot open '%s'", "x"),
			 NIPFS_E_SYS);
	ck_assert_int_eq(err.code, NIPFS_E_SYS);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_str_eq(err.msg, "cannot open 'x': No such file or directory");
	ck_assert_int_eq(nipfs__fail_errno(&err, ENOMEM, "cannot map 'x'"),
			 NIPFS_E_NOMEM);
	ck_assert_int_eq(err.code, NIPFS_E_NOMEM);
	ck_assert_int_eq(nipfs__fail_errno(NULL, EIO, "no matter"), NIPFS_E_SYS);
}
END_TEST

START_TEST(a_message_is_one_line)
{
	struct nipfs_error err;

	nipfs__fail(&err, NIPFS_E_INVALID, "'%s' is bad", "a\nb\r\nc");
	ck_assert_str_eq(err.msg, "'a?b??c' is bad");
	nipfs__prefix(&err, "in '%s'", "x\ny");
	ck_assert_str_eq(err.msg, "in 'x?y': 'a?b??c' is bad");
}
END_TEST

START_TEST(context_goes_in_front_and_keeps_the_code)
{
	struct nipfs_error err;

	nipfs__fail_errno(&err, EACCES, "cannot read");
	nipfs__prefix(&err, "path '%s'", "p");
	ck_assert_str_eq(err.msg, "path 'p': cannot read: Permission denied");
	ck_assert_int_eq(err.code, NIPFS_E_SYS);
	ck_assert_int_eq(err.sys_errno, EACCES);
	nipfs__prefix(NULL, "no matter");
}
END_TEST

START_TEST(long_messages_are_cut)
{
	char text[4096];
	struct nipfs_error err;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	nipfs__fail_errno(&err, EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	nipfs__prefix(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	nipfs__fail(&err, NIPFS_E_INVALID, "short");
	nipfs__prefix(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	ck_assert_int_eq(err.code, NIPFS_E_INVALID);
}
END_TEST

static Suite *err_suite(void)
{
	Suite *s = suite_create("err");
	TCase *tc = tcase_create("err");

	tcase_add_test(tc, every_code_has_its_own_name_text_and_exit_code);
	tcase_add_test(tc, exit_codes_of_the_command);
	tcase_add_test(tc, a_failure_is_recorded_and_returned);
	tcase_add_test(tc, a_system_call_names_its_cause);
	tcase_add_test(tc, a_message_is_one_line);
	tcase_add_test(tc, context_goes_in_front_and_keeps_the_code);
	tcase_add_test(tc, long_messages_are_cut);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(err_suite)
