/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole DAG as one CAR, from a gateway on this machine that has it: half the price of a
 * request for each block. Over a wire it would bring what is here already. Blocks that come
 * before they are wanted are held, as far as there is room; whatever the CAR does not bring
 * in time is asked for by itself.
 */
#ifndef LIB_IPFS_SUBTREE_H
#define LIB_IPFS_SUBTREE_H

#include <nixipfs/car.h>

#include "lib/ipfs/origin.h"

enum {
	NIPFS__SUBTREE_BLOCKS = 256,
	NIPFS__SUBTREE_BYTES = 8 * 1024 * 1024
};

struct nipfs__subtree_block {
	struct nipfs_cid cid;
	struct nipfs_slab *slab;
	size_t len;
};

/**
 * struct nipfs__subtree - the CAR; zeroed: there is none
 * @transfer: NULL: there is none
 * @origin:   whose it is
 * @held:     blocks that came and were not wanted yet, the oldest first
 * @bytes:    of those
 * @astray:   wants that had to be asked for while there was no room to read on
 * @moved:    when the last block came
 */
struct nipfs__subtree {
	struct nipfs__http *http;
	struct nipfs__transfer *transfer;
	struct nipfs_car_reader *reader;
	size_t origin;
	struct nipfs__subtree_block held[NIPFS__SUBTREE_BLOCKS];
	size_t n;
	uint64_t bytes;
	unsigned int astray, sections;
	uint64_t moved;
};

/* Begins one, in place of the one before. Return: 0 or NIPFS_E_NOMEM. */
int nipfs__subtree_begin(struct nipfs__subtree *t, struct nipfs__http *h,
			 const struct nipfs__origin *o, size_t origin,
			 const struct nipfs_cid *root, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Ends it, and lets go of what is held. */
void nipfs__subtree_end(struct nipfs__subtree *t);

/* Whether what is wanted may still come. */
bool nipfs__subtree_goes_on(const struct nipfs__subtree *t);

/* A want is not in it, or far behind: it is asked for. */
void nipfs__subtree_went_astray(struct nipfs__subtree *t);

/**
 * nipfs__subtree_next() - the next block of the CAR
 * @out: verified; the caller's reference to its slab. One of no bytes has none.
 *
 * Return: 0; 1 when there is none now, or no room for it; NIPFS_E_MISMATCH: wrong bytes;
 * NIPFS_E_NOMEM; NIPFS_E_CANCELLED. It has ended itself with all but 0 and the first kind
 * of 1.
 */
int nipfs__subtree_next(struct nipfs__subtree *t, struct nipfs__subtree_block *out,
			struct nipfs_error *err) NIPFS_MUSTUSE;

/* Holds a block; consumes its reference. */
void nipfs__subtree_hold(struct nipfs__subtree *t, const struct nipfs__subtree_block *take_block);

/* Gives out a block that is held, with its reference. Return: whether it is. */
bool nipfs__subtree_take(struct nipfs__subtree *t, const struct nipfs_cid *cid,
			 struct nipfs__subtree_block *out);

#endif
