/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of fixtures/ as tests take them. */
#include "tests/support/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *test_fixture(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *out = NULL;
	long size;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0) {
		perror(path);
		abort();
	}
	rewind(f);
	*len = (size_t)size;
	out = malloc(*len ? *len : 1);
	if (!out || fread(out, 1, *len, f) != *len) {
		perror(path);
		abort();
	}
	(void)fclose(f);
	return out;
}

void test_fixture_word(const char *path, const char *key, unsigned int column, char *out)
{
	FILE *f = fopen(path, "r");
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		char *rest = NULL;
		const char *word = strtok_r(line, " \n", &rest);

		if (!word || strcmp(word, key) != 0)
			continue;
		for (unsigned int i = 0; word && i < column; i++)
			word = strtok_r(NULL, " \n", &rest);
		if (word && strlen(word) < 256) {
			memcpy(out, word, strlen(word) + 1);
			(void)fclose(f);
			return;
		}
	}
	(void)fprintf(stderr, "%s: no word %u behind '%s'\n", path, column, key);
	abort();
}
