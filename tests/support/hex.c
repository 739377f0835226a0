/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes written as hex in test tables. */
#include "tests/support/hex.h"

#include <check.h>
#include <sodium.h>
#include <string.h>

size_t hex_read(const char *text, uint8_t *out, size_t max)
{
	const char *end;
	size_t n;

	ck_assert_int_eq(sodium_hex2bin(out, max, text, strlen(text), NULL, &n, &end), 0);
	ck_assert_int_eq(*end, 0);
	return n;
}

const char *hex_write(const uint8_t *bytes, size_t n, char *out, size_t max)
{
	ck_assert_uint_lt(2 * n, max);
	return sodium_bin2hex(out, max, bytes, n);
}
