/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Error codes, texts, and the filling of struct nipfs_error. */
#include "multiformats/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err_row {
	int code;
	int exit_code;
	const char *name;
	const char *text;
};

static const struct err_row rows[] = {
#define ROW(name, value, exit_code, text) { value, exit_code, #name, text },
	NIPFS_ERR_MAP(ROW)
#undef ROW
};

static const struct err_row *find(int code)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

const char *nipfs_err_text(int code)
{
	const struct err_row *row = find(code);

	return row ? row->text : code == 0 ? "success" : "unknown error";
}

const char *nipfs_err_name(int code)
{
	const struct err_row *row = find(code);

	return row ? row->name : code == 0 ? "OK" : "UNKNOWN";
}

int nipfs_err_exit_code(int code)
{
	const struct err_row *row = find(code);

	return row ? row->exit_code : code == 0 ? 0 : 1;
}

static void one_line(char *msg)
{
	for (; *msg; msg++)
		if (*msg == '\n' || *msg == '\r')
			*msg = '?';
}

__attribute__((format(printf, 4, 0))) static void
fill(struct nipfs_error *err, int code, int sys_errno, const char *fmt, va_list ap)
{
	err->code = code;
	err->sys_errno = sys_errno;
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	if (sys_errno) {
		const size_t used = strlen(err->msg);
		char text[128];

		(void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s",
			       strerror_r(sys_errno, text, sizeof(text)));
	}
	one_line(err->msg);
}

int nipfs__fail(struct nipfs_error *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		fill(err, code, 0, fmt, ap);
		va_end(ap);
	}
	return code;
}

int nipfs__fail_errno(struct nipfs_error *err, int sys_errno, const char *fmt, ...)
{
	const int code = sys_errno == ENOMEM ? NIPFS_E_NOMEM : NIPFS_E_SYS;

	if (err) {
		va_list ap;

		va_start(ap, fmt);
		fill(err, code, sys_errno, fmt, ap);
		va_end(ap);
	}
	return code;
}

int nipfs__fail_nomem(struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_NOMEM, "out of memory");
}

void nipfs__prefix(struct nipfs_error *err, const char *fmt, ...)
{
	char old[sizeof(err->msg)];
	size_t used;
	va_list ap;

	if (!err)
		return;
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	used = strlen(err->msg);
	(void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", old);
	one_line(err->msg);
}
