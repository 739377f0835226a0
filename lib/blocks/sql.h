/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers over SQLite, for the index and for temporary tables. */
#ifndef LIB_BLOCKS_SQL_H
#define LIB_BLOCKS_SQL_H

#include <sqlite3.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

/**
 * struct nipfs__sql - a connection
 * @db:   open
 * @name: for messages; borrowed
 */
struct nipfs__sql {
	sqlite3 *db;
	const char *name;
};

/*
 * Records what SQLite failed with. Return: NIPFS_E_NOMEM, NIPFS_E_INVALID
 * (damaged, or no database), NIPFS_E_CANCELLED (while it waited) or NIPFS_E_SYS.
 */
int nipfs__sql_fail(const struct nipfs__sql *sql, struct nipfs_error *err);

/**
 * nipfs__sql_connect() - open a database that several processes write
 * @sql:   its name is the path; @db is to be closed also after a failure
 * @flags: SQLITE_OPEN_CREATE or 0
 *
 * Return: 0 or as nipfs__sql_fail().
 */
int nipfs__sql_connect(struct nipfs__sql *sql, int flags, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Both return 0 or as nipfs__sql_fail(). */
int nipfs__sql_exec(const struct nipfs__sql *sql, const char *text,
		    struct nipfs_error *err) NIPFS_MUSTUSE;
int nipfs__sql_prepare(const struct nipfs__sql *sql, const char *text, sqlite3_stmt **out,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__sql_step() - run a statement up to its next row
 *
 * Return: 1 with a row; 0 at the end, where the statement is reset; or as
 * nipfs__sql_fail(), the statement being reset too.
 */
int nipfs__sql_step(const struct nipfs__sql *sql, sqlite3_stmt *st,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

/* A blob of the current row; valid until the statement goes on. */
struct nipfs_slice nipfs__sql_blob(sqlite3_stmt *st, int column);

/* Binds bytes that stay where they are until the statement is reset; never NULL. */
void nipfs__sql_bind_blob(sqlite3_stmt *st, int at, struct nipfs_slice bytes);

#endif
