/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and making Nix stores, by whom it is allowed. */
#include <errno.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <nixipfs/progress.h>

#include "tests/unit/lib/store_fixture.h"

#define STATE "root/nix/var/nix/"

static const struct {
	const char *path;
	mode_t mode;
} made[] = {
	{ "root/nix/store", S_IFDIR | 0755 },
	{ "root/nix/store/.links", S_IFDIR | 0755 },
	{ STATE "db", S_IFDIR | 0755 },
	{ STATE "db/db.sqlite", S_IFREG | 0644 },
	{ STATE "db/schema", S_IFREG | 0644 },
	{ STATE "db/big-lock", S_IFREG | 0600 },
	{ STATE "db/reserved", S_IFREG | 0600 },
	{ STATE "temproots", S_IFDIR | 0755 },
	{ STATE "profiles/per-user", S_IFDIR | 0755 },
	{ STATE "gcroots/per-user", S_IFDIR | 0755 },
	{ STATE "gcroots/profiles", S_IFLNK | 0777 },
};

START_TEST(makes_what_nix_makes_whatever_the_umask)
{
	const mode_t umask_before = umask(077);
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);

	(void)umask(umask_before);
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		struct stat st;

		ck_assert_msg(lstat(at(made[i].path), &st) == 0, "%s", made[i].path);
		ck_assert_msg(st.st_mode == made[i].mode, "%s has %o", made[i].path, st.st_mode);
	}
	ck_assert_str_eq(nipfs_store_dir(store), "/nix/store");
	ck_assert_str_eq(nipfs_store_real_dir(store), at("root/nix/store"));
	ck_assert_str_eq(nipfs_store_state_dir(store), at("root/nix/var/nix"));
	nipfs_store_close(store);
	ck_assert_int_eq(system("test $(ls \"$HOME/root/nix/var/nix/db\" | wc -l) = 4"), 0);
}
END_TEST

START_TEST(does_not_make_a_store_unasked)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };

	ck_assert_int_eq(try_open(&store, NIPFS_STORE_READ, true, &err), NIPFS_E_NOTFOUND);
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_WRITE, false, &err), NIPFS_E_NOTFOUND);
	ck_assert_ptr_null(store);
	ck_assert(!exists(at("root")));
}
END_TEST

START_TEST(finishes_a_store_that_was_half_made)
{
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	ck_assert_int_eq(unlink(at(STATE "db/schema")), 0);
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	ck_assert_int_eq(unlink(at(STATE "db/schema")), 0);
	ck_assert_int_eq(unlink(at(STATE "db/db.sqlite")), 0);
	write_file(AT_FDCWD, at(STATE "db/db.sqlite"), "", 0);
	ck_assert_int_eq(chmod(at(STATE "db/db.sqlite"), 0644), 0);
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	nipfs_store_close(open_store(NIPFS_STORE_READ));
}
END_TEST

static const char *const strange_tables[] = {
	"alter table ValidPaths add column colour text",
	"alter table Refs rename column reference to target",
	"drop table DerivationOutputs",
};

START_TEST(refuses_tables_that_it_does_not_know)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };

	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	run_sql(strange_tables[_i]);
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_WRITE, true, &err), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_READ, false, &err), NIPFS_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "the table '"));
}
END_TEST

START_TEST(knows_the_tables_that_nix_may_add)
{
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	run_sql("create table SchemaMigrations (migration text primary key not null);"
		"create table Realisations (id integer primary key); drop index IndexReferrer");
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
}
END_TEST

static const struct {
	const char *text;
	int code;
} schemas[] = {
	{ "11", NIPFS_E_UNSUPPORTED }, { "9", NIPFS_E_UNSUPPORTED },  { "", NIPFS_E_UNSUPPORTED },
	{ "1", NIPFS_E_UNSUPPORTED },  { "100", NIPFS_E_UNSUPPORTED }, { "10\n", 0 },
	{ "10", 0 },
};

START_TEST(takes_one_schema_only)
{
	struct nipfs_store *store = NULL;

	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	ck_assert_int_eq(unlink(at(STATE "db/schema")), 0);
	write_file(AT_FDCWD, at(STATE "db/schema"), schemas[_i].text, strlen(schemas[_i].text));
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_WRITE, true, NULL), schemas[_i].code);
	nipfs_store_close(store);
	store = NULL;
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_READ, false, NULL), schemas[_i].code);
	nipfs_store_close(store);
}
END_TEST

