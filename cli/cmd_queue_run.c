/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs queue run: what is queued is published, and leaves the queue. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nixipfs/progress.h>
#include <nixipfs/queue.h>

#include "cli/add_publish.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/leave_out.h"
#include "cli/output.h"
#include "cli/store_args.h"

/* What was queued with no longer pause than this was built together. */
enum { TOGETHER_SECONDS = 60, BATCH_MAX = 256 };

struct options {
	struct common common;
	const char *sign_key;
	struct opt_list skip_signed_by;
	struct publish_args publish;
};

struct run {
	const struct options *o;
	struct publish_args publish;
	struct nipfs_secret_key key;
	struct nipfs_queue *queue;
	struct nipfs_store *store;
	struct nipfs_index *index;
	struct nipfs_queue_entry *due;
	size_t n, cap, n_failed;
	int64_t now;
};

/* ---- what is due ------------------------------------------------------------------- */

/* Entries of another store are for a run with that --store. */
static int take(void *ctx, const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	struct run *run = ctx;

	(void)err;
	if (entry->next > run->now || strcmp(entry->store_dir, nipfs_store_dir(run->store)) != 0 ||
	    strcmp(entry->real_dir, nipfs_store_real_dir(run->store)) != 0)
		return 0;
	if (run->n == run->cap) {
		struct nipfs_queue_entry *more;

		run->cap = run->cap ? run->cap * 2 : 64;
		more = xcalloc(run->cap, sizeof(*more));
		if (run->n)
			memcpy(more, run->due, run->n * sizeof(*more));
		free(run->due);
		run->due = more;
	}
	run->due[run->n++] = *entry;
	return 0;
}

/* How many of @n entries were built together with the first. */
static size_t batch_of(const struct nipfs_queue_entry *due, size_t n)
{
	size_t len = 1;

	while (len < n && len < BATCH_MAX &&
	       due[len].queued - due[len - 1].queued <= TOGETHER_SECONDS)
		len++;
	return len;
}

/* ---- publishing -------------------------------------------------------------------- */

static int print_published(const struct run *run, const struct nipfs_add_result *result,
			   const struct publish_result *published,
			   const struct nipfs_queue_entry *due, size_t n, struct nipfs_error *err)
{
	const struct common *common = &run->o->common;
	json_t *line = common->json ? json_line_new() : NULL, *paths = line ? json_array() : NULL;

	if (!line)
		output_cid(&result->closure.cid);
	for (size_t i = 0; i < n; i++) {
		char path[NIPFS_STORE_PATH_MAX];

		(void)nipfs_store_path_format(&due[i].path, due[i].store_dir, path);
		if (line) {
			json_t *object = json_line_new();

			json_put_name(object, "path", text_slice(path));
			(void)json_array_append_new(paths, object);
		} else if (!common->quiet) {
			(void)fputs(i ? " " : "  ", stdout);
			output_name(common, text_slice(path));
		}
	}
	if (line) {
		json_put_cid(line, "cid", &result->closure.cid);
		json_put(line, "paths", paths);
		json_put(line, "published", publish_json(published));
		json_line_print(line, stdout);
	} else {
		output_end(common);
	}
	return output_check(err);
}

static int publish(const struct run *run, const struct nipfs_queue_entry *due,
		   const struct nipfs_store_path *paths, size_t n, struct leave_out *leave_out,
		   struct nipfs_error *err)
{
	const struct add_publish what = {
		.common = &run->o->common,
		.publish = &run->publish,
		.store = run->store,
		.index = run->index,
		.add = {
			/* who signs vouches for the contents */
			.check = run->o->sign_key,
			.sign_key = run->o->sign_key ? &run->key : NULL,
			.leave_out = leave_out_path,
			.ctx = leave_out,
		},
	};
	struct publish_result published = { .done = false };
	struct nipfs_add_result result;
	int r = add_publish(&what, paths, n, &result, &published, err);

	if (r < 0)
		return r;
	if (published.done)
		r = print_published(run, &result, &published, due, n, err);
	else
		r = cli_fill(err, NIPFS_E_UNREACHABLE,
			     "no Kubo node answers, or nix-ipfs.conf has 'publish = none'");
	nipfs_add_result_release(&result);
	/* killed before this, they are published again, which sends nothing */
	for (size_t i = 0; r == 0 && i < n; i++)
		r = nipfs_queue_remove(run->queue, &due[i], err);
	return r;
}

static int try_batch(const struct run *run, const struct nipfs_queue_entry *due, size_t n,
		     struct nipfs_error *err)
{
	static const struct opt_list none;
	struct leave_out leave_out = { .globs = NULL };
	struct nipfs_store_path *paths = xcalloc(n, sizeof(*paths));
	int r;

