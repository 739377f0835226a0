/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chains of block sources whose members are not all alike. */
#ifndef LIB_BLOCKS_CHAIN_H
#define LIB_BLOCKS_CHAIN_H

#include <stdbool.h>

#include <nixipfs/sources.h>

/**
 * struct nipfs__chain_member - one source of a chain
 * @source:   asked in its turn
 * @borrowed: stays the caller's, and must outlive the chain
 * @helper:   may have a block, and is not to blame when nobody has: what is wrong
 *            with it or with its blocks counts as lacking, and the chain is not named
 *            after it
 */
struct nipfs__chain_member {
	struct nipfs_block_source *source;
	bool borrowed, helper;
};

/* As nipfs_chain_source_new(). One of the members is no helper. */
int nipfs__chain_new(struct nipfs_block_source **out,
		     const struct nipfs__chain_member *take_members, size_t n,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
