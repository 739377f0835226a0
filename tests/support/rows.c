/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vectors in files of lines, each of columns with tabs between them. */
#include "tests/support/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn static void die(const char *what, const char *subject)
{
	fprintf(stderr, "rows: %s: %s\n", what, subject);
	exit(EXIT_FAILURE);
}

char *rows_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;
	char *text;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
		die("cannot open", path);
	rewind(f);
	text = malloc((size_t)size + 1);
	if (!text || fread(text, 1, (size_t)size, f) != (size_t)size)
		die("cannot read", path);
	(void)fclose(f);
	text[size] = 0;
	return text;
}

bool rows_next(char **rest, char **columns, size_t n)
{
	char *line;

	do {
		line = strsep(rest, "\n");
	} while (line && (line[0] == 0 || line[0] == '#'));
	if (!line)
		return false;
	for (size_t i = 0; i < n; i++) {
		columns[i] = strsep(&line, "\t");
		if (!columns[i])
			die("too few columns", columns[0]);
	}
	if (line)
		die("too many columns", columns[0]);
	return true;
}
