/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a Nix store. */
#include "lib/nix/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/mount.h"
#include "multiformats/base/err.h"

const char *nipfs_store_dir(const struct nipfs_store *store)
{
	return store->env.store_dir;
}

const char *nipfs_store_real_dir(const struct nipfs_store *store)
{
	return store->env.real_store_dir;
}

const char *nipfs_store_state_dir(const struct nipfs_store *store)
{
	return store->env.state_dir;
}

int nipfs_store_dirfd(const struct nipfs_store *store)
{
	return store->dirfd;
}

/* Return: 1 it is ours, 0 it is not there, or a code. */
static int check_owner(const char *dir, struct nipfs_error *err)
{
	const uid_t self = geteuid();
	struct stat st;
	int r;

	if (stat(dir, &st) != 0) {
		if (errno == ENOENT)
			return 0;
		return nipfs__fail_errno(err, errno, "cannot examine '%s'", dir);
	}
	if (st.st_uid != self && self == 0)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "'%s' belongs to the user %ld, and root writes only stores "
				   "that are all root's or all of one other user", dir,
				   (long)st.st_uid);
	if (st.st_uid != self)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "'%s' belongs to another user: only its owner or the Nix daemon "
				   "may write this store: have the daemon running, or give a store "
				   "of your own with --store DIR", dir);
	r = nipfs__mount_is_read_only(dir, err);
	if (r != 0)
		return r < 0 ? r : nipfs__mount_refuse(dir, err);
	return 1;
}

/* Nix refuses such a store, and paths in it would name another folder than they are in. */
static int refuse_symlinks(const char *dir, struct nipfs_error *err)
{
	const char *allowed = getenv("NIX_IGNORE_SYMLINK_STORE");
	char part[NIPFS_STORE_PATH_MAX];

	if (allowed && strcmp(allowed, "1") == 0)
		return 0;
	for (const char *end = dir; *end; ) {
		struct stat st;

		end += strcspn(end + 1, "/") + 1;
		memcpy(part, dir, (size_t)(end - dir));
		part[end - dir] = '\0';
		if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
			return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
					   "'%s' is a symlink, which Nix does not allow in the "
					   "path of a store: give the path it leads to", part);
	}
	return 0;
}

static int check_writable(const struct nipfs__store_env *env, struct nipfs_error *err)
{
	const char *const dirs[] = { env->real_store_dir, env->state_dir, env->db_dir };
	int r = refuse_symlinks(env->real_store_dir, err);

	for (size_t i = 0; r >= 0 && i < sizeof(dirs) / sizeof(*dirs); i++)
		r = check_owner(dirs[i], err);
	return r < 0 ? r : 0;
}

static int lock_schema(struct nipfs_store *store, struct nipfs_error *err)
{
	store->big_lock = open(store->env.big_lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->big_lock < 0)
		return nipfs__fail_errno(err, errno, "cannot open '%s'", store->env.big_lock);
	return nipfs__lock_wait(store->big_lock, NIPFS__LOCK_SHARED, store->env.big_lock,
				&store->waiter, err);
}

static int no_database(const struct nipfs_store *store, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_NOTFOUND, "there is no Nix store at '%s': no '%s'",
			   store->env.uri, store->env.schema_file);
}

static int make_dirs(const struct nipfs_store *store, struct nipfs_error *err)
{
	const char *group = store->settings.build_users_group;
	const int r = nipfs__store_make_dirs(&store->env, group, err);
	char message[1024];

	/* nobody expects the group that is the default where no Nix is installed */
	if (r == 1 && store->settings.names_group && store->note) {
		(void)snprintf(message, sizeof(message),
			       "the group '%s' of Nix's setting 'build-users-group' does not "
			       "exist: '%s' was made for root alone", group,
			       store->env.real_store_dir);
		store->note(store->waiter.ctx, message);
	}
	return r < 0 ? r : 0;
}

static int open_writing(struct nipfs_store *store, bool create, struct nipfs_error *err)
{
	struct nipfs__db_options options = { .write = true,
					     .use_wal = store->settings.use_wal,
					     .fsync = store->settings.fsync };
	int r = check_writable(&store->env, err);

	if (r == 0 && !create && access(store->env.schema_file, F_OK) != 0)
		return no_database(store, err);
	if (r == 0)
		r = make_dirs(store, err);
	if (r == 0)
		r = lock_schema(store, err);
	if (r == 0)
		r = nipfs__store_check_schema(&store->env, err);
	if (r == 1) {
		options.create = true;
		r = nipfs__store_make_db_file(&store->env, err);
	}
	if (r == 0)
		r = nipfs__db_open(&store->db, &options, err);
	if (r == 0 && options.create)
		r = nipfs__store_write_schema(&store->env, err);
	store->owned = r == 0;
	return r;
}

static int open_reading(struct nipfs_store *store, struct nipfs_error *err)
{
	const struct nipfs__db_options options = { .use_wal = store->settings.use_wal,
						   .fsync = store->settings.fsync };
	int r = nipfs__store_check_schema(&store->env, err);

	if (r == 1)
		return no_database(store, err);
	if (r == 0)
		r = nipfs__db_open(&store->db, &options, err);
	store->owned = r == 0 && !store->env.read_only &&
		       check_owner(store->env.state_dir, NULL) == 1;
	return r;
}

int nipfs__store_open_direct(struct nipfs_store *store,
			     const struct nipfs_store_options *options, struct nipfs_error *err)
{
	int r;

	store->db.file = store->env.db_file;
	store->db.store_dir = store->env.store_dir;
	store->db.waiter = store->waiter;
	nipfs__temp_roots_init(&store->roots, &store->env, &store->waiter);
	if (store->access == NIPFS_STORE_WRITE)
		r = open_writing(store, options->create, err);
	else
		r = open_reading(store, err);
	if (r < 0)
		return r;
	store->dirfd = open(store->env.real_store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dirfd < 0)
		return nipfs__fail_errno(err, errno, "cannot open the store folder '%s'",
					 store->env.real_store_dir);
	return 0;
}

int nipfs_store_open(struct nipfs_store **out, const struct nipfs_store_options *options,
		     struct nipfs_error *err)
{
	static const struct nipfs_store_options defaults = { 0 };
	struct nipfs_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return nipfs__fail_nomem(err);
	if (!options)
		options = &defaults;
	store->backend = &nipfs__store_local;
	store->access = options->access;
	store->dirfd = store->big_lock = -1;
	store->waiter = (struct nipfs__waiter){ options->waiting, options->ctx };
	store->note = options->note;
	store->log = options->log;
	nipfs__temp_roots_init(&store->roots, &store->env, &store->waiter);
	r = nipfs__settings_read(options, &store->settings, &store->env, err);
	if (r == 0)
		r = nipfs__store_open_route(store, options, err);
	if (r < 0) {
		nipfs_store_close(store);
		return r;
	}
	*out = store;
	return 0;
}

void nipfs_store_close(struct nipfs_store *store)
{
	int saved = errno;

	if (!store)
		return;
	store->backend->close(store);
	if (store->dirfd >= 0)
		(void)close(store->dirfd);
	nipfs__store_env_release(&store->env);
	nipfs__settings_release(&store->settings);
	free(store);
	errno = saved;
}
