/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nodes are known to have. */
#include "lib/ipfs/published.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nixipfs/index.h>

#include "lib/blocks/sql.h"
#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { FORMAT = 2, DAY_S = 86400 };

static const char schema[] =
	"pragma journal_mode = wal;"
	"begin immediate;"
	"create table if not exists nodes (id integer primary key autoincrement,"
	" peer text not null unique, told integer not null, seen integer not null);"
	"create table if not exists blocks (key integer not null, node integer not null,"
	" whole integer not null, primary key (key, node)) without rowid;"
	"pragma application_id = 0x6e697070;"
	"pragma user_version = 2;"
	"commit;";

/* Format 1 did not know when a node was seen. */
static const char from_1[] =
	"begin immediate;"
	"alter table nodes add column seen integer not null default 0;"
	"update nodes set seen = cast(strftime('%s', 'now') as integer);"
	"pragma user_version = 2;"
	"commit;";

struct nipfs__published {
	struct nipfs__sql sql;
	sqlite3_stmt *find, *add;
	int64_t node;
	bool is_known;
	char *path;
};

/* ---- opening -------------------------------------------------------------------------- */

static int64_t get_number(struct nipfs__published *p, const char *text, const char *bound)
{
	sqlite3_stmt *st = NULL;
	int64_t number = -1;

	if (nipfs__sql_prepare(&p->sql, text, &st, NULL) == 0) {
		if (bound)
			(void)sqlite3_bind_text(st, 1, bound, -1, SQLITE_STATIC);
		if (nipfs__sql_step(&p->sql, st, NULL) == 1)
			number = sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_finalize(st);
	return number;
}

static int make_tables(struct nipfs__published *p, struct nipfs_error *err)
{
	const int64_t version = get_number(p, "pragma user_version", NULL);
	int r;

	if (version == FORMAT)
		return 0;
	if (version > 1)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "'%s' has format %lld and this nix-ipfs knows %d: use the "
				   "nix-ipfs that made it, or remove the file",
				   p->path, (long long)version, FORMAT);
	r = nipfs__sql_exec(&p->sql, version == 1 ? from_1 : schema, err);
	if (r < 0 && !sqlite3_get_autocommit(p->sql.db))
		(void)!nipfs__sql_exec(&p->sql, "rollback", NULL);
	/* another process may have done it */
	return r < 0 && get_number(p, "pragma user_version", NULL) == FORMAT ? 0 : r;
}

/* Runs a statement with one or two numbers. Return: 0, 1 (a row) or negative. */
static int run(struct nipfs__published *p, const char *text, int64_t first, int64_t second,
	       struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int r = nipfs__sql_prepare(&p->sql, text, &st, err);

	if (r == 0) {
		(void)sqlite3_bind_int64(st, 1, first);
		(void)sqlite3_bind_int64(st, 2, second);
		r = nipfs__sql_step(&p->sql, st, err);
	}
	(void)sqlite3_finalize(st);
	return r;
}

static int end(struct nipfs__published *p, int r, struct nipfs_error *err)
{
	if (r == 0)
		r = nipfs__sql_exec(&p->sql, "commit", err);
	if (r < 0 && !sqlite3_get_autocommit(p->sql.db))
		(void)!nipfs__sql_exec(&p->sql, "rollback", NULL);
	return r;
}

/* Forgets nodes that were not seen for long: the file would only ever grow. */
static int forget_old(struct nipfs__published *p, int64_t before, struct nipfs_error *err)
{
	int r = run(p, "select 1 from nodes where seen < ?1 limit 1", before, 0, err);

	if (r <= 0)
		return r;
	r = nipfs__sql_exec(&p->sql, "begin immediate", err);
	if (r < 0)
		return r;
	r = run(p, "delete from blocks where node in (select id from nodes where seen < ?1)",
		before, 0, err);
	if (r == 0)
		r = run(p, "delete from nodes where seen < ?1", before, 0, err);
	return end(p, r, err);
}

/* The node is there: noted once a day, as it has to be written. */
static int note_seen(struct nipfs__published *p, struct nipfs_error *err)
{
	const int64_t now = (int64_t)time(NULL);
	int r = 1;

	if (p->is_known)
		r = run(p, "select 1 from nodes where id = ?1 and seen <= ?2", p->node,
			now - DAY_S, err);
	if (r == 0)
		return 0;
	if (r > 0 && p->is_known)
		r = run(p, "update nodes set seen = ?2 where id = ?1", p->node, now, err);
	return r < 0 ? r : forget_old(p, now - (int64_t)NIPFS__PUBLISHED_DAYS * DAY_S, err);
}

