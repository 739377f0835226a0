/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to the database of the index: tables, statements, transactions. */
#include "lib/blocks/index.h"

#include <string.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { APPLICATION_ID = 0x6e697066 };

static const char *const stmt_sql[NIPFS__INDEX_STMTS] = {
#define STMT_SQL(name, sql) [NIPFS__INDEX_##name] = (sql),
	NIPFS__INDEX_STMT_MAP(STMT_SQL)
#undef STMT_SQL
};

/*
 * An owner that is deleted leaves its number in `garbage`, which is used never
 * again, until a prune has taken it out of the places of all blocks.
 */
static const char schema[] =
    "create table stores (id integer primary key, dir text not null unique);"
    "create table owners (id integer primary key autoincrement, kind integer not null,"
    " store integer not null, base text not null, nar_hash blob not null,"
    " nar_size integer not null, complete integer not null, root blob, tsize integer,"
    " file_bytes integer, nar blob, nar_tsize integer, nar_bytes integer, chunk integer,"
    " added integer, blocks integer);"
    "create index owners_path on owners (store, base);"
    "create index owners_open on owners (id) where complete = 0;"
    "create table blocks (key integer primary key, places blob not null);"
    "create table extra (key integer not null, place blob not null,"
    " primary key (key, place)) without rowid;"
    "create table dirs (owner integer not null, dir integer not null,"
    " parent integer not null, name blob not null, primary key (owner, dir)) without "
    "rowid;"
    "create table nodes (id integer primary key, bytes blob not null);"
    "create table garbage (owner integer primary key);"
    "create table counts (blocks integer not null, nodes integer not null);"
    "insert into counts values (0, 0);"
    "create trigger owner_deleted after delete on owners begin"
    " insert into garbage values (old.id);"
    " delete from dirs where owner = old.id;"
    "end;"
    "pragma application_id = 0x6e697066;"
    "pragma user_version = 1;";

_Static_assert(NIPFS__INDEX_FORMAT == 1 && APPLICATION_ID == 0x6e697066,
	       "as in the schema");

/* ---- opening --------------------------------------------------------------------- */

static int get_pragma(struct nipfs__index_db *db, const char *sql, int *out,
		      struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__sql_prepare(&db->sql, sql, &st, err);

	if (code == 0)
		code = nipfs__sql_step(&db->sql, st, err);
	if (code == 1)
		*out = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	return code < 0 ? code : 0;
}

/* Return: 0; NIPFS_E_NOTFOUND when there are no tables; or what is wrong with them. */
static int check_format(struct nipfs__index_db *db, struct nipfs_error *err)
{
	int application = 0, version = 0, tables = 0;
	int code = get_pragma(db, "pragma application_id", &application, err);

	if (code == 0)
		code = get_pragma(db, "pragma user_version", &version, err);
	if (code == 0)
		code = get_pragma(db, "select count(*) from sqlite_master", &tables, err);
	if (code < 0)
		return code;
	if (tables == 0 && application == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "there is no index in '%s'",
				   db->sql.name);
	if (application != APPLICATION_ID)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%s' is no index of nix-ipfs: move it out of the way",
				   db->sql.name);
	if (version != NIPFS__INDEX_FORMAT)
		return nipfs__fail(
		    err, NIPFS_E_UNSUPPORTED,
		    "the index '%s' has format %d and this nix-ipfs knows %d: "
		    "use the nix-ipfs that made it, or remove the file, and "
		    "it is made anew",
		    db->sql.name, version, NIPFS__INDEX_FORMAT);
	return 0;
}

int nipfs__index_connect(struct nipfs__index_db *db, const char *path,
			 struct nipfs_error *err)
{
	struct nipfs__index_db made = { .sql = { NULL, path } };
	int code = nipfs__sql_connect(&made.sql, 0, err);

	if (code == 0)
		code = check_format(&made, err);
	if (code < 0)
		nipfs__index_disconnect(&made);
	else
		*db = made;
	return code;
}

/* Another process may have made the tables before this one could: that is as good. */
static int make_tables(struct nipfs__index_db *db, struct nipfs_error *err)
{
	int code = nipfs__sql_exec(&db->sql, "pragma journal_mode = wal", err);

	if (code == 0)
		code = nipfs__index_run(db, NIPFS__INDEX_BEGIN, err);
	if (code < 0)
		return code;
	code = check_format(db, NULL);
	if (code == NIPFS_E_NOTFOUND)
		code = nipfs__sql_exec(&db->sql, schema, err);
	return nipfs__index_end(db, code, err);
}

int nipfs__index_connect_new(struct nipfs__index_db *db, const char *path,
			     struct nipfs_error *err)
{
	struct nipfs__index_db made = { .sql = { NULL, path } };
	int code = nipfs__sql_connect(&made.sql, SQLITE_OPEN_CREATE, err);

	if (code == 0) {
		code = check_format(&made, err);
		if (code == NIPFS_E_NOTFOUND)
			code = make_tables(&made, err);
	}
	if (code < 0)
		nipfs__index_disconnect(&made);
	else
		*db = made;
	return code;
}

