/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DAG-CBOR: items, and how they lie inside each other. */
#include "dag/cbor.h"

#include "dag/cbor_token.h"

enum { TAG_CID = 42 };

/* An open list or map. */
struct level {
	uint64_t remaining; /* items, a key and a value being two */
	bool is_map;
	struct nipfs_slice last_key;
};

/* ---- one item ------------------------------------------------------------------ */

/* Behind tag 42: a byte string of a zero byte (multibase identity) and a CID. */
static int read_link(struct nipfs_slice *rest, struct nipfs_cid *out)
{
	struct nipfs__cbor_item item;
	struct nipfs_slice cid;
	size_t used;
	int r = nipfs__cbor_token_read(rest, &item);

	if (r < 0)
		return r;
	if (item.kind != NIPFS__CBOR_BYTES || item.bytes.len < 1 || item.bytes.ptr[0] != 0)
		return NIPFS_E_INVALID;
	cid = nipfs__slice_skip(item.bytes, 1);
	r = nipfs_cid_decode(cid, out, &used);
	if (r == NIPFS_E_UNSUPPORTED)
		return r;
	return r < 0 || used != cid.len ? NIPFS_E_INVALID : 0;
}

static bool is_finite(uint64_t bits)
{
	return (bits >> 52 & 0x7ff) != 0x7ff;
}

static int read_item(struct nipfs_slice *rest, struct nipfs__cbor_item *out)
{
	const int r = nipfs__cbor_token_read(rest, out);

	if (r < 0)
		return r;
	if (out->kind == NIPFS__CBOR_LINK)
		return out->number == TAG_CID ? read_link(rest, &out->cid) : NIPFS_E_INVALID;
	if (out->kind == NIPFS__CBOR_FLOAT && !is_finite(out->number))
		return NIPFS_E_INVALID;
	return 0;
}

/* ---- nesting ------------------------------------------------------------------- */

static struct level *top(const struct nipfs__cbor_reader *r)
{
	struct level *levels = (struct level *)(void *)r->stack.ptr;

	return r->stack.len ? &levels[r->stack.len / sizeof(*levels) - 1] : NULL;
}

/* Map keys stand in order of their length first, then of their bytes. */
static int check_key(struct level *map, const struct nipfs__cbor_item *key)
{
	const struct nipfs_slice last = map->last_key;
	int order;

	if (key->kind != NIPFS__CBOR_STRING)
		return NIPFS_E_INVALID;
	if (last.ptr) {
		order = key->bytes.len != last.len ? (key->bytes.len < last.len ? -1 : 1) :
						     nipfs__slice_cmp(key->bytes, last);
		if (order <= 0)
			return order ? NIPFS_E_NONCANONICAL : NIPFS_E_INVALID;
	}
	map->last_key = key->bytes;
	return 0;
}

static int open_level(struct nipfs__cbor_reader *r, const struct nipfs__cbor_item *item)
{
	const bool is_map = item->kind == NIPFS__CBOR_MAP;
	const size_t each = is_map ? 2 : 1;

	/* each item takes a byte at least */
	if (item->number > r->rest.len / each)
		return NIPFS_E_TRUNCATED;
	if (r->stack.len / sizeof(struct level) >= NIPFS__CBOR_DEPTH_MAX)
		return NIPFS_E_LIMIT;
	return nipfs__buf_put(&r->stack,
			      &(struct level){ item->number * each, is_map, { NULL, 0 } },
			      sizeof(struct level));
}

int nipfs__cbor_next(struct nipfs__cbor_reader *r, struct nipfs__cbor_item *out)
{
	struct nipfs__cbor_item item;
	struct level *level = top(r);
	int code;

	if (r->begun && !level)
		return r->rest.len ? NIPFS_E_INVALID : 1;
	code = read_item(&r->rest, &item);
	if (code == 0 && level && level->is_map && level->remaining % 2 == 0)
		code = check_key(level, &item);
	if (code < 0)
		return code;
	r->begun = true;
	if (level)
		level->remaining--;
	if (item.kind == NIPFS__CBOR_LIST || item.kind == NIPFS__CBOR_MAP) {
		code = open_level(r, &item);
		if (code < 0)
			return code;
	}
	while ((level = top(r)) && level->remaining == 0)
		r->stack.len -= sizeof(*level);
	*out = item;
	return 0;
}

void nipfs__cbor_reader_release(struct nipfs__cbor_reader *r)
{
	nipfs__buf_release(&r->stack);
}

int nipfs__cbor_links(struct nipfs_slice block,
		      int (*each)(void *ctx, const struct nipfs_cid *cid), void *ctx)
{
	struct nipfs__cbor_reader r = NIPFS__CBOR_READER_INIT(block);
	struct nipfs__cbor_item item;
	int code;

	while ((code = nipfs__cbor_next(&r, &item)) == 0) {
		if (item.kind != NIPFS__CBOR_LINK)
			continue;
		code = each(ctx, &item.cid);
		if (code < 0)
			break;
	}
	nipfs__cbor_reader_release(&r);
	return code < 0 ? code : 0;
}