static int find_node(struct nipfs__published *p, const char *peer, struct nipfs_error *err)
{
	static const char select[] = "select id from nodes where peer = ?1";
	sqlite3_stmt *st = NULL;
	int r = 0;

	p->node = get_number(p, select, peer);
	p->is_known = p->node >= 0;
	if (p->is_known)
		return 0;
	r = nipfs__sql_prepare(&p->sql,
			       "insert or ignore into nodes (peer, told, seen) values "
			       "(?1, 0, ?2)", &st,
			       err);
	if (r == 0) {
		(void)sqlite3_bind_text(st, 1, peer, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)time(NULL));
		r = nipfs__sql_step(&p->sql, st, err);
	}
	(void)sqlite3_finalize(st);
	p->node = get_number(p, select, peer);
	return r < 0 ? r : 0;
}

static int open_file(struct nipfs__published *p, const char *state_dir, const char *peer,
		     struct nipfs_error *err)
{
	struct nipfs_buf path = NIPFS_BUF_INIT(SIZE_MAX);
	int r;

	if (nipfs__buf_printf(&path, "%s/published.sqlite", state_dir) < 0 ||
	    nipfs__buf_terminate(&path) < 0) {
		nipfs__buf_release(&path);
		return nipfs__fail_nomem(err);
	}
	p->path = (char *)path.ptr;
	p->sql.name = p->path;
	r = nipfs__sql_connect(&p->sql, SQLITE_OPEN_CREATE, err);
	if (r == 0)
		r = make_tables(p, err);
	if (r == 0)
		r = find_node(p, peer, err);
	if (r == 0)
		r = note_seen(p, err);
	if (r == 0)
		r = nipfs__sql_prepare(&p->sql,
				       "select whole from blocks where key = ?1 and node = ?2",
				       &p->find, err);
	if (r == 0)
		r = nipfs__sql_prepare(
			&p->sql,
			"insert into blocks values (?1, ?2, ?3) on conflict (key, node)"
			" do update set whole = max(whole, excluded.whole)",
			&p->add, err);
	return r;
}

int nipfs__published_open(struct nipfs__published **out, const char *state_dir,
			  const char *peer, struct nipfs_error *err)
{
	struct nipfs__published *p = calloc(1, sizeof(*p));
	char *dir = NULL;
	int r = 0;

	if (!p)
		return nipfs__fail_nomem(err);
	if (!state_dir) {
		r = nipfs_state_dir(&dir, err);
		state_dir = dir;
	}
	if (r == 0)
		r = open_file(p, state_dir, peer, err);
	free(dir);
	if (r < 0)
		nipfs__published_close(p);
	else
		*out = p;
	return r;
}

void nipfs__published_close(struct nipfs__published *p)
{
	if (!p)
		return;
	(void)sqlite3_finalize(p->find);
	(void)sqlite3_finalize(p->add);
	(void)sqlite3_close(p->sql.db);
	free(p->path);
	free(p);
}

bool nipfs__published_is_known(const struct nipfs__published *p)
{
	return p->is_known;
}

/* ---- blocks ---------------------------------------------------------------------------- */

uint64_t nipfs__published_key(const struct nipfs_cid *cid)
{
	uint64_t key = 0;

	for (int i = 0; i < 8; i++)
		key = key << 8 | cid->digest[i];
	return key >> 1;
}

int nipfs__published_find(struct nipfs__published *p, const struct nipfs_cid *cid,
			  struct nipfs_error *err)
{
	int r, whole = 0;

	(void)sqlite3_bind_int64(p->find, 1, (sqlite3_int64)nipfs__published_key(cid));
	(void)sqlite3_bind_int64(p->find, 2, p->node);
	r = nipfs__sql_step(&p->sql, p->find, err);
	if (r <= 0)
		return r;
	whole = sqlite3_column_int(p->find, 0);
	(void)sqlite3_reset(p->find);
	return whole ? 2 : 1;
}

static int by_key(const void *a, const void *b)
{
	const uint64_t x = ((const struct nipfs__published_block *)a)->key;
	const uint64_t y = ((const struct nipfs__published_block *)b)->key;

	return x < y ? -1 : x > y;
}

int nipfs__published_add(struct nipfs__published *p, struct nipfs__published_block *blocks,
			 size_t n, struct nipfs_error *err)
{
	int r = n ? nipfs__sql_exec(&p->sql, "begin immediate", err) : 0;

	if (r < 0 || n == 0)
		return r;
	qsort(blocks, n, sizeof(*blocks), by_key);
	for (size_t i = 0; r == 0 && i < n; i++) {
		(void)sqlite3_bind_int64(p->add, 1, (sqlite3_int64)blocks[i].key);
		(void)sqlite3_bind_int64(p->add, 2, p->node);
		(void)sqlite3_bind_int(p->add, 3, blocks[i].whole);
		r = nipfs__sql_step(&p->sql, p->add, err);
	}
	return end(p, r, err);
}

int nipfs__published_forget(struct nipfs__published *p, struct nipfs_error *err)
{
	return run(p, "delete from blocks where node = ?1", p->node, 0, err);
}

int nipfs__published_tell(struct nipfs__published *p, struct nipfs_error *err)
{
	const int r = run(p, "update nodes set told = 1 where id = ?1 and told = 0", p->node, 0,
			  err);

	return r < 0 ? r : sqlite3_changes(p->sql.db) > 0;
}
