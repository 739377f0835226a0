/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes written as hex in test tables, in memory of exactly their size. */
#include "tests/support/hex_exact.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static unsigned int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	ck_assert_msg(at != NULL, "'%c' is no hex digit", c);
	return (unsigned int)(at - digits);
}

struct test_hex test_hex_new(const char *text)
{
	uint8_t room[4096];
	struct test_hex out = { NULL, 0, { NULL, 0 } };

	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		ck_assert_uint_lt(out.len, sizeof(room));
		room[out.len++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		text += 2;
	}
	out.ptr = malloc(out.len ? out.len : 1);
	ck_assert_ptr_nonnull(out.ptr);
	memcpy(out.ptr, room, out.len);
	out.slice = (struct nipfs_slice){ out.ptr, out.len };
	return out;
}

void test_hex_free(struct test_hex *bytes)
{
	free(bytes->ptr);
	*bytes = (struct test_hex){ NULL, 0, { NULL, 0 } };
}
