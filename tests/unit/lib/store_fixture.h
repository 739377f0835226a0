/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A chroot store in a scratch folder, and paths to put into it. */
#ifndef TESTS_UNIT_LIB_STORE_FIXTURE_H
#define TESTS_UNIT_LIB_STORE_FIXTURE_H

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/disk.h>
#include <nixipfs/store.h>

#include "lib/nix/place.h"
#include "multiformats/base/slice.h"
#include "multiformats/sha256/sha256.h"
#include "tests/support/check_main.h"

static char scratch[64];

/* A fresh folder, and an environment in which nothing but it counts. */
__attribute__((unused)) static void enter_scratch(void)
{
	static const char *const unset[] = { "NIX_REMOTE",    "NIX_STORE_DIR", "NIX_STORE",
					     "NIX_STATE_DIR", "NIX_CONFIG",
					     "NIX_USER_CONF_FILES", "NIX_IGNORE_SYMLINK_STORE" };

	(void)snprintf(scratch, sizeof(scratch), "/tmp/nipfs-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
	ck_assert_int_eq(chmod(scratch, 0755), 0);
	for (size_t i = 0; i < sizeof(unset) / sizeof(*unset); i++)
		unsetenv(unset[i]);
	setenv("NIX_CONF_DIR", scratch, 1);
	setenv("HOME", scratch, 1);
	setenv("XDG_CONFIG_HOME", scratch, 1);
	setenv("XDG_CONFIG_DIRS", scratch, 1);
}

__attribute__((unused)) static void leave_scratch(void)
{
	ck_assert_int_eq(nipfs_disk_remove(AT_FDCWD, scratch, NULL), 0);
}

/* The path of something in the scratch folder; valid until the next call but three. */
__attribute__((unused)) static const char *at(const char *rest)
{
	static char room[4][PATH_MAX];
	static unsigned int turn;
	char *out = room[turn++ % 4];

	(void)snprintf(out, PATH_MAX, "%s/%s", scratch, rest);
	return out;
}

__attribute__((unused)) static int try_open(struct nipfs_store **out,
					    enum nipfs_store_access access, bool create,
					    struct nipfs_error *err)
{
	const struct nipfs_store_options options = { .uri = at("root"),
						     .access = access,
						     .create = create };

	return nipfs_store_open(out, &options, err);
}

/* The store ROOT = scratch/root, made when it is not there. */
__attribute__((unused)) static struct nipfs_store *open_store(enum nipfs_store_access access)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .msg = "" };
	const int r = try_open(&store, access, access == NIPFS_STORE_WRITE, &err);

	ck_assert_msg(r == 0, "%s", err.msg);
	return store;
}

/* A path made of a name; its NAR hash and size are invented. */
__attribute__((unused)) static struct nipfs_path_info
describe(const char *name, const struct nipfs_store_path *refs, size_t n)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	const struct nipfs_slice text = nipfs__slice_str(name);

	nipfs__sha256_many(&text, 1, &info.nar_hash);
	ck_assert_int_eq(nipfs_store_path_from_digest(info.nar_hash, text, &info.path, NULL), 0);
	info.nar_size = 120;
	ck_assert_int_eq(nipfs_path_info_set_refs(&info, refs, n), 0);
	return info;
}

__attribute__((unused)) static void write_file(int dirfd, const char *name, const void *bytes,
					       size_t len)
{
	const int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

__attribute__((unused)) static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

__attribute__((unused)) static bool in_store(const struct nipfs_store *store, const char *name)
{
	struct stat st;

	return fstatat(nipfs_store_dirfd(store), name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Begins a placement, which must be free, and writes a file as its tree. */
__attribute__((unused)) static struct nipfs_placement *
begin(struct nipfs_store *store, const struct nipfs_path_info *info)
{
	struct nipfs_placement *p = NULL;
	struct nipfs_error err = { .msg = "" };
	const int r = nipfs_placement_begin(store, info, &p, NULL, &err);

	ck_assert_msg(r == 0, "%d %s", r, err.msg);
	write_file(nipfs_store_dirfd(store), p->temp_name, "hello\n", 6);
	return p;
}

__attribute__((unused)) static void commit(struct nipfs_placement *p)
{
	struct nipfs_error err = { .msg = "" };
	const int r = nipfs_placement_commit(&p, 1, &err);

	ck_assert_msg(r == 0, "%d %s", r, err.msg);
}

/* Puts a path made of a name into the store. */
__attribute__((unused)) static struct nipfs_store_path
put(struct nipfs_store *store, const char *name, const struct nipfs_store_path *refs, size_t n)
{
	struct nipfs_path_info info = describe(name, refs, n);
	const struct nipfs_store_path path = info.path;

	commit(begin(store, &info));
	nipfs_path_info_release(&info);
	return path;
}

/* Runs SQL on the database as another program would. */
__attribute__((unused)) static void run_sql(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(at("root/nix/var/nix/db/db.sqlite"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

#endif
