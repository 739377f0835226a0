/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gateways and nodes as one block source: raw blocks, many at once. */
#ifndef LIB_IPFS_NETWORK_H
#define LIB_IPFS_NETWORK_H

#include <nixipfs/network.h>

#include "lib/blocks/wants.h"
#include "lib/ipfs/origin.h"
#include "lib/ipfs/recent.h"
#include "lib/ipfs/subtree.h"

enum {
	NIPFS__NETWORK_ORIGINS = 32, /* bits of nipfs__wanted.lacking */
	NIPFS__NETWORK_REQUESTS = 24 /* at once, over all origins: each may hold a block */
};

/* A block that an origin was asked for. */
struct nipfs__network_request {
	struct nipfs__wanted *item;
	struct nipfs__transfer *transfer;
	size_t origin;
};

/* The lists of wants: those that no request is under way for, and the others. */
enum { NIPFS__NETWORK_IDLE, NIPFS__NETWORK_ASKED };

/**
 * struct nipfs__network - the source
 * @staged: an answer that is to be given out next, when @has_staged
 * @wake:   when a want that rests is to be looked at again, by nipfs__http_now()
 * @given:  the slab of the one that was given out last
 * @name:   what the source is called at the moment
 * @tell:   who hears of an origin that is asked no more; may be NULL
 */
struct nipfs__network {
	struct nipfs_block_source source;
	struct nipfs__http *http;
	struct nipfs__wants wants;
	struct nipfs__network_request requests[NIPFS__NETWORK_REQUESTS];
	size_t n_requests;
	struct nipfs_block staged;
	bool has_staged;
	uint64_t wake;
	struct nipfs_slab *given;
	struct nipfs__recent recent;
	struct nipfs__subtree subtree;
	struct nipfs_buf name;
	void (*tell)(void *ctx, const char *message);
	void *ctx;
	size_t n;
	struct nipfs__origin origins[];
};

/**
 * nipfs__network_new() - gateways and nodes as one block source
 * @texts: "kubo", or URLs of gateways
 * @n:     how many, 1 to NIPFS__NETWORK_ORIGINS
 *
 * Nothing is connected to before a block is wanted.
 *
 * Return: 0, or as nipfs__node_find() and nipfs__endpoint_of().
 */
int nipfs__network_new(struct nipfs_block_source **out, const char *const *texts, size_t n,
		       const struct nipfs_network_options *options,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/* Names the source after all of its origins. Return: 0 or NIPFS_E_NOMEM. */
int nipfs__network_name_all(struct nipfs__network *s) NIPFS_MUSTUSE;

/* Whether the DAG of a want may come as one CAR, once it is known that its root is there. */
static inline bool nipfs__may_stream(const struct nipfs__wanted *item,
				     const struct nipfs__origin *o)
{
	return item->role == NIPFS_WANT_SUBTREE && !item->by_rpc && o->gateway.local &&
	       !nipfs__origin_by_rpc(o);
}

/* ---- asking: requests.c ------------------------------------------------------------------ */

/*
 * Starts what may be started. An answer is staged, unless one is already, when nobody is
 * to be asked for a block. Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__requests_start(struct nipfs__network *s, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Whether a request takes longer than it should, for what has come of its body. */
bool nipfs__request_is_slow(const struct nipfs__network *s,
			    const struct nipfs__network_request *r);

/* ---- answering: answers.c ---------------------------------------------------------------- */

/* Takes what has come, until an answer is staged. Return: 0 or NIPFS_E_NOMEM. */
int nipfs__answers_take(struct nipfs__network *s, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Stages what is at hand: given out lately, held, or the empty block. Return: whether it is. */
bool nipfs__answer_known(struct nipfs__network *s, struct nipfs__wanted *item);

/* Stages that nobody has it. Return: 0 or NIPFS_E_NOMEM. */
int nipfs__answer_missing(struct nipfs__network *s, struct nipfs__wanted *item,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* Breaks off all requests for a want. */
void nipfs__requests_end(struct nipfs__network *s, const struct nipfs__wanted *item);

#endif
