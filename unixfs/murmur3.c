/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MurmurHash3 x64_128, its first half. */
#include "unixfs/murmur3.h"

#include <string.h>

#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

enum { BLOCK = 16 };

static const uint64_t c1 = 0x87c37b91114253d5, c2 = 0x4cf5ad432745937f;

static uint64_t rotl(uint64_t v, unsigned int n)
{
	return v << n | v >> (64 - n);
}

static uint64_t mix1(const uint8_t *block)
{
	return rotl(nipfs__get_le64(block) * c1, 31) * c2;
}

static uint64_t mix2(const uint8_t *block)
{
	return rotl(nipfs__get_le64(block + 8) * c2, 33) * c1;
}

static uint64_t finish(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccd;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

uint64_t nipfs__murmur3_h1(struct nipfs_slice bytes)
{
	struct nipfs_slice rest = bytes;
	uint8_t tail[BLOCK] = { 0 };
	uint64_t h1 = 0, h2 = 0;

	while (rest.len >= BLOCK) {
		h1 = (rotl(h1 ^ mix1(rest.ptr), 27) + h2) * 5 + 0x52dce729;
		h2 = (rotl(h2 ^ mix2(rest.ptr), 31) + h1) * 5 + 0x38495ab5;
		rest = nipfs__slice_skip(rest, BLOCK);
	}
	if (rest.len)
		memcpy(tail, rest.ptr, rest.len);
	h1 ^= mix1(tail) ^ bytes.len;
	h2 ^= mix2(tail) ^ bytes.len;
	h1 += h2;
	h2 += h1;
	return finish(h1) + finish(h2);
}
