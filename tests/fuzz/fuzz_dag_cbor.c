/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DAG-CBOR: what is accepted is encoded again to the same bytes. */
#include "dag/cbor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct nipfs_buf *b, const void *ptr, size_t n)
{
	if (nipfs__buf_put(b, ptr, n) < 0)
		abort();
}

/* The head of an item in its shortest form. */
static void put_head(struct nipfs_buf *b, unsigned int major, uint64_t v)
{
	const int width = v < 24 ? 0 : v <= 0xff ? 1 : v <= 0xffff ? 2 : v <= 0xffffffff ? 4 : 8;
	const unsigned int low = width == 0 ? (unsigned int)v :
				 width == 1 ? 24u :
				 width == 2 ? 25u :
				 width == 4 ? 26u :
					      27u;
	const uint8_t first = (uint8_t)(major << 5 | low);

	put(b, &first, 1);
	for (int i = width - 1; i >= 0; i--) {
		const uint8_t byte = (uint8_t)(v >> (8 * i));

		put(b, &byte, 1);
	}
}

static void put_item(struct nipfs_buf *b, const struct nipfs__cbor_item *item)
{
	uint8_t raw[1 + NIPFS_CID_BYTES_MAX] = { 0 };
	size_t n;

	switch (item->kind) {
	case NIPFS__CBOR_UINT:
		put_head(b, 0, item->number);
		break;
	case NIPFS__CBOR_NEGATIVE:
		put_head(b, 1, item->number);
		break;
	case NIPFS__CBOR_BYTES:
	case NIPFS__CBOR_STRING:
		put_head(b, item->kind == NIPFS__CBOR_BYTES ? 2 : 3, item->bytes.len);
		put(b, item->bytes.ptr, item->bytes.len);
		break;
	case NIPFS__CBOR_LIST:
		put_head(b, 4, item->number);
		break;
	case NIPFS__CBOR_MAP:
		put_head(b, 5, item->number);
		break;
	case NIPFS__CBOR_LINK:
		n = 1 + nipfs_cid_encode(&item->cid, raw + 1);
		put_head(b, 6, 42);
		put_head(b, 2, n);
		put(b, raw, n);
		break;
	case NIPFS__CBOR_BOOL:
		put_head(b, 7, 20 + item->number);
		break;
	case NIPFS__CBOR_NULL:
		put_head(b, 7, 22);
		break;
	case NIPFS__CBOR_FLOAT:
	default:
		raw[0] = 0xfb;
		for (int i = 0; i < 8; i++)
			raw[1 + i] = (uint8_t)(item->number >> (56 - 8 * i));
		put(b, raw, 9);
		break;
	}
}

static int count(void *ctx, const struct nipfs_cid *cid)
{
	(void)cid;
	++*(size_t *)ctx;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs__cbor_reader r = NIPFS__CBOR_READER_INIT(nipfs__slice(data, size));
	struct nipfs_buf again = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs__cbor_item item;
	size_t links = 0, found = 0;
	int code;

	while ((code = nipfs__cbor_next(&r, &item)) == 0) {
		links += item.kind == NIPFS__CBOR_LINK;
		put_item(&again, &item);
	}
	if (nipfs__cbor_links(nipfs__slice(data, size), count, &found) != (code == 1 ? 0 : code) ||
	    found != links)
		abort();
	if (code == 1 && (again.len != size || memcmp(again.ptr, data, size) != 0))
		abort();
	nipfs__cbor_reader_release(&r);
	nipfs__buf_release(&again);
	return 0;
}
