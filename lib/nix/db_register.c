/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making paths valid in the database of a Nix store, and adding signatures. */
#include "lib/nix/db.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nixipfs/nix_hash.h>

#include "lib/nix/derivation.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { SIGS_TEXT_MAX = NIPFS_PATH_SIGS_MAX * (NIPFS_SIG_TEXT_MAX + 1) };

/* Separated by blanks; NULL in the database where there is none. */
static int join_sigs(const struct nipfs_path_info *info, struct nipfs_buf *out,
		     struct nipfs_error *err)
{
	for (size_t i = 0; i < info->n_sigs; i++) {
		const int r = nipfs__buf_printf(out, "%s%s", i ? " " : "", info->sigs[i]);

		if (r < 0)
			return nipfs__fail(err, r, "cannot keep the signatures of '%s': %s",
					   info->path.base, nipfs_err_text(r));
	}
	return 0;
}

static void bind_buf(sqlite3_stmt *stmt, int index, const struct nipfs_buf *b)
{
	if (b->len)
		(void)sqlite3_bind_text(stmt, index, (const char *)b->ptr, (int)b->len,
					SQLITE_STATIC);
}

static int insert_row(struct nipfs__db *db, const struct nipfs_path_info *info, int64_t *id,
		      struct nipfs_error *err)
{
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(info->nar_hash);
	nipfs_auto_buf struct nipfs_buf sigs = NIPFS_BUF_INIT(SIGS_TEXT_MAX);
	char path[NIPFS_STORE_PATH_MAX], deriver[NIPFS_STORE_PATH_MAX];
	char hash_text[NIPFS_NIX_HASH_TEXT_MAX];
	sqlite3_stmt *stmt;
	int r = join_sigs(info, &sigs, err);

	if (r == 0)
		r = nipfs__db_use(db, NIPFS__DB_INSERT_PATH, &stmt, err);
	if (r < 0)
		return r;
	nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE16, hash_text);
	nipfs__db_bind_path(db, stmt, 1, &info->path, path);
	(void)sqlite3_bind_text(stmt, 2, hash_text, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(stmt, 3, (sqlite3_int64)time(NULL));
	if (info->has_deriver)
		nipfs__db_bind_path(db, stmt, 4, &info->deriver, deriver);
	if (info->nar_size)
		(void)sqlite3_bind_int64(stmt, 5, (sqlite3_int64)info->nar_size);
	bind_buf(stmt, 6, &sigs);
	if (info->ca)
		(void)sqlite3_bind_text(stmt, 7, info->ca, -1, SQLITE_STATIC);
	r = nipfs__db_step(db, stmt, err);
	nipfs__db_done(stmt);
	*id = sqlite3_last_insert_rowid(db->sql);
	return r;
}

static int insert_ref(struct nipfs__db *db, int64_t referrer,
		      const struct nipfs_store_path *ref, struct nipfs_error *err)
{
	sqlite3_stmt *stmt;
	int64_t id;
	int r = nipfs__db_path_id(db, ref, &id, err);

	if (r == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND,
				   "the reference '%s' is not valid in this store", ref->base);
	if (r == 1)
		r = nipfs__db_use(db, NIPFS__DB_INSERT_REF, &stmt, err);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(stmt, 1, referrer);
	(void)sqlite3_bind_int64(stmt, 2, id);
	r = nipfs__db_step(db, stmt, err);
	nipfs__db_done(stmt);
	return r;
}

static int insert_output(struct nipfs__db *db, int64_t drv,
			 const struct nipfs__drv_output *output, struct nipfs_error *err)
{
	char path[NIPFS_STORE_PATH_MAX];
	sqlite3_stmt *stmt;
	int r;

	if (!output->has_path)
		return 0;
	r = nipfs__db_use(db, NIPFS__DB_INSERT_OUTPUT, &stmt, err);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(stmt, 1, drv);
	(void)sqlite3_bind_text(stmt, 2, output->name, -1, SQLITE_STATIC);
	nipfs__db_bind_path(db, stmt, 3, &output->path, path);
	r = nipfs__db_step(db, stmt, err);
	nipfs__db_done(stmt);
	return r;
}

int nipfs__db_register(struct nipfs__db *db, const struct nipfs_path_info *info,
		       const struct nipfs__drv_outputs *outputs, struct nipfs_error *err)
{
	int64_t id;
	int r = nipfs__db_path_id(db, &info->path, &id, err);

	if (r != 0)
		return r;
	r = insert_row(db, info, &id, err);
	for (size_t i = 0; r == 0 && i < info->n_refs; i++)
		r = insert_ref(db, id, &info->refs[i], err);
	for (size_t i = 0; r == 0 && outputs && i < outputs->n; i++)
		r = insert_output(db, id, &outputs->items[i], err);
	return r;
}

/* Whether @sig is one of the words of @sigs. */
static bool has_word(const struct nipfs_buf *sigs, const char *sig)
{
	const size_t len = strlen(sig);
	struct nipfs_slice rest = nipfs__buf_slice(sigs);

	while (rest.len) {
		const uint8_t *blank = memchr(rest.ptr, ' ', rest.len);
		const size_t word = blank ? (size_t)(blank - rest.ptr) : rest.len;

		if (word == len && memcmp(rest.ptr, sig, len) == 0)
			return true;
		rest = nipfs__slice_skip(rest, blank ? word + 1 : word);
	}
	return false;
}

/* What stands in the database, whatever it is, with what is new behind it. */
static int read_and_add(struct nipfs__db *db, const char *path, const char *const *sigs,
			size_t n, struct nipfs_buf *out, struct nipfs_error *err)
{
	sqlite3_stmt *stmt;
	int r = nipfs__db_use(db, NIPFS__DB_GET_SIGS, &stmt, err);

	if (r < 0)
		return r;
	(void)sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	r = nipfs__db_step(db, stmt, err);
	if (r == 0)
		r = nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' is not a valid path of this store",
				path);
	if (r == 1)
		r = nipfs__buf_put_slice(out, nipfs__db_column(stmt, 0));
	nipfs__db_done(stmt);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!has_word(out, sigs[i]))
			r = nipfs__buf_printf(out, "%s%s", out->len ? " " : "", sigs[i]);
	return r;
}

int nipfs__db_add_signatures(struct nipfs__db *db, const struct nipfs_store_path *path,
			     const char *const *sigs, size_t n, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf merged = NIPFS_BUF_INIT(2 * SIGS_TEXT_MAX);
	char text[NIPFS_STORE_PATH_MAX];
	sqlite3_stmt *stmt;
	int r;

	nipfs_store_path_format(path, db->store_dir, text);
	r = read_and_add(db, text, sigs, n, &merged, err);
	if (r == NIPFS_E_LIMIT || r == NIPFS_E_NOMEM)
		return nipfs__fail(err, r, "cannot keep the signatures of '%s': %s", text,
				   nipfs_err_text(r));
	if (r == 0)
		r = nipfs__db_use(db, NIPFS__DB_SET_SIGS, &stmt, err);
	if (r < 0)
		return r;
	(void)sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	bind_buf(stmt, 2, &merged);
	r = nipfs__db_step(db, stmt, err);
	nipfs__db_done(stmt);
	return r;
}
