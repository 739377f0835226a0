/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vectors in files of lines, each of columns with tabs between them. Anything
 * amiss with such a file ends the test program.
 */
#ifndef TESTS_SUPPORT_ROWS_H
#define TESTS_SUPPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* The whole file, NUL-terminated, for free(). @path is as seen from the top folder. */
char *rows_read(const char *path);

/*
 * The next line of exactly @n columns; empty lines and those that begin with '#'
 * are skipped. @rest starts as the text of a file, which is changed. False at
 * the end.
 */
bool rows_next(char **rest, char **columns, size_t n);

#endif
