/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing a tree on disk, of any depth, without following symlinks. */
#include <nixipfs/disk.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/disk/dirs.h"
#include "lib/disk/names.h"
#include "multiformats/base/err.h"

struct remover {
	struct nipfs__dirs dirs;
	struct nipfs__names names;
	struct nipfs_error *err;
};

static int unlink_current(struct remover *m, int flags)
{
	return unlinkat(nipfs__dirs_fd(&m->dirs), nipfs__dirs_name(&m->dirs), flags);
}

/* Opens the current entry, a directory, even when its mode forbids it. */
static int open_dir(struct remover *m)
{
	const int flags = O_RDONLY | O_DIRECTORY;
	const int fd = nipfs__dirs_open(&m->dirs, flags, 0);

	if (fd >= 0 || errno != EACCES)
		return fd;
	if (fchmodat(nipfs__dirs_fd(&m->dirs), nipfs__dirs_name(&m->dirs), 0700,
		     AT_SYMLINK_NOFOLLOW) < 0) {
		errno = EACCES;
		return -1;
	}
	return nipfs__dirs_open(&m->dirs, flags, 0);
}

/* Goes into the current entry, a directory, and reads its names. */
static int go_in(struct remover *m)
{
	const size_t first = nipfs__names_count(&m->names);
	const int fd = open_dir(m);
	struct stat st;
	int r;

	if (fd < 0)
		return errno == ENOENT
			   ? 0
			   : nipfs__dirs_fail_errno(&m->dirs, m->err, "cannot open");
	if (fstat(fd, &st) < 0) {
		r = nipfs__dirs_fail_errno(&m->dirs, m->err, "cannot stat");
		(void)close(fd);
		return r;
	}
	/* where this fails, and matters, the removal of the first entry says so */
	if ((st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700);
	r = nipfs__dirs_push(&m->dirs, fd, &st, m->err);
	if (r < 0)
		return r;
	nipfs__dirs_top(&m->dirs)->first = first;
	return nipfs__dirs_names(&m->dirs, &m->names, false, m->err);
}

/* Removes the current entry, or goes into it when it is a directory. */
static int remove_current(struct remover *m, bool is_dir)
{
	if (is_dir)
		return go_in(m);
	if (unlink_current(m, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR)
		return go_in(m);
	return nipfs__dirs_fail_errno(&m->dirs, m->err, "cannot remove");
}

/* Removes the last entry of the deepest directory, or the directory when it has none
 * left. */
static int step(struct remover *m)
{
	const struct nipfs__dir *dir = nipfs__dirs_top(&m->dirs);
	const size_t count = nipfs__names_count(&m->names);
	struct nipfs__name last;
	int r;

	if (count == dir->first) {
		r = nipfs__dirs_pop(&m->dirs, NULL, m->err);
		if (r < 0 || unlink_current(m, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return r;
		return nipfs__dirs_fail_errno(&m->dirs, m->err, "cannot remove");
	}
	last = nipfs__names_get(&m->names, count - 1);
	r = nipfs__dirs_select(&m->dirs, last.name, m->err);
	if (r < 0)
		return r;
	nipfs__names_cut(&m->names, count - 1);
	return remove_current(m, last.type == DT_DIR);
}

int nipfs_disk_remove(int dirfd, const char *path, struct nipfs_error *err)
{
	struct remover m = { .err = err };
	int r = nipfs__dirs_init(&m.dirs, dirfd, path);

	if (r == 0)
		r = nipfs__names_init(&m.names);
	r = r < 0 ? nipfs__fail(err, r, "cannot remove '%s': %s", path, nipfs_err_text(r))
		  : remove_current(&m, false);
	while (r == 0 && m.dirs.depth > 0)
		r = step(&m);
	nipfs__names_release(&m.names);
	nipfs__dirs_release(&m.dirs);
	return r;
}
