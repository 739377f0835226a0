/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs pin rm: pins of a Kubo node that are no longer wanted. */
#include <stdio.h>
#include <time.h>

#include <nixipfs/pin.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/output.h"
#include "cli/pin_choose.h"

struct options {
	struct common common;
	struct pin_age age;
	bool closure;
};

static bool has_pin(const struct nipfs_pin_list *list, const struct nipfs_pin *pin)
{
	for (size_t i = 0; i < list->n; i++)
		if (nipfs_cid_equal(&list->pins[i].pin, &pin->pin))
			return true;
	return false;
}

/* Takes the pins that one argument means into the list of those that go. */
static int mark(const struct options *o, const struct pin_what *what, uint64_t older_than,
		const struct nipfs_pin_list *all, struct nipfs_pin_list *going, size_t *cap,
		struct nipfs_error *err)
{
	struct nipfs_pin_list found = pin_choose(all, what);
	int r = found.n || pin_what_is_pattern(what) ? 0 : pin_none(all, what, err);

	if (r == 0 && pin_age_is_set(&o->age))
		nipfs_pin_list_old(&found, time(NULL), older_than, o->age.keep_last.value);
	else if (r == 0)
		r = pin_check_one(&found, what, err);
	for (size_t i = 0; r == 0 && i < found.n; i++)
		if (!has_pin(going, &found.pins[i]))
			pin_list_push(going, cap, &found.pins[i]);
	nipfs_pin_list_release(&found);
	return r;
}

/* --closure: with the last named pin of a closure, its own one. */
static void mark_closures(const struct nipfs_pin_list *all, struct nipfs_pin_list *going,
			  size_t *cap)
{
	const size_t n = going->n;

	for (size_t i = 0; i < n; i++) {
		const struct nipfs_cid cid = going->pins[i].cid;
		const struct nipfs_pin *own = NULL;
		bool held = !going->pins[i].is_named;

		for (size_t k = 0; k < all->n && !held; k++) {
			const struct nipfs_pin *pin = &all->pins[k];

			if (!nipfs_cid_equal(&pin->cid, &cid))
				continue;
			if (!pin->is_named)
				own = pin;
			else
				held = !has_pin(going, pin);
		}
		if (!held && own && !has_pin(going, own))
			pin_list_push(going, cap, own);
	}
}

static int remove_all(const struct options *o, struct nipfs_pin_node *node,
		      const struct nipfs_pin_list *going, struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < going->n; i++) {
		r = nipfs_pin_node_remove(node, &going->pins[i], err);
		/* somebody else was faster: that is what was wanted */
		if (r == NIPFS_E_NOTFOUND)
			r = 0;
		else if (r == 0)
			pin_print(&o->common, &going->pins[i]);
		if (r == 0)
			r = output_check(err);
	}
	return r;
}

static int remove_pins(const struct options *o, struct nipfs_pin_node *node, int n_args,
		       char **args, struct nipfs_error *err)
{
	struct nipfs_pin_list all = { .pins = NULL }, going = { .pins = NULL };
	uint64_t older_than;
	size_t cap = 0;
	int r = pin_age_read(&o->age, &older_than, err);

	if (r == 0)
		r = nipfs_pin_node_list(node, NULL, NULL, &all, err);
	for (int i = 0; r == 0 && i < n_args; i++) {
		struct pin_what what = { .closures = NULL };

		r = pin_what_read(args[i], &o->common, &what, err);
		if (r == 0 && pin_age_is_set(&o->age) && what.kind != PIN_WHAT_NAME)
			r = cli_fill(err, NIPFS_E_USAGE,
				     "--older-than and --keep-last are about names, not '%s'",
				     args[i]);
		if (r == 0)
			r = mark(o, &what, older_than, &all, &going, &cap, err);
		pin_what_release(&what);
	}
	if (r == 0 && o->closure)
		mark_closures(&all, &going, &cap);
	if (r == 0)
		r = remove_all(o, node, &going, err);
	nipfs_pin_list_release(&all);
	nipfs_pin_list_release(&going);
	return r;
}

static int run_rm(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	struct nipfs_pin_node *node = NULL;
	struct nipfs_error err;
	int r = pin_node_open(&node, &o->common, &err);

	(void)self;
	if (r == 0)
		r = remove_pins(o, node, n_args, args, &err);
	nipfs_pin_node_close(node);
	return r < 0 ? cli_fail(&o->common, &err) : 0;
}

static const struct opt rm_opts[] = {
	PIN_OPT_OLDER_THAN,
	PIN_OPT_KEEP_LAST,
	{ "closure", 0, OPT_FLAG, NULL,
	  "with the last named pin of a closure also its own pin",
	  offsetof(struct options, closure) },
	PIN_OPT_API,
	PIN_OPT_TIMEOUT,
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_pin_rm = {
	.name = "pin rm",
	.args = "CID|PATH|NAME|PATTERN...",
	.brief = "remove pins from a Kubo node",
	.flags = CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = rm_opts,
	.size = sizeof(struct options),
	.run = run_rm,
};
