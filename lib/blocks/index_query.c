/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the index holds, as a whole. */
#include <stdio.h>
#include <sys/stat.h>

#include "lib/blocks/index.h"
#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

int nipfs_index_find(struct nipfs_index *index, const struct nipfs_index_key *key,
		     struct nipfs_index_owner *out, struct nipfs_error *err)
{
	struct nipfs_index_owner owner;
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_OWNER_FIND, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_text(st, 1, key->store_dir, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, key->path.base, -1, SQLITE_STATIC);
	nipfs__sql_bind_blob(st, 3, nipfs__slice(key->nar_hash, sizeof(key->nar_hash)));
	code = nipfs__index_step(&index->db, st, err);
	if (code == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' is not in the index",
				   key->path.base);
	if (code == 1)
		code = nipfs__index_owner_row(&index->db, st, &owner, err);
	(void)sqlite3_reset(st);
	if (code == 0 && out) {
		owner.key.store_dir = key->store_dir;
		*out = owner;
	}
	return code;
}

int nipfs_index_list(struct nipfs_index *index,
		     int (*each)(void *ctx, const struct nipfs_index_owner *owner,
				 struct nipfs_error *err),
		     void *ctx, struct nipfs_error *err)
{
	struct nipfs_index_owner owner;
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_OWNER_LIST, &st, err);

	while (code >= 0 && (code = nipfs__index_step(&index->db, st, err)) == 1) {
		code = nipfs__index_owner_row(&index->db, st, &owner, err);
		if (code == 0)
			code = each(ctx, &owner, err);
	}
	if (code < 0)
		(void)sqlite3_reset(st);
	return code;
}

/* Bytes of the database and of the journal beside it. */
static uint64_t file_bytes(const struct nipfs_index *index)
{
	struct nipfs_buf wal = NIPFS_BUF_INIT(SIZE_MAX);
	uint64_t sum = 0;
	struct stat st;

	if (stat(index->path, &st) == 0)
		sum += (uint64_t)st.st_size;
	if (nipfs__buf_printf(&wal, "%s-wal", index->path) == 0 &&
	    nipfs__buf_terminate(&wal) == 0 && stat((const char *)wal.ptr, &st) == 0)
		sum += (uint64_t)st.st_size;
	nipfs__buf_release(&wal);
	return sum;
}

static int count_owners(struct nipfs_index *index, struct nipfs_index_stats *out,
			struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_OWNER_SUMS, &st, err);

	while (code >= 0 && (code = nipfs__index_step(&index->db, st, err)) == 1) {
		const uint64_t n = (uint64_t)sqlite3_column_int64(st, 1);

		if (sqlite3_column_int(st, 0) == NIPFS_INDEX_PATH) {
			out->paths = n;
			out->nar_bytes = (uint64_t)sqlite3_column_int64(st, 2);
		} else {
			out->closures = n;
		}
	}
	return code;
}

int nipfs_index_stats(struct nipfs_index *index, struct nipfs_index_stats *out,
		      struct nipfs_error *err)
{
	struct nipfs_index_stats stats = { 0 };
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_COUNT_GET, &st, err);

	if (code == 0)
		code = nipfs__index_step(&index->db, st, err);
	if (code == 1) {
		stats.blocks = (uint64_t)sqlite3_column_int64(st, 0);
		stats.nodes = (uint64_t)sqlite3_column_int64(st, 1);
		stats.swept = sqlite3_column_int(st, 2) == 0;
		(void)sqlite3_reset(st);
	}
	if (code >= 0)
		code = count_owners(index, &stats, err);
	if (code < 0)
		return code;
	stats.file_bytes = file_bytes(index);
	*out = stats;
	return 0;
}

int nipfs_index_remove(struct nipfs_index *index, const char *store_dir,
		       const struct nipfs_store_path *path, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_OWNER_REMOVE, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_text(st, 1, store_dir, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, path->base, -1, SQLITE_STATIC);
	code = nipfs__index_step(&index->db, st, err);
	if (code == 0 && sqlite3_changes(index->db.sql.db) == 0)
		code = nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' is not in the index",
				   path->base);
	return code;
}
