/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing to the index: the blocks of many jobs, sorted, in one transaction. */
#include <stdlib.h>
#include <string.h>

#include "lib/blocks/index_insert.h"
#include "lib/blocks/place.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/pbwire.h"
#include "multiformats/base/slice.h"

/* A block of a job, as it is sorted: small, for there are many. */
struct sorted {
	uint64_t key;
	uint32_t job, item;
};

/* ---- directories ----------------------------------------------------------------- */

static int insert_dirs(struct nipfs__insert *in, const struct nipfs__index_job *job,
		       struct nipfs_error *err)
{
	struct nipfs_slice rest = nipfs__buf_slice(&job->dirs);

	while (rest.len > 0) {
		struct nipfs__index_dir dir;
		sqlite3_stmt *st = NULL;
		int code = nipfs__index_use(in->db, NIPFS__INDEX_DIR_ADD, &st, err);

		if (code < 0)
			return code;
		memcpy(&dir, rest.ptr, sizeof(dir));
		rest = nipfs__slice_skip(rest, sizeof(dir));
		(void)sqlite3_bind_int64(st, 1, job->record->id);
		(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)dir.number);
		(void)sqlite3_bind_int64(st, 3, (sqlite3_int64)dir.parent);
		nipfs__sql_bind_blob(st, 4, nipfs__slice(rest.ptr, dir.name_len));
		rest = nipfs__slice_skip(rest, dir.name_len);
		code = nipfs__index_step(in->db, st, err);
		if (code < 0)
			return code;
	}
	return 0;
}

static const struct nipfs__index_item *items_of(const struct nipfs__index_job *job)
{
	return (const void *)job->items.ptr;
}

static size_t count_items(const struct nipfs__index_job *job)
{
	return job->items.len / sizeof(struct nipfs__index_item);
}

/* ---- blocks ---------------------------------------------------------------------- */

/* Reads the places that a block has. Return: 1, 0 when there is no such row, or negative.
 */
static int get_row(struct nipfs__insert *in, uint64_t key, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(in->db, NIPFS__INDEX_BLOCK_GET, &st, err);

	nipfs__buf_clear(&in->row);
	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)key);
	code = nipfs__index_step(in->db, st, err);
	if (code == 1 && nipfs__buf_put_slice(&in->row, nipfs__sql_blob(st, 0)) < 0)
		code = nipfs__fail_nomem(err);
	(void)sqlite3_reset(st);
	return code;
}

/* Whether a node has these bytes. Return: 1, 0 or a negative code. */
static int node_is(struct nipfs__insert *in, uint64_t node, struct nipfs_slice bytes,
		   struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(in->db, NIPFS__INDEX_NODE_GET, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)node);
	code = nipfs__index_step(in->db, st, err);
	if (code == 1)
		code = nipfs__slice_eq(nipfs__sql_blob(st, 0), bytes);
	(void)sqlite3_reset(st);
	return code;
}

/* The number of a node: of the same bytes that another owner has, or of a new one. */
static int get_node(struct nipfs__insert *in, uint64_t key, struct nipfs_slice bytes,
		    uint64_t *out, struct nipfs_error *err)
{
	struct nipfs__place place;
	struct nipfs_slice rest;
	sqlite3_stmt *st = NULL;
	int code = get_row(in, key, err);

	if (code < 0)
		return code;
	rest = nipfs__buf_slice(&in->row);
	while (nipfs__place_next(&rest, &place) == 0) {
		if (place.kind != NIPFS__PLACE_NODE)
			continue;
		code = node_is(in, place.node, bytes, err);
		if (code < 0)
			return code;
		*out = place.node;
		if (code == 1)
			return 0;
	}
	code = nipfs__index_use(in->db, NIPFS__INDEX_NODE_ADD, &st, err);
	if (code < 0)
		return code;
	nipfs__sql_bind_blob(st, 1, bytes);
	code = nipfs__index_step(in->db, st, err);
	*out = (uint64_t)sqlite3_last_insert_rowid(in->db->sql.db);
	in->nodes++;
	return code;
}

/* Adds in->place to the places of a block. */
static int insert_place(struct nipfs__insert *in, uint64_t key, struct nipfs_error *err)
{
	const struct nipfs_slice place = nipfs__buf_slice(&in->place);
	struct nipfs_slice row;
	int code =
	    nipfs__index_run_with(in->db, NIPFS__INDEX_BLOCK_ADD, key, &place, err);

	if (code < 0)
		return code;
	if (sqlite3_changes(in->db->sql.db) > 0) {
		in->blocks++;
		return 0;
	}
	code = get_row(in, key, err);
	if (code < 0)
		return code;
	if (in->row.len + place.len > NIPFS__INDEX_PLACES_BYTES)
		return nipfs__index_run_with(in->db, NIPFS__INDEX_EXTRA_ADD, key, &place,
					     err);
	if (nipfs__buf_put_slice(&in->row, place) < 0)
		return nipfs__fail_nomem(err);
	row = nipfs__buf_slice(&in->row);
	return nipfs__index_run_with(in->db, NIPFS__INDEX_BLOCK_SET, key, &row, err);
}

