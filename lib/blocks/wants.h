/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outstanding wants of a block source: in order, each CID once. */
#ifndef LIB_BLOCKS_WANTS_H
#define LIB_BLOCKS_WANTS_H

#include <nixipfs/block.h>

#include "lib/blocks/hash.h"

/**
 * struct nipfs__wanted - one outstanding want
 * @role:    as it was asked for
 * @bytes:   as it was asked for
 * @list:    in which list it is
 * @problem: for the source: 0, or what was wrong with a block found for it
 * @member:  for a chain: who is asked
 * @blame:   for a chain: who the problem is with
 * @waiters: for a shared source: bit i: handle i waits for it; for one that looks ahead:
 *           whether it was wanted
 * @slab, @bytes_here, @len: for one that looks ahead: the block
 * @lacking: for the network: bit i: origin i is not asked for it any more
 * @asks:    for the network: requests under way
 * @tries:   for the network: requests that failed
 * @by_rpc:  for the network: the node's gateway has not got it
 * @looked_up: for the network: nobody knows it but those to be asked
 * @away:    for the network: since when the node that fetches it has not got it; or 0
 * @rest:    for the network: not asked for before then
 */
struct nipfs__wanted {
	enum nipfs_want_role role;
	uint64_t bytes;
	unsigned int list;
	int problem;
	size_t member, blame;
	uint64_t waiters;
	struct nipfs_slab *slab;
	const uint8_t *bytes_here;
	size_t len;
	uint32_t lacking;
	uint8_t asks, tries;
	bool by_rpc, looked_up;
	uint64_t away, rest;
	/* private */
	struct nipfs__wanted *prev, *next, *chain;
	uint64_t hash;
	uint8_t cid_len;
	uint8_t cid[];
};

enum { NIPFS__WANTS_LISTS = 4 };

struct nipfs__wants {
	struct nipfs__hash_key key;
	struct nipfs__wanted *first[NIPFS__WANTS_LISTS], *last[NIPFS__WANTS_LISTS];
	struct nipfs__wanted **heads;
	size_t n_heads, n;
};

/* Return: 0 or NIPFS_E_SYS. */
int nipfs__wants_init(struct nipfs__wants *w, struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__wants_release(struct nipfs__wants *w);

/* Adds wants at the end of list 0, but those that are outstanding. Return: 0,
 * NIPFS_E_NOMEM. */
int nipfs__wants_add(struct nipfs__wants *w, const struct nipfs_want *wants, size_t n,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

struct nipfs__wanted *nipfs__wants_find(const struct nipfs__wants *w,
					const struct nipfs_cid *cid);
/* The first one in @list of the same bytes as @cid, whatever version and codec. */
struct nipfs__wanted *nipfs__wants_find_bytes(const struct nipfs__wants *w,
					      unsigned int list,
					      const struct nipfs_cid *cid);

void nipfs__wanted_cid(const struct nipfs__wanted *item, struct nipfs_cid *out);
/* To the end of another list. */
void nipfs__wants_move(struct nipfs__wants *w, struct nipfs__wanted *item,
		       unsigned int list);
/* Out of the table, and freed; NULL is fine. */
void nipfs__wants_remove(struct nipfs__wants *w, struct nipfs__wanted *item);

#endif
