/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A DAG given to a Kubo node, and pinned there. */
#include "lib/publish.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/ipfs/named_pin.h"
#include "lib/ipfs/pins.h"
#include "lib/ipfs/rest.h"
#include "lib/ipfs/swarm.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum {
	ATTEMPTS = 3,	   /* to make the node keep it */
	BREAKS_MAX = 2,	   /* failures in a row without a request that went well */
	AWAY_MAX_S = 20,   /* so long a node may be away */
	STALL_S = 5	   /* without progress of a pin: it looks for a block that it lacks */
};

struct publisher {
	struct nipfs__sender sender;
	const struct nipfs_link *root;
	const struct nipfs_publish_options *options;
	struct nipfs_published stats;
};

static void tell(const struct publisher *p, const char *text)
{
	if (p->options->node.tell)
		p->options->node.tell(p->options->node.ctx, text);
}

/* ---- what the node is ---------------------------------------------------------------------- */

static int identify(struct publisher *p, char out[NIPFS_PEER_MAX], struct nipfs_error *err)
{
	const struct nipfs__rpc_call call = { .command = "id" };
	json_t *object;
	const char *id;
	int r = nipfs__rpc_object(p->sender.rpc, &call, &object, err);

	if (r < 0)
		return r;
	id = nipfs__rpc_text(object, "ID");
	if (!id || !*id || strlen(id) >= NIPFS_PEER_MAX)
		r = nipfs__fail(err, NIPFS_E_UNSUPPORTED, "%s: it does not say who it is",
				nipfs__rpc_name(p->sender.rpc));
	else
		memcpy(out, id, strlen(id) + 1);
	json_decref(object);
	return r;
}

/* The first time that something goes to a node which others can see. */
static int warn_of_public(struct publisher *p, struct nipfs_error *err)
{
	char text[NIPFS_PEER_MAX + 400];
	size_t n = 0;
	int r = nipfs__swarm_public(p->sender.rpc, &n, err);

	if (r == 0 && n)
		r = nipfs__published_tell(p->sender.published, err);
	if (r <= 0)
		return r;
	(void)snprintf(text, sizeof(text),
		       "%.300s is connected to %zu peers on the public network: whoever has a CID "
		       "can fetch what is published there",
		       nipfs__rpc_name(p->sender.rpc), n);
	tell(p, text);
	return 0;
}

/* ---- how much it will be --------------------------------------------------------------------- */

static int add_size(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	struct publisher *p = ctx;
	const int known = nipfs__published_find(p->sender.published, &entry->cid, err);

	if (known < 0)
		return known;
	if (known < 2)
		p->sender.event.total += entry->tsize;
	return 0;
}

/* Of a closure the trees that the node is not known to have, of anything else all. */
static int sum_up(struct publisher *p, struct nipfs_error *err)
{
	struct nipfs_dir_entry store;
	int r = NIPFS_E_NOTFOUND;

	p->sender.event.total = 0;
	if (p->root->cid.codec == NIPFS_CODEC_DAG_PB)
		r = nipfs_dag_lookup(p->sender.source, &p->root->cid, nipfs__slice_str("store"),
				     &store, NULL);
	if (r == 0)
		return nipfs_dag_list(p->sender.source, &store.cid, add_size, p, err);
	p->sender.event.total = p->root->tsize;
	return 0;
}

