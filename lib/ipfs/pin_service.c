/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pinning services: which one, and waiting for it. */
#include "lib/ipfs/pin_service.h"

#include <stdlib.h>

#include "lib/ipfs/credentials.h"
#include "lib/ipfs/node.h"
#include "lib/ipfs/rest.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum { FIRST_MS = 500, LAST_MS = 10000 };

static const char prefix[] = "kubo:";

/* ---- opening ---------------------------------------------------------------------------- */

static int open_url(struct nipfs_pin_service *s, const char *url, unsigned int timeout_s,
		    struct nipfs_error *err)
{
	int r = nipfs__endpoint_of(url, &s->endpoint, err);

	if (r == 0)
		r = nipfs__pin_token_load(&s->secret, err);
	if (r == 0)
		r = nipfs__http_new(&s->http, timeout_s, err);
	s->way = &nipfs__pin_service_http;
	return r;
}

static int open_behind(struct nipfs_pin_service *s, const char *name, struct nipfs_error *err)
{
	if (!*name)
		return nipfs__fail(err, NIPFS_E_USAGE, "'%s' lacks the name of a service", prefix);
	s->way = &nipfs__pin_service_kubo;
	s->node = strdup(name);
	return s->node ? 0 : nipfs__fail_nomem(err);
}

int nipfs_pin_service_open(struct nipfs_pin_service **out, const char *service,
			   const struct nipfs_network_options *options, struct nipfs_error *err)
{
	static const struct nipfs_network_options defaults = { .api = NULL };
	const struct nipfs_network_options *o = options ? options : &defaults;
	const bool behind = strncmp(service, prefix, sizeof(prefix) - 1) == 0;
	struct nipfs_pin_service *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return nipfs__fail_nomem(err);
	s->tell = o->tell;
	s->ctx = o->ctx;
	if (behind)
		r = open_behind(s, service + sizeof(prefix) - 1, err);
	else if (nipfs__is_url(service))
		r = open_url(s, service, o->timeout_s, err);
	else
		r = nipfs__fail(err, NIPFS_E_USAGE,
				"'%s' is no pinning service: it is a URL, or kubo:NAME", service);
	if (r == 0 && (behind || o->api || nipfs__node_has_api_file()))
		r = nipfs__rpc_open(&s->rpc, o->api, o->timeout_s, err);
	if (r < 0)
		nipfs_pin_service_close(s);
	else
		*out = s;
	return r;
}

void nipfs_pin_service_close(struct nipfs_pin_service *s)
{
	if (!s)
		return;
	nipfs__rpc_close(s->rpc);
	nipfs__http_free(s->http);
	nipfs__endpoint_release(&s->endpoint);
	nipfs__secret_free(s->secret);
	free(s->node);
	free(s);
}

bool nipfs_pin_service_has_dates(const struct nipfs_pin_service *s)
{
	return !s->node;
}

/* ---- either way --------------------------------------------------------------------------- */

int nipfs_remote_pin_list(struct nipfs_pin_service *s, const struct nipfs_cid *cid,
			  const char *name,
			  int (*each)(void *ctx, const struct nipfs_remote_pin *pin,
				      struct nipfs_error *err),
			  void *ctx, uint64_t *skipped, struct nipfs_error *err)
{
	uint64_t n = 0;
	const int r = s->way->list(s, cid, name, each, ctx, &n, err);

	if (r == 0 && skipped)
		*skipped = n;
	return r;
}

int nipfs_remote_pin_add(struct nipfs_pin_service *s, const struct nipfs_cid *cid,
			 const char *name, struct nipfs_remote_pin *out, struct nipfs_error *err)
{
	return s->way->add(s, cid, name, out, err);
}

int nipfs_remote_pin_replace(struct nipfs_pin_service *s, const struct nipfs_remote_pin *old,
			     const struct nipfs_cid *cid, const char *name,
			     struct nipfs_remote_pin *out, struct nipfs_error *err)
{
	return s->way->replace(s, old, cid, name, out, err);
}

int nipfs_remote_pin_remove(struct nipfs_pin_service *s, const struct nipfs_remote_pin *pin,
			    struct nipfs_error *err)
{
	return s->way->remove(s, pin, err);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static int is_over(struct nipfs_pin_service *s, const struct nipfs_remote_pin *pin,
		   struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX];
	int r;

	(void)nipfs_cid_format(&pin->cid, text);
	if (pin->status == NIPFS_REMOTE_FAILED)
		return nipfs__fail(err, NIPFS_E_INVALID, "the service could not pin %s%s%s", text,
				   *pin->details ? ": " : "", pin->details);
	if (!s->has_replaced)
		return 0;
	r = s->way->remove(s, &s->replaced, err);
	s->has_replaced = false;
	return r == NIPFS_E_NOTFOUND ? 0 : r;
}

int nipfs_remote_pin_wait(struct nipfs_pin_service *s, struct nipfs_remote_pin *pin,
			  unsigned int timeout_s, struct nipfs_error *err)
{
	const uint64_t end = nipfs__now_ms() + (uint64_t)timeout_s * 1000;
	uint64_t pause = FIRST_MS;
	char text[NIPFS_CID_TEXT_MAX];
	int r = 0;

	while (r == 0 && (pin->status == NIPFS_REMOTE_QUEUED || pin->status == NIPFS_REMOTE_PINNING)) {
		const uint64_t now = nipfs__now_ms();

		if (now >= end) {
			(void)nipfs_cid_format(&pin->cid, text);
			return nipfs__fail(err, NIPFS_E_UNREACHABLE,
					   "%s is still %s after %u s; the service goes on", text,
					   nipfs_remote_status_text(pin->status), timeout_s);
		}
		r = nipfs__rest(nipfs__min_u64(pause, end - now), err);
		if (r == 0)
			r = s->way->refresh(s, pin, err);
		pause = nipfs__min_u64(pause * 3 / 2, LAST_MS);
	}
	return r < 0 ? r : is_over(s, pin, err);
}
