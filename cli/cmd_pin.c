/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs pin: the pins of a Kubo node, by store path, name or CID. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <nixipfs/pin.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/output.h"
#include "cli/pin_choose.h"
#include "cli/progress.h"

struct options {
	struct common common;
	const char *name;
	struct pin_age age;
};

/* ---- ls --------------------------------------------------------------------------------- */

/* Whether it may turn out to be meant, before it is known what a named pin holds. */
static bool may_be_meant(void *ctx, const struct nipfs_pin *pin)
{
	const struct pin_what *what = ctx;

	/* the node shows the name, but may show the time of a pin that was moved */
	if (pin->is_named && (what->kind != PIN_WHAT_NAME || strchr(what->typed, '@')))
		return true;
	return pin_is_meant(what, pin);
}

/* In a list, what is held by a named pin is meant as well. */
static bool is_listed(const struct pin_what *what, const struct nipfs_pin *pin)
{
	return pin_is_meant(what, pin) ||
	       (what->kind != PIN_WHAT_NAME && pin_is_one_of(what, &pin->cid));
}

static int list(const struct options *o, const struct pin_what *what, struct nipfs_error *err)
{
	struct nipfs_pin_list pins;
	struct nipfs_pin_node *node;
	uint64_t older_than;
	size_t n = 0;
	int r = pin_age_read(&o->age, &older_than, err);

	if (r == 0)
		r = pin_node_open(&node, &o->common, err);
	if (r < 0)
		return r;
	r = nipfs_pin_node_list(node, what ? may_be_meant : NULL, (void *)(uintptr_t)what,
				&pins, err);
	nipfs_pin_node_close(node);
	if (r < 0)
		return r;
	if (pin_age_is_set(&o->age))
		nipfs_pin_list_old(&pins, time(NULL), older_than, o->age.keep_last.value);
	for (size_t i = 0; r == 0 && i < pins.n; i++) {
		if (what && !is_listed(what, &pins.pins[i]))
			continue;
		pin_print(&o->common, &pins.pins[i]);
		n++;
		r = output_check(err);
	}
	if (pins.skipped && !what)
		cli_note(&o->common, "%llu more pins are of CIDs of an unknown kind",
			 (unsigned long long)pins.skipped);
	nipfs_pin_list_release(&pins);
	if (r == 0 && what && n == 0 && !pin_age_is_set(&o->age) && !pin_what_is_pattern(what))
		r = cli_fill(err, NIPFS_E_NOTFOUND, "there is no pin '%s' on the node",
			     what->typed);
	return r;
}

static int run_ls(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	struct pin_what what = { .closures = NULL };
	struct nipfs_error err;
	int r = n_args ? pin_what_read(args[0], &o->common, &what, &err) : 0;

	(void)self;
	if (r == 0)
		r = list(o, n_args ? &what : NULL, &err);
	pin_what_release(&what);
	return r < 0 ? cli_fail(&o->common, &err) : 0;
}

