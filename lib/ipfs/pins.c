/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins of a node: made, moved and removed. */
#include "lib/ipfs/pins.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/ipfs/http.h"
#include "lib/ipfs/named_pin.h"
#include "lib/ipfs/rest.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { UPDATE_PATIENCE_S = 600 /* of a call that says nothing until it is done */ };

int nipfs_pin_node_open(struct nipfs_pin_node **out,
			const struct nipfs_network_options *options, struct nipfs_error *err)
{
	struct nipfs_pin_node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return nipfs__fail_nomem(err);
	node->patience_s = options ? options->timeout_s : 0;
	r = nipfs__rpc_open(&node->rpc, options ? options->api : NULL, node->patience_s, err);
	if (r < 0)
		free(node);
	else
		*out = node;
	return r;
}

void nipfs_pin_node_close(struct nipfs_pin_node *node)
{
	if (!node)
		return;
	nipfs__rpc_close(node->rpc);
	free(node);
}

void nipfs_pin_node_progress(struct nipfs_pin_node *node, const struct nipfs_progress *progress)
{
	node->progress = progress;
}

/* ---- one call ----------------------------------------------------------------------------- */

/*
 * A node that looks for blocks says how many it has, and twice a second that there is
 * nothing new: whether it gets on can be seen, and that it does not, too.
 */
struct watch {
	unsigned int patience_s;
	uint64_t progress, moved;
	const struct nipfs_progress *who;
	const char *cid;
};

static uint64_t seconds(void)
{
	return nipfs__now_ms() / 1000;
}

static void report(const struct watch *w)
{
	const struct nipfs_progress_event event = { .phase = NIPFS_PHASE_PIN,
						    .unit = NIPFS_UNIT_ITEMS,
						    .done = w->progress,
						    .items = w->progress,
						    .subject = nipfs__slice_str(w->cid) };

	nipfs_progress_report(w->who, &event);
}

static int see_progress(void *ctx, const json_t *object, struct nipfs_error *err)
{
	struct watch *w = ctx;
	const uint64_t progress = nipfs__rpc_number(object, "Progress");

	if (progress != w->progress)
		w->moved = seconds();
	w->progress = progress;
	/* the last object says what is pinned, and no more how many blocks there were */
	if (!json_object_get(object, "Pins"))
		report(w);
	if (seconds() - w->moved <= w->patience_s)
		return 0;
	return nipfs__fail(err, NIPFS_E_UNREACHABLE,
			   "the node looks for blocks that nobody gives it: nothing came for %u s",
			   w->patience_s);
}

static bool lacks_block(const struct nipfs_pin_node *node)
{
	const char *said = nipfs__rpc_message(node->rpc);

	return strstr(said, "not found") || strstr(said, "could not find");
}

static int lacking(const struct nipfs_pin_node *node, const char *cid, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_NOTFOUND, "%s has not got all of %s",
			   nipfs__rpc_name(node->rpc), cid);
}

/* pin/add: also where it is pinned already, and gets another name. */
static int pin(struct nipfs_pin_node *node, const struct nipfs_cid *cid, const char *name,
	       unsigned int how, struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX];
	const struct nipfs__rpc_param params[] = {
		{ "arg", text },
		{ "name", name && *name ? name : NULL },
		{ "progress", "true" },
		{ "offline", how & NIPFS_PIN_FETCH ? NULL : "true" },
		{ "fast-provide-root", how & NIPFS_PIN_PROVIDE	    ? "true" :
				       how & NIPFS_PIN_NO_PROVIDE ? "false" :
								    NULL },
		{ NULL, NULL }
	};
	struct watch watch = { .patience_s = node->patience_s,
			       .moved = seconds(),
			       .who = node->progress,
			       .cid = text };
	const struct nipfs__rpc_call call = {
		.command = "pin/add", .params = params, .line = see_progress, .ctx = &watch
	};
	int r;

	if (!watch.patience_s)
		watch.patience_s = NIPFS__HTTP_TIMEOUT_S;
	(void)nipfs_cid_format(cid, text);
	r = nipfs__rpc_call(node->rpc, &call, err);
	if (r == NIPFS_E_REFUSED && !(how & NIPFS_PIN_FETCH) && lacks_block(node))
		return lacking(node, text, err);
	if (r == NIPFS_E_UNREACHABLE && seconds() - watch.moved > watch.patience_s)
		nipfs__prefix(err, "%s", text);
	return r;
}

