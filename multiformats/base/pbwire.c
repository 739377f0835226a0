/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protobuf wire format. */
#include "multiformats/base/pbwire.h"

#include "multiformats/base/num.h"

int nipfs__pb_get_varint(struct nipfs_slice *in, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < NIPFS__PB_VARINT_MAX; i++) {
		if (i == in->len)
			return NIPFS_E_TRUNCATED;
		/* the tenth byte holds bit 63 alone */
		if (i == NIPFS__PB_VARINT_MAX - 1 && in->ptr[i] > 1)
			return NIPFS_E_INVALID;
		v |= (uint64_t)(in->ptr[i] & 0x7f) << (7 * i);
		if (!(in->ptr[i] & 0x80)) {
			*in = nipfs__slice_skip(*in, i + 1);
			*out = v;
			return 0;
		}
	}
	return NIPFS_E_INVALID;
}

static int get_fixed(struct nipfs_slice *in, size_t width, uint64_t *out)
{
	if (in->len < width)
		return NIPFS_E_TRUNCATED;
	*out = width == 4 ? nipfs__get_le32(in->ptr) : nipfs__get_le64(in->ptr);
	*in = nipfs__slice_skip(*in, width);
	return 0;
}

static int get_bytes(struct nipfs_slice *in, struct nipfs_slice *out)
{
	uint64_t len;
	const int r = nipfs__pb_get_varint(in, &len);

	if (r < 0)
		return r;
	if (len > in->len)
		return NIPFS_E_TRUNCATED;
	*out = nipfs__slice(in->ptr, (size_t)len);
	*in = nipfs__slice_skip(*in, (size_t)len);
	return 0;
}

int nipfs__pb_next(struct nipfs_slice *in, struct nipfs__pb_field *out)
{
	struct nipfs__pb_field f = { 0, NIPFS__PB_VARINT, 0, { NULL, 0 } };
	struct nipfs_slice rest = *in;
	uint64_t tag;
	int r;

	if (rest.len == 0)
		return 1;
	r = nipfs__pb_get_varint(&rest, &tag);
	if (r < 0)
		return r;
	if (tag >> 3 == 0 || tag >> 32 != 0)
		return NIPFS_E_INVALID;
	f.number = (uint32_t)(tag >> 3);
	switch (tag & 7) {
	case 0:
		f.wire = NIPFS__PB_VARINT;
		r = nipfs__pb_get_varint(&rest, &f.value);
		break;
	case 1:
		f.wire = NIPFS__PB_I64;
		r = get_fixed(&rest, 8, &f.value);
		break;
	case 2:
		f.wire = NIPFS__PB_BYTES;
		r = get_bytes(&rest, &f.bytes);
		break;
	case 5:
		f.wire = NIPFS__PB_I32;
		r = get_fixed(&rest, 4, &f.value);
		break;
	default:
		return NIPFS_E_INVALID;
	}
	if (r < 0)
		return r;
	*in = rest;
	*out = f;
	return 0;
}

size_t nipfs__pb_varint_len(uint64_t v)
{
	size_t n = 1;

	while (v >>= 7)
		n++;
	return n;
}

size_t nipfs__pb_varint_put(uint64_t v, uint8_t *out)
{
	size_t n = 0;

	while (v > 0x7f) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	return n;
}

int nipfs__pb_put_varint(struct nipfs_buf *b, uint64_t v)
{
	uint8_t raw[NIPFS__PB_VARINT_MAX];

	return nipfs__buf_put(b, raw, nipfs__pb_varint_put(v, raw));
}

int nipfs__pb_put_number(struct nipfs_buf *b, uint32_t field, uint64_t v)
{
	uint8_t raw[2 * NIPFS__PB_VARINT_MAX];
	size_t n = nipfs__pb_varint_put((uint64_t)field << 3 | NIPFS__PB_VARINT, raw);

	n += nipfs__pb_varint_put(v, raw + n);
	return nipfs__buf_put(b, raw, n);
}

int nipfs__pb_put_header(struct nipfs_buf *b, uint32_t field, size_t len)
{
	uint8_t raw[2 * NIPFS__PB_VARINT_MAX];
	size_t n = nipfs__pb_varint_put((uint64_t)field << 3 | NIPFS__PB_BYTES, raw);

	n += nipfs__pb_varint_put(len, raw + n);
	return nipfs__buf_put(b, raw, n);
}

int nipfs__pb_put_bytes(struct nipfs_buf *b, uint32_t field, struct nipfs_slice s)
{
	const size_t before = b->len;
	int r = nipfs__pb_put_header(b, field, s.len);

	if (r == 0)
		r = nipfs__buf_put_slice(b, s);
	if (r < 0)
		b->len = before;
	return r;
}
