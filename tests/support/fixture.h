/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of fixtures/ as tests take them; tests run in the top folder of the sources. */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include <nixipfs/bytes.h>

/* The bytes of a file, in memory of exactly its size, for free(); aborts where it can't. */
uint8_t *test_fixture(const char *path, size_t *len);

/*
 * The @column-th word behind @key in a file of lines of words, into @out, which
 * has 256 bytes; aborts where there is none. fixtures/car/roots.txt is such a file.
 */
void test_fixture_word(const char *path, const char *key, unsigned int column, char *out);

#endif
