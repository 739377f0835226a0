/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One place in the network that blocks come from. */
#include "lib/ipfs/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <nixipfs/unixfs.h>

#include "lib/ipfs/credentials.h"
#include "lib/ipfs/node.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slab.h"
#include "multiformats/base/slice.h"

enum {
	WINDOW_FIRST = 4,
	STRIKES_MAX = 5,
	STRIKES_WORKED_MAX = 8, /* for one that was there: half a minute, in which it may restart */
	REFUSALS_MAX = 3,
	LIES_MAX = 3,
	REST_FIRST_MS = 250,
	REST_MAX_MS = 8000,
	RETRY_MAX_MS = 60 * 1000, /* a longer rest than that is not waited for */
	LOSSES_MAX = 2,
	LOST_REST_MS = 2000,
	LOST_REST_MAX_MS = 30 * 1000,
	PATIENCE_FIRST_MS = 1500,
	PATIENCE_MIN_MS = 1000,
	PATIENCE_MAX_MS = 5000
};

static const char raw_type[] = "application/vnd.ipld.raw";

int nipfs__origin_gateway(struct nipfs__origin *o, const char *url, struct nipfs_error *err)
{
	const int r = nipfs__endpoint_of(url, &o->gateway, err);

	if (r < 0)
		return r;
	nipfs__origin_begin(o);
	o->name = nipfs__slice_dup(nipfs__slice_str(o->gateway.shown));
	return o->name ? 0 : nipfs__fail_nomem(err);
}

void nipfs__origin_begin(struct nipfs__origin *o)
{
	o->window = WINDOW_FIRST;
}

void nipfs__origin_release(struct nipfs__origin *o, struct nipfs__http *h)
{
	nipfs__http_end(h, o->question);
	nipfs__http_end(h, o->walker);
	nipfs__http_end(h, o->gift);
	nipfs__endpoint_release(&o->gateway);
	nipfs__endpoint_release(&o->api);
	nipfs__secret_free(o->secret);
	free(o->name);
}

int nipfs__origin_ask(const struct nipfs__origin *o, struct nipfs__http *h,
		      const struct nipfs_cid *cid, unsigned int manner,
		      struct nipfs__transfer **out, struct nipfs_error *err)
{
	struct nipfs__http_request request = { .endpoint = &o->gateway,
					       .max_body = NIPFS_BLOCK_MAX,
					       .accept = raw_type,
					       .only_cached = manner & NIPFS__ASK_CACHED,
					       .follow = true };
	char text[NIPFS_CID_TEXT_MAX], path[NIPFS_CID_TEXT_MAX + 64];

	(void)nipfs_cid_format(cid, text);
	if (!(manner & NIPFS__ASK_BY_RPC) && !nipfs__origin_by_rpc(o)) {
		(void)snprintf(path, sizeof(path), "/ipfs/%s?format=raw", text);
	} else {
		request.endpoint = &o->api;
		request.verb = NIPFS__HTTP_POST;
		request.secret = o->secret;
		request.follow = false;
		(void)snprintf(path, sizeof(path), "/api/v0/block/get?arg=%s&timeout=%us%s",
			       text, nipfs__http_timeout_s(h),
			       request.only_cached ? "&offline=true" : "");
	}
	request.path = path;
	return nipfs__http_start(h, &request, out, err);
}

/* ---- how it is doing ----------------------------------------------------------------- */

void nipfs__origin_drop(struct nipfs__origin *o, const char *why)
{
	o->dropped = true;
	if (why != o->why)
		(void)snprintf(o->why, sizeof(o->why), "%s", why);
}

/* Whether the node was asked for what it has alone, and has it not. */
static bool is_away(struct nipfs__origin *o, const struct nipfs__transfer *t)
{
	if (!t->request.only_cached || t->code < 0 ||
	    (t->status != 412 && t->status != 404 && t->status != 500))
		return false;
	nipfs__node_lacks(o);
	return true;
}

