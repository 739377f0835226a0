/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growable buffer with a ceiling of its own. */
#include "multiformats/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "multiformats/base/num.h"

void nipfs__buf_release(struct nipfs_buf *b)
{
	free(b->ptr);
	*b = (struct nipfs_buf){ NULL, 0, 0, b->max };
}

int nipfs__buf_reserve(struct nipfs_buf *b, size_t extra)
{
	size_t need, cap;
	uint8_t *ptr;

	if (nipfs__add_size(b->len, extra, &need) || need > b->max)
		return NIPFS_E_LIMIT;
	if (need <= b->cap)
		return 0;
	cap = b->cap > SIZE_MAX / 2 ? need : b->cap * 2;
	if (cap < 64)
		cap = 64;
	if (cap > b->max)
		cap = b->max;
	if (cap < need)
		cap = need;
	ptr = realloc(b->ptr, cap);
	if (!ptr)
		return NIPFS_E_NOMEM;
	b->ptr = ptr;
	b->cap = cap;
	return 0;
}

int nipfs__buf_extend(struct nipfs_buf *b, size_t n, uint8_t **room)
{
	const int r = nipfs__buf_reserve(b, n);

	if (r < 0)
		return r;
	/* b->ptr may still be NULL, to which nothing may be added, not even 0 */
	*room = b->len ? b->ptr + b->len : b->ptr;
	b->len += n;
	return 0;
}

int nipfs__buf_put(struct nipfs_buf *b, const void *ptr, size_t n)
{
	uint8_t *room;
	int r;

	if (n == 0)
		return 0;
	r = nipfs__buf_extend(b, n, &room);
	if (r < 0)
		return r;
	memcpy(room, ptr, n);
	return 0;
}

int nipfs__buf_put_slice(struct nipfs_buf *b, struct nipfs_slice s)
{
	return nipfs__buf_put(b, s.ptr, s.len);
}

int nipfs__buf_put_u8(struct nipfs_buf *b, uint8_t v)
{
	return nipfs__buf_put(b, &v, 1);
}

int nipfs__buf_put_str(struct nipfs_buf *b, const char *s)
{
	return nipfs__buf_put(b, s, strlen(s));
}

int nipfs__buf_printf(struct nipfs_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n, r;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* one more than is kept: vsnprintf writes a NUL */
	r = n < 0 ? NIPFS_E_LIMIT : nipfs__buf_reserve(b, (size_t)n + 1);
	if (r == 0) {
		(void)vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	return r;
}

int nipfs__buf_terminate(struct nipfs_buf *b)
{
	const int r = nipfs__buf_reserve(b, 1);

	if (r == 0)
		b->ptr[b->len] = 0;
	return r;
}

char *nipfs__slice_dup(struct nipfs_slice s)
{
	char *copy = s.len == SIZE_MAX ? NULL : malloc(s.len + 1);

	if (!copy)
		return NULL;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = 0;
	return copy;
}
