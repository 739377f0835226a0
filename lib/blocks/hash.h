/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hash for tables in memory whose keys come from outside: SipHash-2-4. */
#ifndef LIB_BLOCKS_HASH_H
#define LIB_BLOCKS_HASH_H

#include <nixipfs/cid.h>

/* Random, so that nobody can choose keys that fall together. */
struct nipfs__hash_key {
	uint64_t k0, k1;
};

/* Return: 0 or NIPFS_E_SYS. */
int nipfs__hash_key_init(struct nipfs__hash_key *key,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

uint64_t nipfs__hash_bytes(const struct nipfs__hash_key *key, struct nipfs_slice bytes);

/* Of hash function and digest alone: the same for all CIDs of the same bytes. */
uint64_t nipfs__hash_multihash(const struct nipfs__hash_key *key,
			       const struct nipfs_cid *cid);

/* Whether two CIDs are of the same bytes, whatever version and codec they have. */
bool nipfs__same_multihash(const struct nipfs_cid *a, const struct nipfs_cid *b);

#endif
