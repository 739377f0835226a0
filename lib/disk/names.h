/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names in the open directories of a walk, in two buffers used as stacks:
 * those of a directory are added behind those of its parent, and cut off again.
 */
#ifndef LIB_DISK_NAMES_H
#define LIB_DISK_NAMES_H

#include "multiformats/base/buf.h"

struct nipfs__names {
	struct nipfs_buf bytes; /* the names */
	struct nipfs_buf items; /* what they are and where they stand */
	uint8_t *raw;		/* what getdents64() gives */
};

struct nipfs__name {
	struct nipfs_slice name; /* borrowed until the next reading */
	uint8_t type;		 /* DT_DIR, … */
};

/* Return: 0 or NIPFS_E_NOMEM. */
int nipfs__names_init(struct nipfs__names *n) NIPFS_MUSTUSE;
void nipfs__names_release(struct nipfs__names *n);

/* How many there are: names are numbered from 0. */
size_t nipfs__names_count(const struct nipfs__names *n);
struct nipfs__name nipfs__names_get(const struct nipfs__names *n, size_t i);

/**
 * nipfs__names_read() - add all names in a directory but "." and ".."
 * @fd:          an open directory, at its beginning
 * @skip_hidden: leave out those that begin with a dot
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT, or NIPFS_E_SYS with errno set.
 */
int nipfs__names_read(struct nipfs__names *n, int fd, bool skip_hidden) NIPFS_MUSTUSE;

/**
 * nipfs__names_sort() - put the names from @first on in byte order
 *
 * Return: 0, or NIPFS_E_CHANGED when a name is there twice: the directory was
 * written to while it was read.
 */
int nipfs__names_sort(struct nipfs__names *n, size_t first) NIPFS_MUSTUSE;

/* Forgets the names from number @count on. */
void nipfs__names_cut(struct nipfs__names *n, size_t count);

#endif