START_TEST(refuses_what_is_no_database)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };

	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	write_file(AT_FDCWD, at(STATE "db/db.sqlite"), "not a database", 14);
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_READ, false, &err), NIPFS_E_INVALID);
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_WRITE, true, &err), NIPFS_E_INVALID);
}
END_TEST

START_TEST(refuses_kinds_of_stores_by_name)
{
	static const char *const uris[] = { "https://cache.example.org", "ssh-ng://host",
					    "dummy://" };
	const struct nipfs_store_options options = { .uri = uris[_i],
						     .access = NIPFS_STORE_WRITE };
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };

	ck_assert_int_eq(nipfs_store_open(&store, &options, &err), NIPFS_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, uris[_i]));
}
END_TEST

START_TEST(refuses_a_symlink_on_the_way_to_the_store)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };

	ck_assert_int_eq(mkdir(at("elsewhere"), 0755), 0);
	ck_assert_int_eq(symlink("elsewhere", at("root")), 0);
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_WRITE, true, &err), NIPFS_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, at("root")));
	setenv("NIX_IGNORE_SYMLINK_STORE", "1", 1);
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
}
END_TEST

/* What somebody finds who may only read: in a child, as nobody. */
static int read_as_nobody(const struct nipfs_store_path *path)
{
	const pid_t child = fork();
	int status;

	if (child == 0) {
		struct nipfs_store *store = NULL;
		struct nipfs_error err = { .msg = "" };
		int r = setgid(65534) || setuid(65534) ? 98 : 0;

		if (!r && try_open(&store, NIPFS_STORE_READ, false, &err) < 0)
			r = 97;
		if (!r && nipfs_store_is_valid(store, path, &err) != 1)
			r = 96;
		if (!r && nipfs_store_add_temp_roots(store, path, 1, &err) !=
				  NIPFS_STORE_UNPROTECTED)
			r = 95;
		nipfs_store_close(store);
		if (!r && try_open(&store, NIPFS_STORE_WRITE, true, &err) != NIPFS_E_UNSUPPORTED)
			r = 94;
		_exit(r);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(can_be_read_by_anybody)
{
	struct nipfs_store *store;
	struct nipfs_store_path path;

	if (geteuid() != 0)
		return;
	store = open_store(NIPFS_STORE_WRITE);
	path = put(store, "lib", NULL, 0);
	/* with a write-ahead log, in which all of it still lies */
	ck_assert(exists(at(STATE "db/db.sqlite-wal")));
	ck_assert_int_eq(read_as_nobody(&path), 0);
	nipfs_store_close(store);
	/* and without one */
	ck_assert(!exists(at(STATE "db/db.sqlite-wal")));
	ck_assert_int_eq(read_as_nobody(&path), 0);
	ck_assert(!exists(at(STATE "db/db.sqlite-shm")));
}
END_TEST

/*
 * Nobody has the database open, so it is read without a lock; then somebody
 * begins to write. In a child, as nobody, who is told when by a pipe.
 */
START_TEST(notices_when_somebody_begins_to_write)
{
	struct nipfs_path_info info = describe("later", NULL, 0);
	struct nipfs_store *store = NULL;
	int go[2], opened[2], status;
	pid_t child;
	char c;

	if (geteuid() != 0)
		return;
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	ck_assert(pipe(go) == 0 && pipe(opened) == 0);
	child = fork();
	if (child == 0) {
		int r = setgid(65534) || setuid(65534) ? 98 : 0;

		if (!r && try_open(&store, NIPFS_STORE_READ, false, NULL) < 0)
			r = 97;
		if (!r && nipfs_store_is_valid(store, &info.path, NULL) != 0)
			r = 96;
		if (write(opened[1], "o", 1) != 1 || read(go[0], &c, 1) != 1)
			r = 95;
		if (!r && nipfs_store_is_valid(store, &info.path, NULL) != 1)
			r = 94;
		_exit(r);
	}
	ck_assert_int_eq(read(opened[0], &c, 1), 1);
	store = open_store(NIPFS_STORE_WRITE);
	commit(begin(store, &info));
	ck_assert_int_eq(write(go[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	nipfs_store_close(store);
}
END_TEST

START_TEST(is_made_once_by_several_at_the_same_time)
{
	enum { CHILDREN = 6 };
	pid_t children[CHILDREN];
	int status;

	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
			char name[16];

			(void)snprintf(name, sizeof(name), "p%d", i);
			(void)put(store, name, NULL, 0);
			nipfs_store_close(store);
			_exit(0);
		}
	}
	for (int i = 0; i < CHILDREN; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(system("test $(ls \"$HOME/root/nix/store\" | wc -l) = 6"), 0);
}
END_TEST

START_TEST(root_leaves_a_foreign_store_alone)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };
	struct nipfs_path_info info = describe("lib", NULL, 0);

	if (geteuid() != 0)
		return;
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	ck_assert_int_eq(chown(at("root/nix/var/nix"), 65534, 65534), 0);
	ck_assert_int_eq(try_open(&store, NIPFS_STORE_WRITE, true, &err), NIPFS_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "65534"));
	store = open_store(NIPFS_STORE_READ);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, &info.path, 1, &err),
			 NIPFS_STORE_UNPROTECTED);
	nipfs_store_close(store);
}
END_TEST

