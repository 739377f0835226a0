/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a node is connected to. */
#include "lib/ipfs/swarm.h"

#include <arpa/inet.h>
#include <stdio.h>

static bool is_public_v4(uint32_t a)
{
	return a >> 24 != 0 && a >> 24 != 10 && a >> 24 != 127 && a >> 20 != 0xac1 &&
	       a >> 16 != 0xc0a8 && a >> 16 != 0xa9fe && a >> 22 != 0x191 && a >> 28 < 0xe;
}

/* Whether a multiaddr is one that the whole world can be behind. */
static bool is_public(const char *address)
{
	char host[64];
	struct in_addr v4;
	struct in6_addr v6;

	if (sscanf(address, "/ip4/%63[^/]", host) == 1)
		return inet_pton(AF_INET, host, &v4) == 1 && is_public_v4(ntohl(v4.s_addr));
	if (sscanf(address, "/ip6/%63[^/]", host) == 1)
		return inet_pton(AF_INET6, host, &v6) == 1 && (v6.s6_addr[0] & 0xe0) == 0x20;
	return false;
}

int nipfs__swarm_public(struct nipfs__rpc *rpc, size_t *out, struct nipfs_error *err)
{
	const struct nipfs__rpc_call call = { .command = "swarm/peers" };
	const json_t *peers;
	json_t *object;
	int r = nipfs__rpc_object(rpc, &call, &object, err);

	*out = 0;
	/* a node that is offline has no peers, and others need not tell us */
	if (r < 0)
		return r == NIPFS_E_CANCELLED || r == NIPFS_E_NOMEM ? r : 0;
	peers = json_object_get(object, "Peers");
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const char *address = nipfs__rpc_text(json_array_get(peers, i), "Addr");

		*out += address && is_public(address);
	}
	json_decref(object);
	return 0;
}
