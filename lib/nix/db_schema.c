/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of schema 10: made as Nix makes them, and recognized. */
#include "lib/nix/db.h"

#include <string.h>

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

/* What Nix 2.8 makes, in its order. */
static const char *const statements[] = {
	"create table if not exists ValidPaths (\n"
	"    id               integer primary key autoincrement not null,\n"
	"    path             text unique not null,\n"
	"    hash             text not null,\n"
	"    registrationTime integer not null,\n"
	"    deriver          text,\n"
	"    narSize          integer,\n"
	"    ultimate         integer, -- null implies \"false\"\n"
	"    sigs             text, -- space-separated\n"
	"    ca               text -- if not null, an assertion that the path is "
	"content-addressed; see ValidPathInfo\n"
	")",
	"create table if not exists Refs (\n"
	"    referrer  integer not null,\n"
	"    reference integer not null,\n"
	"    primary key (referrer, reference),\n"
	"    foreign key (referrer) references ValidPaths(id) on delete cascade,\n"
	"    foreign key (reference) references ValidPaths(id) on delete restrict\n"
	")",
	"create index if not exists IndexReferrer on Refs(referrer)",
	"create index if not exists IndexReference on Refs(reference)",
	"create trigger if not exists DeleteSelfRefs before delete on ValidPaths\n"
	"  begin\n"
	"    delete from Refs where referrer = old.id and reference = old.id;\n"
	"  end",
	"create table if not exists DerivationOutputs (\n"
	"    drv  integer not null,\n"
	"    id   text not null, -- symbolic output id, usually \"out\"\n"
	"    path text not null,\n"
	"    primary key (drv, id),\n"
	"    foreign key (drv) references ValidPaths(id) on delete cascade\n"
	")",
	"create index if not exists IndexDerivationOutputs on DerivationOutputs(path)",
};

int nipfs__db_create_tables(struct nipfs__db *db, struct nipfs_error *err)
{
	int r = nipfs__db_begin(db, NIPFS__DB_BEGIN_WRITE, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < sizeof(statements) / sizeof(*statements); i++)
		r = nipfs__db_exec(db, statements[i], err);
	return nipfs__db_end(db, r, err);
}

/* The tables that are read and written, with all their columns in order. */
static const struct table {
	const char *name;
	const char *columns;
} tables[] = {
	{ "ValidPaths", "id path hash registrationTime deriver narSize ultimate sigs ca" },
	{ "Refs", "referrer reference" },
	{ "DerivationOutputs", "drv id path" },
};

/* Whether @name is what @expected begins with; moves behind it. */
static bool take_word(const char **expected, struct nipfs_slice name)
{
	const size_t len = strcspn(*expected, " ");

	if (len != name.len || len == 0 || memcmp(*expected, name.ptr, len) != 0)
		return false;
	*expected += len;
	*expected += strspn(*expected, " ");
	return true;
}

static int check_table(struct nipfs__db *db, const struct table *table,
		       struct nipfs_error *err)
{
	const char *expected = table->columns;
	sqlite3_stmt *stmt = NULL;
	bool known = true;
	int r = nipfs__db_prepare(db, "select name from pragma_table_info(?1) order by cid",
				  &stmt, err);

	if (r < 0)
		return r;
	(void)sqlite3_bind_text(stmt, 1, table->name, -1, SQLITE_STATIC);
	while ((r = nipfs__db_step(db, stmt, err)) == 1 && known)
		known = take_word(&expected, nipfs__db_column(stmt, 0));
	(void)sqlite3_finalize(stmt);
	if (r < 0)
		return r;
	if (!known || *expected)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "the table '%s' of the database '%s' is not the one that "
				   "Nix 2 has", table->name, db->file);
	return 0;
}

int nipfs__db_check_tables(struct nipfs__db *db, struct nipfs_error *err)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		const int r = check_table(db, &tables[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
