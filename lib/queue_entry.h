/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of the queue as the text of its file. */
#ifndef LIB_QUEUE_ENTRY_H
#define LIB_QUEUE_ENTRY_H

#include <nixipfs/bytes.h>
#include <nixipfs/queue.h>

#include "multiformats/base/buf.h"

/* Bytes of an entry; a longer one is refused. */
enum { NIPFS__QUEUE_ENTRY_MAX = 16 * 1024 };

/**
 * nipfs__queue_entry_encode() - write an entry
 * @entry: has_root is not part of it
 * @out:   appended to
 *
 * Return: 0; NIPFS_E_INVALID (a folder with control characters, or not absolute);
 * NIPFS_E_LIMIT; NIPFS_E_NOMEM.
 */
int nipfs__queue_entry_encode(const struct nipfs_queue_entry *entry,
			      struct nipfs_buf *out) NIPFS_MUSTUSE;

/**
 * nipfs__queue_entry_decode() - read an entry
 * @text: the whole file
 * @out:  overwritten, has_root is false; untouched on failure
 *
 * What is taken is written in just this way by nipfs__queue_entry_encode().
 *
 * Return: 0, NIPFS_E_INVALID, NIPFS_E_LIMIT.
 */
int nipfs__queue_entry_decode(struct nipfs_slice text,
			      struct nipfs_queue_entry *out) NIPFS_MUSTUSE;

#endif
