/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What nodes are known to have: published.sqlite in the state folder. All of it is a hint:
 * a node may have collected what it had, which shows when it is to pin it. Nodes that were not
 * seen for NIPFS__PUBLISHED_DAYS are forgotten; the space is used again, the file does not shrink.
 */
#ifndef LIB_IPFS_PUBLISHED_H
#define LIB_IPFS_PUBLISHED_H

#include <stdbool.h>

#include <nixipfs/cid.h>
#include <nixipfs/error.h>

/**
 * struct nipfs__published_block - a block that a node took
 * @key:   the first 63 bits of the digest. Two blocks with the same one are taken for one:
 *         the node then says that it lacks the other.
 * @whole: it took all that is below it, too
 */
struct nipfs__published_block {
	uint64_t key;
	bool whole;
};

enum { NIPFS__PUBLISHED_DAYS = 180 };

/* One node. */
struct nipfs__published;

/**
 * nipfs__published_open() - what is known of a node, which was seen now
 * @out:       for nipfs__published_close()
 * @state_dir: the state folder, which is there; NULL: nipfs_state_dir()
 * @peer:      the peer ID of the node
 *
 * Return: 0; NIPFS_E_UNSUPPORTED or NIPFS_E_INVALID (not our file, or damaged);
 * NIPFS_E_SYS; NIPFS_E_NOMEM; NIPFS_E_CANCELLED; or as nipfs_state_dir().
 */
int nipfs__published_open(struct nipfs__published **out, const char *state_dir,
			  const char *peer, struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__published_close(struct nipfs__published *p);

/* Whether it had been opened for this node before. */
bool nipfs__published_is_known(const struct nipfs__published *p);

/* Return: 2: it has the block and all below; 1: the block; 0: not known; or negative. */
int nipfs__published_find(struct nipfs__published *p, const struct nipfs_cid *cid,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* The key of a block. */
uint64_t nipfs__published_key(const struct nipfs_cid *cid);

/* Records blocks, all or none. @blocks is sorted. */
int nipfs__published_add(struct nipfs__published *p, struct nipfs__published_block *blocks,
			 size_t n, struct nipfs_error *err) NIPFS_MUSTUSE;

/* The node has lost some of it: all that is known of it is forgotten. */
int nipfs__published_forget(struct nipfs__published *p, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__published_tell() - whether something is to be told that is told once of a node
 *
 * Return: 1 the first time, then 0; or negative.
 */
int nipfs__published_tell(struct nipfs__published *p, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
