/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading CARv1, alone or inside of CARv2, from the front. */
#include <nixipfs/car.h>

#include <inttypes.h>
#include <stdlib.h>

#include <nixipfs/unixfs.h>

#include "dag/car_header.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/varint.h"

enum { WINDOW = 16 * 1024, V2_PRAGMA = 11, V2_HEADER = 40, V2_CHARACTERISTICS = 16 };

/*
 * @at:     position in the file of the first byte of the window that is not used
 * @end:    where the CARv1 ends, UINT64_MAX while that is the end of the file
 * @unread: bytes of the block that next() came to and block() did not take
 */
struct nipfs_car_reader {
	struct nipfs_car_input input;
	struct nipfs_car_info info;
	struct nipfs_buf roots;
	struct nipfs_buf block;
	uint64_t at, end;
	size_t unread;
	bool has_block;
	int failed;
	size_t window_used, window_len;
	uint8_t window[WINDOW];
};

/* ---- bytes ---------------------------------------------------------------------- */

/* Has at least @n bytes in the window, or all that there are. */
static int fill(struct nipfs_car_reader *r, size_t n, struct nipfs_slice *out,
		struct nipfs_error *err)
{
	n = (size_t)nipfs__min_u64(n, r->end - r->at);
	if (r->window_len - r->window_used < n) {
		r->window_len -= r->window_used;
		memmove(r->window, r->window + r->window_used, r->window_len);
		r->window_used = 0;
	}
	while (r->window_len - r->window_used < n) {
		size_t got = 0;
		const int code = r->input.read(r->input.ctx, r->window + r->window_len,
					       WINDOW - r->window_len, &got, err);

		if (code < 0)
			return code;
		if (got == 0)
			break;
		r->window_len += got;
	}
	*out = nipfs__slice(r->window + r->window_used,
			    (size_t)nipfs__min_u64(r->window_len - r->window_used,
						   r->end - r->at));
	return 0;
}

static void use(struct nipfs_car_reader *r, size_t n)
{
	r->window_used += n;
	r->at += n;
}

static int truncated(const struct nipfs_car_reader *r, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_TRUNCATED,
			   "CAR '%s' ends early: something is missing behind byte %" PRIu64,
			   r->input.name, r->at);
}

/* Takes exactly @n bytes from the window and from the input behind it. */
static int take(struct nipfs_car_reader *r, uint8_t *out, size_t n, struct nipfs_error *err)
{
	const size_t have = nipfs__min_size(r->window_len - r->window_used, n);

	memcpy(out, r->window + r->window_used, have);
	use(r, have);
	for (size_t done = have; done < n;) {
		size_t got = 0;
		const int code = r->input.read(r->input.ctx, out + done, n - done, &got, err);

		if (code < 0)
			return code;
		if (got == 0)
			return truncated(r, err);
		done += got;
		r->at += got;
	}
	return 0;
}

static int skip(struct nipfs_car_reader *r, uint64_t n, struct nipfs_error *err)
{
	const size_t have = (size_t)nipfs__min_u64(r->window_len - r->window_used, n);

	use(r, have);
	n -= have;
	if (n > WINDOW && r->input.skip) {
		/* one byte is left to be read: a seek leads behind the end unseen */
		const int code = r->input.skip(r->input.ctx, n - 1, err);

		if (code < 0)
			return code;
		r->at += n - 1;
		n = 1;
	}
	while (n > 0) {
		struct nipfs_slice got;
		const int code = fill(r, (size_t)nipfs__min_u64(n, WINDOW), &got, err);

		if (code < 0)
			return code;
		if (got.len == 0)
			return truncated(r, err);
		got.len = (size_t)nipfs__min_u64(got.len, n);
		use(r, got.len);
		n -= got.len;
	}
	return 0;
}

