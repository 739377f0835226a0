/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One UnixFS directory: its entries are gathered, then it is made, flat or as HAMT. */
#ifndef DAG_DIR_BUILD_H
#define DAG_DIR_BUILD_H

#include <nixipfs/dag.h>

#include "dag/attributes.h"
#include "dag/block_maker.h"
#include "dag/dir_entry.h"
#include "multiformats/base/arena.h"

/* What the packed entries of one directory may take: some ten million of them. */
#define NIPFS__DIR_BYTES_MAX ((size_t)1 << 30)

/**
 * struct nipfs__dir - the entries so far
 * @arena:       packed entries
 * @entries:     where each begins
 * @n, @cap:     entries, and room for them
 * @links_bytes: names and binary CIDs: the estimate of NIPFS_HAMT_BY_LINKS
 * @block_bytes: their links as encoded: that of NIPFS_HAMT_BY_BLOCK, less Data
 * @tsize:       of all entries
 * @unsorted:    whether some name is not above the one before it
 * @scratch:     for one entry, then for the block
 *
 * Start with NIPFS__DIR_INIT; end with nipfs__dir_release().
 */
struct nipfs__dir {
	struct nipfs_arena arena;
	const uint8_t **entries;
	size_t n, cap;
	uint64_t links_bytes, block_bytes, tsize;
	bool unsorted;
	struct nipfs_buf scratch;
};

#define NIPFS__DIR_INIT                                                                  \
	{                                                                                \
		NIPFS_ARENA_INIT(NIPFS__DIR_BYTES_MAX), NULL, 0, 0, 0, 0, 0, false,      \
			NIPFS_BUF_INIT(NIPFS_BLOCK_MAX)                                  \
	}

/* One more entry, copied. Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT. */
int nipfs__dir_add(struct nipfs__dir *d, struct nipfs_slice name,
		   const struct nipfs_link *link, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__dir_finish() - make its blocks
 * @d:          only to be released afterwards
 * @maker:      decides between flat and HAMT
 * @attributes: of the directory, for its root
 * @out:        untouched on failure
 * @err:        may be NULL
 *
 * Return: 0, NIPFS_E_INVALID (a name twice), NIPFS_E_NOMEM, NIPFS_E_LIMIT, or
 * what the block sink returned.
 */
int nipfs__dir_finish(struct nipfs__dir *d, const struct nipfs__block_maker *maker,
		      const struct nipfs__attributes *attributes, struct nipfs_link *out,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__dir_release(struct nipfs__dir *d);

#endif