static int insert_block(struct nipfs__insert *in, const struct nipfs__index_job *job,
			size_t item, struct nipfs_error *err)
{
	const struct nipfs__index_item *i = &items_of(job)[item];
	struct nipfs_slice bytes = nipfs__slice(job->bytes.ptr + i->at, i->len);
	struct nipfs__place place = { .kind = NIPFS__PLACE_NODE };
	int code = 0;

	if (bytes.ptr[0] == NIPFS__PLACE_NODE)
		code =
		    get_node(in, i->key, nipfs__slice_skip(bytes, 1), &place.node, err);
	else
		code = nipfs__place_next(&bytes, &place);
	if (code < 0)
		return code;
	place.owner = (uint64_t)job->record->id;
	nipfs__buf_clear(&in->place);
	if (nipfs__place_put(&in->place, &place) < 0)
		return nipfs__fail_nomem(err);
	return insert_place(in, i->key, err);
}

static int by_key(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static bool is_written(const struct nipfs__index_job *job)
{
	return job->record->id && !job->record->failed && job->end != NIPFS__JOB_ABORT;
}

/* The jobs that are written, and their blocks in the order of their keys. */
static int sort_blocks(const struct nipfs__index_job *first, struct nipfs_buf *jobs,
		       struct nipfs_buf *blocks)
{
	size_t n = 0;

	for (const struct nipfs__index_job *job = first; job; job = job->next)
		n += count_items(job);
	if (nipfs__buf_reserve(blocks, n * sizeof(struct sorted)) < 0)
		return NIPFS_E_NOMEM;
	for (const struct nipfs__index_job *job = first; job; job = job->next) {
		struct sorted s = { .job = (uint32_t)(jobs->len / sizeof(job)) };

		if (!is_written(job))
			continue;
		if (nipfs__buf_put(jobs, &job, sizeof(job)) < 0)
			return NIPFS_E_NOMEM;
		for (; s.item < count_items(job); s.item++) {
			s.key = items_of(job)[s.item].key;
			if (nipfs__buf_put(blocks, &s, sizeof(s)) < 0)
				return NIPFS_E_NOMEM;
		}
	}
	if (blocks->len > 0)
		qsort(blocks->ptr, blocks->len / sizeof(struct sorted),
		      sizeof(struct sorted), by_key);
	return 0;
}

static int insert_blocks(struct nipfs__insert *in, const struct nipfs__index_job *first,
			 struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf jobs = NIPFS_BUF_INIT(SIZE_MAX);
	nipfs_auto_buf struct nipfs_buf blocks = NIPFS_BUF_INIT(SIZE_MAX);
	const struct nipfs__index_job *const *job;
	const struct sorted *s;
	int code = sort_blocks(first, &jobs, &blocks);

	if (code < 0)
		return nipfs__fail_nomem(err);
	job = (const void *)jobs.ptr;
	s = (const void *)blocks.ptr;
	for (size_t i = 0; i < blocks.len / sizeof(*s) && code == 0; i++)
		code = insert_block(in, job[s[i].job], s[i].item, err);
	return code;
}

/* ---- the transaction ------------------------------------------------------------- */

static int count(struct nipfs__insert *in, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	const int code = nipfs__index_use(in->db, NIPFS__INDEX_COUNT_ADD, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, in->blocks);
	(void)sqlite3_bind_int64(st, 2, in->nodes);
	return nipfs__index_step(in->db, st, err);
}

static int insert_all(struct nipfs__insert *in, const struct nipfs_index *index,
		      const struct nipfs__index_job *jobs, struct nipfs_error *err)
{
	int code = 0;

	for (const struct nipfs__index_job *job = jobs; job && code == 0;
	     job = job->next) {
		if (!job->record->failed)
			code = nipfs__insert_begin_job(in, index->lock_fd, job, err);
		if (code == 0 && is_written(job))
			code = insert_dirs(in, job, err);
	}
	if (code == 0)
		code = insert_blocks(in, jobs, err);
	for (const struct nipfs__index_job *job = jobs; job && code == 0; job = job->next)
		if (!job->record->failed || job->end == NIPFS__JOB_ABORT)
			code = nipfs__insert_end_job(in, job, err);
	return code == 0 ? count(in, err) : code;
}

int nipfs__index_insert(struct nipfs_index *index, struct nipfs__index_db *db,
			struct nipfs__index_job *jobs, struct nipfs_error *err)
{
	struct nipfs__insert in = { .db = db,
				    .row = NIPFS_BUF_INIT(SIZE_MAX),
				    .place = NIPFS_BUF_INIT(SIZE_MAX) };
	int code = nipfs__index_run(db, NIPFS__INDEX_BEGIN, err);

	if (code == 0)
		code = nipfs__index_end(db, insert_all(&in, index, jobs, err), err);
	for (struct nipfs__index_job *job = jobs; job; job = job->next) {
		struct nipfs__index_record *record = job->record;

		/* the number of a row that was taken back goes to somebody else */
		if (record->fresh && code < 0) {
			nipfs__index_unlock_owner(index->lock_fd, record->id);
			record->id = 0;
		}
		record->fresh = false;
	}
	nipfs__buf_release(&in.row);
	nipfs__buf_release(&in.place);
	return code;
}
