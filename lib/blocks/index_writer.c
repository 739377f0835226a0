/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recording an owner: tree events say where we are, blocks what lies there. */
#include <stdlib.h>
#include <string.h>

#include <nixipfs/sources.h>

#include "lib/blocks/index.h"
#include "lib/blocks/place.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

/* When a job is handed over; memory for the CIDs of one owner. */
enum { JOB_BLOCKS = 50000, JOB_BYTES = 2 * 1024 * 1024, SEEN_BYTES = 8 * 1024 * 1024 };

/*
 * A directory on the way to where we are. It gets a number when the first block
 * in or below it is recorded.
 */
struct frame {
	uint64_t number; /* 0: none yet */
	uint64_t entries;
	size_t name_at, name_len;
};

/*
 * @frames:  of struct frame, the deepest last
 * @names:   of the frames, one behind another
 * @in_file: the last event was of a file, which lies in the deepest frame
 * @handed_over: the thread knows the record
 */
struct nipfs_index_writer {
	struct nipfs_index *index;
	struct nipfs__index_record *record;
	struct nipfs__index_job *job;
	struct nipfs_seen_set *seen;
	struct nipfs_buf frames, names;
	uint64_t n_dirs;
	bool in_file, file_is_root, handed_over;
	uint64_t file_entry, file_size;
};

/* ---- beginning ------------------------------------------------------------------- */

static void release(struct nipfs_index_writer *w)
{
	nipfs_seen_set_free(w->seen);
	nipfs__buf_release(&w->frames);
	nipfs__buf_release(&w->names);
	free(w);
}

static int begin(struct nipfs_index_writer **out, struct nipfs_index *index,
		 enum nipfs_index_kind kind, const struct nipfs_index_key *key,
		 uint64_t nar_size, struct nipfs_error *err)
{
	struct nipfs_index_writer *w = calloc(1, sizeof(*w));
	struct nipfs__index_record *record = calloc(1, sizeof(*record));
	int code = NIPFS_E_NOMEM;

	if (w && record) {
		record->kind = kind;
		record->path = key->path;
		memcpy(record->nar_hash, key->nar_hash, sizeof(record->nar_hash));
		record->nar_size = nar_size;
		record->store_dir = strdup(key->store_dir);
		w->index = index;
		w->record = record;
		w->n_dirs = 1;
		w->frames = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
		w->names = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
		w->job = nipfs__index_job_new(record);
	}
	if (w && record && record->store_dir && w->job)
		code = nipfs_seen_set_new(&w->seen, SEEN_BYTES, err);
	if (code == 0) {
		*out = w;
		return 0;
	}
	if (w) {
		nipfs__index_job_free(w->job);
		release(w);
	}
	nipfs__index_record_free(record);
	return code == NIPFS_E_NOMEM ? nipfs__fail_nomem(err) : code;
}

int nipfs_index_writer_begin(struct nipfs_index_writer **out, struct nipfs_index *index,
			     const struct nipfs_index_key *key, uint64_t nar_size,
			     struct nipfs_error *err)
{
	return begin(out, index, NIPFS_INDEX_PATH, key, nar_size, err);
}

int nipfs_index_writer_begin_closure(struct nipfs_index_writer **out,
				     struct nipfs_index *index,
				     const struct nipfs_index_key *key,
				     struct nipfs_error *err)
{
	return begin(out, index, NIPFS_INDEX_CLOSURE, key, 0, err);
}

/* ---- where we are ---------------------------------------------------------------- */

static struct frame *frames(const struct nipfs_index_writer *w)
{
	return (struct frame *)(void *)w->frames.ptr;
}

static size_t depth(const struct nipfs_index_writer *w)
{
	return w->frames.len / sizeof(struct frame);
}

/* The deepest directory; there must be one. */
static struct frame *top(const struct nipfs_index_writer *w)
{
	return frames(w) + depth(w) - 1;
}

