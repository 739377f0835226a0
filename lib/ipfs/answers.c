/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a want: the bytes that an origin gave, or why nobody gave any. */
#include "lib/ipfs/network.h"
#include "lib/ipfs/node.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slab.h"

enum {
	TRIES_MAX = 4,    /* failures after which an origin is not asked for the block again */
	AWAY_REST_MS = 4, /* before a node that fetches is asked again, at first */
	AWAY_REST_MAX_MS = 64
};

/* ---- requests that are over ------------------------------------------------------------ */

static void forget(struct nipfs__network *s, size_t at)
{
	struct nipfs__network_request *request = &s->requests[at];
	struct nipfs__origin *o = &s->origins[request->origin];

	o->in_flight--;
	o->fetching -= !request->transfer->request.only_cached;
	nipfs__http_end(s->http, request->transfer);
	if (--request->item->asks == 0)
		nipfs__wants_move(&s->wants, request->item, NIPFS__NETWORK_IDLE);
	*request = s->requests[--s->n_requests];
}

void nipfs__requests_end(struct nipfs__network *s, const struct nipfs__wanted *item)
{
	for (size_t i = s->n_requests; item->asks && i-- > 0;)
		if (s->requests[i].item == item)
			forget(s, i);
}

/* ---- answers without asking ----------------------------------------------------------- */

static void stage(struct nipfs__network *s, struct nipfs__wanted *item,
		  const struct nipfs_block *answer)
{
	s->staged = *answer;
	nipfs__wanted_cid(item, &s->staged.cid);
	s->has_staged = true;
	nipfs__requests_end(s, item);
	nipfs__wants_remove(&s->wants, item);
}

/* Stages an answer whose bytes are kept until the next one. */
static void stage_good(struct nipfs__network *s, struct nipfs__wanted *item,
		       const struct nipfs_span *bytes)
{
	const struct nipfs_block answer = { .verified = true, .bytes = *bytes };

	nipfs_slab_unref(s->given);
	s->given = nipfs_slab_ref(bytes->slab);
	stage(s, item, &answer);
}

/* Stages a block out of a CAR; consumes its reference. */
static void stage_held(struct nipfs__network *s, struct nipfs__wanted *item,
		       const struct nipfs__subtree_block *take_block)
{
	const struct nipfs_span bytes = {
		.ptr = take_block->slab ? nipfs__slab_data(take_block->slab) : NULL,
		.len = take_block->len,
		.slab = take_block->slab,
		.fd = -1
	};

	stage_good(s, item, &bytes);
	nipfs_slab_unref(take_block->slab);
}

bool nipfs__answer_known(struct nipfs__network *s, struct nipfs__wanted *item)
{
	struct nipfs_span bytes = { .fd = -1 };
	struct nipfs__subtree_block held;
	struct nipfs_cid cid;

	if (item->looked_up)
		return false;
	item->looked_up = true;
	nipfs__wanted_cid(item, &cid);
	if (nipfs__subtree_take(&s->subtree, &cid, &held)) {
		stage_held(s, item, &held);
		return true;
	}
	/* nobody is needed for no bytes; and Bitswap, in Kubo 0.43, never brings them */
	if (nipfs_cid_verify(&cid, nipfs__slice(NULL, 0)) != 0 &&
	    /* what is at the top of much that comes is asked for even so */
	    (item->role == NIPFS_WANT_SUBTREE ||
	     !nipfs__recent_find(&s->recent, &cid, &bytes)))
		return false;
	stage_good(s, item, &bytes);
	return true;
}

