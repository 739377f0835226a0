/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checked arithmetic and byte order. */
#ifndef MULTIFORMATS_BASE_NUM_H
#define MULTIFORMATS_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns true when the result does not fit; *out is then unspecified. */
static inline bool nipfs__add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	return __builtin_add_overflow(a, b, out);
}

static inline bool nipfs__mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	return __builtin_mul_overflow(a, b, out);
}

static inline bool nipfs__add_size(size_t a, size_t b, size_t *out)
{
	return __builtin_add_overflow(a, b, out);
}

static inline bool nipfs__mul_size(size_t a, size_t b, size_t *out)
{
	return __builtin_mul_overflow(a, b, out);
}

static inline size_t nipfs__min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline uint64_t nipfs__min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint32_t nipfs__get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static inline uint64_t nipfs__get_le64(const uint8_t *p)
{
	return (uint64_t)nipfs__get_le32(p) | (uint64_t)nipfs__get_le32(p + 4) << 32;
}

static inline uint64_t nipfs__get_be64(const uint8_t *p)
{
	return __builtin_bswap64(nipfs__get_le64(p));
}

/* Spelt out, not looped: compilers make one store of it. */
static inline void nipfs__put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline void nipfs__put_le64(uint8_t *p, uint64_t v)
{
	nipfs__put_le32(p, (uint32_t)v);
	nipfs__put_le32(p + 4, (uint32_t)(v >> 32));
}

static inline void nipfs__put_be32(uint8_t *p, uint32_t v)
{
	nipfs__put_le32(p, __builtin_bswap32(v));
}

static inline void nipfs__put_be64(uint8_t *p, uint64_t v)
{
	nipfs__put_le64(p, __builtin_bswap64(v));
}

#endif
