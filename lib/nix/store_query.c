/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Nix store answers about its paths. */
#include <limits.h>
#include <string.h>

#include "lib/nix/store.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

int nipfs__store_begin_read(struct nipfs_store *store, struct nipfs_error *err)
{
	const int r = nipfs__db_refresh(&store->db, err);

	return r < 0 ? r : nipfs__db_begin(&store->db, NIPFS__DB_BEGIN_READ, err);
}

int nipfs_store_is_valid(struct nipfs_store *store, const struct nipfs_store_path *path,
			 struct nipfs_error *err)
{
	int64_t id;
	const int r = nipfs__db_refresh(&store->db, err);

	return r < 0 ? r : nipfs__db_path_id(&store->db, path, &id, err);
}

int nipfs_store_query(struct nipfs_store *store, const struct nipfs_store_path *path,
		      struct nipfs_path_info *out, struct nipfs_error *err)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	int r = nipfs__store_begin_read(store, err);

	if (r < 0)
		return r;
	r = nipfs__db_end(&store->db, nipfs__db_path_info(&store->db, path, &info, err), err);
	if (r < 0)
		nipfs_path_info_release(&info);
	else
		*out = info;
	return r;
}

int nipfs_store_find_hash_part(struct nipfs_store *store, struct nipfs_slice hash_part,
			       struct nipfs_store_path *out, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf prefix = NIPFS_BUF_INIT(NIPFS_STORE_PATH_MAX);
	struct nipfs_store_path path;
	sqlite3_stmt *stmt;
	int r;

	if (!nipfs_store_hash_part_is_valid(hash_part))
		return nipfs__fail(err, NIPFS_E_INVALID, "'%.*s' is not the hash part of a path",
				   NIPFS_FMT(hash_part));
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

int nipfs_store_referrers(struct nipfs_store *store, const struct nipfs_store_path *path,
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

int nipfs_store_list(struct nipfs_store *store, int64_t *cursor,
		     struct nipfs_store_entry *entries, unsigned int max,
		     struct nipfs_error *err)
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

int nipfs_store_add_temp_roots(struct nipfs_store *store, const struct nipfs_store_path *paths,
			       size_t n, struct nipfs_error *err)
{
	/* A file of ours in a foreign store would be one that its collector cannot read. */
	if (!store->owned)
		return NIPFS_STORE_UNPROTECTED;
	return nipfs__temp_roots_add(&store->roots, paths, n, err);
}

int nipfs_store_add_signatures(struct nipfs_store *store, const struct nipfs_store_path *path,
			       const char *const *sigs, size_t n, struct nipfs_error *err)
{
	struct nipfs_path_info checked = NIPFS_PATH_INFO_INIT;
	int r = nipfs__store_need_write(store, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = nipfs_path_info_add_sig(&checked, nipfs__slice_str(sigs[i]));
		if (r < 0)
			r = nipfs__fail(err, r, "cannot add the signature '%s': %s", sigs[i],
					nipfs_err_text(r));
	}
	nipfs_path_info_release(&checked);
	if (r == 0)
		r = nipfs__db_begin(&store->db, NIPFS__DB_BEGIN_WRITE, err);
	if (r < 0)
		return r;
	return nipfs__db_end(&store->db,
			     nipfs__db_add_signatures(&store->db, path, sigs, n, err), err);
}
