/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CAR files of both versions and their indices. What is read to its end is
 * written again to the same bytes; it is read the same in small pieces, and when
 * blocks are left out; what an index lists in order is found in it.
 */
#include <nixipfs/car.h>

#include <stdlib.h>

#include "multiformats/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *ptr;
	size_t len, at, step;
};

static int read_some(void *ctx, void *buf, size_t n, size_t *got, struct nipfs_error *err)
{
	struct input *in = ctx;

	(void)err;
	n = in->at >= in->len ? 0 : n < in->len - in->at ? n : in->len - in->at;
	n = n < in->step ? n : in->step;
	if (n)
		memcpy(buf, in->ptr + in->at, n);
	in->at += n;
	*got = n;
	return 0;
}

static int skip(void *ctx, uint64_t n, struct nipfs_error *err)
{
	struct input *in = ctx;

	(void)err;
	in->at = n > SIZE_MAX - in->at ? SIZE_MAX : in->at + (size_t)n;
	return 0;
}

static int read_at(void *ctx, uint64_t offset, void *buf, size_t n, struct nipfs_error *err)
{
	const struct input *in = ctx;

	(void)err;
	if (offset > in->len || n > in->len - offset)
		return NIPFS_E_TRUNCATED;
	memcpy(buf, in->ptr + offset, n);
	return 0;
}

static int put(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
	       struct nipfs_error *err)
{
	(void)err;
	if (nipfs__buf_put_slice(ctx, head) < 0 ||
	    (block && nipfs__buf_put(ctx, block->ptr, block->len) < 0))
		abort();
	return 0;
}

/* Reads all sections, with their blocks where @again is not NULL; counts them. */
static int read_all(struct nipfs_car_reader *r, struct nipfs_buf *again, size_t *n)
{
	const struct nipfs_car_info *info = nipfs_car_reader_info(r);
	const struct nipfs_car_output out = { put, again };
	struct nipfs_car_section section;
	struct nipfs_error err;
	struct nipfs_slice block;
	int code = again ? nipfs_car_put_header(&out, info->roots, info->n_roots, NULL) : 0;

	for (*n = 0; code == 0; ++*n) {
		code = nipfs_car_reader_next(r, &section, &err);
		if (code != 0 || !again)
			continue;
		if (section.offset - info->data_offset != again->len && info->n_roots)
			abort();
		code = nipfs_car_reader_block(r, &block, &err);
		if (code == 0)
			code = nipfs_car_put_block(&out, &section.cid,
						   &(struct nipfs_span){ .ptr = block.ptr,
									 .len = block.len,
									 .fd = -1 },
						   NULL);
	}
	return code;
}

/* ---- index ---------------------------------------------------------------------- */

struct finder {
	const struct nipfs_car_index *index;
	size_t n;
	bool find;
};

static int on_entry(void *ctx, uint64_t hash, struct nipfs_slice digest, uint64_t offset,
		    struct nipfs_error *err)
{
	struct finder *f = ctx;
	struct nipfs_cid cid = { .hash = hash, .digest_len = (uint8_t)digest.len };
	uint64_t found;

	(void)err;
	(void)offset;
	memcpy(cid.digest, digest.ptr, digest.len);
	f->n++;
	/* it may be found in an earlier part that is for the same, and be bad there */
	if (f->find && nipfs_car_index_find(f->index, &cid, &found, NULL) == NIPFS_E_NOTFOUND)
		abort();
	return f->n > 500 ? NIPFS_E_CANCELLED : 0;
}

static void check_index(struct input *in, const struct nipfs_car_info *info)
{
	const struct nipfs_car_file file = { read_at, in, in->len, "fuzz" };
	struct nipfs_car_index *index;
	struct nipfs_error err;
	struct finder f = { NULL, 0, false };

	if (nipfs_car_index_new(&index, &file, info, &err) < 0)
		return;
	f.index = index;
	/* only what is in order throughout can be searched */
	if (nipfs_car_index_each(index, on_entry, &f, &err) == 0) {
		f.find = true;
		f.n = 0;
		if (nipfs_car_index_each(index, on_entry, &f, &err) < 0)
			abort();
	}
	nipfs_car_index_free(index);
}

/* ---- all ------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_buf again = NIPFS_BUF_INIT(SIZE_MAX);
	struct input in = { data, size, 0, SIZE_MAX };
	struct nipfs_car_input input = { read_some, NULL, &in, "fuzz" };
	struct nipfs_car_reader *r;
	struct nipfs_error err;
	size_t n, n_again;
	int first, second;

	if (nipfs_car_reader_new(&r, &input, &err) < 0)
		return 0;
	const struct nipfs_car_info info = *nipfs_car_reader_info(r);

	first = read_all(r, &again, &n);
	/* roots may be null, which is written as none */
	if (first == 1 && info.n_roots) {
		const size_t len = info.version == 1 ? size : (size_t)info.data_bytes;

		if (again.len != len || memcmp(again.ptr, data + info.data_offset, len) != 0)
			abort();
	}
	nipfs_car_reader_free(r);

	in.at = 0;
	in.step = 3;
	input.skip = skip;
	if (nipfs_car_reader_new(&r, &input, &err) < 0)
		abort();
	second = read_all(r, NULL, &n_again);
	/* a block that is too large is seen by who reads it */
	if (first != NIPFS_E_LIMIT && (first != second || (first == 1 && n != n_again)))
		abort();
	nipfs_car_reader_free(r);
	if (info.index_offset)
		check_index(&in, &info);
	nipfs__buf_release(&again);
	return 0;
}
