/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DAG-CBOR header of CAR files. */
#include "dag/car_header.h"

#include "dag/cbor.h"

static int next(struct nipfs__cbor_reader *r, struct nipfs__cbor_item *item)
{
	const int code = nipfs__cbor_next(r, item);

	/* the length before the header is what must agree with the header */
	return code == 1 || code == NIPFS_E_TRUNCATED ? NIPFS_E_INVALID : code;
}

static int read_roots(struct nipfs__cbor_reader *r, struct nipfs__car_header *header)
{
	struct nipfs__cbor_item item;
	int code = next(r, &item);

	if (code < 0)
		return code;
	header->has_roots = true;
	/* go-car writes null where it has no list of roots */
	if (item.kind == NIPFS__CBOR_NULL)
		return 0;
	if (item.kind != NIPFS__CBOR_LIST)
		return NIPFS_E_INVALID;
	for (uint64_t n = item.number; n > 0; n--) {
		code = next(r, &item);
		if (code == 0 && item.kind != NIPFS__CBOR_LINK)
			code = NIPFS_E_INVALID;
		if (code == 0)
			code = nipfs__buf_put(&header->roots, &item.cid, sizeof(item.cid));
		if (code < 0)
			return code;
	}
	return 0;
}

static int read_entry(struct nipfs__cbor_reader *r, struct nipfs__car_header *header)
{
	struct nipfs__cbor_item item;
	int code = next(r, &item);

	if (code < 0)
		return code;
	if (nipfs__slice_eq(item.bytes, nipfs__slice_str("roots")))
		return read_roots(r, header);
	if (!nipfs__slice_eq(item.bytes, nipfs__slice_str("version")))
		return NIPFS_E_INVALID;
	code = next(r, &item);
	if (code == 0 && item.kind != NIPFS__CBOR_UINT)
		code = NIPFS_E_INVALID;
	if (code == 0)
		header->version = item.number;
	return code;
}

static int read_header(struct nipfs__cbor_reader *r, struct nipfs__car_header *header)
{
	struct nipfs__cbor_item item;
	int code = next(r, &item);

	if (code == 0 && item.kind != NIPFS__CBOR_MAP)
		code = NIPFS_E_INVALID;
	for (uint64_t n = code == 0 ? item.number : 0; code == 0 && n > 0; n--)
		code = read_entry(r, header);
	if (code < 0)
		return code;
	code = nipfs__cbor_next(r, &item);
	return code == 1 ? 0 : code < 0 ? code : NIPFS_E_INVALID;
}

int nipfs__car_header_decode(struct nipfs_slice in, struct nipfs__car_header *out)
{
	struct nipfs__car_header header = { 0, false, NIPFS_BUF_INIT(SIZE_MAX) };
	struct nipfs__cbor_reader r = NIPFS__CBOR_READER_INIT(in);
	const int code = read_header(&r, &header);

	nipfs__cbor_reader_release(&r);
	if (code < 0)
		nipfs__buf_release(&header.roots);
	else
		*out = header;
	return code;
}