static int unpin(struct nipfs_pin_node *node, const struct nipfs_cid *cid,
		 struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX];
	const struct nipfs__rpc_param params[] = { { "arg", text }, { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "pin/rm", .params = params };
	int r;

	(void)nipfs_cid_format(cid, text);
	r = nipfs__rpc_call(node->rpc, &call, err);
	if (r == NIPFS_E_REFUSED && strstr(nipfs__rpc_message(node->rpc), "not pinned"))
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "%s does not pin %s",
				   nipfs__rpc_name(node->rpc), text);
	return r;
}

/* Looks for a CID in answers of pin/ls. */
struct found {
	const struct nipfs_cid *cid;
	struct nipfs_pin *pin;
	bool is_there;
};

static int see_pin(void *ctx, const json_t *object, struct nipfs_error *err)
{
	struct found *f = ctx;
	struct nipfs_cid cid;

	(void)err;
	if (nipfs__rpc_cid(object, "Cid", &cid) && nipfs_cid_equal(&cid, f->cid)) {
		nipfs__pin_of(&cid, nipfs__rpc_text(object, "Name"), f->pin);
		f->is_there = true;
	}
	return 0;
}

/* @text: of the CID; NULL: all pins are looked through. */
static int look(struct nipfs_pin_node *node, const char *text, struct found *f,
		struct nipfs_error *err)
{
	const struct nipfs__rpc_param params[] = { { "arg", text },
						   { "type", "recursive" },
						   { "names", "true" },
						   { "stream", "true" },
						   { NULL, NULL } };
	const struct nipfs__rpc_call call = {
		.command = "pin/ls", .params = params, .line = see_pin, .ctx = f
	};
	const int r = nipfs__rpc_call(node->rpc, &call, err);

	if (r == NIPFS_E_REFUSED && strstr(nipfs__rpc_message(node->rpc), "not pinned"))
		return 0;
	return r;
}

int nipfs__pin_find(struct nipfs_pin_node *node, const struct nipfs_cid *cid,
		    struct nipfs_pin *out, struct nipfs_error *err)
{
	struct found f = { .cid = cid, .pin = out };
	char text[NIPFS_CID_TEXT_MAX];
	int r;

	(void)nipfs_cid_format(cid, text);
	r = look(node, text, &f, err);
	/* Kubo 0.30 has names only in the list of all */
	if (r == 0 && f.is_there && !*out->name) {
		f.is_there = false;
		r = look(node, NULL, &f, err);
	}
	return r < 0 ? r : !f.is_there;
}

/* ---- directories of named pins -------------------------------------------------------------- */

static int see_nothing(void *ctx, const json_t *object, struct nipfs_error *err)
{
	(void)ctx;
	(void)object;
	(void)err;
	return 0;
}

static int put_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		     const struct nipfs_origin *origin, struct nipfs_error *err)
{
	static const struct nipfs__rpc_param params[] = { { "cid-codec", "dag-pb" },
							  { NULL, NULL } };
	const struct nipfs__rpc_call call = {
		.command = "block/put", .params = params, .line = see_nothing
	};
	struct nipfs_pin_node *node = ctx;
	struct nipfs__rpc_upload *upload;
	int r = nipfs__rpc_upload_begin(&upload, node->rpc, &call, err);

	(void)cid;
	(void)origin;
	if (r < 0)
		return r;
	r = nipfs__rpc_upload_put(upload, nipfs__slice(bytes->ptr, bytes->len), err);
	if (r == 0)
		return nipfs__rpc_upload_end(upload, err);
	nipfs__rpc_upload_abort(upload);
	return r;
}

