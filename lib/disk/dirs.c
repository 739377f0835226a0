/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directories on the way to the current entry of a tree on disk. */
#include "lib/disk/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum {
	MAX_OPEN = 64,
	PATH_BYTES_MAX = 64 << 20,
	STACK_BYTES_MAX = 64 << 20,
	/* longest path in a message; of longer ones the ends are shown */
	SHOWN_MAX = 640,
};

int nipfs__dirs_init(struct nipfs__dirs *d, int base, const char *root)
{
	int r;

	*d = (struct nipfs__dirs){
		.base = base,
		.stack = NIPFS_BUF_INIT(STACK_BYTES_MAX),
		.max_open = MAX_OPEN,
		.path = NIPFS_BUF_INIT(PATH_BYTES_MAX),
	};
	r = nipfs__buf_put_str(&d->path, root);
	return r < 0 ? r : nipfs__buf_terminate(&d->path);
}

static struct nipfs__dir *level(struct nipfs__dirs *d, size_t i)
{
	return (struct nipfs__dir *)(void *)d->stack.ptr + i;
}

void nipfs__dirs_release(struct nipfs__dirs *d)
{
	for (size_t i = d->closed; i < d->depth; i++)
		(void)close(level(d, i)->fd);
	nipfs__buf_release(&d->stack);
	nipfs__buf_release(&d->path);
}

struct nipfs__dir *nipfs__dirs_top(struct nipfs__dirs *d)
{
	return level(d, d->depth - 1);
}

int nipfs__dirs_fd(struct nipfs__dirs *d)
{
	return d->depth ? nipfs__dirs_top(d)->fd : d->base;
}

/* Makes the current entry the one whose path is @len bytes of the path. */
static void cut(struct nipfs__dirs *d, size_t len)
{
	d->path.len = len;
	d->path.ptr[len] = 0;
}

/* Where the names in the deepest directory begin, and whether a slash is needed before.
 */
static bool names_begin(struct nipfs__dirs *d, size_t *at)
{
	const size_t len = nipfs__dirs_top(d)->path_len;
	const bool slash = len > 0 && d->path.ptr[len - 1] != '/';

	*at = len + slash;
	return slash;
}

int nipfs__dirs_select(struct nipfs__dirs *d, struct nipfs_slice name,
		       struct nipfs_error *err)
{
	const bool slash = names_begin(d, &d->name_at);
	int r;

	cut(d, nipfs__dirs_top(d)->path_len);
	r = slash ? nipfs__buf_put_u8(&d->path, '/') : 0;
	if (r == 0)
		r = nipfs__buf_put_slice(&d->path, name);
	if (r == 0)
		r = nipfs__buf_terminate(&d->path);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r, "a path is longer than %d bytes",
				   PATH_BYTES_MAX);
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

/* Closes the shallowest open directories until at most @keep are open. */
static void close_all_but(struct nipfs__dirs *d, size_t keep)
{
	while (d->depth - d->closed > keep) {
		struct nipfs__dir *dir = level(d, d->closed++);

		(void)close(dir->fd);
		dir->fd = -1;
	}
}

/* Gives up descriptors, but never the deepest one. */
static bool shed(struct nipfs__dirs *d)
{
	const size_t open = d->depth - d->closed;

	if (open <= 1)
		return false;
	d->max_open = open / 2;
	close_all_but(d, d->max_open);
	return true;
}

int nipfs__dirs_open(struct nipfs__dirs *d, int flags, mode_t mode)
{
	const bool follow = d->follow_root && d->depth == 0;
	int fd;

	flags |= O_CLOEXEC | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
	do
		fd = openat(nipfs__dirs_fd(d), nipfs__dirs_name(d), flags, mode);
	while (fd < 0 && (errno == EINTR || (errno == EMFILE && shed(d))));
	return fd;
}

