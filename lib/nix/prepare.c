/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What root does once, before it works on a store: mounts, and as whom it works. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/identity.h"
#include "lib/nix/mount.h"
#include "lib/nix/settings.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* Whether we, or a child of ours, work on the files of the store. */
static bool is_at_hand(const struct nipfs__store_env *env, enum nipfs_store_via via)
{
	return via != NIPFS_STORE_VIA_DAEMON &&
	       (env->kind == NIPFS__STORE_LOCAL || env->kind == NIPFS__STORE_CHROOT);
}

/* Where the files can't be written, opening the store may find a way round them. */
static bool has_other_way(const struct nipfs__store_env *env, enum nipfs_store_via via)
{
	return via == NIPFS_STORE_VIA_STDIO ||
	       (via == NIPFS_STORE_VIA_AUTO && env->automatic && !env->elsewhere &&
		access(env->socket, F_OK) == 0);
}

static int prepare_mount(const struct nipfs__store_env *env, enum nipfs_store_via via,
			 struct nipfs_error *err)
{
	int r = nipfs__mount_is_read_only(env->real_store_dir, err);

	if (r == 1)
		r = nipfs__mount_make_writable(env->real_store_dir, err);
	return r == NIPFS_E_UNSUPPORTED && has_other_way(env, via) ? 0 : r;
}

/* The @nth number in a file of /proc, or -1. */
static long number_in(const char *file, int nth)
{
	nipfs_auto_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	char text[128], *rest = text;
	const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long number = -1;

	if (n < 0)
		return -1;
	text[n] = '\0';
	for (int i = 0; i < nth; i++)
		number = strtol(rest, &rest, 10);
	return number;
}

/*
 * Where not all users are known, as in a container without privileges, files of the
 * others seem to be those of one user, who is none of them.
 */
static bool is_nobody_known(uid_t uid)
{
	return number_in("/proc/self/uid_map", 3) != (long)UINT32_MAX &&
	       number_in("/proc/sys/kernel/overflowuid", 1) == (long)uid;
}

/* Whom all of the store that is there belongs to: 1, 0 to nobody or several, or a code. */
static int find_owner(const struct nipfs__store_env *env, struct stat *out,
		      struct nipfs_error *err)
{
	const char *const dirs[] = { env->real_store_dir, env->state_dir, env->db_dir };
	int found = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		struct stat st;

		if (stat(dirs[i], &st) != 0) {
			if (errno == ENOENT)
				continue;
			return nipfs__fail_errno(err, errno, "cannot examine '%s'", dirs[i]);
		}
		if (found && st.st_uid != out->st_uid)
			return 0;
		*out = st;
		found = 1;
	}
	return found;
}

static int prepare_identity(const struct nipfs__store_env *env, struct nipfs_error *err)
{
	struct stat owner = { .st_uid = 0 };
	int r = find_owner(env, &owner, err);

	if (r <= 0 || owner.st_uid == 0 || is_nobody_known(owner.st_uid))
		return r < 0 ? r : 0;
	r = nipfs__become(owner.st_uid, owner.st_gid, err);
	if (r < 0)
		nipfs__prefix(err, "'%s' belongs to another user", env->real_store_dir);
	return r;
}

int nipfs_store_prepare(const struct nipfs_store_options *options, struct nipfs_error *err)
{
	static const struct nipfs_store_options defaults = { 0 };
	struct nipfs__settings settings = { .use_wal = false };
	struct nipfs__store_env env;
	int r;

	if (geteuid() != 0)
		return 0;
	if (!options)
		options = &defaults;
	r = nipfs__settings_read(options, &settings, &env, err);
	nipfs__settings_release(&settings);
	if (r < 0)
		return r;
	if (is_at_hand(&env, options->via)) {
		if (options->access == NIPFS_STORE_WRITE && !env.read_only)
			r = prepare_mount(&env, options->via, err);
		if (r == 0)
			r = prepare_identity(&env, err);
	}
	nipfs__store_env_release(&env);
	return r;
}
