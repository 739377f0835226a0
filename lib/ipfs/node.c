/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Kubo node: what it says of itself, and how it is made to fetch. */
#include "lib/ipfs/node.h"

#include <jansson.h>
#include <stdio.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slab.h"

enum {
	CONFIG_MAX = 64 * 1024,
	LACKED_MAX = 32, /* blocks that it lacks before it is made to fetch all */
	WALK_STALL_MS = 2000, /* and twice that the next time */
	STALLS_MAX = 3	      /* in vain */
};

/* ---- what the node says of itself ----------------------------------------------------- */

static int usable(const json_t *text, const struct nipfs__endpoint *api,
		  struct nipfs__endpoint *out)
{
	struct nipfs__endpoint found;
	int r;

	if (!json_is_string(text))
		return NIPFS_E_NOTFOUND;
	r = nipfs__endpoint_parse(
		nipfs__slice(json_string_value(text), json_string_length(text)), &found, NULL);
	if (r == NIPFS_E_NOMEM)
		return r;
	if (r < 0)
		return NIPFS_E_NOTFOUND;
	if (found.local && !api->local) {
		nipfs__endpoint_release(&found);
		return NIPFS_E_NOTFOUND;
	}
	*out = found;
	return 0;
}

int nipfs__node_gateway(struct nipfs_slice json, const struct nipfs__endpoint *api,
			struct nipfs__endpoint *out)
{
	json_t *root = json.len ? json_loadb((const char *)json.ptr, json.len, 0, NULL) : NULL;
	const json_t *value = json_object_get(root, "Value");
	int r = NIPFS_E_NOTFOUND;

	if (json_is_array(value))
		for (size_t i = 0; r == NIPFS_E_NOTFOUND && i < json_array_size(value); i++)
			r = usable(json_array_get(value, i), api, out);
	else
		r = usable(value, api, out);
	json_decref(root);
	return r;
}

static struct nipfs_slice body_of(const struct nipfs__transfer *t)
{
	return nipfs__slice(t->body ? nipfs__slab_data(t->body) : NULL, t->len);
}

/* ---- what goes between us beside blocks ------------------------------------------------- */

static int call(struct nipfs__origin *o, struct nipfs__http *h, const char *path,
		const char *form, enum nipfs__http_body body, struct nipfs__transfer **out,
		struct nipfs_error *err)
{
	const struct nipfs__http_request request = { .endpoint = &o->api,
						     .path = path,
						     .verb = NIPFS__HTTP_POST,
						     .body = body,
						     .form = form,
						     .max_body = CONFIG_MAX,
						     .secret = o->secret };

	return nipfs__http_start(h, &request, out, err);
}

/* ---- a DAG that it is made to fetch ------------------------------------------------------- */

void nipfs__node_expect(struct nipfs__origin *o, struct nipfs__http *h,
			const struct nipfs_cid *root)
{
	if (!o->api.url || o->no_walk || nipfs_cid_equal(&o->root, root))
		return;
	nipfs__http_end(h, o->walker);
	o->walker = NULL;
	o->root = *root;
	o->walk = NIPFS__WALK_PROBED;
	o->lacked = o->stalls = 0;
}

bool nipfs__node_ask_cached(const struct nipfs__origin *o, bool lacked)
{
	return o->walk != NIPFS__WALK_NOT && (o->walk != NIPFS__WALK_PROBED || !lacked);
}

void nipfs__node_lacks(struct nipfs__origin *o)
{
	if (o->walk == NIPFS__WALK_PROBED && ++o->lacked >= LACKED_MAX)
		o->walk = NIPFS__WALK_NEXT;
}

/*
 * Bitswap, in Kubo 0.43, never brings a block of no bytes: whoever waits for one waits for
 * ever, and trees with empty files have it. So the node is given it.
 */
