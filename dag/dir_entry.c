/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entries of a directory that is being made, packed. */
#include "dag/dir_entry.h"

#include "multiformats/base/pbwire.h"

static uint64_t read_varint(const uint8_t **in)
{
	uint64_t v = 0;
	unsigned int shift = 0;

	for (;; shift += 7) {
		const uint8_t byte = *(*in)++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
}

static struct nipfs_slice read_slice(const uint8_t **in)
{
	const size_t len = (size_t)read_varint(in);
	const struct nipfs_slice s = nipfs__slice(*in, len);

	*in += len;
	return s;
}

int nipfs__dir_entry_pack(struct nipfs_buf *b, const struct nipfs__dir_entry *entry)
{
	int r = nipfs__pb_put_varint(b, entry->cid.len);

	if (r == 0)
		r = nipfs__buf_put_slice(b, entry->cid);
	if (r == 0)
		r = nipfs__pb_put_varint(b, entry->tsize);
	if (r == 0)
		r = nipfs__pb_put_varint(b, entry->name.len);
	if (r == 0)
		r = nipfs__buf_put_slice(b, entry->name);
	return r;
}

struct nipfs__dir_entry nipfs__dir_entry_read(const uint8_t *packed)
{
	struct nipfs__dir_entry entry;

	entry.cid = read_slice(&packed);
	entry.tsize = read_varint(&packed);
	entry.name = read_slice(&packed);
	return entry;
}
