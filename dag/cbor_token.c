/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One head of CBOR through libcbor's streaming decoder, which allocates nothing
 * and takes one at a time. It accepts what DAG-CBOR forbids, so each head is
 * checked here against the one form that it may have.
 */
#include "dag/cbor_token.h"

#include <cbor.h>

#include "multiformats/base/num.h"

/* What libcbor's callbacks were told; @refused is why that can't be. */
struct told {
	struct nipfs__cbor_item *item;
	int refused;
};

static void set(void *ctx, enum nipfs__cbor_kind kind, uint64_t number)
{
	struct told *told = ctx;

	told->item->kind = kind;
	told->item->number = number;
	told->item->bytes = nipfs__slice(NULL, 0);
}

static void set_bytes(void *ctx, enum nipfs__cbor_kind kind, const uint8_t *ptr, size_t len)
{
	struct told *told = ctx;

	set(ctx, kind, len);
	told->item->bytes = nipfs__slice(ptr, len);
}

static void refuse(void *ctx, int code)
{
	((struct told *)ctx)->refused = code;
}

static void on_uint8(void *ctx, uint8_t v)
{
	set(ctx, NIPFS__CBOR_UINT, v);
}

static void on_uint16(void *ctx, uint16_t v)
{
	set(ctx, NIPFS__CBOR_UINT, v);
}

static void on_uint32(void *ctx, uint32_t v)
{
	set(ctx, NIPFS__CBOR_UINT, v);
}

static void on_uint64(void *ctx, uint64_t v)
{
	set(ctx, NIPFS__CBOR_UINT, v);
}

static void on_negint8(void *ctx, uint8_t v)
{
	set(ctx, NIPFS__CBOR_NEGATIVE, v);
}

static void on_negint16(void *ctx, uint16_t v)
{
	set(ctx, NIPFS__CBOR_NEGATIVE, v);
}

static void on_negint32(void *ctx, uint32_t v)
{
	set(ctx, NIPFS__CBOR_NEGATIVE, v);
}

static void on_negint64(void *ctx, uint64_t v)
{
	set(ctx, NIPFS__CBOR_NEGATIVE, v);
}

static void on_bytes(void *ctx, cbor_data ptr, size_t len)
{
	set_bytes(ctx, NIPFS__CBOR_BYTES, ptr, len);
}

static void on_string(void *ctx, cbor_data ptr, size_t len)
{
	set_bytes(ctx, NIPFS__CBOR_STRING, ptr, len);
}

static void on_list(void *ctx, size_t n)
{
	set(ctx, NIPFS__CBOR_LIST, n);
}

static void on_map(void *ctx, size_t n)
{
	set(ctx, NIPFS__CBOR_MAP, n);
}

static void on_tag(void *ctx, uint64_t v)
{
	set(ctx, NIPFS__CBOR_LINK, v);
}

static void on_bool(void *ctx, bool v)
{
	set(ctx, NIPFS__CBOR_BOOL, v);
}

static void on_null(void *ctx)
{
	set(ctx, NIPFS__CBOR_NULL, 0);
}

static void on_undefined(void *ctx)
{
	refuse(ctx, NIPFS_E_INVALID);
}

static void on_indefinite(void *ctx)
{
	refuse(ctx, NIPFS_E_NONCANONICAL);
}

static void on_short_float(void *ctx, float v)
{
	(void)v;
	refuse(ctx, NIPFS_E_NONCANONICAL);
}

static void on_float(void *ctx, double v)
{
	/* its bits are taken from the bytes themselves */
	(void)v;
	set(ctx, NIPFS__CBOR_FLOAT, 0);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_negint8,
	.negint16 = on_negint16,
	.negint32 = on_negint32,
	.negint64 = on_negint64,
	.byte_string_start = on_indefinite,
	.byte_string = on_bytes,
	.string_start = on_indefinite,
	.string = on_string,
	.indef_array_start = on_indefinite,
	.array_start = on_list,
	.indef_map_start = on_indefinite,
	.map_start = on_map,
	.tag = on_tag,
	.float2 = on_short_float,
	.float4 = on_short_float,
	.float8 = on_float,
	.undefined = on_undefined,
	.null = on_null,
	.boolean = on_bool,
	.indef_break = on_indefinite,
};

/* Bytes of the shortest head that holds a number. */
static size_t head_len(uint64_t v)
{
	return v < 24 ? 1 : v <= UINT8_MAX ? 2 : v <= UINT16_MAX ? 3 : v <= UINT32_MAX ? 5 : 9;
}

/* Bytes that an item may take, without what is inside a list or map or behind a tag. */
static size_t canonical_len(const struct nipfs__cbor_item *item)
{
	switch (item->kind) {
	case NIPFS__CBOR_FLOAT:
		return 9;
	case NIPFS__CBOR_BOOL:
	case NIPFS__CBOR_NULL:
		return 1;
	case NIPFS__CBOR_UINT:
	case NIPFS__CBOR_NEGATIVE:
	case NIPFS__CBOR_BYTES:
	case NIPFS__CBOR_STRING:
	case NIPFS__CBOR_LIST:
	case NIPFS__CBOR_MAP:
	case NIPFS__CBOR_LINK:
	default:
		return head_len(item->number) + item->bytes.len;
	}
}

int nipfs__cbor_token_read(struct nipfs_slice *rest, struct nipfs__cbor_item *out)
{
	struct told told = { out, 0 };
	struct cbor_decoder_result result;

	if (rest->len == 0)
		return NIPFS_E_TRUNCATED;
	result = cbor_stream_decode(rest->ptr, rest->len, &callbacks, &told);
	if (result.status == CBOR_DECODER_NEDATA)
		return NIPFS_E_TRUNCATED;
	if (result.status != CBOR_DECODER_FINISHED)
		return NIPFS_E_INVALID;
	if (told.refused)
		return told.refused;
	if (result.read != canonical_len(out))
		return NIPFS_E_NONCANONICAL;
	if (out->kind == NIPFS__CBOR_FLOAT)
		out->number = nipfs__get_be64(rest->ptr + 1);
	*rest = nipfs__slice_skip(*rest, result.read);
	return 0;
}
