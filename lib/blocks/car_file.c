/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CAR that is read from the front, and no further than asked for. */
#include "lib/blocks/car_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/progress.h>

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"
#include "multiformats/varint.h"

enum { PLACES_BYTES = 12 * 1024 * 1024 };

/* ---- input of the reader and of the index ---------------------------------------- */

static int input_read(void *ctx, void *buf, size_t n, size_t *got,
		      struct nipfs_error *err)
{
	struct nipfs__car_file *f = ctx;
	int code;

	/* what a stream has now, rather than wait until all of @n is there */
	code = nipfs__tape_reach(&f->tape, f->at + 1, err);
	if (code < 0)
		return code;
	n = f->at < f->tape.have ? (size_t)nipfs__min_u64(n, f->tape.have - f->at) : 0;
	code = nipfs__tape_read(&f->tape, f->at, buf, n, got, err);
	if (code == 0)
		f->at += *got;
	return code;
}

static int input_skip(void *ctx, uint64_t n, struct nipfs_error *err)
{
	struct nipfs__car_file *f = ctx;

	if (nipfs__add_u64(f->at, n, &f->at) || f->at > INT64_MAX)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "CAR '%s': a length is impossible", f->name);
	return 0;
}

static int file_read_at(void *ctx, uint64_t offset, void *buf, size_t n,
			struct nipfs_error *err)
{
	struct nipfs__car_file *f = ctx;
	size_t got;
	const int code = nipfs__tape_read(&f->tape, offset, buf, n, &got, err);

	if (code < 0)
		return code;
	return got == n
		   ? 0
		   : nipfs__fail(err, NIPFS_E_TRUNCATED, "CAR '%s' ends early", f->name);
}

bool nipfs__car_file_is_bad(int code)
{
	return code == NIPFS_E_TRUNCATED || code == NIPFS_E_INVALID ||
	       code == NIPFS_E_NONCANONICAL || code == NIPFS_E_LIMIT ||
	       code == NIPFS_E_UNSUPPORTED || code == NIPFS_E_NOTFOUND;
}

/* ---- sections -------------------------------------------------------------------- */

int nipfs__car_file_section(struct nipfs__car_file *f, uint64_t offset,
			    struct nipfs_car_section *out, struct nipfs_error *err)
{
	uint8_t raw[NIPFS__VARINT_MAX + NIPFS_CID_BYTES_MAX];
	struct nipfs_slice in;
	uint64_t len;
	size_t got, used;
	int code;

	if (offset >= f->tape.have)
		return 1;
	got = (size_t)nipfs__min_u64(sizeof(raw), f->tape.have - offset);
	code = nipfs__tape_read(&f->tape, offset, raw, got, &got, err);
	if (code < 0)
		return code;
	in = nipfs__slice(raw, got);
	if (nipfs__varint_decode(in, &len, &used) < 0 || len > NIPFS_CAR_SECTION_MAX)
		return 1;
	in = nipfs__slice_skip(in, used);
	in.len = (size_t)nipfs__min_u64(in.len, len);
	out->offset = offset;
	out->block_offset = offset + used;
	if (nipfs_cid_decode(in, &out->cid, &used) < 0)
		return 1;
	out->block_offset += used;
	out->block_len = (size_t)len - used;
	return 0;
}

/* The CAR ends here: @code is 1, or why it can't be read on, which goes into the name. */
static int end_here(struct nipfs__car_file *f, int code, struct nipfs_error *err)
{
	struct nipfs_buf note = NIPFS_BUF_INIT(SIZE_MAX);
	const bool is_cut = code == NIPFS_E_TRUNCATED;

	f->ended = true;
	if (code == 1)
		return 0;
	if (nipfs__buf_printf(&note, "%s (%s at byte %" PRIu64 ")", f->name,
			      is_cut ? "cut short" : "malformed",
			      is_cut ? f->tape.have : f->good) < 0 ||
	    nipfs__buf_terminate(&note) < 0) {
		nipfs__buf_release(&note);
		return nipfs__fail_nomem(err);
	}
	f->note = note;
	f->shown = (const char *)note.ptr;
	return 0;
}

int nipfs__car_file_next(struct nipfs__car_file *f, struct nipfs_car_section *out,
			 struct nipfs_error *err)
{
	struct nipfs_car_section section;
	struct nipfs_error why = { 0 };
	uint64_t end = 0;
	int code = nipfs_cancel_check(err);