/* The number of the next entry of the deepest directory. */
static uint64_t next_entry(struct nipfs_index_writer *w)
{
	return depth(w) ? top(w)->entries++ : 0;
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_index_writer *w = ctx;
	const struct frame frame = { depth(w) == 0, 0, w->names.len, entry->name.len };

	(void)next_entry(w);
	w->in_file = false;
	if (nipfs__buf_put_slice(&w->names, entry->name) < 0 ||
	    nipfs__buf_put(&w->frames, &frame, sizeof(frame)) < 0)
		return nipfs__fail_nomem(err);
	return 0;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct nipfs_index_writer *w = ctx;

	(void)err;
	w->in_file = false;
	w->names.len = top(w)->name_at;
	w->frames.len -= sizeof(struct frame);
	return 0;
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_index_writer *w = ctx;

	(void)err;
	w->in_file = true;
	w->file_is_root = depth(w) == 0;
	w->file_entry = next_entry(w);
	w->file_size = entry->size;
	return 0;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)ctx;
	(void)bytes;
	(void)err;
	return 0;
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_index_writer *w = ctx;

	(void)entry;
	(void)err;
	w->in_file = false;
	(void)next_entry(w);
	return 0;
}

struct nipfs_tree_sink nipfs_index_writer_tree_sink(struct nipfs_index_writer *w)
{
	return (struct nipfs_tree_sink){
		.enter = on_enter,
		.leave = on_leave,
		.file = on_file,
		.bytes = on_bytes,
		.file_end = on_file_end,
		.symlink = on_symlink,
		.ctx = w,
	};
}

/* Numbers the directories on the way that have none. */
static int number_dirs(struct nipfs_index_writer *w)
{
	struct nipfs_buf *out = &w->job->dirs;

	for (size_t i = 1; i < depth(w); i++) {
		struct frame *f = &frames(w)[i];
		const struct nipfs__index_dir dir = { w->n_dirs + 1,
						      frames(w)[i - 1].number,
						      f->name_len };

		if (f->number)
			continue;
		if (nipfs__buf_reserve(out, sizeof(dir) + dir.name_len) < 0 ||
		    nipfs__buf_put(out, &dir, sizeof(dir)) < 0 ||
		    nipfs__buf_put(out, w->names.ptr + f->name_at, f->name_len) < 0)
			return NIPFS_E_NOMEM;
		f->number = ++w->n_dirs;
	}
	return 0;
}

/* ---- what lies there ------------------------------------------------------------- */

/* Whether all chunks of a file but the last have the owner's chunk size: the first one
 * sets it. */
static bool is_chunk(struct nipfs_index_writer *w, uint64_t offset, uint64_t len)
{
	uint64_t *chunk = &w->record->chunk;

	if (*chunk == 0 && offset == 0)
		*chunk = len;
	return *chunk && offset % *chunk == 0 &&
	       len == nipfs__min_u64(*chunk, w->file_size - offset);
}

/*
 * Describes where a block lies. False when it does not lie where the origin says,
 * or nowhere: it is kept whole then.
 */
static bool find_place(struct nipfs_index_writer *w, struct nipfs_slice bytes,
		       const struct nipfs_origin *origin, struct nipfs__place *out)
{
	uint64_t end;

	if (!origin || origin->kind == NIPFS_ORIGIN_NODE || origin->len == 0 ||
	    origin->len > bytes.len || nipfs__add_u64(origin->offset, origin->len, &end))
		return false;
	*out = (struct nipfs__place){ .offset = origin->offset, .len = origin->len };
	if (origin->kind == NIPFS_ORIGIN_NAR) {
		out->kind = NIPFS__PLACE_NAR;
		return origin->len == bytes.len;
	}
	if (!w->in_file || end > w->file_size)
		return false;
	out->dir = w->file_is_root ? 0 : top(w)->number;
	out->entry = w->file_entry;
	if (origin->kind == NIPFS_ORIGIN_INLINE) {
		if (origin->prefix_len > bytes.len - origin->len)
			return false;
		out->kind = NIPFS__PLACE_INLINE;
		out->prefix = nipfs__slice(bytes.ptr, origin->prefix_len);
		out->suffix =
		    nipfs__slice_skip(bytes, origin->prefix_len + (size_t)origin->len);
		return true;
	}
	if (origin->len == w->file_size) {
		out->kind = NIPFS__PLACE_WHOLE;
	} else if (is_chunk(w, origin->offset, origin->len)) {
		out->kind = NIPFS__PLACE_CHUNK;
		out->number = origin->offset / w->record->chunk;
	} else {
		out->kind = NIPFS__PLACE_RANGE;
	}
	return origin->len == bytes.len;
}