static bool was_by_rpc(const struct nipfs__origin *o, const struct nipfs__transfer *t)
{
	return t->request.endpoint == &o->api;
}

static void well_done(struct nipfs__origin *o, const struct nipfs__http *h,
		      const struct nipfs__transfer *t)
{
	const uint64_t took = nipfs__http_now(h) - t->begun;

	o->worked = true;
	o->strikes = 0;
	o->latency_ms = o->latency_ms ? (7 * o->latency_ms + took) / 8 : took;
	if (o->window < NIPFS__ORIGIN_WINDOW)
		o->window++;
}

/* A failure that may pass: it is left alone for a while, and at last for good. */
static enum nipfs__verdict failed(struct nipfs__origin *o, const struct nipfs__http *h,
				  const struct nipfs__transfer *t)
{
	const uint64_t now = nipfs__http_now(h);
	uint64_t rest = t->retry_ms;

	(void)snprintf(o->why, sizeof(o->why), "%s", t->why);
	if (t->no_server && !o->worked) {
		if (was_by_rpc(o, t) || !o->api.url)
			nipfs__origin_drop(o, o->why);
		else
			o->no_gateway = true;
		return NIPFS__VERDICT_AGAIN;
	}
	/* what failed together with another counts once */
	if (now >= o->rest) {
		o->strikes++;
		o->window = o->window > 1 ? o->window / 2 : 1;
	}
	if (rest > RETRY_MAX_MS) {
		(void)snprintf(o->why, sizeof(o->why),
			       "%s, and wants to be left alone for %llu s", t->why,
			       (unsigned long long)rest / 1000);
		nipfs__origin_drop(o, o->why);
	}
	if (o->strikes >= (o->worked ? STRIKES_WORKED_MAX : STRIKES_MAX))
		nipfs__origin_drop(o, o->why);
	if (rest == 0)
		rest = nipfs__min_u64((uint64_t)REST_FIRST_MS << (o->strikes & 7),
				      REST_MAX_MS);
	if (now + rest > o->rest)
		o->rest = now + rest;
	if (t->late)
		return NIPFS__VERDICT_SLOW;
	return t->no_server || t->status == 429 || t->retry_ms ? NIPFS__VERDICT_LATER :
								 NIPFS__VERDICT_AGAIN;
}

/* An answer that will not be another one the next time. */
static enum nipfs__verdict refused(struct nipfs__origin *o, const struct nipfs__transfer *t)
{
	const bool wants_secret = was_by_rpc(o, t) && (t->status == 401 || t->status == 403);

	(void)snprintf(o->why, sizeof(o->why), "%s%s", t->why,
		       wants_secret ? ": it wants other credentials" : "");
	if (++o->strikes >= REFUSALS_MAX || wants_secret)
		nipfs__origin_drop(o, o->why);
	return NIPFS__VERDICT_NEVER;
}

void nipfs__origin_lied(struct nipfs__origin *o, const char *why)
{
	(void)snprintf(o->why, sizeof(o->why), "%s", why);
	if (++o->lies >= LIES_MAX)
		nipfs__origin_drop(o, o->why);
}

void nipfs__origin_lost(struct nipfs__origin *o, const struct nipfs__http *h, bool silent)
{
	if (++o->losses > LOSSES_MAX || silent)
		o->rest = nipfs__http_now(h) +
			  nipfs__min_u64((uint64_t)LOST_REST_MS << (o->losses & 15),
					 LOST_REST_MAX_MS);
}

uint64_t nipfs__origin_patience_ms(const struct nipfs__origin *o)
{
	const uint64_t patience = 4 * o->latency_ms;

	if (patience == 0)
		return PATIENCE_FIRST_MS;
	return patience < PATIENCE_MIN_MS ? PATIENCE_MIN_MS :
					    nipfs__min_u64(patience, PATIENCE_MAX_MS);
}

/* ---- answers ------------------------------------------------------------------------ */