int nipfs__dirs_push(struct nipfs__dirs *d, int take_fd, const struct stat *st,
		     struct nipfs_error *err)
{
	const struct nipfs__dir dir = {
		.fd = take_fd,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.path_len = d->path.len,
	};
	const int r = nipfs__buf_put(&d->stack, &dir, sizeof(dir));

	if (r < 0) {
		(void)close(take_fd);
		return r == NIPFS_E_LIMIT
			   ? nipfs__dirs_fail(d, err, r, "", " lies too deep")
			   : nipfs__fail_nomem(err);
	}
	d->depth++;
	close_all_but(d, d->max_open);
	return 0;
}

/* Opens the parent of the deepest directory again. */
static int open_parent(struct nipfs__dirs *d, struct nipfs_error *err)
{
	struct nipfs__dir *parent = level(d, d->depth - 2);
	nipfs_auto_fd int fd = openat(nipfs__dirs_top(d)->fd, "..",
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return nipfs__dirs_fail_errno(d, err, "cannot open the parent of");
	if (st.st_dev != parent->dev || st.st_ino != parent->ino)
		return nipfs__dirs_fail(d, err, NIPFS_E_CHANGED, "",
					" was moved away meanwhile");
	parent->fd = fd;
	fd = -1;
	d->closed--;
	return 0;
}

int nipfs__dirs_pop(struct nipfs__dirs *d, int *left, struct nipfs_error *err)
{
	const struct nipfs__dir *top = nipfs__dirs_top(d);
	const int fd = top->fd;
	size_t len = top->path_len;

	cut(d, len);
	if (d->depth > 1 && d->closed == d->depth - 1) {
		const int r = open_parent(d, err);

		if (r < 0)
			return r;
	}
	d->depth--;
	d->stack.len -= sizeof(*top);
	d->name_at = 0;
	if (d->depth)
		(void)names_begin(d, &d->name_at);
	if (left)
		*left = fd;
	else
		(void)close(fd);
	return 0;
}

int nipfs__dirs_names(struct nipfs__dirs *d, struct nipfs__names *names, bool skip_hidden,
		      struct nipfs_error *err)
{
	const int r = nipfs__names_read(names, nipfs__dirs_top(d)->fd, skip_hidden);

	if (r == NIPFS_E_SYS)
		return nipfs__dirs_fail_errno(d, err, "cannot read");
	if (r == NIPFS_E_LIMIT)
		return nipfs__dirs_fail(d, err, r, "too many names in", "");
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

/* Writes the path of the current entry, shortened in its middle when it is long. */
static void show(const struct nipfs__dirs *d, struct nipfs_buf *out)
{
	const size_t half = SHOWN_MAX / 2, len = d->path.len;
	int r;

	if (len <= SHOWN_MAX)
		r = nipfs__buf_put(out, d->path.ptr, len);
	else if ((r = nipfs__buf_put(out, d->path.ptr, half)) == 0 &&
		 (r = nipfs__buf_put_str(out, "[...]")) == 0)
		r = nipfs__buf_put(out, d->path.ptr + len - half, half);
	/* without memory the message has no path */
	if (r < 0)
		nipfs__buf_clear(out);
}

int nipfs__dirs_fail(const struct nipfs__dirs *d, struct nipfs_error *err, int code,
		     const char *before, const char *after)
{
	nipfs_auto_buf struct nipfs_buf shown = NIPFS_BUF_INIT(SHOWN_MAX + 8);

	show(d, &shown);
	return nipfs__fail(err, code, "%s%s'%.*s'%s", before, *before ? " " : "",
			   (int)shown.len, (const char *)shown.ptr, after);
}

int nipfs__dirs_fail_errno(const struct nipfs__dirs *d, struct nipfs_error *err,
			   const char *before)
{
	nipfs_auto_buf struct nipfs_buf shown = NIPFS_BUF_INIT(SHOWN_MAX + 8);
	const int sys_errno = errno;

	show(d, &shown);
	return nipfs__fail_errno(err, sys_errno, "%s '%.*s'", before, (int)shown.len,
				 (const char *)shown.ptr);
}