static int warn_of_size(struct publisher *p, struct nipfs_error *err)
{
	static const struct nipfs__rpc_param params[] = { { "size-only", "true" }, { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "repo/stat", .params = params };
	const uint64_t more = p->sender.event.total;
	char text[600];
	uint64_t have, most;
	json_t *object;
	int r = nipfs__rpc_object(p->sender.rpc, &call, &object, err);

	if (r < 0)
		return r == NIPFS_E_CANCELLED || r == NIPFS_E_NOMEM ? r : 0;
	have = nipfs__rpc_number(object, "RepoSize");
	most = nipfs__rpc_number(object, "StorageMax");
	json_decref(object);
	if (most == 0 || have + more <= most)
		return 0;
	(void)snprintf(text, sizeof(text),
		       "%.300s: its repository has %.1f MB, up to %.1f MB come, and its StorageMax "
		       "is %.1f MB: it takes them even so; see 'ipfs config Datastore.StorageMax'",
		       nipfs__rpc_name(p->sender.rpc), (double)have / 1e6, (double)more / 1e6,
		       (double)most / 1e6);
	tell(p, text);
	return 0;
}

/* ---- sending ------------------------------------------------------------------------------- */

/* Waits until the node is there again. Return: 0, or why it is not. */
static int wait_for_node(struct publisher *p, struct nipfs_error *err)
{
	char peer[NIPFS_PEER_MAX];
	int r = NIPFS_E_UNREACHABLE;

	for (int s = 0; s < AWAY_MAX_S && r == NIPFS_E_UNREACHABLE; s++) {
		r = nipfs__rest(1000, err);
		if (r == 0)
			r = identify(p, peer, err);
	}
	if (r == 0 && strcmp(peer, p->stats.peer) != 0)
		r = nipfs__fail(err, NIPFS_E_UNREACHABLE,
				"%s: it is another node now: run the command again",
				nipfs__rpc_name(p->sender.rpc));
	return r;
}

/* Sends all that is lacking, over connections that may break. */
static int send_all(struct publisher *p, struct nipfs_error *err)
{
	struct nipfs_error why = { .code = 0 };
	int breaks = 0, r;

	for (;;) {
		const uint64_t before = p->stats.requests;

		p->sender.event.done = p->stats.bytes;
		r = nipfs__send(&p->sender, &p->root->cid, &why);
		if (r != NIPFS_E_UNREACHABLE || !p->sender.node_failed)
			break;
		breaks = p->stats.requests > before ? 1 : breaks + 1;
		if (breaks > BREAKS_MAX)
			break;
		tell(p, why.msg);
		r = wait_for_node(p, &why);
		if (r < 0)
			break;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

/* ---- keeping ------------------------------------------------------------------------------- */

static int see_ref(void *ctx, const json_t *object, struct nipfs_error *err)
{
	const struct publisher *p = ctx;
	const char *problem = nipfs__rpc_text(object, "Err");

	if (!problem || !*problem)
		return 0;
	return nipfs__fail(err, NIPFS_E_NOTFOUND, "%s has not got all of it: %.300s",
			   nipfs__rpc_name(p->sender.rpc), problem);
}

/* Whether it has all of it, where no pin shows that. */
static int check(struct publisher *p, struct nipfs_error *err)
{
	char cid[NIPFS_CID_TEXT_MAX];
	const struct nipfs__rpc_param params[] = { { "arg", cid },
						   { "recursive", "true" },
						   { "unique", "true" },
						   { "offline", "true" },
						   { NULL, NULL } };
	const struct nipfs__rpc_call call = {
		.command = "refs", .params = params, .line = see_ref, .ctx = p
	};
	int r;

	(void)nipfs_cid_format(&p->root->cid, cid);
	r = nipfs__rpc_call(p->sender.rpc, &call, err);
	return r == NIPFS_E_REFUSED ? NIPFS_E_NOTFOUND : r;
}

static int pin(struct publisher *p, unsigned int patience_s, struct nipfs_error *err)
{
	const enum nipfs_provide provide = p->options->provide;
	struct nipfs_pin_node node = { p->sender.rpc, patience_s };
	struct nipfs_pin made;

	return nipfs_pin_node_add(&node, &p->root->cid, p->options->pin_name,
				  provide == NIPFS_PROVIDE_ROOT ? NIPFS_PIN_PROVIDE :
				  provide == NIPFS_PROVIDE_NONE ? NIPFS_PIN_NO_PROVIDE :
								  0,
				  &made, err);
}

static int keep(struct publisher *p, unsigned int patience_s, struct nipfs_error *err)
{
	return p->options->no_pin ? check(p, err) : pin(p, patience_s, err);
}

/* It may be that the node went away, rather than that it lacks something. */
static int still_there(struct publisher *p, struct nipfs_error *err)
{
	char peer[NIPFS_PEER_MAX];
	const int r = identify(p, peer, err);

	return r == NIPFS_E_UNREACHABLE ? wait_for_node(p, err) : r;
}

/*
 * Gives it, and makes the node keep it. A node that is online waits for what it lacks below
 * the root, also with offline=true (Kubo 0.43), so one that gets nowhere lacks something, as
 * one that says so.
 */
static int give_and_keep(struct publisher *p, struct nipfs_error *err)
{
	unsigned int patience_s = STALL_S;
	int r = 0;

	for (int attempt = 1; attempt <= ATTEMPTS; attempt++, patience_s *= 5) {
		if (attempt > 1)
			r = still_there(p, err);
		if (attempt > 1 && r == 0)
			r = nipfs__learn(&p->sender, err);
		if (r == 0)
			r = send_all(p, err);
		if (r < 0)
			return r;
		r = keep(p, patience_s, err);
		if (r != NIPFS_E_NOTFOUND && r != NIPFS_E_UNREACHABLE)
			return r;
	}
	return r;
}

static int pin_by_name(struct publisher *p, struct nipfs_error *err)
{
	struct nipfs_pin_node node = { p->sender.rpc, p->options->node.timeout_s };
	struct nipfs_pin made;
	int r;

	if (!p->options->named_pin)
		return 0;
	r = nipfs_pin_node_add(&node, &p->root->cid, p->options->named_pin, NIPFS_PIN_NAMED, &made,
			       err);
	if (r < 0)
		return r;
	p->stats.has_named_pin = true;
	p->stats.named_pin = made.pin;
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int check_names(const struct nipfs_publish_options *o, struct nipfs_error *err)
{
	char label[NIPFS__PIN_NAME_MAX + 1];

	return o->named_pin ? nipfs__named_pin_format(o->named_pin, time(NULL), label, err) : 0;
}

static int publish(struct publisher *p, struct nipfs_error *err)
{
	struct nipfs_pin_node node = { p->sender.rpc, p->options->node.timeout_s };
	struct nipfs_pin found;
	int r = identify(p, p->stats.peer, err);

	if (r < 0 && p->options->if_there && nipfs__rpc_no_server(p->sender.rpc))
		return 1;
	if (r == 0)
		r = nipfs__published_open(&p->sender.published, p->options->state_dir, p->stats.peer,
					  err);
	if (r == 0)
		r = warn_of_public(p, err);
	if (r < 0)
		return r;
	r = nipfs__pin_find(&node, &p->root->cid, &found, err);
	p->stats.was_pinned = r == 0;
	if (r == 1) {
		r = sum_up(p, err);
		if (r == 0)
			r = warn_of_size(p, err);
		if (r == 0)
			r = give_and_keep(p, err);
	}
	if (r == 0)
		r = pin_by_name(p, err);
	p->stats.known_bytes =
		p->root->tsize > p->stats.bytes ? p->root->tsize - p->stats.bytes : 0;
	return r;
}

int nipfs_publish(struct nipfs_block_source *source, const struct nipfs_link *root,
		  const struct nipfs_publish_options *options, struct nipfs_published *out,
		  struct nipfs_error *err)
{
	static const struct nipfs_publish_options defaults;
	struct publisher p = { .root = root, .options = options ? options : &defaults };
	int r = check_names(p.options, err);

	if (r == 0)
		r = nipfs__rpc_open(&p.sender.rpc, p.options->node.api, p.options->node.timeout_s,
				    err);
	if (r < 0)
		return r;
	p.sender.source = source;
	p.sender.stats = &p.stats;
	p.sender.progress = p.options->progress;
	p.sender.event.phase = NIPFS_PHASE_PUBLISH;
	r = publish(&p, err);
	nipfs__published_close(p.sender.published);
	nipfs__rpc_close(p.sender.rpc);
	if (r == 0)
		*out = p.stats;
	return r;
}
