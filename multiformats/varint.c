/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multiformats varints. */
#include "multiformats/varint.h"

#include <assert.h>

int nipfs__varint_decode(struct nipfs_slice in, uint64_t *out, size_t *used)
{
	uint64_t v = 0;

	for (size_t i = 0; i < NIPFS__VARINT_MAX; i++) {
		if (i == in.len)
			return NIPFS_E_TRUNCATED;
		v |= (uint64_t)(in.ptr[i] & 0x7f) << (7 * i);
		if (in.ptr[i] & 0x80)
			continue;
		if (in.ptr[i] == 0 && i > 0)
			return NIPFS_E_NONCANONICAL;
		*out = v;
		*used = i + 1;
		return 0;
	}
	return NIPFS_E_LIMIT;
}

size_t nipfs__varint_encode(uint64_t v, uint8_t *out)
{
	size_t n = 0;

	assert(v <= INT64_MAX);
	while (v > 0x7f) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	return n;
}
