/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the queue: what is taken is written in just the same way. */
#include <stdlib.h>
#include <string.h>

#include "lib/queue_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_buf again = NIPFS_BUF_INIT(2 * NIPFS__QUEUE_ENTRY_MAX);
	struct nipfs_queue_entry entry;

	if (nipfs__queue_entry_decode(nipfs__slice(data, size), &entry) < 0)
		return 0;
	if (nipfs__queue_entry_encode(&entry, &again) < 0 || again.len != size ||
	    memcmp(again.ptr, data, size) != 0)
		abort();
	nipfs__buf_release(&again);
	return 0;
}
