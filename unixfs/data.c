/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UnixFS Data message. */
#include "unixfs/data.h"

#include <assert.h>

#include "multiformats/base/num.h"
#include "multiformats/base/pbwire.h"

enum {
	DATA_TYPE = 1,
	DATA_DATA = 2,
	DATA_FILESIZE = 3,
	DATA_BLOCKSIZES = 4,
	DATA_HASH_TYPE = 5,
	DATA_FANOUT = 6,
	DATA_MODE = 7,
	DATA_MTIME = 8
};
enum { MTIME_SECONDS = 1, MTIME_NANOSECONDS = 2 };
enum { NANOSECONDS_MAX = 999999999 };

/* Malformed protobuf is an error, a lawful message that is no time is no time. */
static int decode_mtime(struct nipfs_slice in, struct nipfs_mtime *out)
{
	struct nipfs_mtime t = { false, 0, 0 };
	bool has_nanoseconds = false;
	struct nipfs__pb_field f;
	int r;

	while ((r = nipfs__pb_next(&in, &f)) == 0) {
		if (f.number == MTIME_SECONDS && f.wire == NIPFS__PB_VARINT &&
		    !t.present) {
			t.present = true;
			t.seconds = (int64_t)f.value;
		} else if (f.number == MTIME_NANOSECONDS && f.wire == NIPFS__PB_I32 &&
			   !has_nanoseconds) {
			has_nanoseconds = true;
			t.nanoseconds = (uint32_t)f.value;
		} else if (f.number <= MTIME_NANOSECONDS) {
			return NIPFS_E_INVALID;
		}
	}
	if (r < 0 || !t.present)
		return r < 0 ? r : NIPFS_E_INVALID;
	if (has_nanoseconds && (t.nanoseconds == 0 || t.nanoseconds > NANOSECONDS_MAX))
		t = (struct nipfs_mtime){ false, 0, 0 };
	*out = t;
	return 0;
}

static int count_blocksizes(const struct nipfs__pb_field *f, struct nipfs__unixfs *u)
{
	struct nipfs_slice rest = f->bytes;
	uint64_t v;

	if (f->wire == NIPFS__PB_VARINT) {
		u->n_blocksizes++;
		return 0;
	}
	while (rest.len) {
		/* one that ends early does so inside a field: the message is whole */
		if (nipfs__pb_get_varint(&rest, &v) < 0)
			return NIPFS_E_INVALID;
		u->n_blocksizes++;
	}
	return 0;
}

static int decode_field(const struct nipfs__pb_field *f, struct nipfs__unixfs *u)
{
	switch (f->number) {
	case DATA_TYPE:
		u->type = (enum nipfs__unixfs_type)f->value;
		return f->value > NIPFS__UNIXFS_HAMT ? NIPFS_E_INVALID : 0;
	case DATA_DATA:
		u->data = f->bytes;
		return 0;
	case DATA_FILESIZE:
		u->has_filesize = true;
		u->filesize = f->value;
		return 0;
	case DATA_BLOCKSIZES:
		return count_blocksizes(f, u);
	case DATA_HASH_TYPE:
		u->hash_type = f->value;
		return 0;
	case DATA_FANOUT:
		u->fanout = f->value;
		return 0;
	case DATA_MODE:
		u->has_mode = true;
		u->mode = (uint32_t)f->value;
		return f->value > UINT32_MAX ? NIPFS_E_INVALID : 0;
	default:
		return decode_mtime(f->bytes, &u->mtime);
	}
}

static bool wire_fits(const struct nipfs__pb_field *f)
{
	if (f->number == DATA_BLOCKSIZES)
		return f->wire == NIPFS__PB_VARINT || f->wire == NIPFS__PB_BYTES;
	return f->wire == (f->number == DATA_DATA || f->number == DATA_MTIME ?
				   NIPFS__PB_BYTES :
				   NIPFS__PB_VARINT);
}

