/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index as block source. */
#include <stdlib.h>

#include <nixipfs/unixfs.h>

#include "lib/blocks/index_files.h"
#include "lib/blocks/wants.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

/*
 * Beginning to read costs as much as a look-up. So many are made in one go while
 * wants are waiting; writers can't clear their journal meanwhile.
 */
enum { READ_MAX = 256 };

/*
 * @db:     a connection of its own, so that it can be used by another thread
 * @reads:  look-ups in the open transaction; 0: there is none
 * @places: of the block that is looked for
 * @block:  its bytes
 * @note:   the file in which it was wrong
 */
struct index_source {
	struct nipfs_block_source source;
	const char *name;
	struct nipfs__index_db db;
	struct nipfs__files files;
	struct nipfs__wants wants;
	unsigned int reads;
	struct nipfs_buf places, block, note;
};

static struct index_source *of(struct nipfs_block_source *self)
{
	return (struct index_source *)(void *)self;
}

/* ---- one place ------------------------------------------------------------------- */

static int read_node(struct index_source *s, uint64_t node, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&s->db, NIPFS__INDEX_NODE_GET, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)node);
	nipfs__buf_clear(&s->block);
	code = nipfs__index_step(&s->db, st, err);
	if (code == 1)
		code = nipfs__buf_put_slice(&s->block, nipfs__sql_blob(st, 0));
	else if (code == 0)
		code = NIPFS_E_NOTFOUND;
	(void)sqlite3_reset(st);
	if (code == NIPFS_E_LIMIT)
		return NIPFS_E_NOTFOUND;
	return code == NIPFS_E_NOMEM ? nipfs__fail_nomem(err) : code;
}

/*
 * Tries a place. Return: 0 with @out filled; 1 when it does not have the block; or
 * negative. @wrong is set when it should have it.
 */
static int try_place(struct index_source *s, const struct nipfs_cid *cid,
		     const struct nipfs__place *place, struct nipfs_block *out, bool *wrong,
		     struct nipfs_error *err)
{
	uint64_t offset = 0;
	int fd = -1, code;

	if (place->kind == NIPFS__PLACE_NODE) {
		code = read_node(s, place->node, err);
	} else {
		code = nipfs__files_read(&s->files, place, &s->block, &fd, &offset, err);
		*wrong = code == NIPFS_E_NOTFOUND;
	}
	if (code == 1 || code == NIPFS_E_NOTFOUND)
		return 1;
	if (code < 0)
		return code;
	if (nipfs_cid_verify(cid, nipfs__buf_slice(&s->block)) < 0) {
		*wrong = true;
		return 1;
	}
	*out = (struct nipfs_block){
		.cid = *cid,
		.verified = true,
		.bytes = { .ptr = s->block.ptr,
			   .len = s->block.len,
			   .fd = fd,
			   .offset = offset },
	};
	return 0;
}

/* Tries several places. Return: as try_place(). */
static int try_places(struct index_source *s, const struct nipfs_cid *cid,
		      struct nipfs_slice places, struct nipfs_block *out, bool *wrong,
		      struct nipfs_error *err)
{
	struct nipfs__place place;
	int code = 1;

	while (code == 1 && nipfs__place_next(&places, &place) == 0) {
		bool is_wrong = false;

		code = try_place(s, cid, &place, out, &is_wrong, err);
		if (!is_wrong)
			continue;
		*wrong = true;
		if (place.kind != NIPFS__PLACE_NODE &&
		    nipfs__files_name(&s->files, &place, &s->note) == 0)
			s->source.name = (const char *)s->note.ptr;
	}
	return code;
}

/* ---- one block ------------------------------------------------------------------- */

/* Tries the places in the rows of a statement, one row after another. @any: there was one. */
static int try_rows(struct index_source *s, enum nipfs__index_stmt which,
		    const struct nipfs_cid *cid, struct nipfs_block *out, bool *wrong,
		    bool *any, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&s->db, which, &st, err), found = 1;

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)nipfs__index_block_key(cid));
	while (found == 1 && (code = nipfs__index_step(&s->db, st, err)) == 1) {
		*any = true;
		nipfs__buf_clear(&s->places);
		if (nipfs__buf_put_slice(&s->places, nipfs__sql_blob(st, 0)) < 0)
			found = nipfs__fail_nomem(err);
		else
			found = try_places(s, cid, nipfs__buf_slice(&s->places), out,
					   wrong, err);
	}
	(void)sqlite3_reset(st);
	return code < 0 ? code : found;
}