/* Reads a length. Return: 0, 1 at the end, or negative. */
static int read_length(struct nipfs_car_reader *r, uint64_t *out, struct nipfs_error *err)
{
	struct nipfs_slice window;
	size_t used;
	int code = fill(r, NIPFS__VARINT_MAX, &window, err);

	if (code < 0)
		return code;
	/* where a CARv2 says how long it is, the end of the file is not the end of it */
	if (window.len == 0)
		return r->end == UINT64_MAX || r->at == r->end ? 1 : truncated(r, err);
	code = nipfs__varint_decode(window, out, &used);
	if (code == NIPFS_E_TRUNCATED)
		return truncated(r, err);
	if (code < 0)
		return nipfs__fail(err, code, "CAR '%s': bad length at byte %" PRIu64,
				   r->input.name, r->at);
	use(r, used);
	return 0;
}

/* ---- header --------------------------------------------------------------------- */

static int not_a_car(const struct nipfs_car_reader *r, int code, struct nipfs_error *err)
{
	return nipfs__fail(err, code, "'%s' is no CAR file: %s", r->input.name,
			   nipfs_err_text(code));
}

static int read_header(struct nipfs_car_reader *r, struct nipfs__car_header *out,
		       struct nipfs_error *err)
{
	struct nipfs_buf body = NIPFS_BUF_INIT(NIPFS_CAR_HEADER_MAX);
	uint8_t *room;
	uint64_t len;
	int code = read_length(r, &len, err);

	if (code != 0)
		return code < 0 ? code : truncated(r, err);
	if (len == 0 || len > NIPFS_CAR_HEADER_MAX)
		return not_a_car(r, len ? NIPFS_E_LIMIT : NIPFS_E_INVALID, err);
	if (len > r->end - r->at)
		return truncated(r, err);
	if (nipfs__buf_extend(&body, (size_t)len, &room) < 0)
		return nipfs__fail_nomem(err);
	code = take(r, room, body.len, err);
	if (code == 0) {
		code = nipfs__car_header_decode(nipfs__buf_slice(&body), out);
		if (code < 0)
			(void)not_a_car(r, code, err);
	}
	nipfs__buf_release(&body);
	return code;
}

/* The fixed header behind the pragma of CARv2; goes on to where the CARv1 begins. */
static int read_v2(struct nipfs_car_reader *r, struct nipfs_error *err)
{
	struct nipfs_car_info *info = &r->info;
	uint8_t raw[V2_HEADER];
	uint64_t end;
	int code = take(r, raw, sizeof(raw), err);

	if (code < 0)
		return code;
	info->version = 2;
	info->data_offset = nipfs__get_le64(raw + V2_CHARACTERISTICS);
	info->data_bytes = nipfs__get_le64(raw + V2_CHARACTERISTICS + 8);
	info->index_offset = nipfs__get_le64(raw + V2_CHARACTERISTICS + 16);
	if (info->data_offset < V2_PRAGMA + V2_HEADER || info->data_bytes == 0 ||
	    nipfs__add_u64(info->data_offset, info->data_bytes, &end) ||
	    (info->index_offset && info->index_offset < end))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "CAR '%s': the parts that its header names cannot be",
				   r->input.name);
	code = skip(r, info->data_offset - r->at, err);
	r->end = end;
	return code;
}

static int begin(struct nipfs_car_reader *r, struct nipfs_error *err)
{
	struct nipfs__car_header header = { 0, false, NIPFS_BUF_INIT(0) };
	int code = read_header(r, &header, err);

	if (code < 0)
		return code;
	if (header.version == 2 && !header.has_roots) {
		code = read_v2(r, err);
		if (code == 0)
			code = read_header(r, &header, err);
		if (code < 0)
			return code;
	}
	r->roots = header.roots;
	r->info.roots = (const struct nipfs_cid *)(const void *)header.roots.ptr;
	r->info.n_roots = header.roots.len / sizeof(struct nipfs_cid);
	if (header.version != 1)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "CAR '%s' has version %" PRIu64
				   ": only 1, and 2 around 1, can be read",
				   r->input.name, header.version);
	return header.has_roots ? 0 : not_a_car(r, NIPFS_E_INVALID, err);
}

