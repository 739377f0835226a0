/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NARs written as their strings, for tests: right ones and wrong ones.
 * Independent of the library, so that it can be held against it.
 */
#ifndef TESTS_SUPPORT_NAR_TEXT_H
#define TESTS_SUPPORT_NAR_TEXT_H

#include <nixipfs/bytes.h>

/**
 * nar_text() - a NAR from words
 * @text: words separated by spaces, each a string of the NAR, magic and brackets
 *        too. `%` and two hex digits are a byte, `''` is the empty string, `N*c`
 *        is N times the character c. The word `!XX` is the byte XX as it stands,
 *        `#N` the number N in 8 bytes.
 * @len:  of the NAR
 *
 * Return: the bytes, in memory of exactly their size, for free().
 */
uint8_t *nar_text(const char *text, size_t *len);

#endif
