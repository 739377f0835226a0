/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dag-pb: a block that is taken is written from its links and Data, and says the
 * same again; one that stood in the form in which boxo writes stays as it is.
 */
#include <stdlib.h>

#include "dag/pb.h"
#include "multiformats/base/pbwire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void write_node(const struct nipfs__pb_node *node, struct nipfs_buf *out)
{
	struct nipfs__pb_link link;
	uint8_t cid[NIPFS_CID_BYTES_MAX];
	size_t cursor = 0, n = 0;

	for (; nipfs__pb_node_next(node, &cursor, &link) == 0; n++) {
		const size_t cid_len = nipfs_cid_encode(&link.cid, cid),
			     before = out->len;

		require(link.tsize <= INT64_MAX);
		require(nipfs__pb_put_link(out, nipfs__slice(cid, cid_len), link.name,
					   link.tsize) == 0);
		require(out->len - before ==
			nipfs__pb_link_len(cid_len, link.name.len, link.tsize));
	}
	require(n == node->n_links);
	if (node->has_data)
		require(nipfs__pb_put_data(out, node->data) == 0);
}

/* Whether the fields of a message stand there with minimal varints. */
static bool is_minimal(struct nipfs_slice in, size_t *n_fields)
{
	struct nipfs__pb_field f;
	size_t len = 0, whole = in.len;

	*n_fields = 0;
	for (; nipfs__pb_next(&in, &f) == 0; (*n_fields)++) {
		len += 1;
		if (f.wire == NIPFS__PB_BYTES)
			len += nipfs__pb_varint_len(f.bytes.len) + f.bytes.len;
		else
			len += nipfs__pb_varint_len(f.value);
	}
	return len == whole;
}

/* Links with all their fields first, then Data. */
static bool is_as_boxo_writes(struct nipfs_slice block)
{
	struct nipfs_slice rest = block;
	struct nipfs__pb_field f;
	size_t n;

	if (!is_minimal(block, &n))
		return false;
	while (nipfs__pb_next(&rest, &f) == 0) {
		if (f.number == 2 && (!is_minimal(f.bytes, &n) || n != 3))
			return false;
		if (f.number == 1 && rest.len)
			return false;
	}
	return true;
}

static void compare(const struct nipfs__pb_node *a, const struct nipfs__pb_node *b)
{
	struct nipfs__pb_link x, y;
	size_t cx = 0, cy = 0;

	require(a->n_links == b->n_links && a->has_data == b->has_data);
	require(nipfs__slice_eq(a->data, b->data));
	while (nipfs__pb_node_next(a, &cx, &x) == 0) {
		require(nipfs__pb_node_next(b, &cy, &y) == 0);
		require(nipfs_cid_equal(&x.cid, &y.cid) && x.tsize == y.tsize);
		require(nipfs__slice_eq(x.name, y.name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nipfs_slice in = { data, size };
	struct nipfs_buf out = NIPFS_BUF_INIT(SIZE_MAX / 2);
	struct nipfs__pb_node node, again;

	if (nipfs__pb_node_decode(in, &node) < 0)
		return 0;
	write_node(&node, &out);
	require(nipfs__pb_node_decode(nipfs__buf_slice(&out), &again) == 0);
	compare(&node, &again);
	require(is_as_boxo_writes(nipfs__buf_slice(&out)));
	if (is_as_boxo_writes(in))
		require(nipfs__slice_eq(in, nipfs__buf_slice(&out)));
	nipfs__buf_release(&out);
	return 0;
}
