/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs queue: what was built and waits to be published. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/queue.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/queue_note.h"
#include "cli/store_args.h"

struct options {
	struct common common;
	bool all;
	struct opt_number since;
};

/* A queue that is not there yet is an empty one; 1: there is none. */
static int open_existing(struct nipfs_queue **out, const struct common *common,
			 struct nipfs_error *err)
{
	int r = store_args_prepare(common, NIPFS_STORE_READ, err);

	if (r == 0)
		r = nipfs_queue_open(out, false, err);
	return r == NIPFS_E_NOTFOUND ? 1 : r;
}

/* ---- ls ------------------------------------------------------------------------ */

static void print_json(const struct nipfs_queue_entry *entry, const char *path)
{
	static const char *const origins[] = { [NIPFS_QUEUE_BY_HOOK] = "hook",
					       [NIPFS_QUEUE_BY_SCAN] = "scan" };
	json_t *line = json_line_new();

	json_put_name(line, "path", text_slice(path));
	json_put_name(line, "files", text_slice(entry->real_dir));
	json_put_text(line, "by", origins[entry->origin]);
	json_put_number(line, "queued", (uint64_t)entry->queued);
	json_put_bool(line, "root", entry->has_root);
	json_put_number(line, "tries", entry->tries);
	json_put_number(line, "next", (uint64_t)entry->next);
	if (entry->why[0])
		json_put_message(line, "failed", entry->why);
	json_line_print(line, stdout);
}

static int print_entry(void *ctx, const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	const struct common *common = ctx;
	char path[NIPFS_STORE_PATH_MAX];

	queue_entry_path(entry, path);
	if (common->json) {
		print_json(entry, path);
		return output_check(err);
	}
	output_name(common, text_slice(path));
	if (!common->quiet && !entry->has_root)
		(void)fputs("  not kept from the garbage collector", stdout);
	if (!common->quiet && entry->tries) {
		(void)printf("  failed %lu time%s: ", (unsigned long)entry->tries,
			     entry->tries == 1 ? "" : "s");
		output_name(common, text_slice(entry->why));
	}
	output_end(common);
	return output_check(err);
}

static int note_damaged(void *ctx, const char *file, struct nipfs_error *err)
{
	(void)err;
	queue_note_damaged(ctx, file);
	return 0;
}

static int run_ls(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	struct nipfs_queue *queue;
	struct nipfs_error err;
	int r = open_existing(&queue, &o->common, &err);

	(void)self;
	(void)n_args;
	(void)args;
	if (r == 0) {
		r = nipfs_queue_list(queue, print_entry, note_damaged, &o->common, &err);
		nipfs_queue_close(queue);
	}
	return r < 0 ? cli_fail(&o->common, &err) : 0;
}

const struct cmd cmd_queue_ls = {
	.name = "queue ls",
	.args = "",
	.brief = "list the store paths that wait to be published",
	.flags = CMD_LISTS,
	.size = sizeof(struct options),
	.run = run_ls,
};

/* ---- retry, drop ----------------------------------------------------------- */

/* What is done with some entries, or with all of them. */
struct change {
	const struct options *o;
	struct nipfs_queue *queue;
	int (*one)(struct nipfs_queue *queue, const struct nipfs_queue_entry *entry,
		   struct nipfs_error *err);
	char **args;
	int n_args;
	bool *found; /* of each argument */
	size_t n;
};

/* Base names and full paths; all where none is given. */
static bool is_meant(const struct change *c, const struct nipfs_queue_entry *entry)
{
	char path[NIPFS_STORE_PATH_MAX];
	bool meant = c->n_args == 0;

	queue_entry_path(entry, path);
	for (int i = 0; i < c->n_args; i++)
		if (strcmp(c->args[i], path) == 0 || strcmp(c->args[i], entry->path.base) == 0)
			meant = c->found[i] = true;
	return meant;
}

static int change_entry(void *ctx, const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	struct change *c = ctx;
	int r;

	if (!is_meant(c, entry))
		return 0;
	r = c->one(c->queue, entry, err);
	c->n += r == 0;
	return r;
}

static int drop_damaged(void *ctx, const char *file, struct nipfs_error *err)
{
	struct change *c = ctx;
	int r;

	if (c->n_args)
		return 0;
	r = nipfs_queue_remove_damaged(c->queue, file, err);
	c->n += r == 0;
	return r;
}

static int check_found(const struct change *c, struct nipfs_error *err)
{
	for (int i = 0; i < c->n_args; i++)
		if (!c->found[i])
			return cli_fill(err, NIPFS_E_NOTFOUND, "'%s' is not in the queue",
					c->args[i]);
	return 0;
}

