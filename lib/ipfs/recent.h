/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nodes that were given out last. Directories are looked into again and again, which
 * costs nothing where blocks lie on disk, and a round trip here.
 */
#ifndef LIB_IPFS_RECENT_H
#define LIB_IPFS_RECENT_H

#include <nixipfs/block.h>

enum { NIPFS__RECENT_BLOCKS = 16, NIPFS__RECENT_BYTES_MAX = 512 * 1024 };

/* The one that was used last comes first. Zeroed: none. */
struct nipfs__recent {
	struct {
		struct nipfs_cid cid;
		struct nipfs_slab *slab;
		size_t len;
	} blocks[NIPFS__RECENT_BLOCKS];
	size_t n;
};

/* Keeps a verified block, unless it is too big; @slab holds it from its first byte on. */
void nipfs__recent_add(struct nipfs__recent *r, const struct nipfs_cid *cid,
		       struct nipfs_slab *slab, size_t len);

/* Return: whether it is there; then @out is borrowed until the next nipfs__recent_add(). */
bool nipfs__recent_find(struct nipfs__recent *r, const struct nipfs_cid *cid,
			struct nipfs_span *out);

void nipfs__recent_release(struct nipfs__recent *r);

#endif
