/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs pin remote: pins on a pinning service, by store path, name or CID. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nixipfs/pin_remote.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/node_args.h"
#include "cli/output.h"
#include "cli/pin_args.h"
#include "cli/remote_pins.h"

enum { WAIT_S = 300 };

struct options {
	struct common common;
	const char *service, *name;
	struct pin_age age;
	bool background;
	struct opt_number wait;
};

#define OPT_SERVICE                                                                      \
	{ "service", 0, OPT_TEXT, "URL|kubo:NAME", "the pinning service",                \
	  offsetof(struct options, service) }
#define OPT_AGE                                                                          \
	{ "older-than", 0, OPT_TEXT, "DURATION",                                         \
	  "only pins that are older: 45s, 30m, 12h, 7d, 2w",                             \
	  offsetof(struct options, age.older_than) },                                    \
	{ "keep-last", 0, OPT_NUMBER, "N", "not the N newest pins of a name",            \
	  offsetof(struct options, age.keep_last) }
#define OPT_WAIT                                                                         \
	{ "background", 0, OPT_FLAG, NULL, "do not wait until it is pinned",             \
	  offsetof(struct options, background) },                                        \
	{ "wait", 0, OPT_NUMBER, "SECONDS", "wait so long until it is pinned (300)",     \
	  offsetof(struct options, wait) }
#define OPT_NODE                                                                         \
	{ "api", 0, OPT_TEXT, "ADDRESS", "where the RPC of the node is",                 \
	  offsetof(struct options, common.api) },                                        \
	{ "timeout", 0, OPT_NUMBER, "SECONDS",                                           \
	  "how long the service may say nothing (45)",                                   \
	  offsetof(struct options, common.timeout) }
#define OPT_END { NULL, 0, OPT_FLAG, NULL, NULL, 0 }

/* ---- what all of them do ---------------------------------------------------------------- */

static int open_service(struct nipfs_pin_service **out, const struct options *o,
			struct nipfs_error *err)
{
	struct nipfs_network_options options;
	int r = node_args(&o->common, &options, err);

	if (r == 0 && !o->service)
		r = cli_fill(err, NIPFS_E_USAGE, "say with --service which pinning service");
	if (r == 0)
		r = nipfs_pin_service_open(out, o->service, &options, err);
	if (r == 0 && pin_age_is_set(&o->age) && !nipfs_pin_service_has_dates(*out)) {
		nipfs_pin_service_close(*out);
		*out = NULL;
		r = cli_fill(err, NIPFS_E_USAGE,
			     "Kubo does not tell how old remote pins are: name the service by "
			     "its URL");
	}
	return r;
}

static void print_pin(const struct common *common, const struct nipfs_remote_pin *pin)
{
	char when[32];

	if (common->json) {
		json_t *line = json_line_new();

		json_put_cid(line, "cid", &pin->cid);
		json_put_text(line, "status", nipfs_remote_status_text(pin->status));
		if (*pin->name)
			json_put_name(line, "name", text_slice(pin->name));
		if (*pin->id)
			json_put_name(line, "id", text_slice(pin->id));
		if (pin->created) {
			pin_time_format(pin->created, when);
			json_put_text(line, "created", when);
		}
		if (*pin->details)
			json_put_message(line, "details", pin->details);
		json_line_print(line, stdout);
		return;
	}
	output_cid(&pin->cid);
	if (!common->quiet) {
		printf("  %-7s", nipfs_remote_status_text(pin->status));
		if (*pin->name) {
			(void)fputs("  ", stdout);
			output_name(common, text_slice(pin->name));
		}
	}
	output_end(common);
}

/* The pins that are meant by what was typed, those that are wanted by age left out. */
static int choose(const struct options *o, struct nipfs_pin_service *s,
		  const struct pin_what *what, struct remote_pins *out, struct nipfs_error *err)
{
	uint64_t older_than, skipped = 0;
	int r = pin_age_read(&o->age, &older_than, err);

	if (r == 0)
		r = remote_pins_load(s, what, out, &skipped, err);
	if (r == 0 && pin_age_is_set(&o->age))
		remote_pins_old(out, time(NULL), older_than, o->age.keep_last.value);
	if (r == 0 && skipped)
		cli_note(&o->common, "%llu more pins are of CIDs of an unknown kind",
			 (unsigned long long)skipped);
	return r;
}

static int not_there(const struct options *o, const char *typed, struct nipfs_error *err)
{
	return cli_fill(err, NIPFS_E_NOTFOUND, "%s has no pin '%s'", o->service, typed);
}

static int for_each(const struct options *o,
		    int (*each)(const struct options *o, struct nipfs_pin_service *s,
				const char *typed, struct nipfs_error *err),
		    int n_args, char **args)
{
	struct nipfs_pin_service *s = NULL;
	struct nipfs_error err;
	int r = open_service(&s, o, &err);

	for (int i = 0; r == 0 && i < n_args; i++)
		r = each(o, s, args[i], &err);
	nipfs_pin_service_close(s);
	return r < 0 ? cli_fail(&o->common, &err) : 0;
}

