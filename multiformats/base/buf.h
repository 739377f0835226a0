/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growable buffer with a ceiling of its own. */
#ifndef MULTIFORMATS_BASE_BUF_H
#define MULTIFORMATS_BASE_BUF_H

#include <nixipfs/error.h>

#include "multiformats/base/slice.h"

/**
 * struct nipfs_buf - owned bytes that grow up to a ceiling
 * @ptr: the bytes, or NULL while @cap is 0
 * @len: bytes in use
 * @cap: bytes allocated
 * @max: ceiling of @len: reaching beyond it is NIPFS_E_LIMIT
 *
 * Start with NIPFS_BUF_INIT(max); end with nipfs__buf_release().
 */
struct nipfs_buf {
	uint8_t *ptr;
	size_t len, cap, max;
};

#define NIPFS_BUF_INIT(ceiling) { NULL, 0, 0, (ceiling) }

void nipfs__buf_release(struct nipfs_buf *b);

/* Forgets the bytes and keeps the memory. */
static inline void nipfs__buf_clear(struct nipfs_buf *b)
{
	b->len = 0;
}

static inline struct nipfs_slice nipfs__buf_slice(const struct nipfs_buf *b)
{
	return nipfs__slice(b->ptr, b->len);
}

/* All return 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT, and on failure change nothing. */

/* Makes room for @extra more bytes; after it, writing up to there cannot fail. */
int nipfs__buf_reserve(struct nipfs_buf *b, size_t extra) NIPFS_MUSTUSE;
/* Appends @n bytes of room and gives its start. The bytes are not set. */
int nipfs__buf_extend(struct nipfs_buf *b, size_t n, uint8_t **room) NIPFS_MUSTUSE;
int nipfs__buf_put(struct nipfs_buf *b, const void *ptr, size_t n) NIPFS_MUSTUSE;
int nipfs__buf_put_slice(struct nipfs_buf *b, struct nipfs_slice s) NIPFS_MUSTUSE;
int nipfs__buf_put_u8(struct nipfs_buf *b, uint8_t v) NIPFS_MUSTUSE;
int nipfs__buf_put_str(struct nipfs_buf *b, const char *s) NIPFS_MUSTUSE;
/* Needs room below the ceiling for a NUL as well, as nipfs__buf_terminate() does. */
int nipfs__buf_printf(struct nipfs_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) NIPFS_MUSTUSE;
/* Makes the byte after the last one a NUL, without counting it. */
int nipfs__buf_terminate(struct nipfs_buf *b) NIPFS_MUSTUSE;

/* A NUL-terminated copy on the heap for free(), or NULL without memory. */
char *nipfs__slice_dup(struct nipfs_slice s);

#endif
