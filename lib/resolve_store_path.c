/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What store path an argument of a command means. */
#include <nixipfs/add.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { LINKS_MAX = 40 };

/* An absolute path without ".", ".." and double slashes, by its text alone. */
static int absolute(const char *base_dir, const char *path, struct nipfs_buf *out)
{
	const char *parts[2] = { path[0] == '/' ? "" : base_dir, path };
	int r = 0;

	nipfs__buf_clear(out);
	for (size_t i = 0; i < 2; i++) {
		const char *p = parts[i];

		while (r == 0 && *p) {
			const size_t len = strcspn(p, "/");

			if (len == 2 && p[0] == '.' && p[1] == '.') {
				while (out->len > 0 && out->ptr[--out->len] != '/')
					;
			} else if (len > 0 && !(len == 1 && p[0] == '.')) {
				r = nipfs__buf_put_u8(out, '/');
				if (r == 0)
					r = nipfs__buf_put(out, p, len);
			}
			p += len;
			p += *p == '/';
		}
	}
	return r < 0 ? r : nipfs__buf_terminate(out);
}

/* Whether a path is in the store folder, by either of its names. */
static bool in_store(const struct nipfs_store *store, const struct nipfs_buf *path,
		     const char **dir)
{
	const char *dirs[2] = { nipfs_store_dir(store), nipfs_store_real_dir(store) };

	for (size_t i = 0; i < 2; i++) {
		const size_t len = strlen(dirs[i]);

		if (path->len > len + 1 && memcmp(path->ptr, dirs[i], len) == 0 &&
		    path->ptr[len] == '/') {
			*dir = dirs[i];
			return true;
		}
	}
	return false;
}

static int not_in_store(const struct nipfs_store *store, const char *argument,
			struct nipfs_error *err)
{
	if (access(argument, F_OK) < 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "there is no '%s'", argument);
	return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' is not in the Nix store '%s'",
			   argument, nipfs_store_dir(store));
}

/* Follows the symlink at @path; 1: it is none. */
static int follow(struct nipfs_buf *path)
{
	char target[PATH_MAX], dir[PATH_MAX];
	const ssize_t len = readlink((const char *)path->ptr, target, sizeof(target) - 1);
	const uint8_t *slash = memrchr(path->ptr, '/', path->len);

	if (len < 0 || !slash)
		return 1;
	target[len] = 0;
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path->ptr),
		       (const char *)path->ptr);
	return absolute(dir, target, path);
}

/* The whole path resolved, for the message about a path below a store path. */
static bool leads_into_store(const struct nipfs_store *store, const char *argument,
			     struct nipfs_buf *path, const char **dir)
{
	nipfs_auto_free char *real = realpath(argument, NULL);

	return real && absolute("/", real, path) == 0 && in_store(store, path, dir);
}

static int split(const struct nipfs_store *store, const struct nipfs_buf *path,
		 const char *dir, const char *argument, struct nipfs_store_path *out,
		 struct nipfs_error *err)
{
	char right[NIPFS_STORE_PATH_MAX];
	struct nipfs_store_path found;
	struct nipfs_slice rest;
	int r;

	r = nipfs_store_path_split(nipfs__buf_slice(path), dir, &found, &rest, err);
	if (r < 0)
		return r;
	if (rest.len > 0) {
		(void)nipfs_store_path_format(&found, nipfs_store_dir(store), right);
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "'%s' lies below a store path: the store path is '%s'",
				   argument, right);
	}
	*out = found;
	return 0;
}

int nipfs_store_resolve(struct nipfs_store *store, const char *argument,
			struct nipfs_store_path *out, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT((size_t)4 * PATH_MAX);
	nipfs_auto_free char *cwd = getcwd(NULL, 0);
	const char *dir;
	int r;

	if (!cwd && argument[0] != '/')
		return nipfs__fail_errno(err, errno, "cannot tell the current directory");
	r = absolute(cwd ? cwd : "/", argument, &path);
	for (int i = 0; r == 0 && !in_store(store, &path, &dir); i++) {
		r = i < LINKS_MAX ? follow(&path) : 1;
		if (r == 1 && leads_into_store(store, argument, &path, &dir))
			break;
	}
	if (r < 0)
		return nipfs__fail(err, r, "'%s' is too long", argument);
	if (!in_store(store, &path, &dir))
		return not_in_store(store, argument, err);
	return split(store, &path, dir, argument, out, err);
}
