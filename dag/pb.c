/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dag-pb codec. */
#include "dag/pb.h"

#include <assert.h>

#include "multiformats/base/num.h"
#include "multiformats/base/pbwire.h"

enum { NODE_DATA = 1, NODE_LINK = 2 };
enum { LINK_HASH = 1, LINK_NAME = 2, LINK_TSIZE = 3 };

static int decode_hash(struct nipfs_slice hash, struct nipfs_cid *out)
{
	size_t used;
	const int r = nipfs_cid_decode(hash, out, &used);

	if (r == NIPFS_E_UNSUPPORTED)
		return r;
	/* a CID that ends early is no block that ends early */
	return r < 0 || used != hash.len ? NIPFS_E_INVALID : 0;
}

static int decode_link(struct nipfs_slice in, struct nipfs__pb_link *out)
{
	struct nipfs__pb_field f;
	uint32_t last = 0;
	int r;

	out->name = nipfs__slice(NULL, 0);
	out->tsize = 0;
	while ((r = nipfs__pb_next(&in, &f)) == 0) {
		/* Hash first and never missing, then Name, then Tsize, each once */
		if (f.number <= last || f.number > LINK_TSIZE ||
		    (last == 0 && f.number != LINK_HASH) ||
		    f.wire !=
			(f.number == LINK_TSIZE ? NIPFS__PB_VARINT : NIPFS__PB_BYTES))
			return NIPFS_E_INVALID;
		last = f.number;
		if (f.number == LINK_HASH)
			r = decode_hash(f.bytes, &out->cid);
		else if (f.number == LINK_NAME)
			out->name = f.bytes;
		else
			out->tsize = f.value;
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	/* boxo refuses what an int64 can't hold */
	return last == 0 || out->tsize > INT64_MAX ? NIPFS_E_INVALID : 0;
}

int nipfs__pb_node_decode(struct nipfs_slice block, struct nipfs__pb_node *out)
{
	struct nipfs__pb_node node = { { NULL, 0 }, false, 0, { NULL, 0 } };
	struct nipfs_slice rest = block;
	struct nipfs__pb_field f;
	int r;

	for (;;) {
		struct nipfs__pb_link link;
		const uint8_t *const start = rest.ptr;

		r = nipfs__pb_next(&rest, &f);
		if (r != 0)
			break;
		if (f.wire != NIPFS__PB_BYTES)
			return NIPFS_E_INVALID;
		if (f.number == NODE_DATA && !node.has_data) {
			node.has_data = true;
			node.data = f.bytes;
			continue;
		}
		if (f.number != NODE_LINK)
			return NIPFS_E_INVALID;
		if (node.n_links == 0)
			node.links.ptr = start;
		else if (node.links.ptr + node.links.len != start)
			return NIPFS_E_INVALID; /* Data stands between links */
		r = decode_link(f.bytes, &link);
		if (r < 0)
			return r;
		node.links.len = (size_t)(rest.ptr - node.links.ptr);
		node.n_links++;
	}
	if (r < 0)
		return r;
	*out = node;
	return 0;
}

int nipfs__pb_node_next(const struct nipfs__pb_node *node, size_t *cursor,
			struct nipfs__pb_link *out)
{
	struct nipfs_slice rest;
	struct nipfs__pb_field f;
	int r;

	if (*cursor >= node->links.len)
		return 1;
	rest = nipfs__slice_skip(node->links, *cursor);
	r = nipfs__pb_next(&rest, &f);
	assert(r == 0);
	r = decode_link(f.bytes, out);
	assert(r == 0);
	*cursor = node->links.len - rest.len;
	return r;
}

static size_t link_body_len(size_t cid_len, size_t name_len, uint64_t tsize)
{
	return 3 + nipfs__pb_varint_len(cid_len) + cid_len +
	       nipfs__pb_varint_len(name_len) + name_len + nipfs__pb_varint_len(tsize);
}

size_t nipfs__pb_link_len(size_t cid_len, size_t name_len, uint64_t tsize)
{
	const size_t body = link_body_len(cid_len, name_len, tsize);

	return 1 + nipfs__pb_varint_len(body) + body;
}

int nipfs__pb_put_link(struct nipfs_buf *b, struct nipfs_slice cid,
		       struct nipfs_slice name, uint64_t tsize)
{
	int r = nipfs__buf_reserve(b, nipfs__pb_link_len(cid.len, name.len, tsize));

	assert(tsize <= INT64_MAX);
	if (r == 0)
		r = nipfs__pb_put_header(b, NODE_LINK,
					 link_body_len(cid.len, name.len, tsize));
	if (r == 0)
		r = nipfs__pb_put_bytes(b, LINK_HASH, cid);
	if (r == 0)
		r = nipfs__pb_put_bytes(b, LINK_NAME, name);
	if (r == 0)
		r = nipfs__pb_put_number(b, LINK_TSIZE, tsize);
	return r;
}

size_t nipfs__pb_data_len(size_t data_len)
{
	return 1 + nipfs__pb_varint_len(data_len) + data_len;
}

int nipfs__pb_put_data(struct nipfs_buf *b, struct nipfs_slice data)
{
	return nipfs__pb_put_bytes(b, NODE_DATA, data);
}
