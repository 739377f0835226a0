/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UnixFS Data message inside a dag-pb node. Spec: specs.ipfs.tech/unixfs. */
#ifndef UNIXFS_DATA_H
#define UNIXFS_DATA_H

#include <nixipfs/tree.h>

#include "multiformats/base/buf.h"

enum nipfs__unixfs_type {
	NIPFS__UNIXFS_RAW = 0,
	NIPFS__UNIXFS_DIRECTORY = 1,
	NIPFS__UNIXFS_FILE = 2,
	NIPFS__UNIXFS_METADATA = 3,
	NIPFS__UNIXFS_SYMLINK = 4,
	NIPFS__UNIXFS_HAMT = 5
};

#define NIPFS__UNIXFS_HAMT_MURMUR3 0x22

/**
 * struct nipfs__unixfs - a Data message
 * @type:         which of the six
 * @data:         file bytes, symlink target or HAMT bitfield; borrowed
 * @has_filesize: whether filesize stands in the message
 * @filesize:     0 when absent
 * @n_blocksizes: number of blocksizes
 * @blocksizes:   private: the raw message, for nipfs__unixfs_next_blocksize()
 * @hash_type, @fanout: of a HAMT
 * @has_mode:     whether mode stands in the message
 * @mode:         all 32 bits as stored
 * @mtime:        not present when malformed, as boxo reads it
 */
struct nipfs__unixfs {
	enum nipfs__unixfs_type type;
	struct nipfs_slice data;
	bool has_filesize;
	uint64_t filesize;
	size_t n_blocksizes;
	struct nipfs_slice blocksizes;
	uint64_t hash_type;
	uint64_t fanout;
	bool has_mode;
	uint32_t mode;
	struct nipfs_mtime mtime;
};

/**
 * nipfs__unixfs_decode() - read a Data message
 *
 * Blocksizes may be packed; fields of later versions are passed over. What
 * readers would not agree about is refused: a field twice, a mode over 32 bits.
 *
 * Return: 0, NIPFS_E_TRUNCATED, NIPFS_E_INVALID (no or unknown type, wrong wire types).
 */
int nipfs__unixfs_decode(struct nipfs_slice in, struct nipfs__unixfs *out) NIPFS_MUSTUSE;

/* The blocksizes one after another; @cursor is 0 before the first. Return: 0, or 1 behind the last. */
int nipfs__unixfs_next_blocksize(const struct nipfs__unixfs *u, size_t *cursor,
				 uint64_t *out) NIPFS_MUSTUSE;

/**
 * nipfs__unixfs_encode() - append a Data message as boxo writes it (reference §1.2)
 * @u:           filesize is written for FILE and RAW always, for others never;
 *               Data when it is not empty, and for SYMLINK always; mode when
 *               has_mode; hash_type and fanout for HAMT
 * @blocksizes:  n_blocksizes numbers; may be NULL when there are none
 */
int nipfs__unixfs_encode(struct nipfs_buf *b, const struct nipfs__unixfs *u,
			 const uint64_t *blocksizes) NIPFS_MUSTUSE;

#endif
