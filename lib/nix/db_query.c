/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the database of a Nix store says about one path. */
#include "lib/nix/db.h"

#include <stdlib.h>
#include <string.h>

#include <nixipfs/nix_hash.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

/* Columns of NIPFS__DB_PATH_INFO. */
enum { COL_ID, COL_HASH, COL_TIME, COL_DERIVER, COL_SIZE, COL_ULTIMATE, COL_SIGS, COL_CA };

int nipfs__db_path_id(struct nipfs__db *db, const struct nipfs_store_path *path,
		      int64_t *id, struct nipfs_error *err)
{
	char text[NIPFS_STORE_PATH_MAX];
	sqlite3_stmt *stmt;
	int r = nipfs__db_use(db, NIPFS__DB_PATH_ID, &stmt, err);

	if (r < 0)
		return r;
	nipfs__db_bind_path(db, stmt, 1, path, text);
	r = nipfs__db_step(db, stmt, err);
	if (r == 1)
		*id = sqlite3_column_int64(stmt, 0);
	nipfs__db_done(stmt);
	return r;
}

int nipfs__db_column_nar(sqlite3_stmt *stmt, int hash_column, int size_column,
			 uint8_t *hash, uint64_t *size)
{
	const int64_t bytes = sqlite3_column_int64(stmt, size_column);
	struct nipfs_nix_hash parsed;
	const int r = nipfs_nix_hash_parse(nipfs__db_column(stmt, hash_column), &parsed);

	if (r < 0 || parsed.algo != NIPFS_NIX_SHA256 || bytes < 0)
		return NIPFS_E_INVALID;
	memcpy(hash, parsed.bytes, 32);
	*size = (uint64_t)bytes;
	return 0;
}

/* Old versions of Nix took anything for a signature; what is none is passed over. */
static int add_sigs(struct nipfs_path_info *info, struct nipfs_slice sigs)
{
	while (sigs.len) {
		const uint8_t *blank = memchr(sigs.ptr, ' ', sigs.len);
		const size_t len = blank ? (size_t)(blank - sigs.ptr) : sigs.len;
		int r = 0;

		if (len)
			r = nipfs_path_info_add_sig(info, nipfs__slice(sigs.ptr, len));
		if (r < 0 && r != NIPFS_E_INVALID)
			return r;
		sigs = nipfs__slice_skip(sigs, blank ? len + 1 : len);
	}
	return 0;
}

static int read_row(const struct nipfs__db *db, sqlite3_stmt *stmt,
		    struct nipfs_path_info *info, struct nipfs_error *err)
{
	int r = nipfs__db_column_nar(stmt, COL_HASH, COL_SIZE, info->nar_hash,
				     &info->nar_size);

	if (r < 0)
		return nipfs__fail(err, r, "the database '%s' has no NAR hash and size of '%s'",
				   db->file, info->path.base);
	info->registration_time = sqlite3_column_int64(stmt, COL_TIME);
	info->ultimate = sqlite3_column_int64(stmt, COL_ULTIMATE) == 1;
	if (sqlite3_column_type(stmt, COL_DERIVER) != SQLITE_NULL) {
		r = nipfs__db_column_path(db, stmt, COL_DERIVER, &info->deriver, err);
		if (r < 0)
			return r;
		info->has_deriver = true;
	}
	r = add_sigs(info, nipfs__db_column(stmt, COL_SIGS));
	if (r < 0)
		return nipfs__fail(err, r, "cannot read the signatures of '%s': %s",
				   info->path.base, nipfs_err_text(r));
	r = nipfs_path_info_set_ca(info, nipfs__db_column(stmt, COL_CA));
	if (r < 0)
		return nipfs__fail(err, r, "cannot read the content address '%.*s' of '%s': %s",
				   NIPFS_FMT(nipfs__db_column(stmt, COL_CA)), info->path.base,
				   nipfs_err_text(r));
	return 0;
}

/* A growing array of paths. */
struct paths {
	struct nipfs_store_path *items;
	size_t n, cap;
};

static int add_path(struct paths *p, const struct nipfs_store_path *path,
		    struct nipfs_error *err)
{
	if (p->n == p->cap) {
		const size_t cap = p->cap ? p->cap * 2 : 16;
		struct nipfs_store_path *items;

		items = reallocarray(p->items, cap, sizeof(*items));
		if (!items)
			return nipfs__fail_nomem(err);
		p->items = items;
		p->cap = cap;
	}
	p->items[p->n++] = *path;
	return 0;
}

/* All rows of a statement that is bound, which are paths. */
static int collect(struct nipfs__db *db, sqlite3_stmt *stmt, struct paths *out,
		   struct nipfs_error *err)
{
	int r;

	while ((r = nipfs__db_step(db, stmt, err)) == 1) {
		struct nipfs_store_path path;

		r = nipfs__db_column_path(db, stmt, 0, &path, err);
		if (r == 0)
			r = add_path(out, &path, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_refs(struct nipfs__db *db, int64_t id, struct nipfs_path_info *info,
		     struct nipfs_error *err)
{
	struct paths refs = { NULL, 0, 0 };
	sqlite3_stmt *stmt;
	int r = nipfs__db_use(db, NIPFS__DB_PATH_REFS, &stmt, err);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(stmt, 1, id);
	r = collect(db, stmt, &refs, err);
	nipfs__db_done(stmt);
	if (r == 0 && (r = nipfs_path_info_set_refs(info, refs.items, refs.n)) < 0)
		r = nipfs__fail(err, r, "cannot keep the references of '%s': %s",
				info->path.base, nipfs_err_text(r));
	free(refs.items);
	return r;
}

int nipfs__db_path_info(struct nipfs__db *db, const struct nipfs_store_path *path,
			struct nipfs_path_info *out, struct nipfs_error *err)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	char text[NIPFS_STORE_PATH_MAX];
	sqlite3_stmt *stmt;
	int64_t id = 0;
	int r = nipfs__db_use(db, NIPFS__DB_PATH_INFO, &stmt, err);

	if (r < 0)
		return r;
	info.path = *path;
	nipfs__db_bind_path(db, stmt, 1, path, text);
	r = nipfs__db_step(db, stmt, err);
	if (r == 0)
		r = nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' is not a valid path of this store",
				text);
	if (r == 1) {
		id = sqlite3_column_int64(stmt, COL_ID);
		r = read_row(db, stmt, &info, err);
	}
	nipfs__db_done(stmt);
	if (r == 0)
		r = read_refs(db, id, &info, err);
	if (r < 0)
		nipfs_path_info_release(&info);
	else
		*out = info;
	return r;
}

int nipfs__db_referrers(struct nipfs__db *db, const struct nipfs_store_path *path,
			struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	char text[NIPFS_STORE_PATH_MAX];
	struct paths found = { NULL, 0, 0 };
	sqlite3_stmt *stmt;
	int r = nipfs__db_use(db, NIPFS__DB_REFERRERS, &stmt, err);

	if (r < 0)
		return r;
	nipfs__db_bind_path(db, stmt, 1, path, text);
	r = collect(db, stmt, &found, err);
	nipfs__db_done(stmt);
	if (r < 0) {
		free(found.items);
		return r;
	}
	*n = nipfs_store_path_sort(found.items, found.n);
	*out = found.items;
	return 0;
}
