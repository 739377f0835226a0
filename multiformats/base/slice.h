/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers over borrowed bytes. */
#ifndef MULTIFORMATS_BASE_SLICE_H
#define MULTIFORMATS_BASE_SLICE_H

#include <stdbool.h>
#include <string.h>

#include <nixipfs/bytes.h>

/* The two arguments of "%.*s": NIPFS_FMT(slice) */
#define NIPFS_FMT(s) (int)((s).len > 4096 ? 4096 : (s).len), (const char *)(s).ptr

static inline struct nipfs_slice nipfs__slice(const void *ptr, size_t len)
{
	return (struct nipfs_slice){ (const uint8_t *)ptr, len };
}

static inline struct nipfs_slice nipfs__slice_str(const char *s)
{
	return nipfs__slice(s, strlen(s));
}

/* The bytes after the first @n; @n must not exceed the length. */
static inline struct nipfs_slice nipfs__slice_skip(struct nipfs_slice s, size_t n)
{
	return nipfs__slice(n ? s.ptr + n : s.ptr, s.len - n);
}

static inline bool nipfs__slice_eq(struct nipfs_slice a, struct nipfs_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Order of NAR, dag-pb and Nix: unsigned bytes, a prefix first. */
static inline int nipfs__slice_cmp(struct nipfs_slice a, struct nipfs_slice b)
{
	const size_t n = a.len < b.len ? a.len : b.len;
	const int r = n ? memcmp(a.ptr, b.ptr, n) : 0;

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

#endif
