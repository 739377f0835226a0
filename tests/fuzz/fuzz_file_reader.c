/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a UnixFS file, from any blocks: a file that is read has the size
 * that its root says, whatever order the blocks come in, and a range of it is the
 * same bytes. Input: two bytes that choose the range, then see fuzz_blocks.h.
 */
#include <nixipfs/dag.h>

#include "tests/fuzz/fuzz_blocks.h"

enum { FILE_MAX = 1 << 18 };

struct taker {
	uint8_t bytes[FILE_MAX];
	size_t len;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct taker *t = ctx;

	(void)err;
	if (bytes->len == 0)
		abort();
	if (bytes->len > FILE_MAX - t->len)
		return NIPFS_E_CANCELLED;
	memcpy(t->bytes + t->len, bytes->ptr, bytes->len);
	t->len += bytes->len;
	return 0;
}

static int read_some(const uint8_t *data, size_t size, bool last_first, uint64_t offset,
		     uint64_t length, struct taker *t)
{
	struct fuzz_blocks *b = fuzz_blocks_new(data, size);
	const struct nipfs_cid root = fuzz_blocks_cid(0);
	struct nipfs_error err;
	int r;

	b->last_first = last_first;
	t->len = 0;
	r = nipfs_dag_read(&b->source, &root, offset, length, take, t, &err);
	nipfs_block_source_free(&b->source);
	return r;
}

static uint64_t stated_size(const uint8_t *data, size_t size)
{
	struct fuzz_blocks *b = fuzz_blocks_new(data, size);
	const struct nipfs_cid root = fuzz_blocks_cid(0);
	struct nipfs_entry entry;

	if (nipfs_dag_stat(&b->source, &root, &entry, NULL, 0, NULL) < 0 ||
	    entry.kind != NIPFS_FILE)
		abort();
	nipfs_block_source_free(&b->source);
	return entry.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct taker whole, again;
	size_t offset, length;
	int r;

	if (size < 2)
		return 0;
	offset = data[0];
	length = data[1];
	data += 2;
	size -= 2;
	r = read_some(data, size, false, 0, UINT64_MAX, &whole);
	if (read_some(data, size, true, 0, UINT64_MAX, &again) != r && r != NIPFS_E_CANCELLED)
		abort();
	if (r < 0)
		return 0;
	if (whole.len != stated_size(data, size) || again.len != whole.len ||
	    memcmp(again.bytes, whole.bytes, whole.len) != 0)
		abort();
	if (read_some(data, size, true, offset, length, &again) < 0)
		abort();
	offset = offset < whole.len ? offset : whole.len;
	length = length < whole.len - offset ? length : whole.len - offset;
	if (again.len != length || memcmp(again.bytes, whole.bytes + offset, length) != 0)
		abort();
	return 0;
}
