/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A block source that gets blocks before they are wanted. */
#ifndef LIB_BLOCKS_AHEAD_SOURCE_H
#define LIB_BLOCKS_AHEAD_SOURCE_H

#include <nixipfs/block.h>

/**
 * nipfs__ahead_source_new() - look ahead in a source
 * @out:    to be freed with nipfs_block_source_free(), before @source
 * @source: borrowed, with nothing outstanding; used through @out alone meanwhile
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_SYS (no random numbers).
 */
int nipfs__ahead_source_new(struct nipfs_block_source **out, struct nipfs_block_source *source,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__ahead_source_hint() - a small block is likely to be wanted soon
 * @ahead: of nipfs__ahead_source_new()
 * @cid:   never an identity CID
 *
 * It is asked for together with the next block that is wanted, what was hinted at last
 * before the others: up to 64 are under way at a time, and 4 MiB are kept. What does not
 * come, or is wrong, is asked for again when it is wanted: nothing but that can fail.
 */
void nipfs__ahead_source_hint(struct nipfs_block_source *ahead, const struct nipfs_cid *cid);

#endif
