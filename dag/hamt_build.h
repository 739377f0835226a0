/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories as HAMT: shards of entries by the hash of their names. */
#ifndef DAG_HAMT_BUILD_H
#define DAG_HAMT_BUILD_H

#include <nixipfs/dag.h>

#include "dag/attributes.h"
#include "dag/block_maker.h"

/**
 * nipfs__hamt_build() - make the shards of a directory
 * @maker:      fanout, and what CIDs are
 * @attributes: of the directory, for the root shard
 * @entries:    @n packed entries, of different names; at least one
 * @n:          how many
 * @out:        untouched on failure
 * @err:        may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT (names whose hashes are the same, or
 * a shard over the block limit), or what the block sink returned.
 */
int nipfs__hamt_build(const struct nipfs__block_maker *maker,
		      const struct nipfs__attributes *attributes,
		      const uint8_t *const *entries, size_t n, struct nipfs_link *out,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