/* Appends the description of a block to the job. */
static int describe(struct nipfs_index_writer *w, const struct nipfs_cid *cid,
		    struct nipfs_slice bytes, const struct nipfs_origin *origin)
{
	struct nipfs_buf *out = &w->job->bytes;
	struct nipfs__index_item item = { nipfs__index_block_key(cid), (uint32_t)out->len,
					  0 };
	struct nipfs__place place;
	int code = 0;

	if (w->in_file)
		code = number_dirs(w);
	if (code < 0)
		return code;
	if (w->record->kind == NIPFS_INDEX_PATH && find_place(w, bytes, origin, &place)) {
		code = nipfs__place_put(out, &place);
	} else {
		code = nipfs__buf_put_u8(out, NIPFS__PLACE_NODE);
		if (code == 0)
			code = nipfs__buf_put_slice(out, bytes);
	}
	if (code < 0)
		return code;
	item.len = (uint32_t)out->len - item.at;
	w->record->blocks++;
	return nipfs__buf_put(&w->job->items, &item, sizeof(item));
}

/* Hands the job over and begins the next. */
static int hand_over(struct nipfs_index_writer *w, struct nipfs_error *err)
{
	struct nipfs__index_job *next;
	const int code = nipfs__index_check_record(w->index, w->record, err);

	if (code < 0)
		return code;
	next = nipfs__index_job_new(w->record);
	if (!next)
		return nipfs__fail_nomem(err);
	nipfs__index_enqueue(w->index, w->job);
	w->handed_over = true;
	w->job = next;
	return 0;
}

static int on_block(void *ctx, const struct nipfs_cid *cid,
		    const struct nipfs_span *bytes, const struct nipfs_origin *origin,
		    struct nipfs_error *err)
{
	struct nipfs_index_writer *w = ctx;
	const struct nipfs_seen seen = nipfs_seen_set_seen(w->seen);
	struct nipfs_cid same = *cid;
	int code;

	/* whatever they are called, the same bytes are the same block */
	same.version = 1;
	same.codec = NIPFS_CODEC_RAW;
	code = seen.add(seen.ctx, &same, err);
	if (code <= 0)
		return code;
	if (describe(w, cid, nipfs__slice(bytes->ptr, bytes->len), origin) < 0)
		return nipfs__fail_nomem(err);
	if (w->job->items.len < JOB_BLOCKS * sizeof(struct nipfs__index_item) &&
	    w->job->bytes.len + w->job->dirs.len < JOB_BYTES)
		return 0;
	return hand_over(w, err);
}

struct nipfs_block_sink nipfs_index_writer_block_sink(struct nipfs_index_writer *w)
{
	return (struct nipfs_block_sink){ on_block, w };
}

/* ---- ending ---------------------------------------------------------------------- */

int nipfs_index_writer_commit(struct nipfs_index_writer *w, const struct nipfs_link *root,
			      const struct nipfs_link *nar, struct nipfs_error *err)
{
	const int code = nipfs__index_check_record(w->index, w->record, err);

	if (code < 0)
		return code;
	w->record->root = *root;
	if (nar) {
		w->record->nar = *nar;
		w->record->has_nar = true;
	}
	w->job->end = NIPFS__JOB_COMMIT;
	nipfs__index_enqueue(w->index, w->job);
	release(w);
	return 0;
}

void nipfs_index_writer_abort(struct nipfs_index_writer *w)
{
	if (!w)
		return;
	if (w->handed_over) {
		w->job->end = NIPFS__JOB_ABORT;
		nipfs__index_enqueue(w->index, w->job);
	} else {
		nipfs__index_job_free(w->job);
		nipfs__index_record_free(w->record);
	}
	release(w);
}
