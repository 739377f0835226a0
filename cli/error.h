/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said on stderr: always one line, escaped wherever it goes. */
#ifndef CLI_ERROR_H
#define CLI_ERROR_H

#include <nixipfs/error.h>

#include "cli/command.h"

enum { EXIT_USAGE = 2 };

/**
 * cli_usage() - wrong use of a command
 * @cmd: the command, whose --help is pointed to
 * @fmt: printf format, as for nipfs__fail(): lower case, no full stop
 *
 * Return: EXIT_USAGE
 */
int cli_usage(const struct cmd *cmd, const char *fmt, ...) NIPFS_PRINTF(2, 3);

/**
 * cli_fail() - an error of the library
 * @common: with --json the line is an object with error, message and exitCode;
 *          with --verbose the name of the code follows the message
 * @err:    what it said
 *
 * Nothing is said when whoever read stdout went away: the process dies of SIGPIPE.
 *
 * Return: the exit code that goes with it.
 */
int cli_fail(const struct common *common, const struct nipfs_error *err);

/* Fills an error as the library would. Return: @code. */
int cli_fill(struct nipfs_error *err, int code, const char *fmt, ...) NIPFS_PRINTF(3, 4);

/* Fills the error of a failed system call, with its text appended. Return: NIPFS_E_SYS.
 */
int cli_fill_errno(struct nipfs_error *err, int sys_errno, const char *fmt, ...)
    NIPFS_PRINTF(3, 4);

/* Something worth knowing that is no error; nothing with --quiet. */
void cli_note(const struct common *common, const char *fmt, ...) NIPFS_PRINTF(2, 3);

/* calloc() that ends the process with one line and exit code 1 when memory runs out. */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* An array with room for one member more than @n: @array, or a bigger copy in its place. */
void *xgrow(void *array, size_t n, size_t *cap, size_t size)
    __attribute__((returns_nonnull));

#endif