	if (code < 0)
		return code;
	code = nipfs_car_reader_next(f->reader, &section, &why);
	if (code < 0 && !nipfs__car_file_is_bad(code)) {
		if (err)
			*err = why;
		return code;
	}
	if (code == 0) {
		end = section.block_offset + section.block_len;
		code = nipfs__tape_reach(&f->tape, end, err);
		if (code < 0)
			return code;
		if (f->tape.have < end)
			code = NIPFS_E_TRUNCATED;
	}
	if (code != 0) {
		code = end_here(f, code, err);
		return code < 0 ? code : 1;
	}
	f->good = end;
	code = nipfs__car_file_remember(f, &section.cid, section.offset, err);
	if (code == 0)
		*out = section;
	return code;
}

/* ---- places ---------------------------------------------------------------------- */

int nipfs__car_file_remember(struct nipfs__car_file *f, const struct nipfs_cid *cid,
			     uint64_t offset, struct nipfs_error *err)
{
	uint8_t raw[8];
	size_t len = sizeof(raw);

	nipfs__put_le64(raw, offset);
	while (raw[len - 1] == 0)
		len--;
	return nipfs__bag_add(&f->places, nipfs__hash_multihash(&f->key, cid),
			      nipfs__slice(raw, len), err);
}

int nipfs__car_file_give_up(struct nipfs__car_file *f, const struct nipfs_cid *cid,
			    struct nipfs_error *err)
{
	return nipfs__bag_add(&f->places, nipfs__hash_multihash(&f->key, cid),
			      nipfs__slice(NULL, 0), err);
}

void nipfs__car_file_find(const struct nipfs__car_file *f, const struct nipfs_cid *cid,
			  struct nipfs__bag_cursor *cursor)
{
	nipfs__bag_find(&f->places, nipfs__hash_multihash(&f->key, cid), cursor);
}

int nipfs__car_file_place(struct nipfs__car_file *f, struct nipfs__bag_cursor *cursor,
			  uint64_t *offset, struct nipfs_error *err)
{
	struct nipfs_slice value;
	uint8_t raw[8] = { 0 };
	const int code = nipfs__bag_next(&f->places, cursor, &value, err);

	if (code != 0)
		return code;
	if (value.len == 0)
		return NIPFS_E_MISMATCH;
	memcpy(raw, value.ptr, value.len);
	*offset = nipfs__get_le64(raw);
	return 0;
}

/* ---- opening --------------------------------------------------------------------- */

/* An index that can't be used is done without. */
static int open_index(struct nipfs__car_file *f, struct nipfs_error *err)
{
	const struct nipfs_car_info *info = nipfs_car_reader_info(f->reader);
	const struct nipfs_car_file file = { file_read_at, f, f->tape.have, f->name };
	int code;

	if (info->index_offset == 0 || !f->tape.ended)
		return 0;
	code = nipfs_car_index_new(&f->index, &file, info, err);
	return nipfs__car_file_is_bad(code) ? 0 : code;
}

/* All but the descriptor that was taken. */
static void release(struct nipfs__car_file *f)
{
	nipfs_car_reader_free(f->reader);
	nipfs_car_index_free(f->index);
	nipfs__bag_release(&f->places);
	nipfs__buf_release(&f->note);
	free(f->name);
}

int nipfs__car_file_open(struct nipfs__car_file *f, int take_fd, const char *name,
			 struct nipfs_error *err)
{
	struct nipfs_car_input input = { input_read, input_skip, f, NULL };
	int code;

	*f = (struct nipfs__car_file){ .places = NIPFS__BAG_INIT(PLACES_BYTES) };
	f->name = strdup(name);
	if (!f->name)
		return nipfs__fail_nomem(err);
	f->shown = f->name;
	input.name = f->name;
	code = nipfs__hash_key_init(&f->key, err);
	if (code == 0)
		code = nipfs__tape_open(&f->tape, take_fd, f->name, err);
	if (code == 0) {
		code = nipfs_car_reader_new(&f->reader, &input, err);
		if (code == 0)
			code = open_index(f, err);
		if (code < 0)
			nipfs__tape_leave(&f->tape);
	}
	if (code < 0)
		release(f);
	return code;
}

void nipfs__car_file_release(struct nipfs__car_file *f)
{
	nipfs__tape_release(&f->tape);
	release(f);
}
