/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The database of a Nix store: one connection, its statements, its transactions. */
#include "lib/nix/db.h"

#include <stdio.h>
#include <string.h>

#include <nixipfs/progress.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static const char *const stmt_sql[NIPFS__DB_STMTS] = {
#define STMT_SQL(name, sql) [NIPFS__DB_##name] = (sql),
	NIPFS__DB_STMT_MAP(STMT_SQL)
#undef STMT_SQL
};

/* What the system said where SQLite only says that it failed; 0: nothing. */
static int system_errno(const struct nipfs__db *db, int rc)
{
	const int kind = rc & 0xff;

	return db->sql && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN) ?
		       sqlite3_system_errno(db->sql) :
		       0;
}

int nipfs__db_fail(struct nipfs__db *db, int rc, const char *what, struct nipfs_error *err)
{
	const char *text = db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(rc);
	const int failed = system_errno(db, rc);

	if (nipfs_cancelled() && (rc & 0xff) == SQLITE_BUSY)
		return nipfs_cancel_check(err);
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return nipfs__fail_nomem(err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the database '%s' is damaged: %s", db->file, text);
	default:
		return failed ? nipfs__fail_errno(err, failed, "cannot %s the database '%s': %s",
						  what, db->file, text) :
				nipfs__fail(err, NIPFS_E_SYS, "cannot %s the database '%s': %s",
					    what, db->file, text);
	}
}

/*
 * Another process has the database. SQLite calls the busy handler for most of
 * these; the rest (SQLITE_PROTOCOL) comes back from step and prepare.
 */
static int wait_turn(struct nipfs__db *db, struct nipfs_error *err)
{
	char what[512];

	(void)snprintf(what, sizeof(what), "the database '%s'", db->file);
	db->busy.waiter = &db->waiter;
	return nipfs__wait_turn(&db->busy, what, err);
}

static bool is_transient(int rc)
{
	return (rc & 0xff) == SQLITE_PROTOCOL ||
	       ((rc & 0xff) == SQLITE_BUSY && !nipfs_cancelled());
}

int nipfs__db_prepare(struct nipfs__db *db, const char *sql, sqlite3_stmt **out,
		      struct nipfs_error *err)
{
	db->busy.turns = 0;
	for (;;) {
		const int rc = sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT,
						  out, NULL);
		int r;

		if (rc == SQLITE_OK)
			return 0;
		if (!is_transient(rc))
			return nipfs__db_fail(db, rc, "read", err);
		r = wait_turn(db, err);
		if (r < 0)
			return r;
	}
}

int nipfs__db_step(struct nipfs__db *db, sqlite3_stmt *stmt, struct nipfs_error *err)
{
	db->busy.turns = 0;
	for (;;) {
		const int rc = sqlite3_step(stmt);
		int r;

		if (rc == SQLITE_ROW)
			return 1;
		if (rc == SQLITE_DONE)
			return 0;
		if (!is_transient(rc))
			return nipfs__db_fail(db, rc,
					      sqlite3_stmt_readonly(stmt) ? "read" : "change",
					      err);
		(void)sqlite3_reset(stmt);
		r = wait_turn(db, err);
		if (r < 0)
			return r;
	}
}

int nipfs__db_exec(struct nipfs__db *db, const char *sql, struct nipfs_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int r = nipfs__db_prepare(db, sql, &stmt, err);

	while (r >= 0) {
		r = nipfs__db_step(db, stmt, err);
		if (r == 0)
			break;
	}
	(void)sqlite3_finalize(stmt);
	return r;
}

int nipfs__db_use(struct nipfs__db *db, enum nipfs__db_stmt which, sqlite3_stmt **out,
		  struct nipfs_error *err)
{
	if (!db->stmts[which]) {
		const int r = nipfs__db_prepare(db, stmt_sql[which], &db->stmts[which], err);

		if (r < 0)
			return r;
	}
	*out = db->stmts[which];
	return 0;
}

void nipfs__db_done(sqlite3_stmt *stmt)
{
	(void)sqlite3_reset(stmt);
	if (stmt)
		(void)sqlite3_clear_bindings(stmt);
}

void nipfs__db_bind_path(const struct nipfs__db *db, sqlite3_stmt *stmt, int index,
			 const struct nipfs_store_path *path, char *room)
{
	const size_t len = nipfs_store_path_format(path, db->store_dir, room);

	(void)sqlite3_bind_text(stmt, index, room, (int)len, SQLITE_STATIC);
}

struct nipfs_slice nipfs__db_column(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);
	const int len = sqlite3_column_bytes(stmt, column);

	return nipfs__slice(text, text && len > 0 ? (size_t)len : 0);
}

int nipfs__db_column_path(const struct nipfs__db *db, sqlite3_stmt *stmt, int column,
			  struct nipfs_store_path *out, struct nipfs_error *err)
{
	const int r = nipfs_store_path_parse(nipfs__db_column(stmt, column), db->store_dir,
					     out, err);

	if (r < 0)
		nipfs__prefix(err, "the database '%s' names no store path", db->file);
	return r;
}

static int run(struct nipfs__db *db, enum nipfs__db_stmt which, struct nipfs_error *err)
{
	sqlite3_stmt *stmt;
	int r = nipfs__db_use(db, which, &stmt, err);

	if (r == 0) {
		r = nipfs__db_step(db, stmt, err);
		nipfs__db_done(stmt);
	}
	return r;
}

int nipfs__db_begin(struct nipfs__db *db, enum nipfs__db_stmt kind, struct nipfs_error *err)
{
	return run(db, kind, err);
}

int nipfs__db_end(struct nipfs__db *db, int result, struct nipfs_error *err)
{
	int r = result < 0 ? result : run(db, NIPFS__DB_COMMIT, err);

	if (r < 0 && !sqlite3_get_autocommit(db->sql)) {
		const int rolled_back = run(db, NIPFS__DB_ROLLBACK, NULL);

		(void)rolled_back;
	}
	return r;
}