void nipfs__index_disconnect(struct nipfs__index_db *db)
{
	for (size_t i = 0; i < NIPFS__INDEX_STMTS; i++)
		(void)sqlite3_finalize(db->stmts[i]);
	(void)sqlite3_close(db->sql.db);
}

/* ---- statements ------------------------------------------------------------------ */

int nipfs__index_use(struct nipfs__index_db *db, enum nipfs__index_stmt which,
		     sqlite3_stmt **out, struct nipfs_error *err)
{
	int code = 0;

	if (!db->stmts[which])
		code =
		    nipfs__sql_prepare(&db->sql, stmt_sql[which], &db->stmts[which], err);
	if (code < 0)
		return code;
	*out = db->stmts[which];
	(void)sqlite3_reset(*out);
	(void)sqlite3_clear_bindings(*out);
	return 0;
}

int nipfs__index_step(struct nipfs__index_db *db, sqlite3_stmt *st,
		      struct nipfs_error *err)
{
	return nipfs__sql_step(&db->sql, st, err);
}

int nipfs__index_run(struct nipfs__index_db *db, enum nipfs__index_stmt which,
		     struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	const int code = nipfs__index_use(db, which, &st, err);

	return code < 0 ? code : nipfs__index_step(db, st, err);
}

int nipfs__index_run_with(struct nipfs__index_db *db, enum nipfs__index_stmt which,
			  uint64_t number, const struct nipfs_slice *bytes,
			  struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	const int code = nipfs__index_use(db, which, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)number);
	if (bytes)
		nipfs__sql_bind_blob(st, 2, *bytes);
	return nipfs__index_step(db, st, err);
}

int nipfs__index_end(struct nipfs__index_db *db, int result, struct nipfs_error *err)
{
	if (result == 0)
		result = nipfs__index_run(db, NIPFS__INDEX_COMMIT, err);
	if (result < 0 && !sqlite3_get_autocommit(db->sql.db)) {
		const int rolled_back = nipfs__index_run(db, NIPFS__INDEX_ROLLBACK, NULL);

		(void)rolled_back;
	}
	return result;
}

/* ---- owners ---------------------------------------------------------------------- */

static int bad_owner(const struct nipfs__index_db *db, struct nipfs_error *err)
{
	return nipfs__fail(
	    err, NIPFS_E_INVALID,
	    "'%s' is damaged (an owner that makes no sense): remove it, and it "
	    "is made anew",
	    db->sql.name);
}

/* A link from three columns. */
static int get_link(sqlite3_stmt *st, int column, struct nipfs_link *out)
{
	const struct nipfs_slice cid = nipfs__sql_blob(st, column);
	size_t used;
	const int code = nipfs_cid_decode(cid, &out->cid, &used);

	if (code < 0 || used != cid.len)
		return NIPFS_E_INVALID;
	out->tsize = (uint64_t)sqlite3_column_int64(st, column + 1);
	out->file_bytes = (uint64_t)sqlite3_column_int64(st, column + 2);
	return 0;
}

int nipfs__index_owner_row(struct nipfs__index_db *db, sqlite3_stmt *st,
			   struct nipfs_index_owner *out, struct nipfs_error *err)
{
	const struct nipfs_slice base = nipfs__sql_blob(st, NIPFS__OWNER_BASE);
	const struct nipfs_slice nar_hash = nipfs__sql_blob(st, NIPFS__OWNER_NAR_HASH);
	struct nipfs_index_owner o = { 0 };

	o.kind = sqlite3_column_int(st, NIPFS__OWNER_KIND) == NIPFS_INDEX_PATH
		     ? NIPFS_INDEX_PATH
		     : NIPFS_INDEX_CLOSURE;
	if (nipfs_store_path_parse_base(base, &o.key.path, NULL) < 0 ||
	    nar_hash.len != sizeof(o.key.nar_hash) ||
	    get_link(st, NIPFS__OWNER_ROOT, &o.root) < 0)
		return bad_owner(db, err);
	memcpy(o.key.nar_hash, nar_hash.ptr, nar_hash.len);
	o.has_nar = sqlite3_column_type(st, NIPFS__OWNER_NAR) != SQLITE_NULL;
	if (o.has_nar && get_link(st, NIPFS__OWNER_NAR, &o.nar) < 0)
		return bad_owner(db, err);
	o.nar_size = (uint64_t)sqlite3_column_int64(st, NIPFS__OWNER_NAR_SIZE);
	o.added = sqlite3_column_int64(st, NIPFS__OWNER_ADDED);
	o.blocks = (uint64_t)sqlite3_column_int64(st, NIPFS__OWNER_BLOCKS);
	o.key.store_dir = (const char *)sqlite3_column_text(st, NIPFS__OWNER_DIR);
	if (!o.key.store_dir)
		return bad_owner(db, err);
	*out = o;
	return 0;
}
