/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Kubo node: where it listens, and how it is made to fetch. */
#ifndef LIB_IPFS_NODE_H
#define LIB_IPFS_NODE_H

#include "lib/ipfs/origin.h"

/**
 * nipfs__node_find_api() - where the RPC of a node is, as Kubo finds it
 * @api: multiaddr or URL; NULL: the file `api` in $IPFS_PATH or ~/.ipfs, else
 *       /ip4/127.0.0.1/tcp/5001
 * @out: to be released; untouched on failure
 *
 * Return: 0, or as nipfs__endpoint_of(), and nipfs__endpoint_parse() for the file.
 */
int nipfs__node_find_api(const char *api, struct nipfs__endpoint *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__node_find() - a node's addresses, as Kubo finds them
 * @api:     of its RPC, as nipfs__node_find_api() has it
 * @gateway: multiaddr or URL of its gateway; NULL: the file `gateway`, unless @api is
 *           given; else the node is asked
 *
 * Nothing is connected to.
 *
 * Return: 0, or as nipfs__node_find_api() and nipfs__credentials_load().
 */
int nipfs__node_find(struct nipfs__origin *o, const char *api, const char *gateway,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

/* Whether a node that was started said where its RPC is. */
bool nipfs__node_has_api_file(void);

/**
 * nipfs__node_gateway() - the gateway out of what the node says of its configuration
 * @json: the answer of config?arg=Addresses.Gateway
 * @api:  where it was asked: what listens on its loopback is of no use elsewhere
 * @out:  untouched on failure
 *
 * Return: 0, NIPFS_E_NOTFOUND (none that can be used from here) or NIPFS_E_NOMEM.
 */
int nipfs__node_gateway(struct nipfs_slice json, const struct nipfs__endpoint *api,
			struct nipfs__endpoint *out) NIPFS_MUSTUSE;

/**
 * nipfs__node_expect() - all of a DAG will be wanted
 *
 * From now on the node is asked first whether it has a block, which it says at once. When
 * it lacks many, it is made to fetch the whole DAG in parallel, and we read behind it: it
 * is several times as fast at that as when it is asked for block after block. Does nothing
 * for what is no node.
 */
void nipfs__node_expect(struct nipfs__origin *o, struct nipfs__http *h,
			const struct nipfs_cid *root);

/* How it is to be asked for a block that it lacked before, or that it may have. */
bool nipfs__node_ask_cached(const struct nipfs__origin *o, bool lacked);

/* It has not got a block of the DAG that is expected. */
void nipfs__node_lacks(struct nipfs__origin *o);

/**
 * nipfs__node_step() - go on with what is between us and the node beside blocks
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__node_step(struct nipfs__origin *o, struct nipfs__http *h,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
