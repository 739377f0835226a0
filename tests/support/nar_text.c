/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NARs written as their strings, for tests. */
#include "tests/support/nar_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct out {
	uint8_t *ptr;
	size_t len, cap;
};

static void put(struct out *o, const void *bytes, size_t n)
{
	if (o->len + n > o->cap) {
		o->cap = 2 * (o->len + n);
		o->ptr = realloc(o->ptr, o->cap);
		if (!o->ptr)
			abort();
	}
	if (n == 0)
		return;
	memcpy(o->ptr + o->len, bytes, n);
	o->len += n;
}

static void put_number(struct out *o, uint64_t v)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(v >> 8 * i);
	put(o, bytes, 8);
}

static void put_string(struct out *o, const uint8_t *bytes, size_t n)
{
	put_number(o, n);
	put(o, bytes, n);
	put(o, "\0\0\0\0\0\0\0", -n & 7);
}

/* `N*c`, or 0 */
static size_t repeats(const char *word, size_t n)
{
	char *end;
	const unsigned long count = strtoul(word, &end, 10);

	return end > word && end == word + n - 2 && *end == '*' ? count : 0;
}

static void put_word(struct out *o, const char *word, size_t n)
{
	uint8_t *bytes = malloc(n + 4096);
	size_t len = repeats(word, n);

	if (!bytes || len > 4096)
		abort();
	if (len > 0)
		memset(bytes, word[n - 1], len);
	else if (n != 2 || memcmp(word, "''", 2) != 0)
		for (size_t i = 0; i < n; i++) {
			if (word[i] == '%' && i + 2 < n) {
				unsigned int byte;

				if (sscanf(word + i + 1, "%2x", &byte) != 1)
					abort();
				bytes[len++] = (uint8_t)byte;
				i += 2;
			} else {
				bytes[len++] = (uint8_t)word[i];
			}
		}
	put_string(o, bytes, len);
	free(bytes);
}

uint8_t *nar_text(const char *text, size_t *len)
{
	struct out o = { NULL, 0, 0 };
	uint8_t *exact;

	while (*text) {
		const size_t n = strcspn(text, " ");
		const uint8_t byte = (uint8_t)strtoul(text + 1, NULL, 16);

		if (n > 1 && text[0] == '!')
			put(&o, &byte, 1);
		else if (n > 1 && text[0] == '#')
			put_number(&o, strtoull(text + 1, NULL, 0));
		else if (n > 0)
			put_word(&o, text, n);
		text += n;
		text += strspn(text, " ");
	}
	exact = malloc(o.len ? o.len : 1);
	if (!exact)
		abort();
	if (o.len)
		memcpy(exact, o.ptr, o.len);
	free(o.ptr);
	*len = o.len;
	return exact;
}
