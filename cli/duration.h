/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long something is, as it is typed. */
#ifndef CLI_DURATION_H
#define CLI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/**
 * duration_read() - read 45s, 30m, 12h, 7d or 2w
 * @text:    digits and a unit
 * @seconds: untouched on failure
 *
 * Return: whether it is one, of 1 second to 1000 years.
 */
bool duration_read(const char *text, uint64_t *seconds);

#endif
