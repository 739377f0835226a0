/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verified blocks in the order in which a reader needs them, while those that
 * it will need next are under way: what lets a network source work in parallel.
 */
#ifndef DAG_FETCH_H
#define DAG_FETCH_H

#include <nixipfs/block.h>

enum {
	NIPFS__FETCH_WANTS = 64,                     /* blocks under way or held, at most */
	NIPFS__FETCH_BYTES = 16 * 1024 * 1024,       /* of them, where nothing else was said */
	NIPFS__FETCH_WORK_BASE = 16 * 1024 * 1024,   /* bytes of blocks that need no reason */
	NIPFS__FETCH_WORK_PER_BYTE = 1024,           /* and for each byte that was given out */
	NIPFS__FETCH_WORK_PER_ENTRY = 4096           /* and for each directory entry */
};

/* A window over a block source. */
struct nipfs__fetch;

/**
 * nipfs__fetch_new() - start reading
 * @bytes:   of blocks under way or held, at most: as expected, and as held; 0: the usual
 * @bounded: refuse to go through many blocks that give nothing, which a small DAG
 *           can ask for by linking to the same blocks again and again
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__fetch_new(struct nipfs__fetch **out, struct nipfs_block_source *source,
		     uint64_t bytes, bool bounded, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Takes back what is still under way. @f may be NULL. */
void nipfs__fetch_free(struct nipfs__fetch *f);

/* Blocks under way or held. */
size_t nipfs__fetch_used(const struct nipfs__fetch *f);

/**
 * nipfs__fetch_ahead() - this block will be needed soon
 *
 * Return: whether there was room. Then exactly one nipfs__fetch_get() or
 * nipfs__fetch_drop() must follow for it, or nipfs__fetch_free().
 */
bool nipfs__fetch_ahead(struct nipfs__fetch *f, const struct nipfs_want *want) NIPFS_MUSTUSE;

/**
 * nipfs__fetch_get() - the verified bytes of a block, now
 * @want:      may be an identity CID
 * @announced: whether nipfs__fetch_ahead() took it, and this is its answer
 * @out:       valid until the next nipfs__fetch_get(); without its cid
 *
 * Return: 0, as nipfs_block_get(), or NIPFS_E_LIMIT when bounded.
 */
int nipfs__fetch_get(struct nipfs__fetch *f, const struct nipfs_want *want, bool announced,
		     struct nipfs_span *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* A block that was announced is not needed. */
void nipfs__fetch_drop(struct nipfs__fetch *f, const struct nipfs_cid *cid);

/* The reader gave something out for its blocks: it may go through @work more bytes of them. */
void nipfs__fetch_earn(struct nipfs__fetch *f, uint64_t work);

#endif
