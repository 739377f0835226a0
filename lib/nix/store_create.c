/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folders and files of a Nix store, made as Nix 2.8 makes them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/store.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { RESERVED_BYTES = 8 * 1024 * 1024, SCHEMA_TEXT_MAX = 32, GROUP_BYTES_MAX = 1 << 20 };

/* The umask is the process's, not the library's: so the mode is set, not asked for. */
static int make_dir(const char *path, struct nipfs_error *err)
{
	if (mkdir(path, 0755) != 0)
		return errno == EEXIST ? 0 : nipfs__fail_errno(err, errno,
							       "cannot make the folder '%s'", path);
	if (chmod(path, 0755) != 0)
		return nipfs__fail_errno(err, errno, "cannot set the mode of '%s'", path);
	return 0;
}

int nipfs__make_dirs(const char *path, struct nipfs_error *err)
{
	char part[PATH_MAX];
	struct stat st;
	int r = 0;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return nipfs__fail(err, NIPFS_E_INVALID, "'%s' is not a folder", path);
	}
	if (strlen(path) >= sizeof(part))
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long", path);
	for (const char *end = strchr(path + 1, '/'); r == 0 && end; end = strchr(end + 1, '/')) {
		memcpy(part, path, (size_t)(end - path));
		part[end - path] = '\0';
		r = make_dir(part, err);
	}
	return r == 0 ? make_dir(path, err) : r;
}

static int make_below(const char *dir, const char *name, struct nipfs_error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long", dir);
	return nipfs__make_dirs(path, err);
}

static int make_link(const char *dir, const char *name, const char *target,
		     struct nipfs_error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long", dir);
	if (symlink(target, path) != 0 && errno != EEXIST)
		return nipfs__fail_errno(err, errno, "cannot make the symlink '%s'", path);
	return 0;
}

/* Space that Nix gives up when the disk is full, so that it can open its database. */
static void reserve_space(const char *db_dir)
{
	char path[PATH_MAX];
	nipfs_auto_fd int fd = -1;

	if (snprintf(path, sizeof(path), "%s/reserved", db_dir) >= (int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	/* As for Nix: a disk that is too full for it is no reason to stop. */
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVED_BYTES) != 0)
		(void)unlink(path);
}

/* Return: 0, 1 when there is no such group, or a code. */
static int find_group(const char *name, gid_t *out, struct nipfs_error *err)
{
	for (size_t size = 1024; size <= GROUP_BYTES_MAX; size *= 4) {
		nipfs_auto_free char *room = malloc(size);
		struct group row, *group = NULL;
		int failed;

		if (!room)
			return nipfs__fail_nomem(err);
		failed = getgrnam_r(name, &row, room, size, &group);
		if (group)
			*out = group->gr_gid;
		if (failed != ERANGE)
			return group ? 0 : 1;
	}
	return nipfs__fail(err, NIPFS_E_LIMIT, "the group '%s' has too many members", name);
}

/* So that the build users of a daemon may make files in it, and not touch each other's. */
static int open_to_group(const char *dir, const char *group, struct nipfs_error *err)
{
	gid_t gid = 0;
	const int r = find_group(group, &gid, err);

	if (r != 0)
		return r;
	if (chown(dir, 0, gid) != 0)
		return nipfs__fail_errno(err, errno, "cannot give '%s' to the group '%s'", dir,
					 group);
	if (chmod(dir, 01775) != 0)
		return nipfs__fail_errno(err, errno, "cannot set the mode of '%s'", dir);
	return 0;
}

static int make_store_dir(const char *dir, const char *group, struct nipfs_error *err)
{
	struct stat st;
	const bool is_new = stat(dir, &st) != 0;
	const int r = nipfs__make_dirs(dir, err);

	return r == 0 && is_new && geteuid() == 0 && *group ? open_to_group(dir, group, err) :
								r;
}

int nipfs__store_make_dirs(const struct nipfs__store_env *env, const char *group,
			   struct nipfs_error *err)
{
	const char *const dirs[] = { env->links_dir,	 env->state_dir, env->profiles_dir,
				     env->temproots_dir, env->db_dir,	 env->gcroots_dir };
	const int made = make_store_dir(env->real_store_dir, group, err);
	int r = made < 0 ? made : 0;

	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(*dirs); i++)
		r = nipfs__make_dirs(dirs[i], err);
	if (r == 0)
		r = make_link(env->gcroots_dir, "profiles", env->profiles_dir, err);
	if (r == 0)
		r = make_below(env->profiles_dir, "per-user", err);
	if (r == 0)
		r = make_below(env->gcroots_dir, "per-user", err);
	if (r == 0)
		reserve_space(env->db_dir);
	return r < 0 ? r : made;
}

int nipfs__store_check_schema(const struct nipfs__store_env *env, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open(env->schema_file, O_RDONLY | O_CLOEXEC);
	char text[SCHEMA_TEXT_MAX];
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot read '%s'", env->schema_file);
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return nipfs__fail_errno(err, errno, "cannot read '%s'", env->schema_file);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, NIPFS__DB_SCHEMA) != 0)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "the store '%s' has a database of schema '%s', and only %s, "
				   "that of Nix 2, is known", env->store_dir, text,
				   NIPFS__DB_SCHEMA);
	return 0;
}

int nipfs__store_make_db_file(const struct nipfs__store_env *env, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open(env->db_file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot make the database '%s'",
					 env->db_file);
	if (fchmod(fd, 0644) != 0)
		return nipfs__fail_errno(err, errno, "cannot set the mode of '%s'", env->db_file);
	return 0;
}

static int write_text(const char *path, const char *text, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	const size_t len = strlen(text);

	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot make '%s'", path);
	if (write(fd, text, len) != (ssize_t)len || fchmod(fd, 0644) != 0 || fsync(fd) != 0)
		return nipfs__fail_errno(err, errno, "cannot write '%s'", path);
	return 0;
}

int nipfs__store_write_schema(const struct nipfs__store_env *env, struct nipfs_error *err)
{
	char path[PATH_MAX];
	int r;

	/* Others take a file that is empty yet for a damaged one. */
	if (snprintf(path, sizeof(path), "%s.new-%ld", env->schema_file, (long)getpid()) >=
	    (int)sizeof(path))
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long",
				   env->schema_file);
	r = write_text(path, NIPFS__DB_SCHEMA, err);
	if (r == 0 && rename(path, env->schema_file) != 0)
		r = nipfs__fail_errno(err, errno, "cannot make '%s'", env->schema_file);
	return r;
}
