/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pins of a node are meant. */
#include "cli/pin_choose.h"

#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/json.h"
#include "cli/node_args.h"
#include "cli/output.h"

int pin_node_open(struct nipfs_pin_node **out, const struct common *common,
		     struct nipfs_error *err)
{
	struct nipfs_network_options options;
	int r = node_args(common, &options, err);

	return r < 0 ? r : nipfs_pin_node_open(out, &options, err);
}

void pin_print(const struct common *common, const struct nipfs_pin *pin)
{
	char label[NIPFS_PIN_NAME_MAX], when[32];

	if (common->json) {
		json_t *line = json_line_new();

		json_put_cid(line, "cid", &pin->cid);
		json_put_cid(line, "pin", &pin->pin);
		json_put_bool(line, "named", pin->is_named);
		if (*pin->name)
			json_put_name(line, "name", text_slice(pin->name));
		if (pin->is_named) {
			pin_time_format(pin->time, when);
			json_put_text(line, "time", when);
		}
		json_line_print(line, stdout);
		return;
	}
	output_cid(&pin->cid);
	nipfs_pin_label(pin, label);
	if (!common->quiet && *label) {
		(void)fputs("  ", stdout);
		output_name(common, text_slice(label));
	}
	output_end(common);
}

bool pin_is_one_of(const struct pin_what *what, const struct nipfs_cid *cid)
{
	if (what->kind == PIN_WHAT_CID)
		return nipfs_cid_equal(&what->cid, cid);
	for (size_t i = 0; i < what->n; i++)
		if (nipfs_cid_equal(&what->closures[i], cid))
			return true;
	return false;
}

bool pin_is_meant(const struct pin_what *what, const struct nipfs_pin *pin)
{
	char label[NIPFS_PIN_NAME_MAX];

	if (what->kind == PIN_WHAT_NAME) {
		nipfs_pin_label(pin, label);
		return pin_what_fits_name(what, pin->name) || pin_what_fits_name(what, label);
	}
	if (pin_is_one_of(what, &pin->pin))
		return true;
	return what->kind == PIN_WHAT_PATH && !pin->is_named &&
	       strcmp(pin->name, what->base) == 0;
}

void pin_list_push(struct nipfs_pin_list *list, size_t *cap, const struct nipfs_pin *pin)
{
	list->pins = xgrow(list->pins, list->n, cap, sizeof(*list->pins));
	list->pins[list->n++] = *pin;
}

struct nipfs_pin_list pin_choose(const struct nipfs_pin_list *all,
				    const struct pin_what *what)
{
	struct nipfs_pin_list list = { .pins = NULL };
	size_t cap = 0;

	for (size_t i = 0; i < all->n; i++)
		if (pin_is_meant(what, &all->pins[i]))
			pin_list_push(&list, &cap, &all->pins[i]);
	return list;
}

int pin_none(const struct nipfs_pin_list *all, const struct pin_what *what,
		      struct nipfs_error *err)
{
	char label[NIPFS_PIN_NAME_MAX];

	for (size_t i = 0; i < all->n; i++) {
		const struct nipfs_pin *pin = &all->pins[i];

		if (what->kind == PIN_WHAT_NAME || !pin_is_one_of(what, &pin->cid))
			continue;
		nipfs_pin_label(pin, label);
		return cli_fill(err, NIPFS_E_NOTFOUND,
				"'%s' is not pinned for itself; the named pin '%s' holds it",
				what->typed, label);
	}
	return cli_fill(err, NIPFS_E_NOTFOUND, "there is no pin '%s' on the node", what->typed);
}

int pin_check_one(const struct nipfs_pin_list *list, const struct pin_what *what,
		     struct nipfs_error *err)
{
	const struct nipfs_pin *first = NULL;
	char one[NIPFS_CID_TEXT_MAX], two[NIPFS_CID_TEXT_MAX];

	for (size_t i = 0; i < list->n; i++) {
		const struct nipfs_pin *pin = &list->pins[i];

		if (pin->is_named)
			continue;
		if (!first) {
			first = pin;
			continue;
		}
		(void)nipfs_cid_format(&first->pin, one);
		(void)nipfs_cid_format(&pin->pin, two);
		return cli_fill(err, NIPFS_E_USAGE,
				"'%s' is the name of several pins: say by its CID which one "
				"(%s, %s%s)",
				what->typed, one, two, i + 1 < list->n ? ", …" : "");
	}
	return 0;
}
