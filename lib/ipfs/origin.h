/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One place in the network that blocks come from: a trustless gateway, or a node with
 * its RPC. How to ask it, what its answers mean, and how long it is put up with.
 */
#ifndef LIB_IPFS_ORIGIN_H
#define LIB_IPFS_ORIGIN_H

#include "lib/ipfs/http.h"

enum {
	NIPFS__ORIGIN_WINDOW = 16 /* requests to one origin at once, at most */
};

/*
 * What a node does about the DAG that is expected of it. It is not asked to fetch one of
 * its blocks while it fetches all of them: Bitswap may then forget about that block.
 */
enum nipfs__walk {
	NIPFS__WALK_NOT,    /* it fetches the blocks that it is asked for */
	NIPFS__WALK_PROBED, /* the same, and is asked first whether it has them */
	NIPFS__WALK_NEXT,   /* it is to fetch all, when it is done with those */
	NIPFS__WALK_RUNS    /* it fetches all, and we ask for what it has got */
};

/**
 * struct nipfs__origin - a gateway or node
 * @name:       for messages
 * @gateway:    where blocks are read; without a url: by the RPC
 * @api:        its RPC; without a url it has none
 * @secret:     header line for the RPC, or NULL
 * @finding:    its gateway is being asked for
 * @no_gateway: its gateway can't be reached: its RPC is used
 * @no_rpc:     its RPC is no use beside its gateway
 * @no_walk:    it can't be made to fetch all
 * @dropped:    it is asked no more; @why says why
 * @told:       of that
 * @worked:     it has answered
 * @window:     requests at once that it takes well: grows with answers, shrinks with failures
 * @in_flight:  requests under way
 * @strikes:    failures since the last good answer
 * @lies:       wrong blocks since the last good one
 * @losses:     how often another was faster since it was the fastest
 * @rest:       when it is asked again, by nipfs__http_now()
 * @latency_ms: of its answers, smoothed
 * @blocks, @bytes: good ones that it gave
 * @why:        what went wrong last
 * @question:   about its gateway
 * @root:       the DAG that was last expected of it
 * @walk:       what it does about that
 * @lacked:     how many blocks of it it did not have
 * @fetching:   requests under way that make it fetch
 * @walker:     the one that makes it fetch all
 * @gift:       the one that gives it the empty block, once: @has_empty
 * @stalls:     how often that came to nothing
 * @given_at:   when it gave the last good block
 */
struct nipfs__origin {
	char *name;
	struct nipfs__endpoint gateway, api;
	char *secret;
	bool finding, no_gateway, no_rpc, no_walk, dropped, told, worked;
	unsigned int window, in_flight;
	unsigned int strikes, lies, losses;
	uint64_t rest, latency_ms;
	uint64_t blocks, bytes;
	char why[NIPFS__HTTP_WHY_MAX + 64];
	struct nipfs__transfer *question, *walker, *gift;
	bool has_empty;
	struct nipfs_cid root;
	enum nipfs__walk walk;
	unsigned int lacked, fetching, stalls;
	uint64_t given_at;
};

/* What an answer means for the one block. */
enum nipfs__verdict {
	NIPFS__VERDICT_GOOD,
	NIPFS__VERDICT_AWAY, /* the node has not got it, and is to fetch it: ask again soon */
	NIPFS__VERDICT_LACKS, /* the origin has not got it */
	NIPFS__VERDICT_BY_RPC, /* its gateway has not got it, and may not fetch: ask its RPC */
	NIPFS__VERDICT_BAD,   /* what it has can't be used */
	NIPFS__VERDICT_AGAIN, /* it may be asked again */
	NIPFS__VERDICT_LATER, /* the same, and it is not about this block that it was not answered */
	NIPFS__VERDICT_SLOW,  /* the same, but not often: it took all the time that there was */
	NIPFS__VERDICT_NEVER  /* it can't be reached for this block */
};

/* A gateway by its URL, in a zeroed origin. Return: as nipfs__endpoint_of(). */
int nipfs__origin_gateway(struct nipfs__origin *o, const char *url,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* Its addresses are known: it may be asked. */
void nipfs__origin_begin(struct nipfs__origin *o);

/* Whether blocks are read by its RPC. */
static inline bool nipfs__origin_by_rpc(const struct nipfs__origin *o)
{
	return o->no_gateway || !o->gateway.url;
}

/* Whether it failed, or let us wait, since it gave a block. */
static inline bool nipfs__origin_is_doubtful(const struct nipfs__origin *o)
{
	return o->losses > 0 || o->strikes > 0;
}

/* Ends its transfers and gives back what it owns. */
void nipfs__origin_release(struct nipfs__origin *o, struct nipfs__http *h);

/* How a block is asked for. */
enum nipfs__manner {
	NIPFS__ASK_BY_RPC = 1, /* not the gateway; for one that has a RPC */
	NIPFS__ASK_CACHED = 2  /* only for what it has */
};

/**
 * nipfs__origin_ask() - ask for a block
 * @manner: of enum nipfs__manner
 * @out:    NULL when there are too many transfers
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__origin_ask(const struct nipfs__origin *o, struct nipfs__http *h,
		      const struct nipfs_cid *cid, unsigned int manner,
		      struct nipfs__transfer **out, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__origin_judge() - what the answer to nipfs__origin_ask() means
 * @status: with BAD: NIPFS_E_MISMATCH, NIPFS_E_LIMIT, NIPFS_E_UNSUPPORTED or NIPFS_E_NOMEM
 *
 * Remembers how the origin is doing: it may be dropped, or be left alone for a while.
 */
enum nipfs__verdict nipfs__origin_judge(struct nipfs__origin *o, const struct nipfs__http *h,
					const struct nipfs__transfer *t,
					const struct nipfs_cid *cid, int *status);

/* It gave wrong bytes, or what is no answer. */
void nipfs__origin_lied(struct nipfs__origin *o, const char *why);

/* Another was faster than it, which was asked later. @silent: it has not even begun. */
void nipfs__origin_lost(struct nipfs__origin *o, const struct nipfs__http *h, bool silent);

/* It is asked no more. */
void nipfs__origin_drop(struct nipfs__origin *o, const char *why);

/* How long an answer may take before another is asked too. */
uint64_t nipfs__origin_patience_ms(const struct nipfs__origin *o);

#endif
