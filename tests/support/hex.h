/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes written as hex in test tables. */
#ifndef TESTS_SUPPORT_HEX_H
#define TESTS_SUPPORT_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Reads @text into @out, which holds @max bytes; a bad text fails the test. */
size_t hex_read(const char *text, uint8_t *out, size_t max);

/* @n bytes as hex, NUL-terminated, in @out of @max bytes. */
const char *hex_write(const uint8_t *bytes, size_t n, char *out, size_t max);

#endif
