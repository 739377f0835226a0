/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The database of a Nix store: one connection, its statements, its transactions. */
#ifndef LIB_NIX_DB_H
#define LIB_NIX_DB_H

#include <stdbool.h>

#include <sqlite3.h>

#include <nixipfs/path_info.h>
#include <nixipfs/store.h>

#include "lib/nix/lock.h"

/* The one schema that is read and written. */
#define NIPFS__DB_SCHEMA "10"

/* X(name, SQL): every statement but those that open and create. */
#define NIPFS__DB_STMT_MAP(X)                                                              \
	X(BEGIN_READ, "begin")                                                             \
	X(BEGIN_WRITE, "begin immediate")                                                  \
	X(COMMIT, "commit")                                                                \
	X(ROLLBACK, "rollback")                                                            \
	X(PATH_ID, "select id from ValidPaths where path = ?1")                            \
	X(PATH_INFO, "select id, hash, registrationTime, deriver, narSize, ultimate, "     \
		     "sigs, ca from ValidPaths where path = ?1")                           \
	X(PATH_REFS, "select v.path from Refs r join ValidPaths v on v.id = r.reference "  \
		     "where r.referrer = ?1")                                              \
	X(REFERRERS, "select v.path from Refs r join ValidPaths v on v.id = r.referrer "   \
		     "where r.reference = (select id from ValidPaths where path = ?1)")    \
	X(HASH_PART, "select path from ValidPaths where path >= ?1 order by path limit 1") \
	X(LIST, "select id, path, hash, narSize from ValidPaths where id > ?1 "            \
		"order by id limit ?2")                                                    \
	X(INSERT_PATH, "insert into ValidPaths (path, hash, registrationTime, deriver, "   \
		       "narSize, ultimate, sigs, ca) "                                     \
		       "values (?1, ?2, ?3, ?4, ?5, null, ?6, ?7)")                        \
	X(INSERT_REF, "insert or replace into Refs (referrer, reference) values (?1, ?2)") \
	X(INSERT_OUTPUT, "insert or replace into DerivationOutputs (drv, id, path) "       \
			 "values (?1, ?2, ?3)")                                            \
	X(GET_SIGS, "select sigs from ValidPaths where path = ?1")                         \
	X(SET_SIGS, "update ValidPaths set sigs = ?2 where path = ?1")

enum nipfs__db_stmt {
#define NIPFS__DB_STMT_ENUM(name, sql) NIPFS__DB_##name,
	NIPFS__DB_STMT_MAP(NIPFS__DB_STMT_ENUM)
#undef NIPFS__DB_STMT_ENUM
	NIPFS__DB_STMTS
};

/**
 * struct nipfs__db - a connection
 * @file:      db.sqlite; borrowed
 * @store_dir: the logical store folder; borrowed
 * @immutable: opened without any lock, because nobody had it open for writing
 * @waiter:    told when the database is busy
 */
struct nipfs__db {
	sqlite3 *sql;
	const char *file, *store_dir;
	bool immutable;
	struct nipfs__waiter waiter;
	struct nipfs__wait busy;
	sqlite3_stmt *stmts[NIPFS__DB_STMTS];
};

struct nipfs__db_options {
	bool write;
	bool create;  /* the tables, where there are none */
	bool use_wal; /* the setting use-sqlite-wal */
	bool fsync;   /* the setting fsync-metadata */
};

/**
 * nipfs__db_open() - connect
 * @db:      file, store_dir and waiter are set, all else is zero; on failure
 *           it is as it was
 *
 * Return: 0; NIPFS_E_UNSUPPORTED (tables that are not known); NIPFS_E_INVALID (no
 * database, damaged); NIPFS_E_SYS; NIPFS_E_NOMEM; NIPFS_E_CANCELLED.
 */
