/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The directories on the way to the current entry of a tree on disk: their
 * descriptors, of which only the deepest are kept open, and the path as text.
 */
#ifndef LIB_DISK_DIRS_H
#define LIB_DISK_DIRS_H

#include <sys/stat.h>

#include "lib/disk/names.h"

/**
 * struct nipfs__dir - one directory on the way
 * @fd:       open, or -1 when it was closed for want of descriptors
 * @dev:      with @ino: what must be found when it is opened again
 * @path_len: bytes of the path that name it
 * @first:    free for who walks: where its names begin
 * @next:     free for who walks: where in its names it is
 */
struct nipfs__dir {
	int fd;
	dev_t dev;
	ino_t ino;
	size_t path_len;
	size_t first, next;
};

/**
 * struct nipfs__dirs - a stack of directories
 * @base:     where the path begins; borrowed
 * @follow_root: a root that is a symlink is opened where it leads to
 * @stack:    of struct nipfs__dir, the deepest last
 * @depth:    how many
 * @closed:   the first so many of them are closed
 * @max_open: at most so many are open
 * @path:     the path of the current entry, NUL-terminated
 * @name_at:  where its last component begins; 0 for the root of the tree
 */
struct nipfs__dirs {
	int base;
	bool follow_root;
	struct nipfs_buf stack;
	size_t depth, closed, max_open;
	struct nipfs_buf path;
	size_t name_at;
};

/* The root becomes the current entry. Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT. */
int nipfs__dirs_init(struct nipfs__dirs *d, int base, const char *root) NIPFS_MUSTUSE;
void nipfs__dirs_release(struct nipfs__dirs *d);

/* The deepest directory; there must be one. */
struct nipfs__dir *nipfs__dirs_top(struct nipfs__dirs *d);
/* What the name of the current entry is relative to: the deepest directory or the base.
 */
int nipfs__dirs_fd(struct nipfs__dirs *d);

/* The name of the current entry: for the root its whole path. */
static inline const char *nipfs__dirs_name(const struct nipfs__dirs *d)
{
	return (const char *)d->path.ptr + d->name_at;
}

/**
 * nipfs__dirs_select() - make an entry of the deepest directory the current one
 * @name: copied; holds no NUL
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT.
 */
int nipfs__dirs_select(struct nipfs__dirs *d, struct nipfs_slice name,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__dirs_open() - openat() of the current entry; symlinks are not followed
 *
 * Gives up descriptors of directories when there are no more.
 *
 * Return: the descriptor, or -1 with errno set.
 */
int nipfs__dirs_open(struct nipfs__dirs *d, int flags, mode_t mode);

/**
 * nipfs__dirs_push() - go into the current entry
 * @take_fd: the open directory; consumed, also on failure
 * @st:      of @take_fd
 */
int nipfs__dirs_push(struct nipfs__dirs *d, int take_fd, const struct stat *st,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__dirs_pop() - leave the deepest directory
 * @left: gets its open descriptor; NULL: it is closed
 *
 * It becomes the current entry of its parent, which is open after it.
 *
 * Return: 0; NIPFS_E_CHANGED when its ".." is not the parent any more, and
 * NIPFS_E_SYS: nothing was left then.
 */
int nipfs__dirs_pop(struct nipfs__dirs *d, int *left,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Adds the names in the deepest directory, the current entry, to @names. */
int nipfs__dirs_names(struct nipfs__dirs *d, struct nipfs__names *names, bool skip_hidden,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/* Record a failure: "@before 'path of the current entry'@after". Return: the code. */
int nipfs__dirs_fail(const struct nipfs__dirs *d, struct nipfs_error *err, int code,
		     const char *before, const char *after);
/* The same from errno: "@before 'path': strerror". */
int nipfs__dirs_fail_errno(const struct nipfs__dirs *d, struct nipfs_error *err,
			   const char *before);

#endif
