/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MurmurHash3, by which a HAMT directory spreads its names. */
#ifndef UNIXFS_MURMUR3_H
#define UNIXFS_MURMUR3_H

#include <nixipfs/bytes.h>

/*
 * The first 64 bits of MurmurHash3 x64_128 with seed 0. A HAMT takes its
 * indices from it from the most significant bit on.
 */
uint64_t nipfs__murmur3_h1(struct nipfs_slice bytes);

#endif
