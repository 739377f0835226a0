/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two ways to a pinning service share. */
#ifndef LIB_IPFS_PIN_SERVICE_H
#define LIB_IPFS_PIN_SERVICE_H

#include <nixipfs/pin_remote.h>

#include "lib/ipfs/http.h"
#include "lib/ipfs/rpc.h"

/**
 * struct nipfs__pin_service_way - how a service is spoken to; as the functions of
 * pin_remote.h
 * @refresh: brings a pin up to date
 */
struct nipfs__pin_service_way {
	int (*list)(struct nipfs_pin_service *s, const struct nipfs_cid *cid, const char *name,
		    int (*each)(void *ctx, const struct nipfs_remote_pin *pin,
				struct nipfs_error *err),
		    void *ctx, uint64_t *skipped, struct nipfs_error *err);
	int (*add)(struct nipfs_pin_service *s, const struct nipfs_cid *cid, const char *name,
		   struct nipfs_remote_pin *out, struct nipfs_error *err);
	int (*replace)(struct nipfs_pin_service *s, const struct nipfs_remote_pin *old,
		       const struct nipfs_cid *cid, const char *name,
		       struct nipfs_remote_pin *out, struct nipfs_error *err);
	int (*refresh)(struct nipfs_pin_service *s, struct nipfs_remote_pin *pin,
		       struct nipfs_error *err);
	int (*remove)(struct nipfs_pin_service *s, const struct nipfs_remote_pin *pin,
		      struct nipfs_error *err);
};

/**
 * struct nipfs_pin_service - a service
 * @rpc:      the node: behind which the service is, or that has what is to be pinned; NULL:
 *            there is none
 * @node:     how it knows the service
 * @http:     without @node, as are the next two
 * @endpoint: the API of the service
 * @secret:   header line, or NULL
 * @replaced: what goes once another is pinned, where @has_replaced
 */
struct nipfs_pin_service {
	const struct nipfs__pin_service_way *way;
	struct nipfs__rpc *rpc;
	char *node;
	struct nipfs__http *http;
	struct nipfs__endpoint endpoint;
	char *secret;
	struct nipfs_remote_pin replaced;
	bool has_replaced;
	void (*tell)(void *ctx, const char *message);
	void *ctx;
};

extern const struct nipfs__pin_service_way nipfs__pin_service_http, nipfs__pin_service_kubo;

#endif