	for (size_t i = 0; i < n; i++)
		paths[i] = due[i].path;
	r = leave_out_open(&leave_out, run->store, paths, n, &none, &run->o->skip_signed_by, &none,
			   err);
	if (r == 0)
		r = publish(run, due, paths, n, &leave_out, err);
	leave_out_release(&leave_out);
	free(paths);
	return r;
}

/* What is wrong with the node or with this machine, and not with a path. */
static bool is_general(int code)
{
	return code == NIPFS_E_UNREACHABLE || code == NIPFS_E_REFUSED ||
	       code == NIPFS_E_UNSUPPORTED || code == NIPFS_E_USAGE || code == NIPFS_E_NOMEM;
}

/* Return: 0, also when it failed and that is recorded; else a code that ends the run. */
static int run_batch(struct run *run, const struct nipfs_queue_entry *due, size_t n,
		     struct nipfs_error *err)
{
	struct nipfs_error unrecorded;
	int r = try_batch(run, due, n, err);

	if (r == 0 || r == NIPFS_E_CANCELLED)
		return r;
	/* one bad path does not keep the others */
	if (n > 1 && !is_general(r)) {
		r = 0;
		for (size_t i = 0; r == 0 && i < n; i++)
			r = run_batch(run, &due[i], 1, err);
		return r;
	}
	run->n_failed += n;
	for (size_t i = 0; i < n; i++)
		if (nipfs_queue_failed(run->queue, &due[i], err->msg, &unrecorded) < 0) {
			*err = unrecorded;
			return NIPFS_E_SYS;
		}
	if (is_general(r))
		return r;
	cli_note(&run->o->common, "'%s' is tried again later: %s", due->path.base, err->msg);
	return 0;
}

static int run_due(struct run *run, struct nipfs_error *err)
{
	int r = nipfs_queue_list(run->queue, take, NULL, run, err);

	for (size_t at = 0, n; r == 0 && at < run->n; at += n) {
		n = batch_of(&run->due[at], run->n - at);
		r = run_batch(run, &run->due[at], n, err);
		if (r == 0)
			r = nipfs_cancel_check(err);
	}
	if (r == 0)
		r = nipfs_queue_sweep(run->queue, err);
	return r;
}

/* ---- the command ------------------------------------------------------------------- */

/* Return: 1; 0 when there is nothing for this one to do; or a code. */
static int open_all(struct run *run, struct nipfs_error *err)
{
	const struct options *o = run->o;
	int r = publish_args_check(&run->publish, err);

	if (r == 0 && o->sign_key)
		r = nipfs_secret_key_load(o->sign_key, &run->key, err);
	if (r == 0)
		r = store_args_open(&run->store, &o->common, err);
	if (r < 0)
		return r;
	r = nipfs_queue_open(&run->queue, false, err);
	if (r == NIPFS_E_NOTFOUND)
		return 0;
	if (r == 0)
		r = nipfs_queue_lock(run->queue, err);
	if (r == 0)
		cli_note(&o->common, "another process publishes what is queued");
	if (r <= 0)
		return r;
	r = nipfs_index_open(&run->index, NULL, true, err);
	return r < 0 ? r : 1;
}

static int run_run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct run run = { .o = options, .now = (int64_t)time(NULL) };
	struct nipfs_error err;
	int r;

	(void)n_args;
	(void)args;
	run.publish = run.o->publish;
	if (run.publish.to && strcmp(run.publish.to, "none") == 0)
		return cli_usage(self, "what is queued needs a node");
	/* what Nix gave to the hook, should this be run from it: settings may hold tokens */
	(void)unsetenv("NIX_CONFIG");
	(void)unsetenv("OUT_PATHS");
	(void)unsetenv("DRV_PATH");
	r = open_all(&run, &err);
	if (r == 1)
		r = run_due(&run, &err);
	r = r < 0 ? cli_fail(&run.o->common, &err) : run.n_failed > 0;
	nipfs_secret_key_wipe(&run.key);
	free(run.due);
	nipfs_index_close(run.index);
	nipfs_store_close(run.store);
	nipfs_queue_close(run.queue);
	return r;
}

static const struct opt opts[] = {
	{ "sign-key", 0, OPT_TEXT, "FILE", "sign the narinfos with this secret key",
	  offsetof(struct options, sign_key) },
	{ "skip-signed-by", 0, OPT_LIST, "KEYS",
	  "leave out what is signed by one of these public keys",
	  offsetof(struct options, skip_signed_by) },
	{ "to", 0, OPT_TEXT, "kubo|URL", "publish to the Kubo node, or to that RPC",
	  offsetof(struct options, publish.to) },
	PUBLISH_OPTS(struct options, publish),
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_queue_run = {
	.name = "queue run",
	.args = "",
	.brief = "publish what is queued",
	.flags = CMD_LISTS,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run_run,
};
