/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the bytes of a block lie, as the index keeps it. */
#include "lib/blocks/place.h"

#include "multiformats/base/pbwire.h"

enum { FIELDS_MAX = 4 };

/* The numbers that a kind has, in their order. */
static size_t fields(struct nipfs__place *p, uint64_t *out[FIELDS_MAX])
{
	switch (p->kind) {
	case NIPFS__PLACE_NODE:
		out[0] = &p->node;
		return 1;
	case NIPFS__PLACE_NAR:
		out[0] = &p->offset;
		out[1] = &p->len;
		return 2;
	case NIPFS__PLACE_WHOLE:
	case NIPFS__PLACE_CHUNK:
	case NIPFS__PLACE_RANGE:
	case NIPFS__PLACE_INLINE:
		break;
	}
	out[0] = &p->dir;
	out[1] = &p->entry;
	if (p->kind == NIPFS__PLACE_WHOLE)
		return 2;
	out[2] = p->kind == NIPFS__PLACE_CHUNK ? &p->number : &p->offset;
	out[3] = &p->len;
	return p->kind == NIPFS__PLACE_CHUNK ? 3 : 4;
}

static int put_bytes(struct nipfs_buf *b, struct nipfs_slice bytes)
{
	const int code = nipfs__pb_put_varint(b, bytes.len);

	return code < 0 ? code : nipfs__buf_put_slice(b, bytes);
}

int nipfs__place_put(struct nipfs_buf *b, const struct nipfs__place *place)
{
	struct nipfs__place p = *place;
	uint64_t *field[FIELDS_MAX];
	const size_t n = fields(&p, field), before = b->len;
	int code = nipfs__buf_put_u8(b, (uint8_t)p.kind);

	if (code == 0)
		code = nipfs__pb_put_varint(b, p.owner);
	for (size_t i = 0; i < n && code == 0; i++)
		code = nipfs__pb_put_varint(b, *field[i]);
	if (code == 0 && p.kind == NIPFS__PLACE_INLINE) {
		code = put_bytes(b, p.prefix);
		if (code == 0)
			code = put_bytes(b, p.suffix);
	}
	if (code < 0)
		b->len = before;
	return code;
}

static bool get_varint(struct nipfs_slice *in, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < in->len && i < NIPFS__PB_VARINT_MAX; i++) {
		v |= (uint64_t)(in->ptr[i] & 0x7f) << (7 * i);
		if (!(in->ptr[i] & 0x80)) {
			*in = nipfs__slice_skip(*in, i + 1);
			*out = v;
			return true;
		}
	}
	return false;
}

static bool get_bytes(struct nipfs_slice *in, struct nipfs_slice *out)
{
	uint64_t len;

	if (!get_varint(in, &len) || len > in->len)
		return false;
	*out = nipfs__slice(in->ptr, (size_t)len);
	*in = nipfs__slice_skip(*in, (size_t)len);
	return true;
}

int nipfs__place_next(struct nipfs_slice *in, struct nipfs__place *out)
{
	struct nipfs_slice rest = *in;
	struct nipfs__place p = { .kind = NIPFS__PLACE_NODE };
	uint64_t *field[FIELDS_MAX];
	bool good;
	size_t n;

	if (rest.len == 0)
		return 1;
	if (rest.ptr[0] > NIPFS__PLACE_NAR)
		return NIPFS_E_INVALID;
	p.kind = (enum nipfs__place_kind)rest.ptr[0];
	rest = nipfs__slice_skip(rest, 1);
	good = get_varint(&rest, &p.owner);
	n = fields(&p, field);
	for (size_t i = 0; i < n && good; i++)
		good = get_varint(&rest, field[i]);
	if (good && p.kind == NIPFS__PLACE_INLINE)
		good = get_bytes(&rest, &p.prefix) && get_bytes(&rest, &p.suffix);
	if (!good)
		return NIPFS_E_INVALID;
	*in = rest;
	*out = p;
	return 0;
}
