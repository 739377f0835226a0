/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pins of a node, and which of them are old. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/ipfs/named_pin.h"
#include "lib/ipfs/pins.h"
#include "multiformats/base/array.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

/* ---- one pin ---------------------------------------------------------------------------- */

/* Takes a name apart. Return: whether it is that of a named pin. */
static bool set_label(struct nipfs_pin *pin, const char *label)
{
	struct nipfs_slice name;
	time_t when;

	if (nipfs__named_pin_parse(nipfs__slice_str(label), &name, &when) < 0)
		return false;
	(void)snprintf(pin->name, sizeof(pin->name), "%.*s", NIPFS_FMT(name));
	pin->is_named = true;
	pin->time = (int64_t)when;
	return true;
}

void nipfs__pin_of(const struct nipfs_cid *cid, const char *name, struct nipfs_pin *out)
{
	*out = (struct nipfs_pin){ .pin = *cid, .cid = *cid };
	if (name && !set_label(out, name))
		(void)snprintf(out->name, sizeof(out->name), "%s", name);
}

void nipfs_pin_label(const struct nipfs_pin *pin, char *out)
{
	if (!pin->is_named ||
	    nipfs__named_pin_format(pin->name, (time_t)pin->time, out, NULL) < 0)
		(void)snprintf(out, NIPFS_PIN_NAME_MAX, "%s", pin->name);
}

/* What a directory holds: its one entry. */
struct wrapped {
	struct nipfs_pin *pin;
	bool is_right;
};

static int read_dir(void *ctx, const json_t *object, struct nipfs_error *err)
{
	struct wrapped *w = ctx;
	const json_t *dir = json_array_get(json_object_get(object, "Objects"), 0);
	const json_t *links = json_object_get(dir, "Links");
	const json_t *link = json_array_get(links, 0);
	const char *name = nipfs__rpc_text(link, "Name");

	(void)err;
	w->is_right = json_array_size(links) == 1 && name &&
		      nipfs__rpc_cid(link, "Hash", &w->pin->cid) && set_label(w->pin, name);
	return 0;
}

int nipfs__pin_resolve(struct nipfs_pin_node *node, struct nipfs_pin *pin,
		       struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX], label[NIPFS_PIN_NAME_MAX];
	const struct nipfs__rpc_param params[] = { { "arg", text },
						   { "offline", "true" },
						   { "resolve-type", "false" },
						   { "size", "false" },
						   { NULL, NULL } };
	struct nipfs_pin found = *pin;
	struct wrapped w = { .pin = &found };
	const struct nipfs__rpc_call call = {
		.command = "ls", .params = params, .line = read_dir, .ctx = &w
	};
	int r;

	(void)nipfs_cid_format(&pin->pin, text);
	r = nipfs__rpc_call(node->rpc, &call, err);
	if (r < 0 && r != NIPFS_E_REFUSED && r != NIPFS_E_LIMIT)
		return r;
	nipfs_pin_label(pin, label);
	*pin = found;
	if (r < 0 || !w.is_right) {
		*pin = (struct nipfs_pin){ .pin = found.pin, .cid = found.pin };
		(void)snprintf(pin->name, sizeof(pin->name), "%s", label);
	}
	return 0;
}

/* ---- all of them ------------------------------------------------------------------------ */

void nipfs_pin_list_release(struct nipfs_pin_list *list)
{
	free(list->pins);
	*list = (struct nipfs_pin_list){ .pins = NULL };
}

/* By name, the newest first; then by CID, so that the order is always the same. */
static int compare(const void *a, const void *b)
{
	const struct nipfs_pin *x = a, *y = b;
	const int by_name = strcmp(x->name, y->name);

	if (by_name)
		return by_name;
	if (x->is_named != y->is_named)
		return x->is_named ? -1 : 1;
	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	return memcmp(x->pin.digest, y->pin.digest, sizeof(x->pin.digest));
}

static void sort(struct nipfs_pin_list *list)
{
	if (list->n)
		qsort(list->pins, list->n, sizeof(*list->pins), compare);
}

struct listing {
	struct nipfs_pin_list list;
	size_t cap;
	bool (*wants)(void *ctx, const struct nipfs_pin *pin);
	void *ctx;
};

static int take_pin(void *ctx, const json_t *object, struct nipfs_error *err)
{
	struct listing *l = ctx;
	struct nipfs_cid cid;
	struct nipfs_pin pin, *room;

	if (!nipfs__rpc_cid(object, "Cid", &cid)) {
		l->list.skipped++;
		return 0;
	}
	nipfs__pin_of(&cid, nipfs__rpc_text(object, "Name"), &pin);
	if (l->wants && !l->wants(l->ctx, &pin))
		return 0;
	if (l->list.n == NIPFS_PIN_LIST_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "the node has over %d such pins",
				   NIPFS_PIN_LIST_MAX);
	room = nipfs__array_room(l->list.pins, l->list.n, &l->cap, sizeof(*room));
	if (!room)
		return nipfs__fail_nomem(err);
	l->list.pins = room;
	room[l->list.n++] = pin;
	return 0;
}

int nipfs_pin_node_list(struct nipfs_pin_node *node,
			bool (*wants)(void *ctx, const struct nipfs_pin *pin), void *ctx,
			struct nipfs_pin_list *out, struct nipfs_error *err)
{
	static const struct nipfs__rpc_param params[] = { { "type", "recursive" },
							  { "names", "true" },
							  { "stream", "true" },
							  { NULL, NULL } };
	struct listing l = { .wants = wants, .ctx = ctx };
	const struct nipfs__rpc_call call = {
		.command = "pin/ls", .params = params, .line = take_pin, .ctx = &l
	};
	int r = nipfs__rpc_call(node->rpc, &call, err);

	for (size_t i = 0; r == 0 && i < l.list.n; i++)
		if (l.list.pins[i].is_named)
			r = nipfs__pin_resolve(node, &l.list.pins[i], err);
	if (r < 0) {
		nipfs_pin_list_release(&l.list);
		return r;
	}
	sort(&l.list);
	*out = l.list;
	return 0;
}

void nipfs_pin_list_old(struct nipfs_pin_list *list, int64_t now, uint64_t older_than_s,
			uint64_t keep_last)
{
	struct nipfs_pin *const pins = list->pins;
	char name[NIPFS_PIN_NAME_MAX] = "";
	uint64_t newer = 0;
	size_t n = 0;

	sort(list);
	for (size_t i = 0; i < list->n; i++) {
		const struct nipfs_pin *pin = &pins[i];

		if (!pin->is_named)
			continue;
		if (strcmp(pin->name, name) != 0)
			newer = 0;
		memcpy(name, pin->name, sizeof(name));
		if (newer++ < keep_last)
			continue;
		if (older_than_s &&
		    (pin->time >= now || (uint64_t)(now - pin->time) <= older_than_s))
			continue;
		pins[n++] = *pin;
	}
	list->n = n;
}