static const struct opt ls_opts[] = {
	PIN_OPT_OLDER_THAN,
	PIN_OPT_KEEP_LAST,
	PIN_OPT_API,
	PIN_OPT_TIMEOUT,
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_pin_ls = {
	.name = "pin ls",
	.args = "[CID|PATH|NAME|PATTERN]",
	.brief = "list the pins of a Kubo node",
	.flags = CMD_LISTS,
	.max_args = 1,
	.opts = ls_opts,
	.size = sizeof(struct options),
	.run = run_ls,
};

/* ---- add -------------------------------------------------------------------------------- */

/* What is in the store was published, or is yet to be: nobody else is asked for it. */
static unsigned int how_to_pin(const struct pin_what *what, bool named)
{
	return (what->kind == PIN_WHAT_CID ? NIPFS_PIN_FETCH : 0) |
	       (named ? NIPFS_PIN_NAMED : 0);
}

/* What is to be done where the node lacks a part of a closure of this store. */
static void explain(int r, const struct pin_what *what, struct nipfs_error *err)
{
	char said[sizeof(err->msg)];

	if (r != NIPFS_E_NOTFOUND || what->kind != PIN_WHAT_PATH)
		return;
	memcpy(said, err->msg, sizeof(said));
	(void)cli_fill(err, r, "%.500s: 'nix-ipfs add %.300s' publishes it", said, what->typed);
}

static int add(const struct options *o, const struct pin_what *what, struct nipfs_error *err)
{
	struct progress_line line;
	struct nipfs_pin_node *node;
	struct nipfs_cid cid;
	struct nipfs_pin pin;
	int r = pin_what_cid(what, &cid, err);

	if (r == 0)
		r = pin_node_open(&node, &o->common, err);
	if (r < 0)
		return r;
	nipfs_pin_node_progress(node, progress_begin(&line, &o->common));
	r = nipfs_pin_node_add(node, &cid, o->name ? o->name : what->base,
			       how_to_pin(what, o->name), &pin, err);
	progress_end(&line);
	nipfs_pin_node_close(node);
	explain(r, what, err);
	if (r == 0)
		pin_print(&o->common, &pin);
	return r;
}

static int run_add(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	int r = 0;

	(void)self;
	for (int i = 0; r == 0 && i < n_args; i++) {
		struct pin_what what = { .closures = NULL };
		struct nipfs_error err;

		r = pin_what_read(args[i], &o->common, &what, &err);
		if (r == 0)
			r = add(o, &what, &err);
		pin_what_release(&what);
		if (r < 0)
			return cli_fail(&o->common, &err);
	}
	return 0;
}

static const struct opt add_opts[] = {
	{ "name", 0, OPT_TEXT, "NAME", "make a named pin, as add --pin=NAME does",
	  offsetof(struct options, name) },
	PIN_OPT_API,
	PIN_OPT_TIMEOUT,
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_pin_add = {
	.name = "pin add",
	.args = "CID|PATH...",
	.brief = "pin closures on a Kubo node",
	.flags = CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = add_opts,
	.size = sizeof(struct options),
	.run = run_add,
};

/* ---- update ----------------------------------------------------------------------------- */

/* The one that is moved: of a name the newest. */
static int find_one(const struct nipfs_pin_list *all, const struct pin_what *what,
		    struct nipfs_pin *out, struct nipfs_error *err)
{
	struct nipfs_pin_list found = pin_choose(all, what);
	int r = 0;

	if (what->kind == PIN_WHAT_NAME && pin_what_is_pattern(what))
		r = cli_fill(err, NIPFS_E_USAGE, "'%s' is a pattern: one pin is moved at a time",
			     what->typed);
	else if (!found.n)
		r = pin_none(all, what, err);
	else if (!found.pins[0].is_named)
		r = pin_check_one(&found, what, err);
	if (r == 0)
		*out = found.pins[0];
	nipfs_pin_list_release(&found);
	return r;
}

static int update(const struct options *o, const struct pin_what *from,
		  const struct pin_what *to, struct nipfs_error *err)
{
	struct nipfs_pin_list all = { .pins = NULL };
	struct nipfs_pin_node *node = NULL;
	struct nipfs_pin old, pin;
	struct nipfs_cid cid;
	int r = pin_what_cid(to, &cid, err);

	if (r == 0)
		r = pin_node_open(&node, &o->common, err);
	if (r == 0)
		r = nipfs_pin_node_list(node, NULL, NULL, &all, err);
	if (r == 0)
		r = find_one(&all, from, &old, err);
	if (r == 0)
		r = nipfs_pin_node_update(node, &old, &cid,
					  !old.is_named && *to->base ? to->base : NULL,
					  how_to_pin(to, false), &pin, err);
	explain(r, to, err);
	if (r == 0)
		pin_print(&o->common, &pin);
	nipfs_pin_list_release(&all);
	nipfs_pin_node_close(node);
	return r;
}

static int run_update(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	struct pin_what from = { .closures = NULL }, to = { .closures = NULL };
	struct nipfs_error err;
	int r = pin_what_read(args[0], &o->common, &from, &err);

	(void)self;
	(void)n_args;
	if (r == 0)
		r = pin_what_read(args[1], &o->common, &to, &err);
	if (r == 0)
		r = update(o, &from, &to, &err);
	pin_what_release(&from);
	pin_what_release(&to);
	return r < 0 ? cli_fail(&o->common, &err) : 0;
}

static const struct opt update_opts[] = {
	PIN_OPT_API,
	PIN_OPT_TIMEOUT,
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_pin_update = {
	.name = "pin update",
	.args = "CID|PATH|NAME CID|PATH",
	.brief = "let a pin of a Kubo node hold another closure",
	.flags = CMD_LISTS,
	.min_args = 2,
	.max_args = 2,
	.opts = update_opts,
	.size = sizeof(struct options),
	.run = run_update,
};
