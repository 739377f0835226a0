/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads files into slabs and hands their bytes to a tree sink. */
#ifndef LIB_DISK_READER_H
#define LIB_DISK_READER_H

#include <nixipfs/tree.h>

#include "lib/disk/dirs.h"
#include "multiformats/base/slab.h"

enum { NIPFS__READER_SLABS = 4 };

/**
 * struct nipfs__reader - the slabs that files are read into
 * @slabs: NULL, or a slab of which one reference is ours
 * @now:   the one in use
 * @used:  bytes of it that a sink may hold
 *
 * Small files lie back to back in a slab. While no sink keeps bytes, the same
 * memory is used over and over. All zero to start with.
 */
struct nipfs__reader {
	struct nipfs_slab *slabs[NIPFS__READER_SLABS];
	size_t now, used;
};

void nipfs__reader_release(struct nipfs__reader *r);

/**
 * nipfs__reader_file() - hand over all bytes of a file
 * @fd:   read from its beginning, wherever it stands
 * @size: bytes that the file is said to have
 * @dirs: its current entry is the file: for messages
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_SYS, NIPFS_E_CHANGED when the file has more
 * or fewer bytes, or what the sink returned.
 */
int nipfs__reader_file(struct nipfs__reader *r, int fd, uint64_t size,
		       const struct nipfs_tree_sink *sink, const struct nipfs__dirs *dirs,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
