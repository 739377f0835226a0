/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a node is connected to. */
#ifndef LIB_IPFS_SWARM_H
#define LIB_IPFS_SWARM_H

#include "lib/ipfs/rpc.h"

/**
 * nipfs__swarm_public() - how many peers of a node are on the public network
 * @out: 0 also where the node is offline, or does not tell
 *
 * Return: 0, NIPFS_E_CANCELLED or NIPFS_E_NOMEM.
 */
int nipfs__swarm_public(struct nipfs__rpc *rpc, size_t *out,
			struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
