/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a line or two. */
#ifndef LIB_IPFS_SMALL_FILE_H
#define LIB_IPFS_SMALL_FILE_H

#include <errno.h>
#include <unistd.h>

/*
 * Reads a file to its end, or @cap bytes of it. Return: how many, or -1 with errno set, also
 * when @fd is no descriptor.
 */
static inline ssize_t nipfs__small_file_read(int fd, char *out, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		const ssize_t got = read(fd, out + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -1 : (ssize_t)n;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

#endif
