/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entries of a directory that is being made, packed: there may be very many. */
#ifndef DAG_DIR_ENTRY_H
#define DAG_DIR_ENTRY_H

#include "multiformats/base/buf.h"

/**
 * struct nipfs__dir_entry - one entry, read from its packed form
 * @cid:   binary; borrowed
 * @name:  borrowed
 * @tsize: bytes of the DAG that it leads to
 */
struct nipfs__dir_entry {
	struct nipfs_slice cid, name;
	uint64_t tsize;
};

/* Appends the packed form. Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT. */
int nipfs__dir_entry_pack(struct nipfs_buf *b, const struct nipfs__dir_entry *entry)
	NIPFS_MUSTUSE;

/* @packed is one that was made here: it is not checked. */
struct nipfs__dir_entry nipfs__dir_entry_read(const uint8_t *packed);

#endif