static bool is_raw(const struct nipfs__transfer *t)
{
	const char *type = NULL;

	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
	return type && strncasecmp(type, raw_type, sizeof(raw_type) - 1) == 0;
}

static enum nipfs__verdict judge_bytes(struct nipfs__origin *o, const struct nipfs__http *h,
				       const struct nipfs__transfer *t,
				       const struct nipfs_cid *cid, int *status)
{
	const struct nipfs_slice bytes =
		nipfs__slice(t->body ? nipfs__slab_data(t->body) : NULL, t->len);

	*status = nipfs_cid_verify(cid, bytes);
	if (*status == NIPFS_E_UNSUPPORTED)
		return NIPFS__VERDICT_BAD;
	if (*status < 0 && !is_raw(t)) {
		/* a page that says welcome, or that something is wrong */
		nipfs__origin_lied(o, "it answers as no gateway does");
		return NIPFS__VERDICT_NEVER;
	}
	if (*status < 0) {
		nipfs__origin_lied(o, "it gave wrong bytes");
		return NIPFS__VERDICT_BAD;
	}
	well_done(o, h, t);
	o->lies = o->losses = 0;
	o->given_at = nipfs__http_now(h);
	o->blocks++;
	o->bytes += t->len;
	return NIPFS__VERDICT_GOOD;
}

/* It looked for the block for as long as it thinks right. */
static enum nipfs__verdict found_nobody(struct nipfs__origin *o, const struct nipfs__http *h,
					const struct nipfs__transfer *t)
{
	well_done(o, h, t);
	(void)snprintf(o->why, sizeof(o->why), "%s: it found nobody who has it", t->why);
	return NIPFS__VERDICT_NEVER;
}

static enum nipfs__verdict judge_status(struct nipfs__origin *o, const struct nipfs__http *h,
					const struct nipfs__transfer *t)
{
	switch (t->status) {
	case 404:
	case 410:
	case 412:
	case 451:
		well_done(o, h, t);
		return o->api.url && !o->no_rpc && !was_by_rpc(o, t) ?
			       NIPFS__VERDICT_BY_RPC :
			       NIPFS__VERDICT_LACKS;
	case 504:
		return found_nobody(o, h, t);
	case 429:
		return failed(o, h, t);
	default:
		return t->status >= 500 ? failed(o, h, t) : refused(o, t);
	}
}

/* The RPC says in words what a gateway says by a number. */
static enum nipfs__verdict judge_words(struct nipfs__origin *o, const struct nipfs__http *h,
				       const struct nipfs__transfer *t)
{
	if (strstr(t->said, "deadline exceeded"))
		return found_nobody(o, h, t);
	if (!strstr(t->said, "could not find") && !strstr(t->said, "not found"))
		return failed(o, h, t);
	well_done(o, h, t);
	return NIPFS__VERDICT_LACKS;
}

enum nipfs__verdict nipfs__origin_judge(struct nipfs__origin *o, const struct nipfs__http *h,
					const struct nipfs__transfer *t,
					const struct nipfs_cid *cid, int *status)
{
	*status = t->code;
	if (t->code == NIPFS_E_NOMEM)
		return NIPFS__VERDICT_BAD;
	if (is_away(o, t))
		return NIPFS__VERDICT_AWAY;
	if (was_by_rpc(o, t) && !nipfs__origin_by_rpc(o) &&
	    (t->code < 0 || (t->status != 200 && t->status != 500))) {
		/* what the gateway said of the block stands */
		o->no_rpc = true;
		return NIPFS__VERDICT_LACKS;
	}
	if (t->code == NIPFS_E_LIMIT) {
		nipfs__origin_lied(o, t->why);
		return NIPFS__VERDICT_BAD;
	}
	if (t->code < 0)
		return failed(o, h, t);
	if (t->status == 200)
		return judge_bytes(o, h, t, cid, status);
	if (t->status == 500 && was_by_rpc(o, t))
		return judge_words(o, h, t);
	return judge_status(o, h, t);
}