static int told;

static void on_waiting(void *ctx, const char *message)
{
	(void)ctx;
	ck_assert_ptr_nonnull(strstr(message, "big-lock"));
	told++;
	nipfs_cancel();
}

START_TEST(waits_for_a_schema_upgrade_and_can_be_cancelled)
{
	const struct nipfs_store_options options = { .uri = at("root"),
						     .access = NIPFS_STORE_WRITE,
						     .waiting = on_waiting };
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };
	int fd;

	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	fd = open(at(STATE "db/big-lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(nipfs_store_open(&store, &options, &err), NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
	ck_assert_int_eq(told, 1);
	(void)close(fd);
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
}
END_TEST

START_TEST(keeps_a_rollback_journal_where_nix_does)
{
	struct nipfs_store *store;
	struct nipfs_store_path path;

	write_file(AT_FDCWD, at("nix.conf"), "use-sqlite-wal = false\n", 23);
	store = open_store(NIPFS_STORE_WRITE);
	path = put(store, "lib", NULL, 0);
	ck_assert(!exists(at(STATE "db/db.sqlite-wal")));
	nipfs_store_close(store);
	store = open_store(NIPFS_STORE_READ);
	ck_assert_int_eq(nipfs_store_is_valid(store, &path, NULL), 1);
	nipfs_store_close(store);
	/* By default Nix turns such a database into one with a log, and so do we. */
	ck_assert_int_eq(unlink(at("nix.conf")), 0);
	store = open_store(NIPFS_STORE_WRITE);
	(void)put(store, "app", &path, 1);
	ck_assert(exists(at(STATE "db/db.sqlite-wal")));
	nipfs_store_close(store);
}
END_TEST

static Suite *store_open_suite(void)
{
	Suite *suite = suite_create("opening stores");
	TCase *tc = tcase_create("open");

	tcase_add_checked_fixture(tc, enter_scratch, leave_scratch);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, makes_what_nix_makes_whatever_the_umask);
	tcase_add_test(tc, does_not_make_a_store_unasked);
	tcase_add_test(tc, finishes_a_store_that_was_half_made);
	tcase_add_loop_test(tc, refuses_tables_that_it_does_not_know, 0,
			    sizeof(strange_tables) / sizeof(*strange_tables));
	tcase_add_test(tc, knows_the_tables_that_nix_may_add);
	tcase_add_loop_test(tc, takes_one_schema_only, 0, sizeof(schemas) / sizeof(*schemas));
	tcase_add_test(tc, refuses_what_is_no_database);
	tcase_add_loop_test(tc, refuses_kinds_of_stores_by_name, 0, 3);
	tcase_add_test(tc, refuses_a_symlink_on_the_way_to_the_store);
	tcase_add_test(tc, can_be_read_by_anybody);
	tcase_add_test(tc, notices_when_somebody_begins_to_write);
	tcase_add_test(tc, is_made_once_by_several_at_the_same_time);
	tcase_add_test(tc, root_leaves_a_foreign_store_alone);
	tcase_add_test(tc, waits_for_a_schema_upgrade_and_can_be_cancelled);
	tcase_add_test(tc, keeps_a_rollback_journal_where_nix_does);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(store_open_suite)