/* Names the source after an origin and what is wrong with it, or after all of them. */
static int name_after(struct nipfs__network *s, const struct nipfs__origin *o, bool why)
{
	int r = 0;

	nipfs__buf_clear(&s->name);
	if (o && why && o->why[0])
		r = nipfs__buf_printf(&s->name, "%s (%s)", o->name, o->why);
	else if (o)
		r = nipfs__buf_put_str(&s->name, o->name);
	for (size_t i = 0; !o && r == 0 && i < s->n; i++)
		r = nipfs__buf_printf(&s->name, "%s%s", i ? ", " : "", s->origins[i].name);
	if (r < 0 || nipfs__buf_terminate(&s->name) < 0)
		return NIPFS_E_NOMEM;
	s->source.name = (const char *)s->name.ptr;
	return 0;
}

int nipfs__network_name_all(struct nipfs__network *s)
{
	return name_after(s, NULL, false);
}

int nipfs__answer_missing(struct nipfs__network *s, struct nipfs__wanted *item,
			  struct nipfs_error *err)
{
	struct nipfs_block missing = { .status = item->problem, .bytes = { .fd = -1 } };
	size_t blame = item->problem ? item->blame : s->n;

	/* who was dropped before it was asked might have had it */
	for (size_t i = 0; blame == s->n && i < s->n; i++)
		if (!(item->lacking >> i & 1))
			blame = i;
	if (missing.status == 0)
		missing.status = blame < s->n ? NIPFS_E_UNREACHABLE : NIPFS_E_NOTFOUND;
	if (name_after(s, blame < s->n ? &s->origins[blame] : NULL,
		       missing.status == NIPFS_E_UNREACHABLE) < 0)
		return nipfs__fail_nomem(err);
	stage(s, item, &missing);
	return 0;
}

/* ---- taking --------------------------------------------------------------------------- */

/* Who let us wait has lost. */
static void count_losses(struct nipfs__network *s, const struct nipfs__network_request *winner)
{
	for (size_t i = 0; i < s->n_requests; i++) {
		const struct nipfs__network_request *r = &s->requests[i];
		struct nipfs__origin *o = &s->origins[r->origin];

		if (r->item == winner->item && r != winner &&
		    (nipfs__request_is_slow(s, r) || nipfs__origin_is_doubtful(o)))
			nipfs__origin_lost(o, s->http, r->transfer->received == 0);
	}
}

static int take_good(struct nipfs__network *s, size_t at, const struct nipfs_cid *cid,
		     struct nipfs_error *err)
{
	const struct nipfs__network_request *request = &s->requests[at];
	const struct nipfs__transfer *t = request->transfer;
	const size_t origin = request->origin;
	const bool streams = nipfs__may_stream(request->item, &s->origins[origin]) &&
			     t->request.only_cached && cid->codec != NIPFS_CODEC_RAW;
	const struct nipfs_span bytes = { .ptr = t->body ? nipfs__slab_data(t->body) : NULL,
					  .len = t->len,
					  .slab = t->body,
					  .fd = -1 };

	if (name_after(s, &s->origins[request->origin], false) < 0)
		return nipfs__fail_nomem(err);
	count_losses(s, request);
	if (request->item->role != NIPFS_WANT_LEAF)
		nipfs__recent_add(&s->recent, cid, t->body, t->len);
	stage_good(s, request->item, &bytes);
	return streams ? nipfs__subtree_begin(&s->subtree, s->http, &s->origins[origin], origin,
					      cid, err) :
			 0;
}

/* Remembers what was wrong; that bytes were is worse than that nobody could be reached. */
static void note_problem(struct nipfs__wanted *item, int status, size_t origin)
{
	if (item->problem && item->problem != NIPFS_E_UNREACHABLE)
		return;
	item->problem = status;
	item->blame = origin;
}

/* The node is to fetch it, or does: then it is asked again a little later each time. */
static void note_away(struct nipfs__wanted *item, const struct nipfs__origin *o, uint64_t now)
{
	const uint64_t been = item->away ? now - item->away : 0;

	if (!item->away)
		item->away = now ? now : 1;
	if (nipfs__node_ask_cached(o, true))
		item->rest = now + (been < AWAY_REST_MS     ? AWAY_REST_MS :
				    been < AWAY_REST_MAX_MS ? been :
							      AWAY_REST_MAX_MS);
}