/* How big a DAG is, by what its root says; 0 where that can't be told. */
static int size_of(struct nipfs_pin_node *node, const struct nipfs_cid *cid, uint64_t *out,
		   struct nipfs_error *err)
{
	char path[NIPFS_CID_TEXT_MAX + 8] = "/ipfs/";
	const struct nipfs__rpc_param params[] = { { "arg", path },
						   { "offline", "true" },
						   { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "files/stat", .params = params };
	json_t *object;
	int r;

	(void)nipfs_cid_format(cid, path + strlen(path));
	*out = 0;
	r = nipfs__rpc_object(node->rpc, &call, &object, err);
	if (r == 0) {
		*out = nipfs__rpc_number(object, "CumulativeSize");
		json_decref(object);
	}
	return r == NIPFS_E_REFUSED ? 0 : r;
}

/* The directory of a named pin, given to the node. */
static int make_dir(struct nipfs_pin_node *node, const char *label, const struct nipfs_cid *cid,
		    struct nipfs_pin *out, struct nipfs_error *err)
{
	const struct nipfs_block_sink sink = { put_block, node };
	struct nipfs_link link = { .cid = *cid }, dir;
	int r = size_of(node, cid, &link.tsize, err);

	if (r == 0)
		r = nipfs__named_pin_dir(label, &link, &sink, &dir, err);
	if (r == 0) {
		nipfs__pin_of(&dir.cid, label, out);
		out->cid = *cid;
	}
	return r;
}

/* ---- making pins ---------------------------------------------------------------------------- */

static int add_named(struct nipfs_pin_node *node, const struct nipfs_cid *cid, const char *name,
		     unsigned int how, struct nipfs_pin *out, struct nipfs_error *err)
{
	char label[NIPFS__PIN_NAME_MAX + 1];
	int r = nipfs__named_pin_format(name ? name : "", time(NULL), label, err);

	if (r == 0)
		r = make_dir(node, label, cid, out, err);
	return r < 0 ? r : pin(node, &out->pin, label, how, err);
}

static int check_name(const char *name, struct nipfs_error *err)
{
	json_t *text = name ? json_string(name) : NULL;
	const bool good = !name || (text && strlen(name) < NIPFS_PIN_NAME_MAX);

	json_decref(text);
	return good ? 0 :
		      nipfs__fail(err, NIPFS_E_USAGE,
				  "the name of a pin is UTF-8 of up to %d bytes",
				  NIPFS_PIN_NAME_MAX - 1);
}

int nipfs_pin_node_add(struct nipfs_pin_node *node, const struct nipfs_cid *cid,
		       const char *name, unsigned int how, struct nipfs_pin *out,
		       struct nipfs_error *err)
{
	struct nipfs_pin made;
	int r;

	if (how & NIPFS_PIN_NAMED) {
		r = add_named(node, cid, name, how, &made, err);
	} else {
		r = check_name(name, err);
		if (r == 0)
			r = nipfs__pin_find(node, cid, &made, err);
		if (r == 1) {
			nipfs__pin_of(cid, name, &made);
			r = pin(node, cid, name, how, err);
		}
	}
	if (r == 0)
		*out = made;
	return r;
}

int nipfs_pin_node_remove(struct nipfs_pin_node *node, const struct nipfs_pin *which,
			  struct nipfs_error *err)
{
	return unpin(node, &which->pin, err);
}

/* ---- moving pins ---------------------------------------------------------------------------- */

static int check_root(struct nipfs_pin_node *node, const struct nipfs_cid *cid,
		      struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX];
	const struct nipfs__rpc_param params[] = { { "arg", text },
						   { "offline", "true" },
						   { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "block/stat", .params = params };
	int r;

	(void)nipfs_cid_format(cid, text);
	r = nipfs__rpc_call(node->rpc, &call, err);
	return r == NIPFS_E_REFUSED && lacks_block(node) ? lacking(node, text, err) : r;
}

/* One pin in the place of another. What is pinned already loses the other pin alone. */
static int move(struct nipfs_pin_node *node, const struct nipfs_cid *from,
		const struct nipfs_cid *to, struct nipfs_error *err)
{
	char texts[2][NIPFS_CID_TEXT_MAX];
	const struct nipfs__rpc_param params[] = { { "arg", texts[0] },
						   { "arg", texts[1] },
						   { "unpin", "true" },
						   { NULL, NULL } };
	const struct nipfs__rpc_call call = {
		.command = "pin/update",
		.params = params,
		.patience_s = node->patience_s ? node->patience_s : UPDATE_PATIENCE_S
	};
	const char *said = nipfs__rpc_message(node->rpc);
	int r;

	(void)nipfs_cid_format(from, texts[0]);
	(void)nipfs_cid_format(to, texts[1]);
	r = nipfs__rpc_call(node->rpc, &call, err);
	if (r != NIPFS_E_REFUSED)
		return r;
	if (strstr(said, "'to' cid was already"))
		return unpin(node, from, err);
	if (strstr(said, "'from' cid was not"))
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "%s does not pin %s",
				   nipfs__rpc_name(node->rpc), texts[0]);
	return r;
}