/* ---- ls --------------------------------------------------------------------------------- */

static int list(const struct options *o, const struct pin_what *what, struct nipfs_error *err)
{
	struct remote_pins pins = { .pins = NULL };
	struct nipfs_pin_service *s = NULL;
	int r = open_service(&s, o, err);

	if (r == 0)
		r = choose(o, s, what, &pins, err);
	for (size_t i = 0; r == 0 && i < pins.n; i++) {
		print_pin(&o->common, &pins.pins[i]);
		r = output_check(err);
	}
	if (r == 0 && !pins.n && what && !pin_what_is_pattern(what) && !pin_age_is_set(&o->age))
		r = not_there(o, what->typed, err);
	remote_pins_release(&pins);
	nipfs_pin_service_close(s);
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

static const struct opt ls_opts[] = { OPT_SERVICE, OPT_AGE, OPT_NODE, OPT_END };

const struct cmd cmd_pin_remote_ls = {
	.name = "pin remote ls",
	.args = "[CID|PATH|NAME|PATTERN]",
	.brief = "list the pins on a pinning service",
	.flags = CMD_LISTS,
	.max_args = 1,
	.opts = ls_opts,
	.size = sizeof(struct options),
	.run = run_ls,
};

/* ---- add -------------------------------------------------------------------------------- */

static int wait_for(const struct options *o, struct nipfs_pin_service *s,
		    struct nipfs_remote_pin *pin, struct nipfs_error *err)
{
	const uint64_t seconds = o->wait.set ? o->wait.value : WAIT_S;

	return o->background ? 0 :
			       nipfs_remote_pin_wait(s, pin,
						     seconds < UINT32_MAX ? (unsigned int)seconds :
									    UINT32_MAX,
						     err);
}

/*
 * What was asked for already is waited for, so that it can be done again; what has failed
 * is asked for again.
 */
static int ask_for(struct nipfs_pin_service *s, const struct nipfs_cid *cid, const char *name,
		   struct nipfs_remote_pin *out, struct nipfs_error *err)
{
	struct remote_pins pins = { .pins = NULL };
	const struct nipfs_remote_pin *failed = NULL, *good = NULL;
	int r = remote_pins_of_cid(s, cid, &pins, err);

	for (size_t i = 0; r == 0 && i < pins.n; i++) {
		if (strcmp(pins.pins[i].name, name) != 0)
			continue;
		if (pins.pins[i].status == NIPFS_REMOTE_FAILED)
			failed = &pins.pins[i];
		else if (!good || pins.pins[i].status == NIPFS_REMOTE_PINNED)
			good = &pins.pins[i];
	}
	if (good)
		*out = *good;
	else if (r == 0 && failed && nipfs_pin_service_has_dates(s))
		r = nipfs_remote_pin_replace(s, failed, cid, name, out, err);
	else if (r == 0)
		r = nipfs_remote_pin_add(s, cid, name, out, err);
	remote_pins_release(&pins);
	return r;
}

static int add(const struct options *o, struct nipfs_pin_service *s, const char *typed,
	       struct nipfs_error *err)
{
	struct pin_what what = { .closures = NULL };
	struct nipfs_remote_pin pin;
	struct nipfs_cid cid;
	int r = pin_what_read(typed, &o->common, &what, err);

	if (r == 0)
		r = pin_what_cid(&what, &cid, err);
	if (r == 0)
		r = ask_for(s, &cid, o->name ? o->name : what.base, &pin, err);
	if (r == 0)
		r = wait_for(o, s, &pin, err);
	if (r == 0)
		print_pin(&o->common, &pin);
	pin_what_release(&what);
	return r;
}

static int run_add(const struct cmd *self, void *options, int n_args, char **args)
{
	(void)self;
	return for_each(options, add, n_args, args);
}

static const struct opt add_opts[] = {
	OPT_SERVICE,
	{ "name", 0, OPT_TEXT, "NAME", "the name of the pin, not that of the store path",
	  offsetof(struct options, name) },
	OPT_WAIT, OPT_NODE, OPT_END
};

const struct cmd cmd_pin_remote_add = {
	.name = "pin remote add",
	.args = "CID|PATH...",
	.brief = "have closures pinned by a pinning service",
	.flags = CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = add_opts,
	.size = sizeof(struct options),
	.run = run_add,
};

/* ---- rm --------------------------------------------------------------------------------- */

static int remove_pins(const struct options *o, struct nipfs_pin_service *s, const char *typed,
		       struct nipfs_error *err)
{
	struct pin_what what = { .closures = NULL };
	struct remote_pins pins = { .pins = NULL };
	int r = pin_what_read(typed, &o->common, &what, err);

	if (r == 0)
		r = choose(o, s, &what, &pins, err);
	if (r == 0 && !pins.n && !pin_what_is_pattern(&what) && !pin_age_is_set(&o->age))
		r = not_there(o, typed, err);
	for (size_t i = 0; r == 0 && i < pins.n; i++) {
		r = nipfs_remote_pin_remove(s, &pins.pins[i], err);
		if (r == NIPFS_E_NOTFOUND)
			r = 0;
		else if (r == 0)
			print_pin(&o->common, &pins.pins[i]);
		if (r == 0)
			r = output_check(err);
	}
	remote_pins_release(&pins);
	pin_what_release(&what);
	return r;
}

static int run_rm(const struct cmd *self, void *options, int n_args, char **args)
{
	(void)self;
	return for_each(options, remove_pins, n_args, args);
}

static const struct opt rm_opts[] = { OPT_SERVICE, OPT_AGE, OPT_NODE, OPT_END };

const struct cmd cmd_pin_remote_rm = {
	.name = "pin remote rm",
	.args = "CID|PATH|NAME|PATTERN...",
	.brief = "remove pins from a pinning service",
	.flags = CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = rm_opts,
	.size = sizeof(struct options),
	.run = run_rm,
};

/* ---- update ----------------------------------------------------------------------------- */

/* The one that is moved: of a name the newest. */
static int find_one(const struct options *o, struct nipfs_pin_service *s,
		    const struct pin_what *what, struct nipfs_remote_pin *out,
		    struct nipfs_error *err)
{
	struct remote_pins pins = { .pins = NULL };
	int r = 0;

	if (what->kind == PIN_WHAT_NAME && pin_what_is_pattern(what))
		r = cli_fill(err, NIPFS_E_USAGE, "'%s' is a pattern: one pin is moved at a time",
			     what->typed);
	if (r == 0)
		r = choose(o, s, what, &pins, err);
	if (r == 0 && !pins.n)
		r = not_there(o, what->typed, err);
	if (r == 0 && pins.n > 1 && !nipfs_pin_service_has_dates(s))
		r = cli_fill(err, NIPFS_E_USAGE,
			     "'%s' is the name of several pins, and Kubo does not tell which is "
			     "the newest: say by its CID which one",
			     what->typed);
	if (r == 0)
		*out = pins.pins[0];
	remote_pins_release(&pins);
	return r;
}

static int update(const struct options *o, struct nipfs_pin_service *s,
		  const struct pin_what *from, const struct pin_what *to,
		  struct nipfs_error *err)
{
	struct nipfs_remote_pin old, pin;
	const char *name = NULL;
	struct nipfs_cid cid;
	int r = pin_what_cid(to, &cid, err);

	if (r == 0)
		r = find_one(o, s, from, &old, err);
	if (r < 0)
		return r;
	/* what has the name of its store path gets that of the new one */
	name = from->kind == PIN_WHAT_NAME || !*to->base ? old.name : to->base;
	if (nipfs_cid_equal(&old.cid, &cid) && strcmp(old.name, name) == 0)
		pin = old;
	else
		r = nipfs_remote_pin_replace(s, &old, &cid, name, &pin, err);
	if (r == 0)
		r = wait_for(o, s, &pin, err);
	if (r == 0)
		print_pin(&o->common, &pin);
	return r;
}

static int run_update(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	struct pin_what from = { .closures = NULL }, to = { .closures = NULL };
	struct nipfs_pin_service *s = NULL;
	struct nipfs_error err;
	int r = open_service(&s, o, &err);

	(void)self;
	(void)n_args;
	if (r == 0 && o->background && !nipfs_pin_service_has_dates(s))
		r = cli_fill(&err, NIPFS_E_USAGE,
			     "through Kubo the old pin goes when the new one is pinned: that is "
			     "not for --background");
	if (r == 0)
		r = pin_what_read(args[0], &o->common, &from, &err);
	if (r == 0)
		r = pin_what_read(args[1], &o->common, &to, &err);
	if (r == 0)
		r = update(o, s, &from, &to, &err);
	pin_what_release(&from);
	pin_what_release(&to);
	nipfs_pin_service_close(s);
	return r < 0 ? cli_fail(&o->common, &err) : 0;
}

static const struct opt update_opts[] = { OPT_SERVICE, OPT_WAIT, OPT_NODE, OPT_END };

const struct cmd cmd_pin_remote_update = {
	.name = "pin remote update",
	.args = "CID|PATH|NAME CID|PATH",
	.brief = "let a pin on a pinning service hold another closure",
	.flags = CMD_LISTS,
	.min_args = 2,
	.max_args = 2,
	.opts = update_opts,
	.size = sizeof(struct options),
	.run = run_update,
};
