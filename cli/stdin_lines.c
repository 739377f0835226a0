/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments that come on standard input, one a line. */
#include "cli/stdin_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/error.h"

int stdin_lines(bool null, int (*each)(void *ctx, const char *line, struct nipfs_error *err),
		void *ctx, struct nipfs_error *err)
{
	const int end = null ? '\0' : '\n';
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = getdelim(&line, &size, end, stdin)) >= 0) {
		if (len > 0 && line[len - 1] == end)
			line[--len] = 0;
		if (len > 0)
			r = each(ctx, line, err);
	}
	free(line);
	if (r == 0 && ferror(stdin))
		r = cli_fill_errno(err, errno, "cannot read standard input");
	return r;
}
