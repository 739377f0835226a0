/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments that come on standard input, one a line. */
#ifndef CLI_STDIN_LINES_H
#define CLI_STDIN_LINES_H

#include <stdbool.h>

#include <nixipfs/error.h>

/**
 * stdin_lines() - hand over the lines of standard input
 * @null: lines end with NUL instead of newline
 * @each: gets each line that is not empty, without its end; a negative return ends it
 *
 * Return: 0, what @each returned, or NIPFS_E_SYS.
 */
int stdin_lines(bool null, int (*each)(void *ctx, const char *line, struct nipfs_error *err),
		void *ctx, struct nipfs_error *err);

#endif
