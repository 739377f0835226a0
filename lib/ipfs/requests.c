/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which origin is asked for which block, and when another is asked too. The first
 * one that may have a block is preferred; one that lets us wait is not waited for.
 */
#include <stdio.h>

#include "lib/ipfs/network.h"
#include "lib/ipfs/node.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slab.h"

enum { RATE_MIN = 16 /* bytes a millisecond that let another wait for longer */ };

/* What nipfs__requests_start() finds instead of an origin. */
enum { LATER = -1, NOBODY = -2 };

/* ---- whom to ask ------------------------------------------------------------------- */

static bool is_asked(const struct nipfs__network *s, const struct nipfs__wanted *item, size_t i)
{
	for (size_t r = 0; item->asks && r < s->n_requests; r++)
		if (s->requests[r].item == item && s->requests[r].origin == i)
			return true;
	return false;
}

/* Whether the node, which fetches it among others, takes long. */
static bool is_overdue(const struct nipfs__network *s, const struct nipfs__wanted *item,
		       const struct nipfs__origin *o)
{
	return item->away && nipfs__node_ask_cached(o, true) &&
	       nipfs__http_now(s->http) > item->away + nipfs__origin_patience_ms(o);
}

/* @hurry: another has been asked and is slow. Return: an origin, LATER, or NOBODY. */
static int choose(const struct nipfs__network *s, const struct nipfs__wanted *item, bool hurry)
{
	int found = NOBODY, spare = NOBODY;

	for (size_t i = 0; i < s->n; i++) {
		const struct nipfs__origin *o = &s->origins[i];
		const bool doubtful = nipfs__origin_is_doubtful(o);

		if (o->dropped || (item->lacking >> i & 1) || is_asked(s, item, i))
			continue;
		found = LATER;
		if (o->rest > nipfs__http_now(s->http))
			continue;
		if (o->finding || o->in_flight >= (doubtful ? 1 : o->window)) {
			/* it is worth waiting for, unless it is only being tried again */
			if (!hurry && !doubtful)
				return LATER;
		} else if (is_overdue(s, item, o) || (hurry && doubtful)) {
			spare = spare >= 0 ? spare : (int)i;
		} else {
			return (int)i;
		}
	}
	return spare >= 0 ? spare : found;
}

static unsigned int manner_of(const struct nipfs__wanted *item, const struct nipfs__origin *o)
{
	unsigned int manner = 0;

	if (item->by_rpc && o->api.url)
		manner |= NIPFS__ASK_BY_RPC;
	if (nipfs__node_ask_cached(o, item->away > 0) ||
	    (nipfs__may_stream(item, o) && !item->away))
		manner |= NIPFS__ASK_CACHED;
	return manner;
}

static int ask(struct nipfs__network *s, struct nipfs__wanted *item, size_t i,
	       struct nipfs_error *err)
{
	struct nipfs__origin *o = &s->origins[i];
	struct nipfs__network_request *request = &s->requests[s->n_requests];
	struct nipfs_cid cid;
	int r;

	nipfs__wanted_cid(item, &cid);
	if (item->role == NIPFS_WANT_SUBTREE)
		nipfs__node_expect(o, s->http, &cid);
	r = nipfs__origin_ask(o, s->http, &cid, manner_of(item, o), &request->transfer, err);
	if (r < 0 || !request->transfer)
		return r;
	request->item = item;
	request->origin = i;
	s->n_requests++;
	o->in_flight++;
	o->fetching += !request->transfer->request.only_cached;
	if (item->asks++ == 0)
		nipfs__wants_move(&s->wants, item, NIPFS__NETWORK_ASKED);
	return 0;
}

/* ---- starting ------------------------------------------------------------------------ */

/* Asks somebody beside those who were asked. */
static int ask_another(struct nipfs__network *s, struct nipfs__wanted *item,
		       struct nipfs_error *err)
{
	const int i = s->n_requests < NIPFS__NETWORK_REQUESTS ? choose(s, item, true) : LATER;

	return i >= 0 ? ask(s, item, (size_t)i, err) : 0;
}

/* Starts what waits, and answers one that nobody needs to be asked for. */
static int start_idle(struct nipfs__network *s, struct nipfs_error *err)
{
	const uint64_t now = nipfs__http_now(s->http);
	const bool comes = nipfs__subtree_goes_on(&s->subtree);
	struct nipfs__wanted *next;
	int r = 0;

	s->wake = UINT64_MAX;
	for (struct nipfs__wanted *item = s->wants.first[NIPFS__NETWORK_IDLE];
	     r == 0 && item && s->n_requests < NIPFS__NETWORK_REQUESTS; item = next) {
		int i;

		next = item->next;
		if (!s->has_staged && nipfs__answer_known(s, item))
			continue;
		/* what the CAR may bring is not asked for */
		if (comes && item->role != NIPFS_WANT_SUBTREE)
			continue;
		i = item->rest <= now ? choose(s, item, false) : LATER;
		if (item->rest > now && item->rest < s->wake)
			s->wake = item->rest;
		if (i == NOBODY && !s->has_staged)
			r = nipfs__answer_missing(s, item, err);
		if (i >= 0) {
			nipfs__subtree_went_astray(&s->subtree);
			r = ask(s, item, (size_t)i, err);
		}
		/* it is given another chance, and not waited for */
		if (r == 0 && i >= 0 && nipfs__origin_is_doubtful(&s->origins[i]))
			r = ask_another(s, item, err);
	}
	return r;
}

bool nipfs__request_is_slow(const struct nipfs__network *s,
			    const struct nipfs__network_request *r)
{
	const struct nipfs__transfer *t = r->transfer;
	const uint64_t ran = nipfs__http_now(s->http) - t->begun;

	return ran > nipfs__origin_patience_ms(&s->origins[r->origin]) + t->received / RATE_MIN;
}

static bool all_are_slow(const struct nipfs__network *s, const struct nipfs__wanted *item)
{
	for (size_t i = 0; i < s->n_requests; i++)
		if (s->requests[i].item == item && !nipfs__request_is_slow(s, &s->requests[i]))
			return false;
	return true;
}

/* Asks another for what takes long. */
static int hurry(struct nipfs__network *s, struct nipfs_error *err)
{
	const size_t n = s->n > 1 ? s->n_requests : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (all_are_slow(s, s->requests[i].item))
			r = ask_another(s, s->requests[i].item, err);
	return r;
}

/* Tells of an origin that was dropped, as long as another goes on. */
static void tell(const struct nipfs__network *s, struct nipfs__origin *o)
{
	char message[2 * NIPFS__URL_MAX + sizeof(o->why)];
	size_t left = 0;

	if (!o->dropped || o->told || !s->tell)
		return;
	o->told = true;
	for (size_t i = 0; i < s->n; i++)
		left += !s->origins[i].dropped;
	(void)snprintf(message, sizeof(message), "%s is asked no more: %s", o->name, o->why);
	if (left > 0)
		s->tell(s->ctx, message);
}

int nipfs__requests_start(struct nipfs__network *s, struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		r = nipfs__node_step(&s->origins[i], s->http, err);
		tell(s, &s->origins[i]);
	}
	if (r == 0)
		r = hurry(s, err);
	return r < 0 ? r : start_idle(s, err);
}

