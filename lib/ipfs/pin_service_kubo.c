/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pinning service behind the Kubo node that knows it: it has the token, and connects. */
#include <stdio.h>

#include "lib/ipfs/pin_service.h"
#include "multiformats/base/err.h"

struct each {
	const char *name; /* exactly; NULL: any */
	int (*each)(void *ctx, const struct nipfs_remote_pin *pin, struct nipfs_error *err);
	void *ctx;
	uint64_t *skipped;
};

static bool read_status(const json_t *object, enum nipfs_remote_status *out)
{
	const char *text = nipfs__rpc_text(object, "Status");

	for (unsigned int i = NIPFS_REMOTE_QUEUED; text && i <= NIPFS_REMOTE_FAILED; i++)
		if (strcmp(text, nipfs_remote_status_text((enum nipfs_remote_status)i)) == 0) {
			*out = (enum nipfs_remote_status)i;
			return true;
		}
	return false;
}

/* Return: 0, 1: its CID is of a kind that is not known, or NIPFS_E_INVALID. */
static int read_pin(const json_t *object, struct nipfs_remote_pin *out, struct nipfs_error *err)
{
	const char *name = nipfs__rpc_text(object, "Name");

	*out = (struct nipfs_remote_pin){ .created = 0 };
	if (!read_status(object, &out->status) || (name && strlen(name) >= sizeof(out->name)))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the node says of the service what is not known here");
	(void)snprintf(out->name, sizeof(out->name), "%s", name ? name : "");
	return nipfs__rpc_cid(object, "Cid", &out->cid) ? 0 : 1;
}

static int see_pin(void *ctx, const json_t *object, struct nipfs_error *err)
{
	const struct each *e = ctx;
	struct nipfs_remote_pin pin;
	const int r = read_pin(object, &pin, err);

	if (r == 1)
		(*e->skipped)++;
	if (r != 0)
		return r < 0 ? r : 0;
	/* services do as they like with names */
	if (e->name && strcmp(pin.name, e->name) != 0)
		return 0;
	return e->each(e->ctx, &pin, err);
}

/* What @cid is as text in @out, or NULL. */
static const char *text_of(const struct nipfs_cid *cid, char out[NIPFS_CID_TEXT_MAX])
{
	if (!cid)
		return NULL;
	(void)nipfs_cid_format(cid, out);
	return out;
}

static int list(struct nipfs_pin_service *s, const struct nipfs_cid *cid, const char *name,
		int (*each)(void *ctx, const struct nipfs_remote_pin *pin,
			    struct nipfs_error *err),
		void *ctx, uint64_t *skipped, struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX];
	const struct nipfs__rpc_param params[] = { { "service", s->node },
						   { "cid", text_of(cid, text) },
						   { "name", name },
						   { "status", "queued" },
						   { "status", "pinning" },
						   { "status", "pinned" },
						   { "status", "failed" },
						   { NULL, NULL } };
	struct each e = { name, each, ctx, skipped };
	const struct nipfs__rpc_call call = {
		.command = "pin/remote/ls", .params = params, .line = see_pin, .ctx = &e
	};

	return nipfs__rpc_call(s->rpc, &call, err);
}

static int add(struct nipfs_pin_service *s, const struct nipfs_cid *cid, const char *name,
	       struct nipfs_remote_pin *out, struct nipfs_error *err)
{
	char path[NIPFS_CID_TEXT_MAX + 8] = "/ipfs/";
	const struct nipfs__rpc_param params[] = { { "arg", path },
						   { "service", s->node },
						   { "name", name && *name ? name : NULL },
						   { "background", "true" },
						   { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "pin/remote/add", .params = params };
	json_t *object;
	int r;

	(void)nipfs_cid_format(cid, path + strlen(path));
	r = nipfs__rpc_object(s->rpc, &call, &object, err);
	if (r < 0)
		return r;
	r = read_pin(object, out, err);
	json_decref(object);
	out->cid = *cid;
	return r < 0 ? r : 0;
}

static int replace(struct nipfs_pin_service *s, const struct nipfs_remote_pin *old,
		   const struct nipfs_cid *cid, const char *name, struct nipfs_remote_pin *out,
		   struct nipfs_error *err)
{
	const int r = add(s, cid, name, out, err);

	if (r < 0)
		return r;
	s->replaced = *old;
	s->has_replaced = true;
	return 0;
}

struct latest {
	struct nipfs_remote_pin *pin;
	bool is_there;
};

/* Of several pins of one CID and name the one that is further on counts. */
static int see_latest(void *ctx, const struct nipfs_remote_pin *pin, struct nipfs_error *err)
{
	struct latest *l = ctx;

	(void)err;
	if (!l->is_there || pin->status == NIPFS_REMOTE_PINNED)
		*l->pin = *pin;
	l->is_there = true;
	return 0;
}

static int refresh(struct nipfs_pin_service *s, struct nipfs_remote_pin *pin,
		   struct nipfs_error *err)
{
	struct nipfs_remote_pin found = *pin;
	struct latest l = { .pin = &found };
	uint64_t skipped = 0;
	int r = list(s, &pin->cid, pin->name, see_latest, &l, &skipped, err);

	if (r == 0 && !l.is_there)
		r = nipfs__fail(err, NIPFS_E_NOTFOUND, "the service has forgotten the pin");
	if (r == 0)
		*pin = found;
	return r;
}

static int remove_pin(struct nipfs_pin_service *s, const struct nipfs_remote_pin *pin,
		      struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX];
	const struct nipfs__rpc_param params[] = {
		{ "service", s->node },
		{ "cid", text_of(&pin->cid, text) },
		{ "name", *pin->name ? pin->name : NULL },
		{ "status", nipfs_remote_status_text(pin->status) },
		{ "force", "true" },
		{ NULL, NULL }
	};
	const struct nipfs__rpc_call call = { .command = "pin/remote/rm", .params = params };

	return nipfs__rpc_call(s->rpc, &call, err);
}

const struct nipfs__pin_service_way nipfs__pin_service_kubo = {
	.list = list, .add = add, .replace = replace, .refresh = refresh, .remove = remove_pin
};
