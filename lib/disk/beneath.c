/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens files and directories by a path that must not lead out of a directory. */
#include "lib/disk/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* O_NONBLOCK: what became a FIFO must not stop us. */
enum { OPEN_FLAGS = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

static bool is_inside(const char *path)
{
	if (path[0] == '/' || !path[0])
		return false;
	while (*path) {
		const size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return false;
		path += len;
		path += strspn(path, "/");
	}
	return true;
}

static int fail_open(const char *path, struct nipfs_error *err)
{
	switch (errno) {
	case ENOENT:
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' does not exist", path);
	case ENOTDIR:
	case ELOOP:
	case EXDEV:
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%s' leads over a symlink or what is no directory",
				   path);
	default:
		return nipfs__fail_errno(err, errno, "cannot open '%s'", path);
	}
}

/* Hands out @fd when it is of the type. */
static int take(int take_fd, const char *path, mode_t type, int *out,
		struct nipfs_error *err)
{
	nipfs_auto_fd int fd = take_fd;
	struct stat st;

	if (fd < 0)
		return fail_open(path, err);
	if (fstat(fd, &st) < 0)
		return nipfs__fail_errno(err, errno, "cannot stat '%s'", path);
	if ((st.st_mode & S_IFMT) != type)
		return nipfs__fail(err, NIPFS_E_INVALID, "'%s' is no %s", path,
				   type == S_IFREG ? "regular file" : "directory");
	*out = fd;
	fd = -1;
	return 0;
}

static int fail_path(const char *path, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_INVALID, "'%s' is not a path below a directory",
			   path);
}

static int open_stepwise(int dirfd, const char *path, mode_t type, int *out,
			 struct nipfs_error *err)
{
	nipfs_auto_free char *copy = NULL;
	nipfs_auto_fd int at = -1;
	char *name, *rest;

	if (!is_inside(path))
		return fail_path(path, err);
	copy = strdup(path);
	if (!copy)
		return nipfs__fail_nomem(err);
	for (name = copy; (rest = strchr(name, '/')); name = rest) {
		int next;

		*rest++ = 0;
		rest += strspn(rest, "/");
		next = openat(at < 0 ? dirfd : at, name,
			      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return fail_open(path, err);
		nipfs__auto_close(&at);
		at = next;
	}
	/* a path that ends in a slash names a directory */
	return take(openat(at < 0 ? dirfd : at, *name ? name : ".", OPEN_FLAGS), path,
		    type, out, err);
}

static int open_beneath(int dirfd, const char *path, mode_t type, int *out,
			struct nipfs_error *err)
{
	const struct open_how how = {
		.flags = OPEN_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (!is_inside(path))
		return fail_path(path, err);
	do
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	/* EPERM: sandboxes that do not know the call; and a path may be over PATH_MAX */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == ENAMETOOLONG))
		return open_stepwise(dirfd, path, type, out, err);
	return take((int)fd, path, type, out, err);
}

int nipfs__beneath_open(int dirfd, const char *path, int *out, struct nipfs_error *err)
{
	return open_beneath(dirfd, path, S_IFREG, out, err);
}

int nipfs__beneath_open_dir(int dirfd, const char *path, int *out,
			    struct nipfs_error *err)
{
	return open_beneath(dirfd, path, S_IFDIR, out, err);
}

int nipfs__beneath_open_stepwise(int dirfd, const char *path, int *out,
				 struct nipfs_error *err)
{
	return open_stepwise(dirfd, path, S_IFREG, out, err);
}
