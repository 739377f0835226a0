/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to the RPC of a Kubo node, one after another. */
#include "lib/ipfs/rpc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <nixipfs/progress.h>

#include "lib/ipfs/credentials.h"
#include "lib/ipfs/http.h"
#include "lib/ipfs/node.h"
#include "lib/ipfs/url_escape.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum {
	PATH_MAX_BYTES = 4096,
	LOOK_UP_MS = 100, /* at most until it is looked whether all was cancelled */
	TAKE_BYTES = 8 * 1024,
	GO_ON_BYTES = 64 * 1024, /* of a file, until they are sent on */
	BOUNDARY_MAX = 64
};

struct nipfs__rpc {
	struct nipfs__http *http;
	struct nipfs__endpoint api;
	char *secret, *name;
	char message[NIPFS__HTTP_SAID_MAX];
	bool no_server;
};

/*
 * A call under way: @command and @boundary are what its texts were copied to, @waiting bytes
 * were given since it was looked after.
 */
struct nipfs__rpc_upload {
	struct nipfs__rpc *rpc;
	struct nipfs__transfer *transfer;
	struct nipfs__rpc_call call;
	char command[64], boundary[BOUNDARY_MAX];
	struct nipfs_buf line;
	size_t waiting;
};

/* ---- opening ------------------------------------------------------------------------ */

int nipfs__rpc_open(struct nipfs__rpc **out, const char *api, unsigned int timeout_s,
		    struct nipfs_error *err)
{
	struct nipfs__rpc *rpc = calloc(1, sizeof(*rpc));
	struct nipfs_buf name = NIPFS_BUF_INIT(2 * NIPFS__URL_MAX);
	int r;

	if (!rpc)
		return nipfs__fail_nomem(err);
	r = nipfs__credentials_load(&rpc->secret, err);
	if (r == 0)
		r = nipfs__node_find_api(api, &rpc->api, err);
	if (r == 0)
		r = nipfs__http_new(&rpc->http, timeout_s, err);
	if (r == 0 && (nipfs__buf_printf(&name, "kubo at %s", rpc->api.shown) < 0 ||
		       nipfs__buf_terminate(&name) < 0))
		r = nipfs__fail_nomem(err);
	rpc->name = (char *)name.ptr;
	if (r < 0)
		nipfs__rpc_close(rpc);
	else
		*out = rpc;
	return r;
}

void nipfs__rpc_close(struct nipfs__rpc *rpc)
{
	if (!rpc)
		return;
	nipfs__http_free(rpc->http);
	nipfs__endpoint_release(&rpc->api);
	nipfs__secret_free(rpc->secret);
	free(rpc->name);
	free(rpc);
}

const char *nipfs__rpc_name(const struct nipfs__rpc *rpc)
{
	return rpc->name;
}

const char *nipfs__rpc_message(const struct nipfs__rpc *rpc)
{
	return rpc->message;
}

bool nipfs__rpc_is_local(const struct nipfs__rpc *rpc)
{
	return rpc->api.local;
}

bool nipfs__rpc_no_server(const struct nipfs__rpc *rpc)
{
	return rpc->no_server;
}

/* ---- asking ------------------------------------------------------------------------- */

static int make_path(struct nipfs_buf *b, const struct nipfs__rpc_call *call)
{
	char mark = '?';
	int r = nipfs__buf_printf(b, "/api/v0/%s", call->command);

	for (const struct nipfs__rpc_param *p = call->params; r == 0 && p && p->name; p++) {
		if (!p->value)
			continue;
		r = nipfs__buf_printf(b, "%c%s=", mark, p->name);
		if (r == 0)
			r = nipfs__url_escape(b, p->value);
		mark = '&';
	}
	return r < 0 ? r : nipfs__buf_terminate(b);
}

