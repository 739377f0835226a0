/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing CARv1. */
#include <nixipfs/car.h>

#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/varint.h"

/* The header is DAG-CBOR of a known shape: {"roots": [links], "version": 1}. */
static const uint8_t before_roots[] = { 0xa2, 0x65, 'r', 'o', 'o', 't', 's' };
static const uint8_t after_roots[] = { 0x67, 'v', 'e', 'r', 's', 'i', 'o', 'n', 0x01 };

enum { CBOR_BYTES = 2, CBOR_LIST = 4, CBOR_HEAD_MAX = 9 };

/* The shortest head of a CBOR item; returns its length. */
static size_t cbor_head(unsigned int major, uint64_t v, uint8_t *out)
{
	const unsigned int log2 = v <= UINT8_MAX ? 0 : v <= UINT16_MAX ? 1 : v <= UINT32_MAX ? 2 : 3;
	const size_t width = (size_t)1 << log2;

	if (v < 24) {
		out[0] = (uint8_t)(major << 5 | v);
		return 1;
	}
	out[0] = (uint8_t)(major << 5 | (24 + log2));
	for (size_t i = 0; i < width; i++)
		out[1 + i] = (uint8_t)(v >> (8 * (width - 1 - i)));
	return 1 + width;
}

/* One root: tag 42, a byte string of a zero byte and the CID; returns its length. */
static size_t cbor_link(const struct nipfs_cid *cid, uint8_t *out)
{
	uint8_t raw[NIPFS_CID_BYTES_MAX];
	const size_t len = nipfs_cid_encode(cid, raw);
	size_t n = 2;

	out[0] = 0xd8;
	out[1] = 42;
	n += cbor_head(CBOR_BYTES, len + 1, out + n);
	out[n++] = 0;
	memcpy(out + n, raw, len);
	return n + len;
}

enum { LINK_MAX = 2 + CBOR_HEAD_MAX + 1 + NIPFS_CID_BYTES_MAX };

/* Bytes of the header without its length. */
static uint64_t body_bytes(const struct nipfs_cid *roots, size_t n)
{
	uint8_t scratch[LINK_MAX];
	uint64_t sum = sizeof(before_roots) + cbor_head(CBOR_LIST, n, scratch) +
		       sizeof(after_roots);

	for (size_t i = 0; i < n; i++)
		sum += cbor_link(&roots[i], scratch);
	return sum;
}

uint64_t nipfs_car_header_bytes(const struct nipfs_cid *roots, size_t n)
{
	uint8_t scratch[NIPFS__VARINT_MAX];
	const uint64_t body = body_bytes(roots, n);

	return nipfs__varint_encode(body, scratch) + body;
}

static int build_header(struct nipfs_buf *b, const struct nipfs_cid *roots, size_t n,
			uint64_t body)
{
	uint8_t room[LINK_MAX];
	int r = nipfs__buf_reserve(b, NIPFS__VARINT_MAX + (size_t)body);

	if (r == 0)
		r = nipfs__buf_put(b, room, nipfs__varint_encode(body, room));
	if (r == 0)
		r = nipfs__buf_put(b, before_roots, sizeof(before_roots));
	if (r == 0)
		r = nipfs__buf_put(b, room, cbor_head(CBOR_LIST, n, room));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = nipfs__buf_put(b, room, cbor_link(&roots[i], room));
	if (r == 0)
		r = nipfs__buf_put(b, after_roots, sizeof(after_roots));
	return r;
}

int nipfs_car_put_header(const struct nipfs_car_output *out, const struct nipfs_cid *roots,
			 size_t n, struct nipfs_error *err)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(NIPFS_CAR_HEADER_MAX + NIPFS__VARINT_MAX);
	const uint64_t body = body_bytes(roots, n);
	int r;

	if (body > NIPFS_CAR_HEADER_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "%zu roots are too many for one CAR", n);
	r = build_header(&b, roots, n, body);
	r = r < 0 ? nipfs__fail_nomem(err) : out->put(out->ctx, nipfs__buf_slice(&b), NULL, err);
	nipfs__buf_release(&b);
	return r;
}

uint64_t nipfs_car_section_bytes(const struct nipfs_cid *cid, size_t block_len)
{
	uint8_t scratch[NIPFS_CID_BYTES_MAX];
	const uint64_t len = (uint64_t)nipfs_cid_encode(cid, scratch) + block_len;

	return nipfs__varint_encode(len, scratch) + len;
}

int nipfs_car_put_block(const struct nipfs_car_output *out, const struct nipfs_cid *cid,
			const struct nipfs_span *block, struct nipfs_error *err)
{
	uint8_t head[NIPFS__VARINT_MAX + NIPFS_CID_BYTES_MAX], raw[NIPFS_CID_BYTES_MAX];
	const size_t cid_len = nipfs_cid_encode(cid, raw);
	size_t n;

	if (block->len > NIPFS_CAR_SECTION_MAX - cid_len)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "a block of %zu bytes is too large for a CAR", block->len);
	n = nipfs__varint_encode(cid_len + block->len, head);
	memcpy(head + n, raw, cid_len);
	return out->put(out->ctx, nipfs__slice(head, n + cid_len), block, err);
}