static void note(struct nipfs__wanted *item, enum nipfs__verdict verdict, int status,
		 size_t origin)
{
	switch (verdict) {
	case NIPFS__VERDICT_BY_RPC:
		item->by_rpc = true;
		return;
	case NIPFS__VERDICT_AGAIN:
	case NIPFS__VERDICT_SLOW:
		item->tries = (uint8_t)(item->tries +
					(verdict == NIPFS__VERDICT_SLOW ? TRIES_MAX / 2 : 1));
		if (item->tries < TRIES_MAX)
			return;
		item->tries = 0;
		note_problem(item, NIPFS_E_UNREACHABLE, origin);
		break;
	case NIPFS__VERDICT_NEVER:
		note_problem(item, NIPFS_E_UNREACHABLE, origin);
		break;
	case NIPFS__VERDICT_BAD:
		note_problem(item, status, origin);
		break;
	case NIPFS__VERDICT_LATER:
		note_problem(item, NIPFS_E_UNREACHABLE, origin);
		return;
	case NIPFS__VERDICT_LACKS:
		/* it could be reached after all */
		if (item->problem == NIPFS_E_UNREACHABLE && item->blame == origin)
			item->problem = 0;
		break;
	case NIPFS__VERDICT_GOOD:
	case NIPFS__VERDICT_AWAY:
		break;
	}
	item->lacking |= (uint32_t)1 << origin;
}

static int take(struct nipfs__network *s, size_t at, struct nipfs_error *err)
{
	struct nipfs__network_request *request = &s->requests[at];
	struct nipfs__origin *o = &s->origins[request->origin];
	enum nipfs__verdict verdict;
	struct nipfs_cid cid;
	int status;

	nipfs__wanted_cid(request->item, &cid);
	verdict = nipfs__origin_judge(o, s->http, request->transfer, &cid, &status);
	if (status == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	if (verdict == NIPFS__VERDICT_GOOD)
		return take_good(s, at, &cid, err);
	if (verdict == NIPFS__VERDICT_AWAY)
		note_away(request->item, o, nipfs__http_now(s->http));
	else
		note(request->item, verdict, status, request->origin);
	forget(s, at);
	return 0;
}

/* Takes the next block of the CAR. Return: 0, 1 when there is none, or negative. */
static int take_held(struct nipfs__network *s, struct nipfs_error *err)
{
	struct nipfs__origin *o = &s->origins[s->subtree.origin];
	struct nipfs__subtree_block block;
	struct nipfs__wanted *item;
	int r = nipfs__subtree_next(&s->subtree, &block, err);

	if (r == NIPFS_E_MISMATCH) {
		nipfs__origin_lied(o, "it gave wrong bytes");
		return 1;
	}
	if (r != 0)
		return r;
	o->blocks++;
	o->bytes += block.len;
	item = nipfs__wants_find_bytes(&s->wants, NIPFS__NETWORK_IDLE, &block.cid);
	if (!item)
		item = nipfs__wants_find_bytes(&s->wants, NIPFS__NETWORK_ASKED, &block.cid);
	if (!item) {
		nipfs__subtree_hold(&s->subtree, &block);
		return 0;
	}
	if (name_after(s, o, false) < 0) {
		nipfs_slab_unref(block.slab);
		return nipfs__fail_nomem(err);
	}
	stage_held(s, item, &block);
	return 0;
}

int nipfs__answers_take(struct nipfs__network *s, struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = s->n_requests; r == 0 && !s->has_staged && i-- > 0;)
		if (s->requests[i].transfer->state == NIPFS__TRANSFER_DONE)
			r = take(s, i, err);
	while (r == 0 && !s->has_staged && s->wants.n > 0)
		r = take_held(s, err);
	return r < 0 ? r : 0;
}
