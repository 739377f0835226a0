/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes to stdout. Names come from outside: on a terminal their control
 * bytes, and what is not UTF-8, are written as \xNN, and a backslash as \\.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <nixipfs/bytes.h>
#include <nixipfs/cid.h>
#include <nixipfs/error.h>

#include "cli/command.h"

static inline struct nipfs_slice text_slice(const char *text)
{
	return (struct nipfs_slice){ (const uint8_t *)text, strlen(text) };
}

/* Whether all of it is UTF-8 (RFC 3629: shortest forms, no surrogates). */
bool output_is_utf8(struct nipfs_slice bytes);

/* An escaped copy, for free(). */
char *output_escape(struct nipfs_slice bytes);

/* Writes bytes escaped, whatever @stream is. */
void output_escaped(FILE *stream, struct nipfs_slice bytes);

/* Writes a name to stdout: escaped on a terminal unless -0 was given, else as it is. */
void output_name(const struct common *common, struct nipfs_slice name);

/* Writes a CID to stdout in its usual base. */
void output_cid(const struct nipfs_cid *cid);

/* Ends a record on stdout: newline, or NUL with -0. */
void output_end(const struct common *common);

/* Writes @n bytes to stdout. Return: 0 or NIPFS_E_SYS. */
int output_write(const void *bytes, size_t n, struct nipfs_error *err);

/* Whether stdout failed because whoever read it went away. */
bool output_reader_gone(void);

/* Whether what was printed so far could be written, for loops. Return: 0 or NIPFS_E_SYS.
 */
int output_check(struct nipfs_error *err);

/**
 * output_finish() - write out what is still held back, and close stdout
 * @common: how to say what failed
 * @exit_code: what the command would end with
 *
 * Return: @exit_code, or 1 when something did not reach its destination.
 */
int output_finish(const struct common *common, int exit_code);

#endif