/* Somebody else removed it meanwhile. */
static int lost(const struct nipfs_pin_node *node, const struct nipfs_pin *which,
		struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_REFUSED, "%s did not keep the pin '%s'",
			   nipfs__rpc_name(node->rpc), which->name);
}

/* The node gives it the name of the old pin, with the time of that, or none. */
static int update_named(struct nipfs_pin_node *node, const struct nipfs_pin *old,
			const struct nipfs_cid *cid, struct nipfs_pin *out,
			struct nipfs_error *err)
{
	char label[NIPFS__PIN_NAME_MAX + 1];
	struct nipfs_pin shown;
	int r = nipfs__named_pin_format(old->name, time(NULL), label, err);

	if (r == 0)
		r = make_dir(node, label, cid, out, err);
	if (r == 0)
		r = move(node, &old->pin, &out->pin, err);
	if (r == 0)
		r = nipfs__pin_find(node, &out->pin, &shown, err);
	if (r == 0 && strcmp(shown.name, out->name) != 0)
		r = pin(node, &out->pin, label, 0, err);
	return r == 1 ? lost(node, out, err) : r;
}

static int update_plain(struct nipfs_pin_node *node, const struct nipfs_pin *old,
			const struct nipfs_cid *cid, const char *name, struct nipfs_pin *out,
			struct nipfs_error *err)
{
	const int there = nipfs__pin_find(node, cid, out, err);
	struct nipfs_pin shown;
	int r = check_name(name, err);

	if (r == 0 && there < 0)
		r = there;
	if (r == 0)
		r = move(node, &old->pin, cid, err);
	/* what was pinned for itself keeps its name */
	if (r < 0 || there == 0)
		return r;
	r = nipfs__pin_find(node, cid, &shown, err);
	nipfs__pin_of(cid, name ? name : old->name, out);
	if (r == 0 && strcmp(shown.name, out->name) != 0)
		r = pin(node, cid, out->name, 0, err);
	return r == 1 ? lost(node, out, err) : r;
}

int nipfs_pin_node_update(struct nipfs_pin_node *node, const struct nipfs_pin *old,
			  const struct nipfs_cid *cid, const char *name, unsigned int how,
			  struct nipfs_pin *out, struct nipfs_error *err)
{
	struct nipfs_pin made = *old;
	int r = how & NIPFS_PIN_FETCH ? 0 : check_root(node, cid, err);

	if (r == 0 && old->is_named && !nipfs_cid_equal(&old->cid, cid))
		r = update_named(node, old, cid, &made, err);
	else if (r == 0 && !old->is_named && !nipfs_cid_equal(&old->cid, cid))
		r = update_plain(node, old, cid, name, &made, err);
	else if (r == 0 && !old->is_named && name && strcmp(name, old->name) != 0) {
		/* it was interrupted before it got its name */
		nipfs__pin_of(cid, name, &made);
		r = pin(node, cid, name, 0, err);
	}
	if (r == 0)
		*out = made;
	return r;
}
