/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gateways and nodes as one block source. */
#include "lib/ipfs/network.h"

#include <stdlib.h>

#include <nixipfs/progress.h>

#include "lib/ipfs/node.h"
#include "multiformats/base/err.h"

/* How long is waited at most before it is looked whether all was cancelled. */
enum { LOOK_UP_MS = 100 };

static struct nipfs__network *of(struct nipfs_block_source *self)
{
	return (struct nipfs__network *)(void *)self;
}

/* ---- going on ------------------------------------------------------------------------- */

/* Takes, starts, and waits until an answer is staged. Return: 0 or negative. */
static int advance(struct nipfs__network *s, int wait_ms, struct nipfs_error *err)
{
	const uint64_t now = nipfs__http_now(s->http);
	int r = nipfs__answers_take(s, err);
	size_t before;

	if (r < 0)
		return r;
	before = s->n_requests;
	r = nipfs__requests_start(s, err);
	/* what is started goes out before anybody looks at the answer */
	if (r < 0 || (s->has_staged && s->n_requests == before))
		return r;
	if (s->has_staged)
		wait_ms = 0;
	else if (s->wake - now < (uint64_t)wait_ms)
		wait_ms = (int)(s->wake - now);
	nipfs__http_run(s->http, wait_ms);
	return nipfs__answers_take(s, err);
}

static int network_want(struct nipfs_block_source *self, const struct nipfs_want *wants,
			size_t n, struct nipfs_error *err)
{
	struct nipfs__network *s = of(self);
	int r = nipfs__wants_add(&s->wants, wants, n, err);

	/* what is wanted is on its way before anybody waits for it */
	if (r == 0 && !s->has_staged)
		r = advance(s, 0, err);
	return r;
}

static int network_next(struct nipfs_block_source *self, struct nipfs_block *out,
			struct nipfs_error *err)
{
	struct nipfs__network *s = of(self);
	int r;

	while (!s->has_staged && s->wants.n > 0) {
		r = nipfs_cancel_check(err);
		if (r == 0)
			r = advance(s, LOOK_UP_MS, err);
		if (r < 0)
			return r;
	}
	if (!s->has_staged)
		return 1;
	s->has_staged = false;
	*out = s->staged;
	return 0;
}

static bool network_ready(struct nipfs_block_source *self, int wait_ms)
{
	struct nipfs__network *s = of(self);

	/* what fails here fails again when it is asked for */
	return s->has_staged || s->wants.n == 0 || advance(s, wait_ms, NULL) < 0 ||
	       s->has_staged;
}

static void network_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	struct nipfs__network *s = of(self);
	struct nipfs__wanted *item = nipfs__wants_find(&s->wants, cid);

	if (item)
		nipfs__requests_end(s, item);
	nipfs__wants_remove(&s->wants, item);
}

static void network_free(struct nipfs_block_source *self)
{
	struct nipfs__network *s = of(self);

	nipfs__subtree_end(&s->subtree);
	for (size_t i = 0; i < s->n; i++)
		nipfs__origin_release(&s->origins[i], s->http);
	nipfs__http_free(s->http);
	nipfs__wants_release(&s->wants);
	nipfs_slab_unref(s->given);
	nipfs__recent_release(&s->recent);
	nipfs__buf_release(&s->name);
	free(s);
}

static const struct nipfs_block_source_ops network_ops = {
	network_want, network_next, network_cancel, network_free, network_ready
};

/* ---- making it ---------------------------------------------------------------------------- */

static int open_origin(struct nipfs__origin *o, const char *text,
		       const struct nipfs_network_options *options, struct nipfs_error *err)
{
	return nipfs__is_url(text) ?
		       nipfs__origin_gateway(o, text, err) :
		       nipfs__node_find(o, options->api, options->gateway, err);
}

int nipfs__network_new(struct nipfs_block_source **out, const char *const *texts, size_t n,
		       const struct nipfs_network_options *options, struct nipfs_error *err)
{
	struct nipfs__network *s;
	int r;

	if (n > NIPFS__NETWORK_ORIGINS)
		return nipfs__fail(err, NIPFS_E_LIMIT, "over %d gateways in a row",
				   NIPFS__NETWORK_ORIGINS);
	s = calloc(1, sizeof(*s) + n * sizeof(s->origins[0]));
	if (!s)
		return nipfs__fail_nomem(err);
	s->name = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	s->tell = options->tell;
	s->ctx = options->ctx;
	r = nipfs__wants_init(&s->wants, err);
	if (r == 0)
		r = nipfs__http_new(&s->http, options->timeout_s, err);
	for (; r == 0 && s->n < n; s->n++)
		r = open_origin(&s->origins[s->n], texts[s->n], options, err);
	if (r == 0 && nipfs__network_name_all(s) < 0)
		r = nipfs__fail_nomem(err);
	s->source.ops = &network_ops;
	if (r < 0)
		network_free(&s->source);
	else
		*out = &s->source;
	return r;
}
