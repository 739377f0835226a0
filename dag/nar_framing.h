/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a NAR that are not those of its files. */
#ifndef DAG_NAR_FRAMING_H
#define DAG_NAR_FRAMING_H

#include <nixipfs/tree.h>

#include "multiformats/base/buf.h"

/* Zeros behind @n bytes, which fill them up to a multiple of 8. */
static inline size_t nipfs__nar_padding(uint64_t n)
{
	return (size_t)(-n & 7);
}

/*
 * Appends what stands before the contents of an entry: for a directory before
 * its entries, for a file before its bytes, for a symlink all but its end.
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT.
 */
int nipfs__nar_put_open(struct nipfs_buf *b, const struct nipfs_entry *entry,
			bool is_root) NIPFS_MUSTUSE;

/* Appends what stands behind them; @size is that of a file, 0 for others. Same codes. */
int nipfs__nar_put_close(struct nipfs_buf *b, uint64_t size, bool is_root) NIPFS_MUSTUSE;

#endif
