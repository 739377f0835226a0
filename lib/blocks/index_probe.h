/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the index has a block, without reading it. */
#ifndef LIB_BLOCKS_INDEX_PROBE_H
#define LIB_BLOCKS_INDEX_PROBE_H

#include <nixipfs/index.h>

struct nipfs__index_probe;

/**
 * nipfs__index_probe_new() - begin to ask
 * @out:   freed with nipfs__index_probe_free() before @index is closed
 * @index: an index
 * @truth: copied; a path counts only when its narHash is the one that was recorded
 *
 * Return: 0, or as nipfs_index_source_new().
 */
int nipfs__index_probe_new(struct nipfs__index_probe **out, struct nipfs_index *index,
			   const struct nipfs_index_truth *truth,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/* May be NULL. */
void nipfs__index_probe_free(struct nipfs__index_probe *p);

/**
 * nipfs__index_probe_has() - whether a path that counts is said to hold a block
 *
 * The bytes are not looked at: only reading the block shows whether they are right.
 *
 * Return: 1, 0, or a negative code.
 */
int nipfs__index_probe_has(struct nipfs__index_probe *p, const struct nipfs_cid *cid,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
