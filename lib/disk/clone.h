/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes of one file become bytes of another without a copy, where the file system can. */
#ifndef LIB_DISK_CLONE_H
#define LIB_DISK_CLONE_H

#include <stdbool.h>

#include <nixipfs/bytes.h>

/**
 * nipfs__clone_range() - share bytes between files
 * @useless: false at first; set when the file system can't, so that it is not asked again
 * @fd:      the file that is written
 * @offset:  where in it
 * @bytes:   with the descriptor that they lie in
 *
 * Few bytes are not worth it, and nothing is taken from a file that others than this
 * user and root could change.
 *
 * Return: whether it was done; if not, nothing was written.
 */
bool nipfs__clone_range(bool *useless, int fd, uint64_t offset,
			const struct nipfs_span *bytes);

#endif
