/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store whose files and database are at hand: what the database answers, and changes. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/nix/place.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static int read_begin(struct nipfs_store *store, struct nipfs_error *err)
{
	const int r = nipfs__db_refresh(&store->db, err);

	return r < 0 ? r : nipfs__db_begin(&store->db, NIPFS__DB_BEGIN_READ, err);
}

static int is_valid(struct nipfs_store *store, const struct nipfs_store_path *path,
		    struct nipfs_error *err)
{
	int64_t id;
	const int r = nipfs__db_refresh(&store->db, err);

	return r < 0 ? r : nipfs__db_path_id(&store->db, path, &id, err);
}

static int query(struct nipfs_store *store, const struct nipfs_store_path *path,
		 struct nipfs_path_info *out, struct nipfs_error *err)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	int r = read_begin(store, err);

	if (r < 0)
		return r;
	r = nipfs__db_end(&store->db, nipfs__db_path_info(&store->db, path, &info, err), err);
	if (r < 0)
		nipfs_path_info_release(&info);
	else
		*out = info;
	return r;
}

static int find_hash_part(struct nipfs_store *store, struct nipfs_slice hash_part,
			  struct nipfs_store_path *out, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf prefix = NIPFS_BUF_INIT(NIPFS_STORE_PATH_MAX);
	struct nipfs_store_path path;
	sqlite3_stmt *stmt;
	int r;

	r = nipfs__buf_printf(&prefix, "%s/%.*s-", store->env.store_dir, NIPFS_FMT(hash_part));
	if (r < 0)
		return nipfs__fail_nomem(err);
	r = nipfs__db_refresh(&store->db, err);
	if (r == 0)
		r = nipfs__db_use(&store->db, NIPFS__DB_HASH_PART, &stmt, err);
	if (r < 0)
		return r;
	(void)sqlite3_bind_text(stmt, 1, (const char *)prefix.ptr, (int)prefix.len,
				SQLITE_STATIC);
	r = nipfs__db_step(&store->db, stmt, err);
	if (r == 1) {
		const struct nipfs_slice found = nipfs__db_column(stmt, 0);

		if (found.len < prefix.len || memcmp(found.ptr, prefix.ptr, prefix.len) != 0)
			r = 0;
		else if ((r = nipfs__db_column_path(&store->db, stmt, 0, &path, err)) == 0)
			r = 1;
	}
	nipfs__db_done(stmt);
	if (r == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "no valid path of the store has the "
				   "hash part '%.*s'", NIPFS_FMT(hash_part));
	if (r < 0)
		return r;
	*out = path;
	return 0;
}

static int referrers(struct nipfs_store *store, const struct nipfs_store_path *path,
		     struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	const int r = nipfs__db_refresh(&store->db, err);

	return r < 0 ? r : nipfs__db_referrers(&store->db, path, out, n, err);
}

static int read_entry(const struct nipfs__db *db, sqlite3_stmt *stmt,
		      struct nipfs_store_entry *entry, struct nipfs_error *err)
{
	int r;

	*entry = (struct nipfs_store_entry){ 0 };
	r = nipfs__db_column_path(db, stmt, 1, &entry->path, err);
	if (r == 0 &&
	    (r = nipfs__db_column_nar(stmt, 2, 3, entry->nar_hash, &entry->nar_size)) < 0)
		r = nipfs__fail(err, r, "the database '%s' has no NAR hash and size of '%s'",
				db->file, entry->path.base);
	return r;
}

static int list(struct nipfs_store *store, int64_t *cursor, struct nipfs_store_entry *entries,
		unsigned int max, struct nipfs_error *err)
{
	int64_t last = *cursor;
	sqlite3_stmt *stmt;
	int n = 0, r = nipfs__db_refresh(&store->db, err);

	if (r == 0)
		r = nipfs__db_use(&store->db, NIPFS__DB_LIST, &stmt, err);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(stmt, 1, last);
	(void)sqlite3_bind_int64(stmt, 2, (sqlite3_int64)(max < INT_MAX ? max : INT_MAX));
	while ((r = nipfs__db_step(&store->db, stmt, err)) == 1) {
		last = sqlite3_column_int64(stmt, 0);
		r = read_entry(&store->db, stmt, &entries[n], err);
		if (r < 0)
			break;
		n++;
	}
	nipfs__db_done(stmt);
	if (r < 0)
		return r;
	*cursor = last;
	return n;
}

/* Inside of read_begin() and read_end(). */
static int refs(struct nipfs_store *store, const struct nipfs_store_path *path,
		nipfs__ref_fn *each, void *ctx, struct nipfs_error *err)
{
	struct nipfs__db *db = &store->db;
	struct nipfs_store_path ref;
	sqlite3_stmt *stmt;
	int64_t id = 0;
	int r = nipfs__db_path_id(db, path, &id, err);

	if (r == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s/%s' is not valid",
				   db->store_dir, path->base);
	if (r == 1)
		r = nipfs__db_use(db, NIPFS__DB_PATH_REFS, &stmt, err);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(stmt, 1, id);
	while ((r = nipfs__db_step(db, stmt, err)) == 1) {
		r = nipfs__db_column_path(db, stmt, 0, &ref, err);
		if (r == 0)
			r = each(ctx, &ref, err);
		if (r < 0)
			break;
	}
	nipfs__db_done(stmt);
	return r;
}

static int read_end(struct nipfs_store *store, int result, struct nipfs_error *err)
{
	return nipfs__db_end(&store->db, result, err);
}

static int add_temp_roots(struct nipfs_store *store, const struct nipfs_store_path *paths,
			  size_t n, struct nipfs_error *err)
{
	/* A file of ours in a foreign store would be one that its collector cannot read. */
	if (!store->owned)
		return NIPFS_STORE_UNPROTECTED;
	return nipfs__temp_roots_add(&store->roots, paths, n, err);
}

static int add_signatures(struct nipfs_store *store, const struct nipfs_store_path *path,
			  const char *const *sigs, size_t n, struct nipfs_error *err)
{
	const int r = nipfs__db_begin(&store->db, NIPFS__DB_BEGIN_WRITE, err);

	if (r < 0)
		return r;
	return nipfs__db_end(&store->db,
			     nipfs__db_add_signatures(&store->db, path, sigs, n, err), err);
}

static void close_local(struct nipfs_store *store)
{
	nipfs__drv_hashes_release(&store->drv_hashes);
	nipfs__temp_roots_release(&store->roots);
	nipfs__db_close(&store->db);
	if (store->big_lock >= 0)
		(void)close(store->big_lock);
	store->big_lock = -1;
}

const struct nipfs__store_backend nipfs__store_local = {
	.is_valid = is_valid,
	.query = query,
	.find_hash_part = find_hash_part,
	.referrers = referrers,
	.list = list,
	.read_begin = read_begin,
	.read_end = read_end,
	.refs = refs,
	.add_temp_roots = add_temp_roots,
	.register_root = nipfs__local_register_root,
	.add_signatures = add_signatures,
	.substitute = nipfs__local_substitute,
	.max_placements = NIPFS_PLACEMENTS_MAX,
	.begin = nipfs__local_begin,
	.sink = nipfs__local_sink,
	.finish = nipfs__local_finish,
	.commit = nipfs__local_commit,
	.abort = nipfs__local_abort,
	.add_tree = nipfs__local_add_tree,
	.close = close_local,
};
