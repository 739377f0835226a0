/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that double. */
#ifndef MULTIFORMATS_BASE_ARRAY_H
#define MULTIFORMATS_BASE_ARRAY_H

#include <stdlib.h>

/**
 * nipfs__array_room() - room for one member more
 * @array: NULL while @cap is 0
 * @n:     members in use
 * @cap:   members allocated; changed on success
 * @size:  bytes of a member
 *
 * Return: the array, which may have moved; NULL without memory, and then the old
 * one is as it was.
 */
static inline void *nipfs__array_room(void *array, size_t n, size_t *cap, size_t size)
{
	const size_t more = *cap ? *cap * 2 : 16;

	if (n < *cap)
		return array;
	array = reallocarray(array, more, size);
	if (array)
		*cap = more;
	return array;
}

#endif