/* The line between the parts of what is posted, which stands nowhere in them. */
static void make_boundary(char out[BOUNDARY_MAX])
{
	uint64_t random[2] = { 0, 0 };

	/* without randomness it is still long enough for what nobody made on purpose */
	(void)!getrandom(random, sizeof(random), 0);
	(void)snprintf(out, BOUNDARY_MAX, "nix-ipfs-%016" PRIx64 "%016" PRIx64, random[0],
		       random[1]);
}

static int start(struct nipfs__rpc_upload *u, bool has_file, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT(PATH_MAX_BYTES);
	char type[BOUNDARY_MAX + 64];
	struct nipfs__http_request request = { .endpoint = &u->rpc->api,
					       .verb = NIPFS__HTTP_POST,
					       .body = NIPFS__HTTP_TAKE,
					       .patience_s = u->call.patience_s,
					       .secret = u->rpc->secret };
	int r = make_path(&path, &u->call);

	u->rpc->message[0] = 0;
	u->rpc->no_server = false;
	(void)snprintf(u->command, sizeof(u->command), "%s", u->call.command);
	if (!request.patience_s)
		request.patience_s = nipfs__http_timeout_s(u->rpc->http);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r, "%s: the arguments of '%s' are too long",
				   u->rpc->name, u->command);
	if (r < 0)
		return nipfs__fail_nomem(err);
	request.path = (const char *)path.ptr;
	if (has_file) {
		make_boundary(u->boundary);
		(void)snprintf(type, sizeof(type), "multipart/form-data; boundary=%s",
			       u->boundary);
		request.type = type;
	}
	r = nipfs__http_start(u->rpc->http, &request, &u->transfer, err);
	if (r == 0 && !u->transfer)
		r = nipfs__fail_nomem(err);
	u->call.command = u->command;
	u->call.params = NULL;
	return r;
}

/* ---- what it answers ------------------------------------------------------------------ */

/* Says what the node said: the Message of a JSON object, or the beginning of any text. */
static void hear(struct nipfs__rpc *rpc, const char *said)
{
	json_t *object = json_loads(said, 0, NULL);
	const char *text = nipfs__rpc_text(object, "Message");

	(void)snprintf(rpc->message, sizeof(rpc->message), "%s", text ? text : said);
	for (size_t n = strlen(rpc->message); n && rpc->message[n - 1] == '\n';)
		rpc->message[--n] = 0;
	json_decref(object);
}

static int refused(struct nipfs__rpc_upload *u, struct nipfs_error *err)
{
	struct nipfs__rpc *rpc = u->rpc;

	hear(rpc, u->transfer->said);
	return nipfs__fail(err, NIPFS_E_REFUSED, "%s: %s: %.400s", rpc->name, u->command,
			   rpc->message[0] ? rpc->message : u->transfer->why);
}

/* What another status than 200 means. */
static int fail_by_status(struct nipfs__rpc_upload *u, struct nipfs_error *err)
{
	const char *name = u->rpc->name;
	const long status = u->transfer->status;

	switch (status) {
	case 401:
	case 403:
		return nipfs__fail(err, NIPFS_E_UNREACHABLE,
				   "%s: %s: HTTP %ld: it wants other credentials, see "
				   "NIX_IPFS_API_AUTH_FILE",
				   name, u->command, status);
	case 404:
	case 405:
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "%s: it has no command '%s' (HTTP %ld)", name, u->command,
				   status);
	case 429:
	case 502:
	case 503:
	case 504:
		return nipfs__fail(err, NIPFS_E_UNREACHABLE, "%s: %s: HTTP %ld", name,
				   u->command, status);
	default:
		return refused(u, err);
	}
}

