/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges of the NAR of a tree on disk, made anew each time they are asked for.
 * Asked for in order, all of them together cost one walk over the tree.
 */
#ifndef LIB_BLOCKS_NAR_CURSOR_H
#define LIB_BLOCKS_NAR_CURSOR_H

#include "multiformats/base/buf.h"

struct nipfs__nar_cursor;

/**
 * nipfs__nar_cursor_new() - begin to read the NAR of a tree
 * @dirfd: where @path begins; must stay open
 * @path:  copied
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__nar_cursor_new(struct nipfs__nar_cursor **out, int dirfd, const char *path,
			  struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__nar_cursor_free(struct nipfs__nar_cursor *c);

/**
 * nipfs__nar_cursor_read() - one range
 * @out: gets up to @len bytes; less only at the end of the NAR
 *
 * A range before the last one starts a new walk. Files that lie outside of the
 * range are not read.
 *
 * Return: 0, or as nipfs_disk_tree().
 */
int nipfs__nar_cursor_read(struct nipfs__nar_cursor *c, uint64_t offset, size_t len,
			   struct nipfs_buf *out, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