int nipfs__db_open(struct nipfs__db *db, const struct nipfs__db_options *options,
		   struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__db_close(struct nipfs__db *db);

/*
 * Before each use from outside: a database that was opened without a lock is
 * opened anew when somebody has begun to write it.
 */
int nipfs__db_refresh(struct nipfs__db *db, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Compares the tables with those of the schema; in db_schema.c. */
int nipfs__db_check_tables(struct nipfs__db *db, struct nipfs_error *err) NIPFS_MUSTUSE;
/* Makes the tables that are missing. */
int nipfs__db_create_tables(struct nipfs__db *db, struct nipfs_error *err) NIPFS_MUSTUSE;

/* A failure of SQLite as one of ours; @what: "read", "change". */
int nipfs__db_fail(struct nipfs__db *db, int rc, const char *what, struct nipfs_error *err);

/* Prepares some SQL, which the caller finalizes. */
int nipfs__db_prepare(struct nipfs__db *db, const char *sql, sqlite3_stmt **out,
		      struct nipfs_error *err) NIPFS_MUSTUSE;
/* Runs SQL that gives no rows. */
int nipfs__db_exec(struct nipfs__db *db, const char *sql,
		   struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__db_use() - a kept statement, ready to be bound
 *
 * Text is bound without a copy: it must live until nipfs__db_done().
 */
int nipfs__db_use(struct nipfs__db *db, enum nipfs__db_stmt which, sqlite3_stmt **out,
		  struct nipfs_error *err) NIPFS_MUSTUSE;
/* Return: 1 for a row, 0 at the end, or a negative code. */
int nipfs__db_step(struct nipfs__db *db, sqlite3_stmt *stmt,
		   struct nipfs_error *err) NIPFS_MUSTUSE;
/* Lets go of what the statement holds; NULL is fine. */
void nipfs__db_done(sqlite3_stmt *stmt);

/* Binds the full text of a path, written to @room: NIPFS_STORE_PATH_MAX bytes. */
void nipfs__db_bind_path(const struct nipfs__db *db, sqlite3_stmt *stmt, int index,
			 const struct nipfs_store_path *path, char *room);
/* A column as borrowed bytes; NULL gives none. */
struct nipfs_slice nipfs__db_column(sqlite3_stmt *stmt, int column);
/* A column as a store path: 0 or NIPFS_E_INVALID. */
int nipfs__db_column_path(const struct nipfs__db *db, sqlite3_stmt *stmt, int column,
			  struct nipfs_store_path *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* NIPFS__DB_BEGIN_READ or _WRITE: 0 or a negative code. */
int nipfs__db_begin(struct nipfs__db *db, enum nipfs__db_stmt kind,
		    struct nipfs_error *err) NIPFS_MUSTUSE;
/* Ends it: commits when @result is 0, else rolls back. Return: @result or its own code. */
int nipfs__db_end(struct nipfs__db *db, int result, struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- db_query.c: inside or outside of a transaction ---------------------------- */

/* The row number of a path: 1 with *id set, 0 not valid, or a negative code. */
int nipfs__db_path_id(struct nipfs__db *db, const struct nipfs_store_path *path,
		      int64_t *id, struct nipfs_error *err) NIPFS_MUSTUSE;
/* All of a path, inside of a transaction: 0, NIPFS_E_NOTFOUND, NIPFS_E_INVALID, … */
int nipfs__db_path_info(struct nipfs__db *db, const struct nipfs_store_path *path,
			struct nipfs_path_info *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* The valid paths that refer to @path, a sorted set for free(). */
int nipfs__db_referrers(struct nipfs__db *db, const struct nipfs_store_path *path,
			struct nipfs_store_path **out, size_t *n,
			struct nipfs_error *err) NIPFS_MUSTUSE;
/* Columns with a hash and a size: 0 or NIPFS_E_INVALID. */
int nipfs__db_column_nar(sqlite3_stmt *stmt, int hash_column, int size_column,
			 uint8_t *hash, uint64_t *size) NIPFS_MUSTUSE;

/* ---- db_register.c: inside of a write transaction ------------------------------ */

struct nipfs__drv_outputs;

/**
 * nipfs__db_register() - make a path valid
 * @info:    all of it
 * @outputs: what the .drv file at the path declares; NULL where it is none
 *
 * Return: 0; 1 when it is valid already, and nothing is changed; NIPFS_E_NOTFOUND
 * (a reference is not valid), or what the database failed with.
 */
int nipfs__db_register(struct nipfs__db *db, const struct nipfs_path_info *info,
		       const struct nipfs__drv_outputs *outputs,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/* Merges signatures: 0, NIPFS_E_NOTFOUND, NIPFS_E_LIMIT, … */
int nipfs__db_add_signatures(struct nipfs__db *db, const struct nipfs_store_path *path,
			     const char *const *sigs, size_t n,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
