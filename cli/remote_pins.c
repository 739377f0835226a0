/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those pins of a pinning service that are meant. */
#include "cli/remote_pins.h"

#include <stdlib.h>
#include <string.h>

#include "cli/error.h"

enum { PINS_MAX = 100000 };

void remote_pins_release(struct remote_pins *pins)
{
	free(pins->pins);
	*pins = (struct remote_pins){ .pins = NULL };
}

static int compare(const void *a, const void *b)
{
	const struct nipfs_remote_pin *x = a, *y = b;
	const int by_name = strcmp(x->name, y->name);

	if (by_name)
		return by_name;
	if (x->created != y->created)
		return x->created > y->created ? -1 : 1;
	return strcmp(x->id, y->id);
}

struct loading {
	struct remote_pins *pins;
	const struct pin_what *what;
};

static bool is_meant(const struct pin_what *what, const struct nipfs_remote_pin *pin)
{
	if (!what)
		return true;
	if (what->kind == PIN_WHAT_CID)
		return nipfs_cid_equal(&what->cid, &pin->cid);
	if (what->kind == PIN_WHAT_NAME)
		return pin_what_fits_name(what, pin->name);
	for (size_t i = 0; i < what->n; i++)
		if (nipfs_cid_equal(&what->closures[i], &pin->cid))
			return true;
	return strcmp(pin->name, what->base) == 0;
}

static int take(void *ctx, const struct nipfs_remote_pin *pin, struct nipfs_error *err)
{
	const struct loading *l = ctx;
	struct remote_pins *pins = l->pins;

	if (!is_meant(l->what, pin))
		return 0;
	if (pins->n == PINS_MAX)
		return cli_fill(err, NIPFS_E_LIMIT, "the service has over %d such pins", PINS_MAX);
	pins->pins = xgrow(pins->pins, pins->n, &pins->cap, sizeof(*pins->pins));
	pins->pins[pins->n++] = *pin;
	return 0;
}

int remote_pins_load(struct nipfs_pin_service *s, const struct pin_what *what,
		     struct remote_pins *out, uint64_t *skipped, struct nipfs_error *err)
{
	struct loading l = { out, what };
	const bool by_name = what && what->kind == PIN_WHAT_NAME && !pin_what_is_pattern(what);
	const int r = nipfs_remote_pin_list(
		s, what && what->kind == PIN_WHAT_CID ? &what->cid : NULL,
		by_name ? what->typed : NULL, take, &l, skipped, err);

	if (out->n)
		qsort(out->pins, out->n, sizeof(*out->pins), compare);
	return r;
}

int remote_pins_of_cid(struct nipfs_pin_service *s, const struct nipfs_cid *cid,
		       struct remote_pins *out, struct nipfs_error *err)
{
	const struct pin_what what = { .kind = PIN_WHAT_CID, .cid = *cid };
	uint64_t skipped;

	return remote_pins_load(s, &what, out, &skipped, err);
}

void remote_pins_old(struct remote_pins *pins, int64_t now, uint64_t older_than_s,
		     uint64_t keep_last)
{
	char name[NIPFS_REMOTE_NAME_MAX] = "";
	uint64_t newer = 0;
	size_t n = 0;

	for (size_t i = 0; i < pins->n; i++) {
		const struct nipfs_remote_pin *pin = &pins->pins[i];

		if (strcmp(pin->name, name) != 0)
			newer = 0;
		memcpy(name, pin->name, sizeof(name));
		if (!pin->created || newer++ < keep_last)
			continue;
		if (older_than_s &&
		    (pin->created >= now || (uint64_t)(now - pin->created) <= older_than_s))
			continue;
		pins->pins[n++] = *pin;
	}
	pins->n = n;
}
