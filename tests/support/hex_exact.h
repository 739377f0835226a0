/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes written as hex in test tables, in memory of exactly their size. */
#ifndef TESTS_SUPPORT_HEX_EXACT_H
#define TESTS_SUPPORT_HEX_EXACT_H

#include <nixipfs/bytes.h>

/* Bytes on the heap: a sanitizer sees reads behind them. */
struct test_hex {
	uint8_t *ptr;
	size_t len;
	struct nipfs_slice slice;
};

/* The bytes of a text of at most 8192 digits; spaces in it are passed over. */
struct test_hex test_hex_new(const char *text);
void test_hex_free(struct test_hex *bytes);

#endif
