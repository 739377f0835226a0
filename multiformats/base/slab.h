/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reference-counted memory for file bytes and blocks. References are taken and
 * given back with nipfs_slab_ref() and nipfs_slab_unref() of <nixipfs/block.h>.
 */
#ifndef MULTIFORMATS_BASE_SLAB_H
#define MULTIFORMATS_BASE_SLAB_H

#include <nixipfs/block.h>

/**
 * nipfs__slab_new() - allocate a slab
 * @size: bytes
 * @out:  untouched on failure; holds the one reference, for nipfs_slab_unref()
 *
 * The bytes are not set, and start at a multiple of 64.
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__slab_new(size_t size, struct nipfs_slab **out) NIPFS_MUSTUSE;

/* Its bytes. To be written only by who knows that nobody else reads them. */
uint8_t *nipfs__slab_data(struct nipfs_slab *slab);
size_t nipfs__slab_size(const struct nipfs_slab *slab);
/* Whether the caller's reference is the only one: the bytes may be written anew. */
bool nipfs__slab_is_unique(const struct nipfs_slab *slab);

#endif
