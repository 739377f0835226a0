/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting to the database of a Nix store, as its owner or as anybody. */
#include "lib/nix/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* What the first bytes of a database file say of it. */
enum journal { JOURNAL_EMPTY, JOURNAL_WAL, JOURNAL_ROLLBACK };

enum { HEADER_BYTES = 100, WRITE_VERSION_AT = 18, VERSION_WAL = 2 };

static int read_journal(const char *file, enum journal *out, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint8_t header[HEADER_BYTES];
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return nipfs__fail(err, NIPFS_E_NOTFOUND,
				   "there is no Nix database '%s'", file);
	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot read the Nix database '%s'", file);
	n = pread(fd, header, sizeof(header), 0);
	if (n < 0)
		return nipfs__fail_errno(err, errno, "cannot read the Nix database '%s'", file);
	if (n == 0)
		*out = JOURNAL_EMPTY;
	else if (n == HEADER_BYTES && memcmp(header, "SQLite format 3", 16) == 0)
		*out = header[WRITE_VERSION_AT] == VERSION_WAL ? JOURNAL_WAL : JOURNAL_ROLLBACK;
	else
		return nipfs__fail(err, NIPFS_E_INVALID, "'%s' is not an SQLite database", file);
	return 0;
}

/* Whether a file beside the database exists: "-wal", "-journal". */
static bool has_companion(const char *file, const char *suffix)
{
	char path[PATH_MAX + 16];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s%s", file, suffix);
	return lstat(path, &st) == 0;
}

/* The folder of the database may be written by us, and so may be locked in by files. */
static bool may_write_beside(const char *file)
{
	char path[PATH_MAX];
	char *slash;

	(void)snprintf(path, sizeof(path), "%s", file);
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return access(path, W_OK) == 0;
}

static int on_busy(void *ctx, int count)
{
	struct nipfs__db *db = ctx;
	char what[512];

	if (count == 0)
		db->busy.turns = 0;
	(void)snprintf(what, sizeof(what), "the database '%s'", db->file);
	db->busy.waiter = &db->waiter;
	return nipfs__wait_turn(&db->busy, what, NULL) == 0;
}

/* "file:PATH?immutable=1": SQLite takes no lock and looks for no journal. */
static int immutable_uri(const char *file, char *out, size_t size, struct nipfs_error *err)
{
	static const char tail[] = "?immutable=1";
	size_t n = 0;

	for (const char *c = file; *c; c++) {
		if (size - n < sizeof(tail) + 16)
			return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long", file);
		n += (size_t)snprintf(out + n, size - n,
				      strchr("%?#", *c) ? "%%%02X" : "%c", (unsigned char)*c);
	}
	memcpy(out + n, tail, sizeof(tail));
	return 0;
}

static int connect_db(struct nipfs__db *db, int flags, const char *vfs,
		      struct nipfs_error *err)
{
	char uri[3 * PATH_MAX] = "file:";
	const char *name = db->file;
	int rc, r;

	if (db->immutable) {
		r = immutable_uri(db->file, uri + 5, sizeof(uri) - 5, err);
		if (r < 0)
			return r;
		name = uri;
		flags |= SQLITE_OPEN_URI;
	}
	/* A store is used by one thread at a time. */
	rc = sqlite3_open_v2(name, &db->sql, flags | SQLITE_OPEN_NOMUTEX, vfs);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_handler(db->sql, on_busy, db);
	if (rc == SQLITE_OK)
		return 0;
	r = nipfs__db_fail(db, rc, "open", err);
	nipfs__db_close(db);
	return r;
}

/* The first real access: only now SQLite looks for the journal and locks. */
static int probe(struct nipfs__db *db, int *sqlite_code, struct nipfs_error *err)
{
	int r = nipfs__db_exec(db, "pragma schema_version", err);

	*sqlite_code = 0;
	if (r < 0) {
		*sqlite_code = sqlite3_errcode(db->sql);
		nipfs__db_close(db);
	}
	return r;
}

/*
 * Any user may read a database with a write-ahead log, without a lock where
 * nobody has it open. One without can be read safely only by whoever can lock it
 * as Nix does there, by a file beside it.
 */
static int open_for_reading(struct nipfs__db *db, enum journal journal,
			    struct nipfs_error *err)
{
	const char *vfs = NULL;
	int r, code = 0;

	if (journal == JOURNAL_ROLLBACK) {
		if (may_write_beside(db->file))
			vfs = "unix-dotfile";
		else if (errno == EROFS && !has_companion(db->file, "-journal"))
			db->immutable = true;
		else
			return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
					   "the database '%s' has no write-ahead log: only its "
					   "owner can read it safely", db->file);
	}
	r = connect_db(db, SQLITE_OPEN_READONLY, vfs, err);
	if (r == 0)
		r = probe(db, &code, err);
	/* The log would have to be made first. */
	if (r == 0 || journal != JOURNAL_WAL ||
	    (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
	    has_companion(db->file, "-wal"))
		return r;
	db->immutable = true;
	r = connect_db(db, SQLITE_OPEN_READONLY, NULL, err);
	return r < 0 ? r : probe(db, &code, err);
}

static int open_for_writing(struct nipfs__db *db, const struct nipfs__db_options *options,
			    enum journal journal, struct nipfs_error *err)
{
	const bool wal = journal == JOURNAL_WAL || options->use_wal;
	const char *const pragmas[] = {
		"pragma foreign_keys = 1",
		options->fsync ? "pragma synchronous = normal" : "pragma synchronous = off",
		wal ? "pragma main.journal_mode = wal" : "pragma main.journal_mode = truncate",
		/* as Nix: a large transaction is synced once */
		"pragma wal_autocheckpoint = 40000",
	};
	int r = connect_db(db, SQLITE_OPEN_READWRITE, wal ? NULL : "unix-dotfile", err);

	for (size_t i = 0; r == 0 && i < sizeof(pragmas) / sizeof(*pragmas); i++)
		r = nipfs__db_exec(db, pragmas[i], err);
	if (r == 0 && options->create)
		r = nipfs__db_create_tables(db, err);
	return r;
}

int nipfs__db_open(struct nipfs__db *db, const struct nipfs__db_options *options,
		   struct nipfs_error *err)
{
	enum journal journal = JOURNAL_EMPTY;
	int r = read_journal(db->file, &journal, err);

	if (r < 0)
		return r;
	if (options->write)
		r = open_for_writing(db, options, journal, err);
	else
		r = open_for_reading(db, journal, err);
	if (r == 0)
		r = nipfs__db_check_tables(db, err);
	if (r < 0)
		nipfs__db_close(db);
	return r;
}

void nipfs__db_close(struct nipfs__db *db)
{
	for (size_t i = 0; i < NIPFS__DB_STMTS; i++) {
		(void)sqlite3_finalize(db->stmts[i]);
		db->stmts[i] = NULL;
	}
	(void)sqlite3_close(db->sql);
	db->sql = NULL;
	db->immutable = false;
}

int nipfs__db_refresh(struct nipfs__db *db, struct nipfs_error *err)
{
	static const struct nipfs__db_options read_only = { 0 };

	if (!db->immutable || !has_companion(db->file, "-wal"))
		return 0;
	nipfs__db_close(db);
	return nipfs__db_open(db, &read_only, err);
}
