/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The leaves of files: raw blocks, or bytes inside a dag-pb node. */
#include "dag/file_leaf.h"

#include <assert.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/pbwire.h"
#include "unixfs/data.h"

/* Fields of the node and of its message, one byte of tag each. */
enum { NODE_DATA = 1, MESSAGE_DATA = 2, TYPE_LEN = 2 };

int nipfs__file_leaf_raw(const struct nipfs__block_maker *maker,
			 const struct nipfs__chunk *chunk, struct nipfs_link *out,
			 struct nipfs_error *err)
{
	const uint64_t len = chunk->bytes.len;
	const struct nipfs_origin origin = { NIPFS_ORIGIN_FILE, chunk->offset, len, 0 };
	struct nipfs_cid cid;
	const int r =
	    nipfs__block_make(maker, NIPFS_CODEC_RAW, &chunk->bytes, &origin, &cid, err);

	if (r < 0)
		return r;
	*out = (struct nipfs_link){ cid, len, len };
	return 0;
}

/*
 * The message without its bytes: type in front of them, sizes and attributes
 * behind. The bytes themselves are not copied through the encoder.
 */
static int encode_message(const struct nipfs__block_maker *maker, size_t len,
			  const struct nipfs__attributes *attributes,
			  struct nipfs_buf *out)
{
	const bool trickle = maker->params.layout == NIPFS_LAYOUT_TRICKLE;
	struct nipfs__unixfs u = {
		.type = trickle ? NIPFS__UNIXFS_RAW : NIPFS__UNIXFS_FILE,
		.filesize = len,
	};

	if (attributes) {
		u.has_mode = attributes->has_mode;
		u.mode = attributes->mode;
		u.mtime = attributes->mtime;
	}
	return nipfs__unixfs_encode(out, &u, NULL);
}

/* What stands before the bytes of the chunk in the block. */
static int encode_prefix(struct nipfs_slice message, size_t len, struct nipfs_buf *out)
{
	size_t message_len = message.len;
	int r;

	if (len)
		message_len += 1 + nipfs__pb_varint_len(len) + len;
	r = nipfs__pb_put_header(out, NODE_DATA, message_len);
	if (r == 0)
		r = nipfs__buf_put(out, message.ptr, TYPE_LEN);
	if (r == 0 && len)
		r = nipfs__pb_put_header(out, MESSAGE_DATA, len);
	return r;
}

/* Builds the block around the chunk in @room. */
static int assemble(const struct nipfs__chunk *chunk, struct nipfs_slice message,
		    struct nipfs_buf *room, struct nipfs_slice *block, size_t *prefix_len)
{
	nipfs_auto_buf struct nipfs_buf prefix = NIPFS_BUF_INIT(NIPFS__LEAF_HEADROOM);
	int r = encode_prefix(message, chunk->bytes.len, &prefix);
	size_t start;

	if (r == 0 && chunk->in_place) {
		uint8_t *headroom;

		nipfs__buf_clear(room);
		r = nipfs__buf_extend(room, NIPFS__LEAF_HEADROOM, &headroom);
		if (r == 0)
			r = nipfs__buf_put(room, chunk->bytes.ptr, chunk->bytes.len);
	}
	if (r == 0)
		r = nipfs__buf_put_slice(room, nipfs__slice_skip(message, TYPE_LEN));
	if (r < 0)
		return r;
	start = NIPFS__LEAF_HEADROOM - prefix.len;
	memcpy(room->ptr + start, prefix.ptr, prefix.len);
	*block = nipfs__slice(room->ptr + start, room->len - start);
	*prefix_len = prefix.len;
	return 0;
}

int nipfs__file_leaf_node(const struct nipfs__block_maker *maker,
			  const struct nipfs__chunk *chunk,
			  const struct nipfs__attributes *attributes,
			  struct nipfs_buf *room, struct nipfs_link *out,
			  struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf message = NIPFS_BUF_INIT(NIPFS__LEAF_TAILROOM);
	struct nipfs_origin origin = { NIPFS_ORIGIN_INLINE, chunk->offset,
				       chunk->bytes.len, 0 };
	struct nipfs_link link = { .file_bytes = chunk->bytes.len };
	struct nipfs_slice block = { NULL, 0 };
	struct nipfs_span span;
	size_t prefix_len = 0;
	int r = encode_message(maker, chunk->bytes.len, attributes, &message);

	assert(r != NIPFS_E_LIMIT);
	if (r == 0)
		r = assemble(chunk, nipfs__buf_slice(&message), room, &block,
			     &prefix_len);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r, "a chunk of %zu bytes is over the limit of %d",
				   chunk->bytes.len, NIPFS_CHUNK_MAX);
	if (r < 0)
		return nipfs__fail_nomem(err);
	origin.prefix_len = (uint32_t)prefix_len;
	span = nipfs__span(block);
	r = nipfs__block_make(maker, NIPFS_CODEC_DAG_PB, &span, &origin, &link.cid, err);
	if (r < 0)
		return r;
	link.tsize = block.len;
	*out = link;
	return 0;
}
