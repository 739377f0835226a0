/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said on stderr: always one line, escaped wherever it goes. */
#include "cli/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"

/* Bytes from outside stand in messages as they came. Logs are read on terminals too, and
 * line by line: they are escaped whatever stderr is. */
static void say(const char *kind, const char *msg, const char *tail)
{
	flockfile(stderr);
	progress_hide();
	(void)fprintf(stderr, "nix-ipfs: %s", kind);
	output_escaped(stderr, text_slice(msg));
	(void)fprintf(stderr, "%s\n", tail);
	funlockfile(stderr);
}

int cli_usage(const struct cmd *cmd, const char *fmt, ...)
{
	char msg[1024], tail[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	(void)snprintf(tail, sizeof(tail), "; see 'nix-ipfs %s%s--help'", cmd->name,
		       *cmd->name ? " " : "");
	say("", msg, tail);
	return EXIT_USAGE;
}

int cli_fail(const struct common *common, const struct nipfs_error *err)
{
	const int exit_code = nipfs_err_exit_code(err->code);

	if (err->code == NIPFS_E_SYS && output_reader_gone() && signals_reader_gone())
		return exit_code;
	if (common->json) {
		json_t *line = json_line_new();

		progress_hide();
		json_put_text(line, "error", nipfs_err_name(err->code));
		json_put_message(line, "message", err->msg);
		json_put_number(line, "exitCode", (uint64_t)exit_code);
		json_line_print(line, stderr);
	} else if (common->verbose) {
		char tail[64];

		(void)snprintf(tail, sizeof(tail), " [%s]", nipfs_err_name(err->code));
		say("", err->msg, tail);
	} else {
		say("", err->msg, "");
	}
	return exit_code;
}

NIPFS_PRINTF(3, 0)
static void fill(struct nipfs_error *err, int code, const char *fmt, va_list ap)
{
	*err = (struct nipfs_error){ .code = code };
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
}

int cli_fill(struct nipfs_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int cli_fill_errno(struct nipfs_error *err, int sys_errno, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	va_start(ap, fmt);
	fill(err, NIPFS_E_SYS, fmt, ap);
	va_end(ap);
	err->sys_errno = sys_errno;
	used = strlen(err->msg);
	(void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s",
		       strerror(sys_errno));
	return NIPFS_E_SYS;
}

void cli_note(const struct common *common, const char *fmt, ...)
{
	char msg[1024];
	va_list ap;

	if (common->quiet)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (common->json) {
		json_t *line = json_line_new();

		json_put_message(line, "note", msg);
		flockfile(stderr);
		progress_hide();
		json_line_print(line, stderr);
		funlockfile(stderr);
	} else {
		say("note: ", msg, "");
	}
}

void *xcalloc(size_t n, size_t size)
{
	void *ptr = calloc(n, size);

	if (!ptr) {
		say("", "out of memory", "");
		exit(EXIT_FAILURE);
	}
	return ptr;
}

void *xgrow(void *array, size_t n, size_t *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 16;
	more = xcalloc(*cap, size);
	if (n)
		memcpy(more, array, n * size);
	free(array);
	return more;
}
