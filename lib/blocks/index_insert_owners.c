/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing to the index: owners, from their first job to their last. */
#include <time.h>

#include "lib/blocks/index_insert.h"
#include "multiformats/base/slice.h"

static int store_id(struct nipfs__insert *in, const char *dir, int64_t *out,
		    struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(in->db, NIPFS__INDEX_STORE_ADD, &st, err);

	if (code == 0) {
		(void)sqlite3_bind_text(st, 1, dir, -1, SQLITE_STATIC);
		code = nipfs__index_step(in->db, st, err);
	}
	if (code == 0)
		code = nipfs__index_use(in->db, NIPFS__INDEX_STORE_FIND, &st, err);
	if (code < 0)
		return code;
	(void)sqlite3_bind_text(st, 1, dir, -1, SQLITE_STATIC);
	code = nipfs__index_step(in->db, st, err);
	if (code == 1)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return code < 0 ? code : 0;
}

/* Binds kind, store, base and narHash as ?1 … ?4. */
static int bind_key(struct nipfs__insert *in, sqlite3_stmt *st,
		    const struct nipfs__index_record *record, struct nipfs_error *err)
{
	int64_t store = 0;
	const int code = store_id(in, record->store_dir, &store, err);

	(void)sqlite3_bind_int(st, 1, (int)record->kind);
	(void)sqlite3_bind_int64(st, 2, store);
	(void)sqlite3_bind_text(st, 3, record->path.base, -1, SQLITE_STATIC);
	nipfs__sql_bind_blob(st, 4,
			     nipfs__slice(record->nar_hash, sizeof(record->nar_hash)));
	return code;
}

/* Whether the very same owner is there, complete. Return: 1, 0 or a negative code. */
static int is_there(struct nipfs__insert *in, const struct nipfs__index_record *record,
		    struct nipfs_error *err)
{
	uint8_t root[NIPFS_CID_BYTES_MAX], nar[NIPFS_CID_BYTES_MAX];
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(in->db, NIPFS__INDEX_OWNER_SAME, &st, err);

	if (code == 0)
		code = bind_key(in, st, record, err);
	if (code < 0)
		return code;
	nipfs__sql_bind_blob(
	    st, 5, nipfs__slice(root, nipfs_cid_encode(&record->root.cid, root)));
	if (record->has_nar)
		nipfs__sql_bind_blob(
		    st, 6, nipfs__slice(nar, nipfs_cid_encode(&record->nar.cid, nar)));
	code = nipfs__index_step(in->db, st, err);
	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
	return code;
}

static int add_owner(struct nipfs__insert *in, struct nipfs__index_record *record,
		     struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(in->db, NIPFS__INDEX_OWNER_ADD, &st, err);

	if (code == 0)
		code = bind_key(in, st, record, err);
	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 5, (sqlite3_int64)record->nar_size);
	code = nipfs__index_step(in->db, st, err);
	if (code == 0) {
		record->id = sqlite3_last_insert_rowid(in->db->sql.db);
		record->fresh = true;
	}
	return code;
}

int nipfs__insert_begin_job(struct nipfs__insert *in, int lock_fd,
			    const struct nipfs__index_job *job, struct nipfs_error *err)
{
	struct nipfs__index_record *record = job->record;
	int code = 0;

	if (record->id || job->end == NIPFS__JOB_ABORT)
		return 0;
	if (job->end == NIPFS__JOB_COMMIT) {
		code = is_there(in, record, err);
		if (code != 0)
			return code < 0 ? code : 0;
	}
	code = add_owner(in, record, err);
	if (code == 0 && job->end == NIPFS__JOB_MORE)
		code = nipfs__index_lock_owner(lock_fd, record->id, err);
	return code;
}

static int delete_owner(struct nipfs__insert *in, int64_t id, struct nipfs_error *err)
{
	return nipfs__index_run_with(in->db, NIPFS__INDEX_OWNER_DELETE, (uint64_t)id,
				     NULL, err);
}

/* Deletes what the owner takes the place of. */
static int replace_older(struct nipfs__insert *in,
			 const struct nipfs__index_record *record,
			 struct nipfs_slice root, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(in->db, NIPFS__INDEX_OWNER_REPLACE, &st, err);

	if (code == 0)
		code = bind_key(in, st, record, err);
	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 4, record->id);
	nipfs__sql_bind_blob(st, 5, root);
	return nipfs__index_step(in->db, st, err);
}

static void bind_link(sqlite3_stmt *st, int at, const struct nipfs_link *link,
		      struct nipfs_slice cid)
{
	nipfs__sql_bind_blob(st, at, cid);
	(void)sqlite3_bind_int64(st, at + 1, (sqlite3_int64)link->tsize);
	(void)sqlite3_bind_int64(st, at + 2, (sqlite3_int64)link->file_bytes);
}

static int finish_owner(struct nipfs__insert *in,
			const struct nipfs__index_record *record, struct nipfs_error *err)
{
	uint8_t root_raw[NIPFS_CID_BYTES_MAX], nar_raw[NIPFS_CID_BYTES_MAX];
	const struct nipfs_slice root =
	    nipfs__slice(root_raw, nipfs_cid_encode(&record->root.cid, root_raw));
	sqlite3_stmt *st = NULL;
	int code = replace_older(in, record, root, err);

	if (code == 0)
		code = nipfs__index_use(in->db, NIPFS__INDEX_OWNER_FINISH, &st, err);
	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, record->id);
	bind_link(st, 2, &record->root, root);
	if (record->has_nar)
		bind_link(
		    st, 5, &record->nar,
		    nipfs__slice(nar_raw, nipfs_cid_encode(&record->nar.cid, nar_raw)));
	(void)sqlite3_bind_int64(st, 8, (sqlite3_int64)record->chunk);
	(void)sqlite3_bind_int64(st, 9, (sqlite3_int64)time(NULL));
	(void)sqlite3_bind_int64(st, 10, (sqlite3_int64)record->blocks);
	code = nipfs__index_step(in->db, st, err);
	(void)sqlite3_clear_bindings(st);
	return code;
}

int nipfs__insert_end_job(struct nipfs__insert *in, const struct nipfs__index_job *job,
			  struct nipfs_error *err)
{
	const struct nipfs__index_record *record = job->record;
	int code;

	if (job->end == NIPFS__JOB_MORE || record->id == 0)
		return 0;
	if (job->end == NIPFS__JOB_ABORT)
		return delete_owner(in, record->id, err);
	code = record->fresh ? 0 : is_there(in, record, err);
	if (code < 0)
		return code;
	return code ? delete_owner(in, record->id, err) : finish_owner(in, record, err);
}
