/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers over SQLite, for the index and for temporary tables. */
#include "lib/blocks/sql.h"

#include <time.h>

#include <nixipfs/progress.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { BUSY_MS = 60000, BUSY_PAUSE_MS = 5 };

int nipfs__sql_fail(const struct nipfs__sql *sql, struct nipfs_error *err)
{
	const char *text = sqlite3_errmsg(sql->db);
	const int sys_errno = sqlite3_system_errno(sql->db);
	const int code = sqlite3_extended_errcode(sql->db);

	if (code == SQLITE_IOERR_NOMEM)
		return nipfs__fail_nomem(err);
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return nipfs__fail_nomem(err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* a table is missing, or is not as we made it */
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%s' is damaged (%s): remove it, and it is made anew",
				   sql->name, text);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		if (nipfs_cancelled())
			return nipfs_cancel_check(err);
		return nipfs__fail(
		    err, NIPFS_E_SYS,
		    "'%s' was locked by other processes for too long: try again",
		    sql->name);
	case SQLITE_FULL:
		return nipfs__fail(err, NIPFS_E_SYS, "no space left for '%s'", sql->name);
	default:
		break;
	}
	if (sys_errno != 0)
		return nipfs__fail_errno(err, sys_errno, "'%s': %s", sql->name, text);
	return nipfs__fail(err, NIPFS_E_SYS, "'%s': %s", sql->name, text);
}

/* Another process writes. Transactions are short, so that long is much too long. */
static int wait_turn(void *ctx, int turns)
{
	const struct timespec pause = { 0, BUSY_PAUSE_MS * 1000000L };

	(void)ctx;
	if (turns >= BUSY_MS / BUSY_PAUSE_MS || nipfs_cancelled())
		return 0;
	(void)nanosleep(&pause, NULL);
	return 1;
}

int nipfs__sql_connect(struct nipfs__sql *sql, int flags, struct nipfs_error *err)
{
	if (sqlite3_open_v2(sql->name, &sql->db,
			    flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return sql->db ? nipfs__sql_fail(sql, err) : nipfs__fail_nomem(err);
	(void)sqlite3_extended_result_codes(sql->db, 1);
	(void)sqlite3_busy_handler(sql->db, wait_turn, NULL);
	return nipfs__sql_exec(sql,
			       "pragma synchronous = normal; pragma cache_size = -4096;"
			       "pragma trusted_schema = off;",
			       err);
}

int nipfs__sql_exec(const struct nipfs__sql *sql, const char *text,
		    struct nipfs_error *err)
{
	if (sqlite3_exec(sql->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return nipfs__sql_fail(sql, err);
	return 0;
}

int nipfs__sql_prepare(const struct nipfs__sql *sql, const char *text, sqlite3_stmt **out,
		       struct nipfs_error *err)
{
	if (sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) !=
	    SQLITE_OK)
		return nipfs__sql_fail(sql, err);
	return 0;
}

int nipfs__sql_step(const struct nipfs__sql *sql, sqlite3_stmt *st,
		    struct nipfs_error *err)
{
	const int r = sqlite3_step(st);
	int code = 0;

	if (r == SQLITE_ROW)
		return 1;
	if (r != SQLITE_DONE)
		code = nipfs__sql_fail(sql, err);
	(void)sqlite3_reset(st);
	return code;
}

struct nipfs_slice nipfs__sql_blob(sqlite3_stmt *st, int column)
{
	const void *ptr = sqlite3_column_blob(st, column);

	return nipfs__slice(ptr, ptr ? (size_t)sqlite3_column_bytes(st, column) : 0);
}

void nipfs__sql_bind_blob(sqlite3_stmt *st, int at, struct nipfs_slice bytes)
{
	/* a NULL pointer would bind NULL, not an empty blob */
	(void)sqlite3_bind_blob64(st, at, bytes.len ? (const void *)bytes.ptr : "",
				  bytes.len, SQLITE_STATIC);
}
