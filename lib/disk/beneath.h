/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens files and directories by a path that must not lead out of a directory. */
#ifndef LIB_DISK_BENEATH_H
#define LIB_DISK_BENEATH_H

#include <nixipfs/error.h>

/**
 * nipfs__beneath_open() - open a regular file below a directory for reading
 * @dirfd: the directory
 * @path:  NUL-terminated, relative; no component may be "..", and no symlink
 *         on the way or at its end is followed
 * @out:   the descriptor; untouched on failure
 *
 * Return: 0; NIPFS_E_NOTFOUND when there is no such file; NIPFS_E_INVALID for a
 * path that may not be, leads over a symlink, or to what is no regular file;
 * NIPFS_E_NOMEM or NIPFS_E_SYS.
 */
int nipfs__beneath_open(int dirfd, const char *path, int *out,
			struct nipfs_error *err) NIPFS_MUSTUSE;

/* The same for a directory. */
int nipfs__beneath_open_dir(int dirfd, const char *path, int *out,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/* nipfs__beneath_open() without openat2(): for old kernels and for sandboxes. */
int nipfs__beneath_open_stepwise(int dirfd, const char *path, int *out,
				 struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