int nipfs_car_reader_new(struct nipfs_car_reader **out, const struct nipfs_car_input *input,
			 struct nipfs_error *err)
{
	struct nipfs_car_reader *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return nipfs__fail_nomem(err);
	r->input = *input;
	r->end = UINT64_MAX;
	r->info = (struct nipfs_car_info){ 1, NULL, 0, 0, UINT64_MAX, 0 };
	r->block = (struct nipfs_buf)NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	code = begin(r, err);
	if (code < 0) {
		nipfs_car_reader_free(r);
		return code;
	}
	*out = r;
	return 0;
}

const struct nipfs_car_info *nipfs_car_reader_info(const struct nipfs_car_reader *r)
{
	return &r->info;
}

void nipfs_car_reader_free(struct nipfs_car_reader *r)
{
	if (!r)
		return;
	nipfs__buf_release(&r->roots);
	nipfs__buf_release(&r->block);
	free(r);
}

/* ---- sections -------------------------------------------------------------------- */

static int read_cid(struct nipfs_car_reader *r, size_t section, struct nipfs_cid *out,
		    size_t *used, struct nipfs_error *err)
{
	struct nipfs_slice window;
	int code = fill(r, nipfs__min_size(section, NIPFS_CID_BYTES_MAX), &window, err);

	if (code < 0)
		return code;
	window.len = nipfs__min_size(window.len, section);
	code = nipfs_cid_decode(window, out, used);
	if (code == NIPFS_E_TRUNCATED && window.len < nipfs__min_size(section, NIPFS_CID_BYTES_MAX))
		return truncated(r, err);
	if (code == NIPFS_E_TRUNCATED)
		code = NIPFS_E_INVALID;
	if (code < 0)
		return nipfs__fail(err, code, "CAR '%s': bad CID at byte %" PRIu64 ": %s",
				   r->input.name, r->at, nipfs_err_text(code));
	use(r, *used);
	return 0;
}

static int next(struct nipfs_car_reader *r, struct nipfs_car_section *out,
		struct nipfs_error *err)
{
	struct nipfs_car_section section;
	uint64_t len;
	size_t used = 0;
	int code = skip(r, r->unread, err);

	r->has_block = false;
	r->unread = 0;
	section.offset = r->at;
	if (code == 0)
		code = read_length(r, &len, err);
	if (code != 0)
		return code;
	if (len == 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "CAR '%s': section of no bytes at byte %" PRIu64,
				   r->input.name, section.offset);
	if (len > NIPFS_CAR_SECTION_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "CAR '%s': section of %" PRIu64 " bytes at byte %" PRIu64
				   " is over the limit of %d",
				   r->input.name, len, section.offset, NIPFS_CAR_SECTION_MAX);
	if (len > r->end - r->at)
		return truncated(r, err);
	code = read_cid(r, (size_t)len, &section.cid, &used, err);
	if (code < 0)
		return code;
	section.block_offset = r->at;
	section.block_len = (size_t)len - used;
	r->unread = section.block_len;
	r->has_block = true;
	*out = section;
	return 0;
}

int nipfs_car_reader_next(struct nipfs_car_reader *r, struct nipfs_car_section *out,
			  struct nipfs_error *err)
{
	if (r->failed)
		return nipfs__fail(err, r->failed, "CAR '%s' could not be read before",
				   r->input.name);
	const int code = next(r, out, err);

	if (code < 0)
		r->failed = code;
	return code;
}

int nipfs_car_reader_block(struct nipfs_car_reader *r, struct nipfs_slice *out,
			   struct nipfs_error *err)
{
	const size_t len = r->unread;
	uint8_t *room = NULL;
	int code;

	if (!r->has_block)
		return nipfs__fail(err, NIPFS_E_USAGE, "CAR '%s': no block to read here",
				   r->input.name);
	if (len > NIPFS_BLOCK_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "CAR '%s': block of %zu bytes at byte %" PRIu64
				   " is over the limit of %d",
				   r->input.name, len, r->at, NIPFS_BLOCK_MAX);
	nipfs__buf_clear(&r->block);
	if (nipfs__buf_extend(&r->block, len, &room) < 0)
		return nipfs__fail_nomem(err);
	r->has_block = false;
	r->unread = 0;
	code = len ? take(r, room, len, err) : 0;
	if (code < 0)
		r->failed = code;
	else
		*out = nipfs__buf_slice(&r->block);
	return code;
}
