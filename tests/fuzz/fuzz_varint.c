/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multiformats varints: what is taken is written as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "multiformats/base/slice.h"
#include "multiformats/varint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_slice rest = { data, size };

	while (rest.len) {
		uint8_t again[NIPFS__VARINT_MAX];
		uint64_t v;
		size_t used;

		if (nipfs__varint_decode(rest, &v, &used) < 0)
			break;
		if (used > rest.len || nipfs__varint_encode(v, again) != used ||
		    memcmp(again, rest.ptr, used) != 0)
			abort();
		rest = nipfs__slice_skip(rest, used);
	}
	return 0;
}
