/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks over HTTP: from any trustless gateway, and from a Kubo node.
 *
 * A program that uses these ignores SIGPIPE. What libcurl reads of the environment
 * (http_proxy, https_proxy, no_proxy) counts, but nothing on this machine is spoken to
 * through a proxy. NIX_SSL_CERT_FILE, else SSL_CERT_FILE, names the certificates to trust.
 */
#ifndef NIXIPFS_NETWORK_H
#define NIXIPFS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include <nixipfs/block.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_network_options - how nodes and gateways are reached; zeros are the defaults
 * @api:       of the node "kubo": multiaddr or URL of its RPC. NULL: what stands in the
 *             file `api` in $IPFS_PATH, or in ~/.ipfs; without such a file
 *             /ip4/127.0.0.1/tcp/5001
 * @gateway:   of the node "kubo": multiaddr or URL of its gateway. NULL: what stands in
 *             the file `gateway` beside `api`; without such a file, or when @api is
 *             given, the node is asked, and if it does not tell its RPC is read from
 * @timeout_s: seconds that a server may say nothing; 0: 45
 * @tell:      is told in one line when a gateway or node is asked no more while others
 *             are; called by the thread that uses the source; may be NULL
 * @ctx:       handed to @tell
 *
 * The RPC is shown the credentials in NIX_IPFS_API_AUTH, or else those in the file that
 * NIX_IPFS_API_AUTH_FILE names: bearer:TOKEN, basic:USER:PASSWORD or basic:BASE64.
 */
struct nipfs_network_options {
	const char *api;
	const char *gateway;
	unsigned int timeout_s;
	void (*tell)(void *ctx, const char *message);
	void *ctx;
};

/**
 * nipfs_source_open() - what a list of texts names, as one block source
 * @out:     to be freed with nipfs_block_source_free()
 * @from:    each "kubo", the URL of a gateway (http:// or https://), or for
 *           nipfs_car_source_open(): the path of a CAR, or "-"
 * @n:       how many, at least 1
 * @options: may be NULL; its texts are not needed any more when the call returns
 * @err:     may be NULL
 *
 * For each block the sources are asked in this order. Gateways and nodes that follow
 * one another share their requests: one that is slow, fails, gives wrong bytes, or
 * wants to be left alone for a while does not hold up the others, and after some time
 * it is asked no more. Nothing is connected to before a block is wanted.
 *
 * Blocks from the network are verified. When there is none, the answer is as that
 * of nipfs_chain_source_new(); the name of the source then says what is wrong.
 *
 * Return: 0; NIPFS_E_USAGE (a text is no address); NIPFS_E_INVALID or
 * NIPFS_E_UNSUPPORTED (what stands in a file of the node, or credentials);
 * NIPFS_E_LIMIT (over 32 gateways in a row, a file that is too long); NIPFS_E_NOMEM;
 * NIPFS_E_SYS; or as nipfs_car_source_open().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_source_open(struct nipfs_block_source **out,
					      const char *const *from, size_t n,
					      const struct nipfs_network_options *options,
					      struct nipfs_error *err);

/**
 * nipfs_kubo_is_known() - whether this user has a Kubo node
 *
 * Return: whether there is a file `api`, which a node writes when it starts, in
 * $IPFS_PATH or ~/.ipfs. Nothing is connected to.
 */
NIPFS_API bool nipfs_kubo_is_known(void);

#ifdef __cplusplus
}
#endif
#endif
