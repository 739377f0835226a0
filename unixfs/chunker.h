/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a file is cut into chunks, byte for byte as Kubo cuts it. */
#ifndef UNIXFS_CHUNKER_H
#define UNIXFS_CHUNKER_H

#include <nixipfs/unixfs.h>

enum { NIPFS__CHUNKER_WINDOW = 32 };

/* What Kubo's `buzhash` is fixed to. */
enum { NIPFS__BUZHASH_MIN = 128 << 10, NIPFS__BUZHASH_MAX = 512 << 10 };

/* What Kubo's `rabin` slides over: a shorter minimum never cuts. */
enum { NIPFS__RABIN_WINDOW = 16 };

extern const uint32_t nipfs__buzhash_table[256];

/**
 * struct nipfs__chunker - a file on its way through a chunker
 * @params: kind and sizes
 * @len:    bytes of the current chunk so far
 * @digest: rolling hash of rabin (64 bits) or buzhash (32 bits)
 * @window: the bytes that the hash is over, used in a circle
 * @at:     next place in @window
 * @slide_out, @reduce: tables of rabin
 *
 * Start with nipfs__chunker_init(). Holds no bytes of the file.
 */
struct nipfs__chunker {
	struct nipfs_chunker params;
	uint32_t len;
	uint64_t digest;
	uint8_t window[NIPFS__CHUNKER_WINDOW];
	uint32_t at;
	uint64_t mask;
	uint64_t slide_out[256], reduce[256];
};

/* @params is one that nipfs_unixfs_check() accepts. */
void nipfs__chunker_init(struct nipfs__chunker *c, const struct nipfs_chunker *params);

/* The end of a file: the next byte begins a new chunk. */
void nipfs__chunker_restart(struct nipfs__chunker *c);

/**
 * nipfs__chunker_feed() - find the end of the current chunk
 * @c:   where the file is
 * @in:  the next bytes of it, at least one
 * @cut: set to whether the chunk ends with the bytes that were taken; when it
 *       does not, all of @in belongs to it
 *
 * Return: how many bytes of @in belong to the current chunk, at least one.
 */
size_t nipfs__chunker_feed(struct nipfs__chunker *c, struct nipfs_slice in, bool *cut);

#endif