static int give_empty(struct nipfs__origin *o, struct nipfs__http *h, struct nipfs_error *err)
{
	static const char form[] =
		"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"empty\"\r\n"
		"Content-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n";

	if (o->has_empty)
		return 0;
	o->has_empty = true;
	return call(o, h, "/api/v0/block/put?cid-codec=raw", form, NIPFS__HTTP_KEEP, &o->gift,
		    err);
}

/* Makes the node fetch the DAG; what it says meanwhile is thrown away. */
static int begin_walk(struct nipfs__origin *o, struct nipfs__http *h, struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX], path[NIPFS_CID_TEXT_MAX + 64];
	int r;

	(void)nipfs_cid_format(&o->root, text);
	(void)snprintf(path, sizeof(path), "/api/v0/refs?arg=%s&recursive=true&unique=true",
		       text);
	r = give_empty(o, h, err);
	if (r == 0)
		r = call(o, h, path, NULL, NIPFS__HTTP_DROP, &o->walker, err);
	if (r == 0 && o->walker)
		o->walk = NIPFS__WALK_RUNS;
	return r;
}

/* Whether it makes no progress, and neither do we. */
static bool is_stuck(const struct nipfs__origin *o, const struct nipfs__http *h)
{
	const uint64_t now = nipfs__http_now(h);
	const uint64_t may = (uint64_t)WALK_STALL_MS << o->stalls;

	return now > o->walker->moved + may && now > o->given_at + may;
}

/*
 * It has ended, or it is stuck: the node waits for a block that its peer sees no wish for any
 * more (Bitswap, Kubo 0.43: half of the time under load). Begun again, it goes on.
 */
static void end_walk(struct nipfs__origin *o, struct nipfs__http *h)
{
	const struct nipfs__transfer *t = o->walker;
	const bool is_done = t->state == NIPFS__TRANSFER_DONE;

	if (!is_done && !is_stuck(o, h))
		return;
	/* one that can't be made to, or must not, is read from all the same */
	if (is_done && (t->code < 0 || t->status != 200))
		o->no_walk = true;
	if (o->given_at > t->begun)
		o->stalls = 0;
	nipfs__http_end(h, o->walker);
	o->walker = NULL;
	o->walk = is_done || ++o->stalls >= STALLS_MAX ? NIPFS__WALK_NOT : NIPFS__WALK_NEXT;
}

/* ---- all that is not about a block --------------------------------------------------------- */

/* Its gateway was asked for. */
static int found_gateway(struct nipfs__origin *o, const struct nipfs__transfer *t)
{
	int r;

	if (t->code < 0) {
		nipfs__origin_drop(o, t->why);
		return t->code == NIPFS_E_NOMEM ? t->code : 0;
	}
	/* who may read blocks may not read the configuration, as a rule */
	if (t->status != 200)
		return 0;
	r = nipfs__node_gateway(body_of(t), &o->api, &o->gateway);
	return r == NIPFS_E_NOMEM ? r : 0;
}

static int answered(struct nipfs__origin *o, struct nipfs__http *h, struct nipfs_error *err)
{
	const int r = found_gateway(o, o->question);

	o->finding = false;
	nipfs__http_end(h, o->question);
	o->question = NULL;
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

int nipfs__node_step(struct nipfs__origin *o, struct nipfs__http *h, struct nipfs_error *err)
{
	if (!o->api.url || o->dropped)
		return 0;
	if (o->gift && o->gift->state == NIPFS__TRANSFER_DONE) {
		nipfs__http_end(h, o->gift);
		o->gift = NULL;
	}
	if (o->walker)
		end_walk(o, h);
	if (o->walk == NIPFS__WALK_NEXT && o->fetching == 0)
		return begin_walk(o, h, err);
	if (o->question)
		return o->question->state == NIPFS__TRANSFER_DONE ? answered(o, h, err) : 0;
	if (!o->finding)
		return 0;
	return call(o, h, "/api/v0/config?arg=Addresses.Gateway", NULL, NIPFS__HTTP_KEEP,
		    &o->question, err);
}
