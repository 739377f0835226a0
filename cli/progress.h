/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that says how far things are: on a terminal when they take longer than a second,
 * elsewhere a new one every 10 s. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <time.h>

#include <nixipfs/progress.h>

#include "cli/command.h"

/* Its address must not change between begin and end. */
struct progress_line {
	struct nipfs_progress progress;
	struct timespec start, last;
	bool shown, plain;
};

/**
 * progress_begin() - start the clock
 * @line: storage, to be ended with progress_end()
 *
 * Return: what the library's functions take, or NULL with --quiet, and with --json where there
 * is no terminal.
 */
const struct nipfs_progress *progress_begin(struct progress_line *line,
					    const struct common *common);

/* Clears the line that is shown, if one is: it comes back with the next event. */
void progress_hide(void);

/* Clears the line, before anything else is said. May be called again. */
void progress_end(struct progress_line *line);

/* "4711" of items, "4.6 KiB" of bytes. */
void progress_amount(char *out, size_t n, enum nipfs_unit unit, uint64_t amount);

#endif
