/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text as a part of a URL. */
#ifndef LIB_IPFS_URL_ESCAPE_H
#define LIB_IPFS_URL_ESCAPE_H

#include "multiformats/base/buf.h"

/* Appends a text, and all bytes of it that mean something in a URL as %XX. Return: as
 * nipfs__buf_put(). */
static inline int nipfs__url_escape(struct nipfs_buf *b, const char *text)
{
	static const char plain[] = "-._~";
	int r = 0;

	for (; r == 0 && *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr(plain, c))
			r = nipfs__buf_put_u8(b, c);
		else
			r = nipfs__buf_printf(b, "%%%02X", c);
	}
	return r;
}

#endif
