/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forgetting owners: at once; and in a sweep through all blocks what was theirs. */
#include <stdlib.h>
#include <string.h>

#include "lib/blocks/index.h"
#include "lib/blocks/index_sweep.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* Blocks between which others may write. */
enum { SLICE_BLOCKS = 50000 };

/* A database is made smaller when more than half of it is spare, if it is of some size.
 */
enum { SPARE_PAGES_MIN = 1024 };

/* ---- owners ---------------------------------------------------------------------- */

static int put_id(struct nipfs_buf *ids, int64_t id, struct nipfs_error *err)
{
	return nipfs__buf_put(ids, &id, sizeof(id)) < 0 ? nipfs__fail_nomem(err) : 0;
}

static int64_t *ids_of(const struct nipfs_buf *ids)
{
	return (int64_t *)(void *)ids->ptr;
}

static size_t count_of(const struct nipfs_buf *ids)
{
	return ids->len / sizeof(int64_t);
}

/* Asks for each owner whether it is to be kept. */
static int choose(struct nipfs_index *index,
		  int (*keep)(void *ctx, const struct nipfs_index_owner *owner,
			      struct nipfs_error *err),
		  void *ctx, struct nipfs_buf *ids, struct nipfs_error *err)
{
	struct nipfs_index_owner owner;
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_OWNER_LIST, &st, err);

	while (code >= 0 && (code = nipfs__index_step(&index->db, st, err)) == 1) {
		code = nipfs__index_owner_row(&index->db, st, &owner, err);
		if (code == 0)
			code = keep(ctx, &owner, err);
		if (code == 0)
			code =
			    put_id(ids, sqlite3_column_int64(st, NIPFS__OWNER_ID), err);
	}
	if (code < 0)
		(void)sqlite3_reset(st);
	return code;
}

/* Runs a statement for each number, in one transaction. */
static int run_each(struct nipfs_index *index, enum nipfs__index_stmt which,
		    const struct nipfs_buf *ids, struct nipfs_error *err)
{
	int code;

	if (ids->len == 0)
		return 0;
	code = nipfs__index_run(&index->db, NIPFS__INDEX_BEGIN, err);
	if (code < 0)
		return code;
	for (size_t i = 0; i < count_of(ids) && code == 0; i++)
		code = nipfs__index_run_with(&index->db, which, (uint64_t)ids_of(ids)[i],
					     NULL, err);
	return nipfs__index_end(&index->db, code, err);
}

/* The numbers of all owners that are gone and not swept up after, sorted. */
static int list_garbage(struct nipfs_index *index, struct nipfs_buf *ids,
			struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_GARBAGE_LIST, &st, err);

	while (code >= 0 && (code = nipfs__index_step(&index->db, st, err)) == 1)
		code = put_id(ids, sqlite3_column_int64(st, 0), err);
	if (code < 0)
		(void)sqlite3_reset(st);
	return code;
}

/* ---- the sweep ------------------------------------------------------------------- */

static int total_blocks(struct nipfs_index *index, uint64_t *out, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_COUNT_GET, &st, err);

	if (code == 0)
		code = nipfs__index_step(&index->db, st, err);
	if (code == 1)
		*out = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return code < 0 ? code : 0;
}

static int sweep_slice(struct nipfs_index *index, struct nipfs__sweep *sweep,
		       struct nipfs_error *err)
{
	int code = nipfs_cancel_check(err);

	if (code == 0)
		code = nipfs__index_run(&index->db, NIPFS__INDEX_BEGIN, err);
	if (code < 0)
		return code;
	code = nipfs__sweep_slice(sweep, SLICE_BLOCKS, err);
	return nipfs__index_end(&index->db, code, err);
}

static int sweep_all(struct nipfs_index *index, const struct nipfs_buf *garbage,
		     const struct nipfs_progress *progress,
		     struct nipfs_index_pruned *pruned, struct nipfs_error *err)
{
	struct nipfs__sweep sweep;
	struct nipfs_progress_event event = { .phase = NIPFS_PHASE_PRUNE,
					      .unit = NIPFS_UNIT_ITEMS };
	int code = total_blocks(index, &event.total, err);

	nipfs__sweep_init(&sweep, &index->db, ids_of(garbage), count_of(garbage));
	while (code == 0 && !sweep.done) {
		code = sweep_slice(index, &sweep, err);
		event.done = event.items = sweep.seen;
		nipfs_progress_report(progress, &event);
	}
	pruned->blocks = sweep.blocks;
	pruned->nodes = sweep.nodes;
	nipfs__sweep_release(&sweep);
	return code;
}

/* Gives room back to the file system. That others use the database now is no failure. */
static int shrink(struct nipfs_index *index, struct nipfs_error *err)
{
	int64_t spare = 0, pages = 0;
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_SPARE, &st, err);

	if (code == 0)
		code = nipfs__index_step(&index->db, st, err);
	if (code == 1) {
		spare = sqlite3_column_int64(st, 0);
		pages = sqlite3_column_int64(st, 1);
	}
	(void)sqlite3_reset(st);
	if (code >= 0 && spare > SPARE_PAGES_MIN && spare > pages / 2) {
		const int ignored =
		    nipfs__index_run(&index->db, NIPFS__INDEX_VACUUM, NULL);

		(void)ignored;
	}
	return code < 0 ? code : 0;
}

int nipfs_index_prune(struct nipfs_index *index,
		      int (*keep)(void *ctx, const struct nipfs_index_owner *owner,
				  struct nipfs_error *err),
		      void *ctx, const struct nipfs_progress *progress,
		      struct nipfs_index_pruned *out, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf ids = NIPFS_BUF_INIT(SIZE_MAX);
	nipfs_auto_buf struct nipfs_buf garbage = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs_index_pruned pruned = { 0 };
	int code = keep ? choose(index, keep, ctx, &ids, err) : 0;

	if (code == 0)
		code = nipfs__index_bury(index, &pruned.owners, err);
	if (code == 0)
		code = run_each(index, NIPFS__INDEX_OWNER_DELETE, &ids, err);
	if (code == 0)
		code = list_garbage(index, &garbage, err);
	if (code == 0 && garbage.len > 0)
		code = sweep_all(index, &garbage, progress, &pruned, err);
	if (code == 0)
		code = run_each(index, NIPFS__INDEX_GARBAGE_DELETE, &garbage, err);
	if (code == 0)
		code = shrink(index, err);
	if (code == 0 && out) {
		pruned.owners += count_of(&ids);
		*out = pruned;
	}
	return code;
}
