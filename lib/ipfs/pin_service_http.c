/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pinning service by its own API. */
#include <stdio.h>
#include <stdlib.h>

#include <nixipfs/progress.h>

#include "lib/ipfs/pin_json.h"
#include "lib/ipfs/pin_service.h"
#include "lib/ipfs/url_escape.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slab.h"

enum {
	ANSWER_MAX = 8 << 20,
	PATH_BYTES_MAX = 8192,
	LOOK_UP_MS = 100,
	PAGES_MAX = 10000,
	NODE_PATIENCE_S = 10
};

/* ---- one request ---------------------------------------------------------------------------- */

static int fail_by_status(const struct nipfs_pin_service *s, const struct nipfs__transfer *t,
			  struct nipfs_error *err)
{
	const char *name = s->endpoint.shown;
	char said[NIPFS_REMOTE_TEXT_MAX];
	const bool says = nipfs__pin_failure(nipfs__slice_str(t->said), said, sizeof(said));
	int code = NIPFS_E_INVALID;

	if (t->status == 404)
		code = NIPFS_E_NOTFOUND;
	if (t->status == 429 || t->status >= 500)
		code = NIPFS_E_UNREACHABLE;
	if (t->status == 401 || t->status == 403)
		return nipfs__fail(err, code,
				   "%s: HTTP %ld: it wants another token, see "
				   "NIX_IPFS_PIN_TOKEN_FILE",
				   name, t->status);
	return nipfs__fail(err, code, "%s: HTTP %ld%s%s", name, t->status, says ? ": " : "",
			   says ? said : "");
}

/*
 * Asks and waits. Return: as the functions of pin_remote.h; the answer is to be ended also
 * after a failure.
 */