static int leave_damaged(void *ctx, const char *file, struct nipfs_error *err)
{
	const struct change *c = ctx;

	(void)err;
	queue_note_damaged(&c->o->common, file);
	return 0;
}

static int run_change(struct change *c, const char *done,
		      int (*damaged)(void *ctx, const char *file, struct nipfs_error *err))
{
	const struct common *common = &c->o->common;
	struct nipfs_error err;
	int r;

	c->found = xcalloc((size_t)c->n_args + 1, sizeof(*c->found));
	r = open_existing(&c->queue, common, &err);
	if (r == 0) {
		r = nipfs_queue_list(c->queue, change_entry, damaged, c, &err);
		if (r == 0)
			r = nipfs_queue_sweep(c->queue, &err);
		nipfs_queue_close(c->queue);
	}
	if (r >= 0 && c->n)
		cli_note(common, "%s: %zu", done, c->n);
	if (r >= 0)
		r = check_found(c, &err);
	free(c->found);
	return r < 0 ? cli_fail(common, &err) : 0;
}

static int run_retry(const struct cmd *self, void *options, int n_args, char **args)
{
	struct change c = {
		.o = options, .one = nipfs_queue_retry, .args = args, .n_args = n_args
	};

	(void)self;
	return run_change(&c, "to be tried at once", leave_damaged);
}

const struct cmd cmd_queue_retry = {
	.name = "queue retry",
	.args = "[PATH]...",
	.brief = "do not wait before publishing is tried again",
	.max_args = ARGS_ANY,
	.size = sizeof(struct options),
	.run = run_retry,
};

static int run_drop(const struct cmd *self, void *options, int n_args, char **args)
{
	struct change c = {
		.o = options, .one = nipfs_queue_remove, .args = args, .n_args = n_args
	};

	if (c.o->all == (n_args > 0))
		return cli_usage(self, c.o->all ? "--all goes without paths"
						: "name paths, or all of them with --all");
	return run_change(&c, "dropped", drop_damaged);
}

static const struct opt drop_opts[] = {
	{ "all", 'a', OPT_FLAG, NULL, "all that is in the queue", offsetof(struct options, all) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_queue_drop = {
	.name = "queue drop",
	.args = "[PATH]...",
	.brief = "take store paths out of the queue",
	.max_args = ARGS_ANY,
	.opts = drop_opts,
	.size = sizeof(struct options),
	.run = run_drop,
};

/* ---- scan ------------------------------------------------------------------------- */

struct scan {
	const struct options *o;
	struct nipfs_store *store;
};

static int print_found(void *ctx, const struct nipfs_store_path *found, struct nipfs_error *err)
{
	const struct scan *s = ctx;
	char path[NIPFS_STORE_PATH_MAX];

	(void)nipfs_store_path_format(found, nipfs_store_dir(s->store), path);
	if (s->o->common.json) {
		json_t *line = json_line_new();

		json_put_name(line, "path", text_slice(path));
		json_line_print(line, stdout);
	} else {
		output_name(&s->o->common, text_slice(path));
		output_end(&s->o->common);
	}
	return output_check(err);
}

static int run_scan(const struct cmd *self, void *options, int n_args, char **args)
{
	struct scan s = { .o = options };
	struct nipfs_queue_scan_options scan = { .has_since = s.o->since.set,
						 .since = (int64_t)s.o->since.value,
						 .each = print_found,
						 .ctx = &s };
	struct nipfs_queue *queue = NULL;
	struct nipfs_error err;
	int r;

	(void)n_args;
	(void)args;
	if (s.o->since.value > INT64_MAX)
		return cli_usage(self, "--since is in seconds since 1970");
	r = store_args_open_existing(&s.store, &s.o->common, &err);
	if (r == 0)
		r = nipfs_queue_open(&queue, true, &err);
	if (r == 0)
		r = nipfs_queue_scan(queue, s.store, &scan, &err);
	if (r == 0)
		r = nipfs_queue_sweep(queue, &err);
	nipfs_queue_close(queue);
	nipfs_store_close(s.store);
	return r < 0 ? cli_fail(&s.o->common, &err) : 0;
}

static const struct opt scan_opts[] = {
	{ "since", 0, OPT_NUMBER, "SECONDS",
	  "what became valid at this time since 1970, or later",
	  offsetof(struct options, since) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_queue_scan = {
	.name = "queue scan",
	.args = "",
	.brief = "queue what was built here and was never queued",
	.flags = CMD_LISTS,
	.opts = scan_opts,
	.size = sizeof(struct options),
	.run = run_scan,
};
