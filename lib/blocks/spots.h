/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the files of a tree the bytes of blocks lie, for as long as a process
 * needs that: like the index, without a database that stays. Memory is bounded;
 * what does not fit goes to temporary files without a name.
 */
#ifndef LIB_BLOCKS_SPOTS_H
#define LIB_BLOCKS_SPOTS_H

#include <nixipfs/progress.h>

#include "lib/blocks/bag.h"
#include "lib/blocks/hash.h"
#include "multiformats/base/buf.h"

/**
 * struct nipfs__spot - where the bytes of a block lie
 * @path:   which file: from nipfs__spots_add_path()
 * @offset: first byte in it
 * @len:    bytes from there
 * @prefix: of the block, before them; borrowed
 * @suffix: of the block, behind them; borrowed
 */
struct nipfs__spot {
	uint64_t path, offset;
	uint32_t len;
	struct nipfs_slice prefix, suffix;
};

/* Start with nipfs__spots_init(), also before a release. */
struct nipfs__spots {
	struct nipfs__hash_key key;
	struct nipfs__bag bag;
	struct nipfs__bag_cursor cursor;
	int paths;		/* a file without a name, or -1 */
	uint64_t written;	/* bytes in it */
	struct nipfs_buf pending; /* what comes behind them */
};

/* @max_bytes: memory of the table. Return: 0 or NIPFS_E_SYS. */
int nipfs__spots_init(struct nipfs__spots *s, size_t max_bytes,
		      struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__spots_release(struct nipfs__spots *s);

/* Return: 0, NIPFS_E_LIMIT (too long), NIPFS_E_NOMEM, NIPFS_E_SYS. */
int nipfs__spots_add_path(struct nipfs__spots *s, struct nipfs_slice path, uint64_t *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* The path, NUL-terminated: @out is overwritten. Same codes. */
int nipfs__spots_get_path(struct nipfs__spots *s, uint64_t path, struct nipfs_buf *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* Of a block that is there already nothing is added, nor of one with a long prefix. Return: 0,
 * NIPFS_E_NOMEM, NIPFS_E_SYS. */
int nipfs__spots_add(struct nipfs__spots *s, const struct nipfs_cid *cid,
		     const struct nipfs__spot *spot, struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * Where the block may lie: its bytes have to be checked. Return: 0 with @out, which
 * borrows from @s until the next call; 1: nowhere; NIPFS_E_NOMEM, NIPFS_E_SYS.
 */
int nipfs__spots_find(struct nipfs__spots *s, const struct nipfs_cid *cid,
		      struct nipfs__spot *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__spots_add_tree() - add the blocks of profile `nix` that hold bytes of files
 * @dirfd:    where the tree is
 * @name:     of the tree in it; paths begin with it
 * @progress: may be NULL
 *
 * Only regular files are read, and no symlink is followed. What can't be read, or is no
 * store object, ends it early: what came before is there.
 *
 * Return: 0; NIPFS_E_NOMEM; NIPFS_E_CANCELLED; or what adding failed with.
 */
int nipfs__spots_add_tree(struct nipfs__spots *s, int dirfd, const char *name,
			  const struct nipfs_progress *progress,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
