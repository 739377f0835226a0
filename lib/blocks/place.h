/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the bytes of a block lie, as the index keeps it: a few bytes, several
 * of them one behind another. All numbers are varints of protobuf's kind.
 *
 *     kind  owner  …
 *       NODE      node
 *       WHOLE     dir  entry                        all of a file
 *       CHUNK     dir  entry  number                of the owner's chunk size
 *       RANGE     dir  entry  offset  length
 *       INLINE    dir  entry  offset  length  prefix length, bytes  suffix length, bytes
 *       NAR       offset  length                    of the NAR of the path
 */
#ifndef LIB_BLOCKS_PLACE_H
#define LIB_BLOCKS_PLACE_H

#include "multiformats/base/buf.h"

enum nipfs__place_kind {
	NIPFS__PLACE_NODE,
	NIPFS__PLACE_WHOLE,
	NIPFS__PLACE_CHUNK,
	NIPFS__PLACE_RANGE,
	NIPFS__PLACE_INLINE,
	NIPFS__PLACE_NAR
};

/* Bytes that a place takes at most, prefix and suffix left out. */
enum { NIPFS__PLACE_MAX = 1 + 7 * 10 };

/**
 * struct nipfs__place - a decoded place
 * @kind:   which of the members count
 * @owner:  row of the owner
 * @node:   row of the node (NODE)
 * @dir:    number of the directory in its owner; 0: the path is the file itself
 * @entry:  which entry of the directory, in byte order, from 0
 * @number: which chunk (CHUNK)
 * @offset: first byte (RANGE, INLINE: in the file; NAR: in the NAR)
 * @len:    bytes from there
 * @prefix: of the block, before the bytes of the file (INLINE); borrowed
 * @suffix: of the block, behind them (INLINE); borrowed
 */
struct nipfs__place {
	enum nipfs__place_kind kind;
	uint64_t owner, node, dir, entry, number, offset, len;
	struct nipfs_slice prefix, suffix;
};

/* Appends a place: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT. */
int nipfs__place_put(struct nipfs_buf *b, const struct nipfs__place *place) NIPFS_MUSTUSE;

/**
 * nipfs__place_next() - the next place of several
 * @in:  moved past it; on failure unchanged
 * @out: untouched on failure
 *
 * Return: 0, 1 behind the last, or NIPFS_E_INVALID.
 */
int nipfs__place_next(struct nipfs_slice *in, struct nipfs__place *out) NIPFS_MUSTUSE;

#endif