int nipfs__unixfs_decode(struct nipfs_slice in, struct nipfs__unixfs *out)
{
	struct nipfs__unixfs u = { .blocksizes = in };
	struct nipfs__pb_field f;
	uint32_t seen = 0;
	int r;

	if (in.len > UINT32_MAX)
		return NIPFS_E_INVALID; /* no block is; the cursor has 32 bits for it */
	while ((r = nipfs__pb_next(&in, &f)) == 0) {
		if (f.number > DATA_MTIME)
			continue; /* a later version's */
		/* twice: one reader would take the first, another the last */
		if (!wire_fits(&f) ||
		    (f.number != DATA_BLOCKSIZES && seen & 1u << f.number))
			return NIPFS_E_INVALID;
		seen |= 1u << f.number;
		r = decode_field(&f, &u);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (!(seen & 1u << DATA_TYPE))
		return NIPFS_E_INVALID;
	*out = u;
	return 0;
}

/*
 * The cursor is the offset of a field; inside a packed one its upper half is
 * the offset in the field's contents.
 */
int nipfs__unixfs_next_blocksize(const struct nipfs__unixfs *u, size_t *cursor,
				 uint64_t *out)
{
	size_t at = *cursor & UINT32_MAX, inside = *cursor >> 32;

	_Static_assert(sizeof(size_t) == 8, "the cursor is two numbers of 32 bits");
	while (at < u->blocksizes.len) {
		struct nipfs_slice rest = nipfs__slice_skip(u->blocksizes, at);
		struct nipfs__pb_field f;
		int r = nipfs__pb_next(&rest, &f);

		assert(r == 0);
		if (r == 0 && f.number == DATA_BLOCKSIZES && inside < f.bytes.len) {
			struct nipfs_slice packed = nipfs__slice_skip(f.bytes, inside);

			r = nipfs__pb_get_varint(&packed, out);
			assert(r == 0);
			*cursor = (f.bytes.len - packed.len) << 32 | at;
			return r;
		}
		at = u->blocksizes.len - rest.len;
		inside = 0;
		if (f.number == DATA_BLOCKSIZES && f.wire == NIPFS__PB_VARINT) {
			*out = f.value;
			*cursor = at;
			return 0;
		}
	}
	return 1;
}

static int put_mtime(struct nipfs_buf *b, const struct nipfs_mtime *t)
{
	const size_t seconds_len = nipfs__pb_varint_len((uint64_t)t->seconds);
	int r = nipfs__pb_put_header(b, DATA_MTIME,
				     1 + seconds_len + (t->nanoseconds ? 5 : 0));

	if (r == 0)
		r = nipfs__pb_put_number(b, MTIME_SECONDS, (uint64_t)t->seconds);
	if (r == 0 && t->nanoseconds) {
		uint8_t raw[5] = { MTIME_NANOSECONDS << 3 | NIPFS__PB_I32 };

		nipfs__put_le32(raw + 1, t->nanoseconds);
		r = nipfs__buf_put(b, raw, sizeof(raw));
	}
	return r;
}

static int put_sizes(struct nipfs_buf *b, const struct nipfs__unixfs *u,
		     const uint64_t *blocksizes)
{
	int r = 0;

	if (u->type == NIPFS__UNIXFS_FILE || u->type == NIPFS__UNIXFS_RAW)
		r = nipfs__pb_put_number(b, DATA_FILESIZE, u->filesize);
	for (size_t i = 0; i < u->n_blocksizes && r == 0; i++)
		r = nipfs__pb_put_number(b, DATA_BLOCKSIZES, blocksizes[i]);
	return r;
}

int nipfs__unixfs_encode(struct nipfs_buf *b, const struct nipfs__unixfs *u,
			 const uint64_t *blocksizes)
{
	const size_t before = b->len;
	int r = nipfs__pb_put_number(b, DATA_TYPE, u->type);

	/* Go keeps the empty target of a symlink apart from none */
	if (r == 0 && (u->data.len || u->type == NIPFS__UNIXFS_SYMLINK))
		r = nipfs__pb_put_bytes(b, DATA_DATA, u->data);
	if (r == 0)
		r = put_sizes(b, u, blocksizes);
	if (r == 0 && u->type == NIPFS__UNIXFS_HAMT)
		r = nipfs__pb_put_number(b, DATA_HASH_TYPE, u->hash_type);
	if (r == 0 && u->type == NIPFS__UNIXFS_HAMT)
		r = nipfs__pb_put_number(b, DATA_FANOUT, u->fanout);
	if (r == 0 && u->has_mode)
		r = nipfs__pb_put_number(b, DATA_MODE, u->mode);
	if (r == 0 && u->mtime.present)
		r = put_mtime(b, &u->mtime);
	if (r < 0)
		b->len = before;
	return r;
}