static int find_block(struct index_source *s, const struct nipfs_cid *cid,
		      struct nipfs_block *out, struct nipfs_error *err)
{
	bool wrong = false, any = false;
	int code;

	s->source.name = s->name;
	code = try_rows(s, NIPFS__INDEX_BLOCK_GET, cid, out, &wrong, &any, err);
	/* further places are kept only behind those in the row of the block */
	if (code == 1 && any)
		code = try_rows(s, NIPFS__INDEX_EXTRA_GET, cid, out, &wrong, &any, err);
	if (code < 0)
		return code;
	if (code == 0) {
		s->source.name = s->name;
		return 0;
	}
	*out =
	    (struct nipfs_block){ .cid = *cid,
				  .status = wrong ? NIPFS_E_MISMATCH : NIPFS_E_NOTFOUND,
				  .bytes = { .fd = -1 } };
	return 0;
}

/* ---- the source ------------------------------------------------------------------ */

static int index_want(struct nipfs_block_source *self, const struct nipfs_want *wants,
		      size_t n, struct nipfs_error *err)
{
	return nipfs__wants_add(&of(self)->wants, wants, n, err);
}

static int begin_read(struct index_source *s, struct nipfs_error *err)
{
	const int code = s->reads == 0 && s->wants.n > 1
			     ? nipfs__index_run(&s->db, NIPFS__INDEX_BEGIN_READ, err)
			     : 0;

	if (code == 0 && (s->reads > 0 || s->wants.n > 1))
		s->reads++;
	return code;
}

static int end_read(struct index_source *s, struct nipfs_error *err)
{
	if (s->reads == 0 || (s->reads < READ_MAX && s->wants.n > 0))
		return 0;
	s->reads = 0;
	return nipfs__index_run(&s->db, NIPFS__INDEX_COMMIT, err);
}

static int index_next(struct nipfs_block_source *self, struct nipfs_block *out,
		      struct nipfs_error *err)
{
	struct index_source *s = of(self);
	struct nipfs__wanted *item = s->wants.first[0];
	struct nipfs_cid cid;
	int code;

	if (!item)
		return 1;
	code = begin_read(s, err);
	if (code < 0)
		return code;
	nipfs__wanted_cid(item, &cid);
	nipfs__wants_remove(&s->wants, item);
	code = find_block(s, &cid, out, err);
	return code < 0 ? code : end_read(s, err);
}

/* What is read after a pause is not to be what the index was before it. */
static void leave_snapshot(struct index_source *s)
{
	if (s->reads > 0 && nipfs__index_run(&s->db, NIPFS__INDEX_COMMIT, NULL) == 0)
		s->reads = 0;
}

static void index_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	struct index_source *s = of(self);

	nipfs__wants_remove(&s->wants, nipfs__wants_find(&s->wants, cid));
	if (s->wants.n == 0)
		leave_snapshot(s);
}

void nipfs__index_source_refresh(struct nipfs_block_source *source)
{
	leave_snapshot(of(source));
	nipfs__files_ask_again(&of(source)->files);
}

static void index_free(struct nipfs_block_source *self)
{
	struct index_source *s = of(self);

	nipfs__files_release(&s->files);
	nipfs__index_disconnect(&s->db);
	nipfs__wants_release(&s->wants);
	nipfs__buf_release(&s->places);
	nipfs__buf_release(&s->block);
	nipfs__buf_release(&s->note);
	free(s);
}

static const struct nipfs_block_source_ops index_ops = { index_want, index_next,
							 index_cancel, index_free, NULL };

int nipfs_index_source_new(struct nipfs_block_source **out, struct nipfs_index *index,
			   const struct nipfs_index_truth *truth, struct nipfs_error *err)
{
	struct index_source *s = calloc(1, sizeof(*s));
	int code;

	if (!s)
		return nipfs__fail_nomem(err);
	s->source = (struct nipfs_block_source){ &index_ops, index->path };
	s->name = index->path;
	s->places = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	s->block = (struct nipfs_buf)NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	s->note = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	code = nipfs__files_init(&s->files, &s->db, truth, err);
	if (code == 0)
		code = nipfs__wants_init(&s->wants, err);
	if (code == 0)
		code = nipfs__index_connect(&s->db, index->path, err);
	if (code < 0) {
		index_free(&s->source);
		return code;
	}
	*out = &s->source;
	return 0;
}
