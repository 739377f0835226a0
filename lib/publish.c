/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A DAG given to a Kubo node, and pinned there. */
#include "lib/publish.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/ipfs/named_pin.h"
#include "lib/ipfs/pins.h"
#include "lib/publish_early.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum {
	ATTEMPTS = 3,	/* to make the node keep it */
	BREAKS_MAX = 2, /* failures in a row without a request that went well */
	STALL_S = 5	/* without progress of a pin: it looks for a block that it lacks */
};

/* ---- how much it will be --------------------------------------------------------------------- */

static int add_size(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	struct nipfs_publisher *p = ctx;
	const int known = nipfs__published_find(p->sender.published, &entry->cid, err);

	if (known < 0)
		return known;
	if (known < 2)
		p->sender.event.total += entry->tsize;
	return 0;
}

/* Of a closure the trees that the node is not known to have, of anything else all. */
static int sum_up(struct nipfs_publisher *p, struct nipfs_error *err)
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

/* ---- sending ------------------------------------------------------------------------------- */

/* Sends all that is lacking, over connections that may break. */
static int send_all(struct nipfs_publisher *p, struct nipfs_error *err)
{
	struct nipfs_error why = { .code = 0 };
	int breaks = 0, r;

	for (;;) {
		const uint64_t before = p->stats.requests;

		p->sender.event.done = p->stats.bytes - p->early_bytes;
		r = nipfs__send(&p->sender, &p->root->cid, &why);
		if (r != NIPFS_E_UNREACHABLE || !p->sender.node_failed)
			break;
		breaks = p->stats.requests > before ? 1 : breaks + 1;
		if (breaks > BREAKS_MAX)
			break;
		nipfs__publish_tell(p, why.msg);
		r = nipfs__publish_await(p, &why);
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
	const struct nipfs_publisher *p = ctx;
	const char *problem = nipfs__rpc_text(object, "Err");

	if (!problem || !*problem)
		return 0;
	return nipfs__fail(err, NIPFS_E_NOTFOUND, "%s has not got all of it: %.300s",
			   nipfs__rpc_name(p->sender.rpc), problem);
}

/* Whether it has all of it, where no pin shows that. */
static int check(struct nipfs_publisher *p, struct nipfs_error *err)
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

static int pin(struct nipfs_publisher *p, unsigned int patience_s, struct nipfs_error *err)
{
	const enum nipfs_provide provide = p->options->provide;
	struct nipfs_pin_node node = { p->sender.rpc, patience_s, p->options->progress };
	struct nipfs_pin made;

	return nipfs_pin_node_add(&node, &p->root->cid, p->options->pin_name,
				  provide == NIPFS_PROVIDE_ROOT ? NIPFS_PIN_PROVIDE :
				  provide == NIPFS_PROVIDE_NONE ? NIPFS_PIN_NO_PROVIDE :
								  0,
				  &made, err);
}

static int keep(struct nipfs_publisher *p, unsigned int patience_s, struct nipfs_error *err)
{
	return p->options->no_pin ? check(p, err) : pin(p, patience_s, err);
}

/*
 * Gives it, and makes the node keep it. A node that is online waits for what it lacks below
 * the root, also with offline=true (Kubo 0.43), so one that gets nowhere lacks something, as
 * one that says so.
 */
static int give_and_keep(struct nipfs_publisher *p, struct nipfs_error *err)
{
	unsigned int patience_s = STALL_S;
	int r = 0;

	for (int attempt = 1; attempt <= ATTEMPTS; attempt++, patience_s *= 5) {
		if (attempt > 1)
			r = nipfs__publish_still_there(p, err);
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

static int pin_by_name(struct nipfs_publisher *p, struct nipfs_error *err)
{
	struct nipfs_pin_node node = { p->sender.rpc, p->options->node.timeout_s,
				       p->options->progress };
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


/* What the node is not known to have, and the pin. */
static int publish_rest(struct nipfs_publisher *p, struct nipfs_error *err)
{
	int r;

	/* what it refused it would refuse again */
	if (p->broke.code < 0 && p->broke.code != NIPFS_E_UNREACHABLE) {
		if (err)
			*err = p->broke;
		return p->broke.code;
	}
	r = sum_up(p, err);
	if (r == 0)
		r = nipfs__publish_sizes(p, err);
	if (r < 0)
		return r;
	nipfs__publish_check_size(p, p->sender.event.total);
	return give_and_keep(p, err);
}

static int publish(struct nipfs_publisher *p, struct nipfs_error *err)
{
	struct nipfs_pin_node node = { p->sender.rpc, p->options->node.timeout_s,
				       p->options->progress };
	struct nipfs_pin found;
	int r = nipfs__publish_connect(p, err);

	if (r == 0)
		r = nipfs__publish_early_end(p, err);
	if (r == 0 && p->broke.code == NIPFS_E_UNREACHABLE)
		r = nipfs__publish_still_there(p, err);
	if (r != 0)
		return r;
	r = nipfs__pin_find(&node, &p->root->cid, &found, err);
	p->stats.was_pinned = r == 0;
	if (r == 1)
		r = publish_rest(p, err);
	if (r == 0)
		r = pin_by_name(p, err);
	p->stats.known_bytes =
		p->root->tsize > p->stats.bytes ? p->root->tsize - p->stats.bytes : 0;
	return r;
}

int nipfs_publisher_new(struct nipfs_publisher **out, const struct nipfs_publish_options *options,
			struct nipfs_error *err)
{
	static const struct nipfs_publish_options defaults;
	struct nipfs_publisher *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return nipfs__fail_nomem(err);
	p->options = options ? options : &defaults;
	p->sender.stats = &p->stats;
	p->sender.event.phase = NIPFS_PHASE_PUBLISH;
	r = check_names(p->options, err);
	if (r == 0)
		r = nipfs__rpc_open(&p->sender.rpc, p->options->node.api, p->options->node.timeout_s,
				    err);
	if (r < 0)
		nipfs_publisher_free(p);
	else
		*out = p;
	return r;
}

void nipfs_publisher_free(struct nipfs_publisher *p)
{
	if (!p)
		return;
	nipfs__send_stop(&p->sender);
	nipfs__published_close(p->sender.published);
	nipfs__rpc_close(p->sender.rpc);
	free(p);
}

int nipfs_publisher_finish(struct nipfs_publisher *p, struct nipfs_block_source *source,
			   const struct nipfs_link *root, struct nipfs_published *out,
			   struct nipfs_error *err)
{
	int r;

	p->root = root;
	p->sender.source = source;
	p->sender.progress = p->options->progress;
	r = publish(p, err);
	if (r == 0)
		*out = p->stats;
	return r;
}

int nipfs_publish(struct nipfs_block_source *source, const struct nipfs_link *root,
		  const struct nipfs_publish_options *options, struct nipfs_published *out,
		  struct nipfs_error *err)
{
	struct nipfs_publisher *p;
	int r = nipfs_publisher_new(&p, options, err);

	if (r < 0)
		return r;
	r = nipfs_publisher_finish(p, source, root, out, err);
	nipfs_publisher_free(p);
	return r;
}