static int ask(struct nipfs_pin_service *s, enum nipfs__http_verb verb, const char *path,
	       const char *json, struct nipfs__transfer **out, struct nipfs_error *err)
{
	const struct nipfs__http_request request = { .endpoint = &s->endpoint,
						     .path = path,
						     .verb = verb,
						     .body = NIPFS__HTTP_KEEP,
						     .max_body = ANSWER_MAX,
						     .accept = "application/json",
						     .json = json,
						     .secret = s->secret,
						     .accepted = true };
	int r = nipfs__http_start(s->http, &request, out, err);
	const struct nipfs__transfer *t = *out;

	if (r == 0 && !t)
		r = nipfs__fail_nomem(err);
	while (r == 0 && t->state == NIPFS__TRANSFER_RUNS) {
		nipfs__http_run(s->http, LOOK_UP_MS);
		r = nipfs_cancel_check(err);
	}
	if (r < 0)
		return r;
	if (t->code == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	if (t->code < 0)
		return nipfs__fail(err, t->code, "%s: %s", s->endpoint.shown, t->why);
	if (t->status != 200 && t->status != 202)
		return fail_by_status(s, t, err);
	return 0;
}

static struct nipfs_slice body_of(const struct nipfs__transfer *t)
{
	return nipfs__slice(t->body ? nipfs__slab_data(t->body) : NULL, t->len);
}

static int named(const struct nipfs_pin_service *s, int r, struct nipfs_error *err)
{
	if (r < 0 && r != NIPFS_E_NOMEM)
		nipfs__prefix(err, "%s", s->endpoint.shown);
	return r;
}

/* ---- the node, which has what is to be pinned ------------------------------------------------ */

/* Its addresses; none when it does not tell. */
static void find_origins(struct nipfs_pin_service *s, struct nipfs__pin_addresses *out)
{
	const struct nipfs__rpc_call call = { .command = "id", .patience_s = NODE_PATIENCE_S };
	json_t *object;
	char *text;

	out->n = 0;
	if (!s->rpc || nipfs__rpc_object(s->rpc, &call, &object, NULL) < 0)
		return;
	text = json_dumps(object, JSON_COMPACT);
	if (text)
		nipfs__pin_node_addresses(nipfs__slice_str(text), out);
	free(text);
	json_decref(object);
}

/* The service fetches from the node whatever comes of this: it is only faster. */
static void connect_node(struct nipfs_pin_service *s, const struct nipfs__pin_addresses *delegates)
{
	for (size_t i = 0; s->rpc && i < delegates->n; i++) {
		const struct nipfs__rpc_param params[] = { { "arg", delegates->text[i] },
							   { NULL, NULL } };
		const struct nipfs__rpc_call call = { .command = "swarm/connect",
						      .params = params,
						      .patience_s = NODE_PATIENCE_S };
		struct nipfs_error why;
		const int r = nipfs__rpc_call(s->rpc, &call, &why);

		if (r == NIPFS_E_CANCELLED)
			return;
		if (r < 0 && s->tell) {
			nipfs__prefix(&why, "the node does not reach the service at %s",
				      delegates->text[i]);
			s->tell(s->ctx, why.msg);
		}
	}
}

/* ---- pins ------------------------------------------------------------------------------------ */

static int page_path(struct nipfs_buf *b, const struct nipfs_cid *cid, const char *name,
		     const char *before)
{
	char text[NIPFS_CID_TEXT_MAX] = "";
	const char *const params[][2] = { { "cid", text }, { "name", name }, { "before", before } };
	int r;

	if (cid)
		(void)nipfs_cid_format(cid, text);
	nipfs__buf_clear(b);
	r = nipfs__buf_put_str(b, "/pins?limit=500&status=queued,pinning,pinned,failed");
	for (size_t i = 0; r == 0 && i < sizeof(params) / sizeof(params[0]); i++) {
		if (!params[i][1] || !*params[i][1])
			continue;
		r = nipfs__buf_printf(b, "&%s=", params[i][0]);
		if (r == 0)
			r = nipfs__url_escape(b, params[i][1]);
	}
	return r < 0 ? r : nipfs__buf_terminate(b);
}

static int read_page(struct nipfs_pin_service *s, const char *path, struct nipfs__pin_page *out,
		     struct nipfs_error *err)
{
	struct nipfs__transfer *t = NULL;
	int r = ask(s, NIPFS__HTTP_GET, path, NULL, &t, err);

	if (r == 0)
		r = named(s, nipfs__pin_page_read(body_of(t), out, err), err);
	nipfs__http_end(s->http, t);
	return r;
}

/* @before: of the page; the one of the next. Return: 0, 1 at the end, or negative. */
static int next_page(const struct nipfs_pin_service *s, const struct nipfs__pin_page *page,
		     char before[NIPFS__PIN_TIME_MAX], struct nipfs_error *err)
{
	if (page->n + page->skipped == 0 || page->n + page->skipped >= page->count)
		return 1;
	if (!*page->oldest || strcmp(page->oldest, before) == 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "%s: it has %llu pins more, and does not show them",
				   s->endpoint.shown,
				   (unsigned long long)(page->count - page->n - page->skipped));
	memcpy(before, page->oldest, NIPFS__PIN_TIME_MAX);
	return 0;
}

static int list(struct nipfs_pin_service *s, const struct nipfs_cid *cid, const char *name,
		int (*each)(void *ctx, const struct nipfs_remote_pin *pin,
			    struct nipfs_error *err),
		void *ctx, uint64_t *skipped, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT(PATH_BYTES_MAX);
	char before[NIPFS__PIN_TIME_MAX] = "";
	int r = 0;

	for (int i = 0; r == 0; i++) {
		struct nipfs__pin_page page;

		if (i == PAGES_MAX)
			return nipfs__fail(err, NIPFS_E_LIMIT, "%s: its pins have no end",
					   s->endpoint.shown);
		if (page_path(&path, cid, name, before) < 0)
			return nipfs__fail_nomem(err);
		r = read_page(s, (const char *)path.ptr, &page, err);
		if (r < 0)
			return r;
		for (size_t k = 0; r == 0 && k < page.n; k++)
			r = each(ctx, &page.pins[k], err);
		*skipped += page.skipped;
		if (r == 0)
			r = next_page(s, &page, before, err);
		nipfs__pin_page_release(&page);
	}
	return r == 1 ? 0 : r;
}

/* The path of one pin, or of all when @pin is NULL. */
static int pin_path(struct nipfs_buf *b, const struct nipfs_remote_pin *pin)
{
	int r = nipfs__buf_put_str(b, pin ? "/pins/" : "/pins");

	if (r == 0 && pin)
		r = nipfs__url_escape(b, pin->id);
	return r < 0 ? r : nipfs__buf_terminate(b);
}

static int post(struct nipfs_pin_service *s, const struct nipfs_remote_pin *old,
		const struct nipfs_cid *cid, const char *name, struct nipfs_remote_pin *out,
		struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT(PATH_BYTES_MAX);
	struct nipfs__pin_addresses addresses;
	struct nipfs__transfer *t = NULL;
	nipfs_auto_free char *body = NULL;
	int r;

	find_origins(s, &addresses);
	r = nipfs__pin_body(cid, name, &addresses, &body, err);
	if (r == 0 && pin_path(&path, old) < 0)
		r = nipfs__fail_nomem(err);
	if (r == 0)
		r = ask(s, NIPFS__HTTP_POST, (const char *)path.ptr, body, &t, err);
	if (r == 0)
		r = named(s, nipfs__pin_read(body_of(t), out, &addresses, err), err);
	nipfs__http_end(s->http, t);
	if (r == 0 && out->status != NIPFS_REMOTE_PINNED)
		connect_node(s, &addresses);
	return r;
}

static int add(struct nipfs_pin_service *s, const struct nipfs_cid *cid, const char *name,
	       struct nipfs_remote_pin *out, struct nipfs_error *err)
{
	return post(s, NULL, cid, name, out, err);
}

/* GET or DELETE of one pin. */
static int of_one(struct nipfs_pin_service *s, enum nipfs__http_verb verb,
		  const struct nipfs_remote_pin *pin, struct nipfs__transfer **out,
		  struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT(PATH_BYTES_MAX);

	if (pin_path(&path, pin) < 0)
		return nipfs__fail_nomem(err);
	return ask(s, verb, (const char *)path.ptr, NULL, out, err);
}

static int refresh(struct nipfs_pin_service *s, struct nipfs_remote_pin *pin,
		   struct nipfs_error *err)
{
	struct nipfs__pin_addresses unused;
	struct nipfs__transfer *t = NULL;
	int r = of_one(s, NIPFS__HTTP_GET, pin, &t, err);

	if (r == 0)
		r = named(s, nipfs__pin_read(body_of(t), pin, &unused, err), err);
	nipfs__http_end(s->http, t);
	return r;
}

static int remove_pin(struct nipfs_pin_service *s, const struct nipfs_remote_pin *pin,
		      struct nipfs_error *err)
{
	struct nipfs__transfer *t = NULL;
	const int r = of_one(s, NIPFS__HTTP_DELETE, pin, &t, err);

	nipfs__http_end(s->http, t);
	return r;
}

const struct nipfs__pin_service_way nipfs__pin_service_http = {
	.list = list, .add = add, .replace = post, .refresh = refresh, .remove = remove_pin
};
