/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table from 64-bit hashes to short byte strings, several per hash, in bounded
 * memory: what does not fit goes to a temporary SQLite file.
 */
#ifndef LIB_BLOCKS_BAG_H
#define LIB_BLOCKS_BAG_H

#include <stdbool.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

enum { NIPFS__BAG_VALUE_MAX = 255 };

struct nipfs__bag_file;

/**
 * struct nipfs__bag - the table
 * @max_bytes: memory that it may take
 * @n:         values in memory
 *
 * Start with NIPFS__BAG_INIT(max_bytes), end with nipfs__bag_release(). Hashes must
 * be such that nobody can choose keys with the same one.
 */
struct nipfs__bag {
	size_t max_bytes;
	size_t n;
	/* private */
	uint32_t *heads; /* of chains, newest first; 0 ends one */
	size_t n_heads;
	uint8_t **chunks;
	size_t n_chunks, chunk_used;
	struct nipfs__bag_file *file;
};

#define NIPFS__BAG_INIT(bytes)                                                           \
	{                                                                                \
		(bytes), 0, NULL, 0, NULL, 0, 0, NULL                                    \
	}

void nipfs__bag_release(struct nipfs__bag *b);

/**
 * nipfs__bag_add() - add a value, also where it is there already
 * @value: at most NIPFS__BAG_VALUE_MAX bytes. An empty one is forgotten when
 *         memory is full.
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_SYS.
 */
int nipfs__bag_add(struct nipfs__bag *b, uint64_t hash, struct nipfs_slice value,
		   struct nipfs_error *err) NIPFS_MUSTUSE;

/* Where a look-up is. */
struct nipfs__bag_cursor {
	uint64_t hash;
	uint32_t at;
	bool in_file;
	uint8_t value[NIPFS__BAG_VALUE_MAX];
};

/* One look-up at a time in each bag, and no adding meanwhile unless it ends there. */
void nipfs__bag_find(const struct nipfs__bag *b, uint64_t hash,
		     struct nipfs__bag_cursor *cursor);

/**
 * nipfs__bag_next() - the next value of the hash
 * @out: points into @cursor
 *
 * Those in memory come first, the newest first.
 *
 * Return: 0, 1 when there is no more, NIPFS_E_SYS or NIPFS_E_NOMEM.
 */
int nipfs__bag_next(struct nipfs__bag *b, struct nipfs__bag_cursor *cursor,
		    struct nipfs_slice *out, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