/* The call is over: how it went. */
static int judge(struct nipfs__rpc_upload *u, struct nipfs_error *err)
{
	const struct nipfs__transfer *t = u->transfer;

	u->rpc->no_server = t->no_server;
	if (t->code == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	if (t->code < 0)
		return nipfs__fail(err, t->code, "%s: %s: %s", u->rpc->name, u->command, t->why);
	if (t->status != 200)
		return fail_by_status(u, err);
	if (t->broken)
		return refused(u, err);
	if (t->request.type && !t->gave_all)
		return nipfs__fail(err, NIPFS_E_UNREACHABLE,
				   "%s: %s: it answered before it had everything", u->rpc->name,
				   u->command);
	return 0;
}

static int take_line(struct nipfs__rpc_upload *u, struct nipfs_error *err)
{
	const struct nipfs_slice text = nipfs__buf_slice(&u->line);
	json_t *object;
	int r;

	if (text.len == 0)
		return 0;
	object = json_loadb((const char *)text.ptr, text.len, 0, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return nipfs__fail(err, NIPFS_E_INVALID, "%s: %s: the answer is not JSON",
				   u->rpc->name, u->command);
	}
	r = u->call.line ? u->call.line(u->call.ctx, object, err) : 0;
	json_decref(object);
	nipfs__buf_clear(&u->line);
	return r;
}

static int take_bytes(struct nipfs__rpc_upload *u, const uint8_t *bytes, size_t n,
		      struct nipfs_error *err)
{
	int r = 0;

	while (r == 0 && n > 0) {
		const uint8_t *end = memchr(bytes, '\n', n);
		const size_t len = end ? (size_t)(end - bytes) : n;

		r = nipfs__buf_put(&u->line, bytes, len);
		if (r == NIPFS_E_LIMIT)
			return nipfs__fail(err, r, "%s: %s: the answer has a line over %d bytes",
					   u->rpc->name, u->command, NIPFS__RPC_LINE_MAX);
		if (r < 0)
			return nipfs__fail_nomem(err);
		if (end)
			r = take_line(u, err);
		bytes += len + (end != NULL);
		n -= len + (end != NULL);
	}
	return r;
}

/* Takes what is there. */
static int take(struct nipfs__rpc_upload *u, struct nipfs_error *err)
{
	uint8_t bytes[TAKE_BYTES];
	int r = 0;
	size_t n;

	while (r == 0 && (n = nipfs__http_take(u->transfer, bytes, sizeof(bytes))) > 0)
		r = take_bytes(u, bytes, n, err);
	return r;
}

static int step(struct nipfs__rpc_upload *u, int wait_ms, struct nipfs_error *err)
{
	const int r = nipfs_cancel_check(err);

	if (r < 0)
		return r;
	u->waiting = 0;
	nipfs__http_run(u->rpc->http, wait_ms);
	return take(u, err);
}

/* Waits for the end. An answer counts only once it is known to be whole. */
static int finish(struct nipfs__rpc_upload *u, struct nipfs_error *err)
{
	int r = 0;

	while (r == 0 && u->transfer->state == NIPFS__TRANSFER_RUNS)
		r = step(u, LOOK_UP_MS, err);
	if (r == 0)
		r = judge(u, err);
	if (r == 0)
		r = take(u, err);
	return r < 0 ? r : take_line(u, err);
}

static void end(struct nipfs__rpc_upload *u)
{
	nipfs__http_end(u->rpc->http, u->transfer);
	nipfs__buf_release(&u->line);
}

/* ---- without a file ------------------------------------------------------------------- */

int nipfs__rpc_call(struct nipfs__rpc *rpc, const struct nipfs__rpc_call *call,
		    struct nipfs_error *err)
{
	struct nipfs__rpc_upload u = { .rpc = rpc,
				       .call = *call,
				       .line = NIPFS_BUF_INIT(NIPFS__RPC_LINE_MAX) };
	int r = start(&u, false, err);

	if (r == 0)
		r = finish(&u, err);
	end(&u);
	return r;
}

static int keep_object(void *ctx, const json_t *object, struct nipfs_error *err)
{
	json_t **out = ctx;

	json_decref(*out);
	*out = json_deep_copy(object);
	return *out ? 0 : nipfs__fail_nomem(err);
}

int nipfs__rpc_object(struct nipfs__rpc *rpc, const struct nipfs__rpc_call *call, json_t **out,
		      struct nipfs_error *err)
{
	struct nipfs__rpc_call with = *call;
	json_t *object = NULL;
	int r;

	with.line = keep_object;
	with.ctx = &object;
	r = nipfs__rpc_call(rpc, &with, err);
	if (r == 0 && !object)
		r = nipfs__fail(err, NIPFS_E_INVALID, "%s: %s: the answer is empty", rpc->name,
				call->command);
	if (r < 0)
		json_decref(object);
	else
		*out = object;
	return r;
}

/* ---- with a file ---------------------------------------------------------------------- */

static int give(struct nipfs__rpc_upload *u, const void *bytes, size_t n,
		struct nipfs_error *err)
{
	const uint8_t *at = bytes;
	int r = 0;

	while (r == 0 && n > 0) {
		const ssize_t taken = nipfs__http_give(u->transfer, at, n);

		if (taken < 0)
			return nipfs__fail_nomem(err);
		at += taken;
		n -= (size_t)taken;
		if (n == 0)
			return 0;
		if (u->transfer->state == NIPFS__TRANSFER_DONE)
			r = judge(u, err);
		else
			r = step(u, LOOK_UP_MS, err);
	}
	return r;
}

int nipfs__rpc_upload_begin(struct nipfs__rpc_upload **out, struct nipfs__rpc *rpc,
			    const struct nipfs__rpc_call *call, struct nipfs_error *err)
{
	struct nipfs__rpc_upload *u = calloc(1, sizeof(*u));
	char head[BOUNDARY_MAX + 160];
	int r, n;

	if (!u)
		return nipfs__fail_nomem(err);
	u->rpc = rpc;
	u->call = *call;
	u->line = (struct nipfs_buf)NIPFS_BUF_INIT(NIPFS__RPC_LINE_MAX);
	r = start(u, true, err);
	n = snprintf(head, sizeof(head),
		     "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n"
		     "Content-Type: application/octet-stream\r\n\r\n",
		     u->boundary);
	if (r == 0 && nipfs__http_give(u->transfer, head, (size_t)n) != n)
		r = nipfs__fail_nomem(err);
	if (r < 0)
		nipfs__rpc_upload_abort(u);
	else
		*out = u;
	return r;
}

int nipfs__rpc_upload_put(struct nipfs__rpc_upload *u, struct nipfs_slice bytes,
			  struct nipfs_error *err)
{
	const int r = give(u, bytes.ptr, bytes.len, err);

	/* who makes the next bytes need not be done before these go out */
	u->waiting += bytes.len;
	return r < 0 || u->waiting < GO_ON_BYTES ? r : step(u, 0, err);
}

int nipfs__rpc_upload_end(struct nipfs__rpc_upload *u, struct nipfs_error *err)
{
	char tail[BOUNDARY_MAX + 16];
	const int n = snprintf(tail, sizeof(tail), "\r\n--%s--\r\n", u->boundary);
	int r = give(u, tail, (size_t)n, err);

	if (r == 0) {
		(void)!nipfs__http_give(u->transfer, NULL, 0);
		r = finish(u, err);
	}
	nipfs__rpc_upload_abort(u);
	return r;
}

void nipfs__rpc_upload_abort(struct nipfs__rpc_upload *u)
{
	if (!u)
		return;
	end(u);
	free(u);
}

/* ---- reading answers ------------------------------------------------------------------ */

const char *nipfs__rpc_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

uint64_t nipfs__rpc_number(const json_t *object, const char *name)
{
	const json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

bool nipfs__rpc_cid(const json_t *object, const char *name, struct nipfs_cid *out)
{
	const json_t *member = json_object_get(object, name);
	const char *text;

	if (json_is_object(member))
		member = json_object_get(member, "/");
	text = json_string_value(member);
	return text && nipfs_cid_parse(nipfs__slice(text, strlen(text)), out) == 0;
}
