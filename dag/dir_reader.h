/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entries of a UnixFS directory, flat or HAMT. */
#ifndef DAG_DIR_READER_H
#define DAG_DIR_READER_H

#include "dag/node.h"
#include "multiformats/base/arena.h"

/* Bytes of entries in memory at once, at most. */
#define NIPFS__LISTING_BYTES_MAX ((size_t)256 * 1024 * 1024)

/**
 * struct nipfs__listing - the entries of one directory, in byte order of their names
 *
 * Private but for nipfs__listing_bytes(). Start with NIPFS__LISTING_INIT(max bytes), end
 * with nipfs__listing_release().
 */
struct nipfs__listing {
	struct nipfs_arena arena;
	struct nipfs_buf index; /* of const uint8_t *: packed entries in the arena */
};

#define NIPFS__LISTING_INIT(max) { NIPFS_ARENA_INIT((max) / 4 * 3), NIPFS_BUF_INIT((max) / 4) }

/**
 * nipfs__listing_read() - read all entries of a directory whose root is at hand
 * @f:    all that this announces is got
 * @root: a directory, just got from @f
 * @dir:  just initialised; to be released after a failure as well
 * @err:  may be NULL
 *
 * Return: 0, as nipfs__node_get(), NIPFS_E_INVALID (names, duplicates, a HAMT
 * that is not right), NIPFS_E_LIMIT (memory).
 */
int nipfs__listing_read(struct nipfs__fetch *f, const struct nipfs__node *root,
		    struct nipfs__listing *dir, struct nipfs_error *err) NIPFS_MUSTUSE;

/* How many entries there are. */
size_t nipfs__listing_count(const struct nipfs__listing *dir);
/* Entry @i; its name is borrowed. */
void nipfs__listing_entry(const struct nipfs__listing *dir, size_t i, struct nipfs_dir_entry *out);
/* Memory that it takes. */
size_t nipfs__listing_bytes(const struct nipfs__listing *dir);
void nipfs__listing_release(struct nipfs__listing *dir);

/**
 * nipfs__listing_lookup() - one entry of a directory by its name
 *
 * Return: as nipfs_dag_lookup().
 */
int nipfs__listing_lookup(struct nipfs__fetch *f, const struct nipfs_cid *dir,
		      struct nipfs_slice name, struct nipfs_dir_entry *out,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
