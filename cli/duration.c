/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long something is, as it is typed. */
#include "cli/duration.h"

#include <string.h>

bool duration_read(const char *text, uint64_t *seconds)
{
	static const char units[] = "smhdw";
	static const uint64_t lengths[] = { 1, 60, 3600, 86400, 7 * 86400 };
	const uint64_t max = (uint64_t)1000 * 365 * 86400;
	const char *s = text, *unit;
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > max)
			return false;
	}
	unit = *s ? strchr(units, *s) : NULL;
	if (s == text || !unit || s[1] || n == 0 || n > max / lengths[unit - units])
		return false;
	*seconds = n * lengths[unit - units];
	return true;
}
