/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs queue run: what is queued is published, and leaves the queue. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nixipfs/progress.h>
#include <nixipfs/queue.h>

#include "cli/command.h"
#include "cli/duration.h"
#include "cli/error.h"
#include "cli/output.h"
#include "cli/queue_note.h"
#include "cli/queue_publish.h"
#include "cli/store_args.h"

/* What was queued with no longer pause than this was built together. */
enum { TOGETHER_SECONDS = 60, BATCH_MAX = 256 };

/*
 * Of --watch: so long after something came more is waited for, after a failure that no
 * path is to blame for nothing is tried, and at most nothing is looked at.
 */
enum { SETTLE_SECONDS = 1, PAUSE_SECONDS = 60, LOOK_SECONDS = 300 };

struct options {
	struct common common;
	const char *sign_key, *max_age;
	bool watch;
	struct opt_list skip_signed_by;
	struct publish_args publish;
};

/* What is kept of an entry: the folders are those of the store. */
struct due {
	struct nipfs_store_path path;
	enum nipfs_queue_origin origin;
	int64_t queued, next;
	uint32_t tries;
};

struct run {
	const struct options *o;
	struct queue_publish publish;
	struct nipfs_secret_key key;
	struct nipfs_queue *queue;
	char store_dir[NIPFS_STORE_DIR_MAX + 1], real_dir[NIPFS_STORE_DIR_MAX + 1];
	uint64_t max_age;
	struct due *due;
	size_t n, cap;
	int64_t now;
	int64_t next;	   /* when the next one is due that is not due now */
	bool all_due;	   /* the node was away, or may have been: nobody has to wait */
	bool damaged_told;
};

/* ---- what is due ------------------------------------------------------------------- */

/* Entries of another store are for a run with that --store. */
static bool is_ours(const struct run *run, const struct nipfs_queue_entry *entry)
{
	return strcmp(entry->store_dir, run->store_dir) == 0 &&
	       strcmp(entry->real_dir, run->real_dir) == 0;
}

static int take(void *ctx, const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	struct run *run = ctx;

	(void)err;
	if (!is_ours(run, entry))
		return 0;
	if (entry->next > run->now && !run->all_due) {
		if (entry->next < run->next)
			run->next = entry->next;
		return 0;
	}
	run->due = xgrow(run->due, run->n, &run->cap, sizeof(*run->due));
	run->due[run->n++] = (struct due){ entry->path, entry->origin, entry->queued, entry->next,
					   entry->tries };
	return 0;
}

static int take_damaged(void *ctx, const char *file, struct nipfs_error *err)
{
	const struct run *run = ctx;

	(void)err;
	if (!run->damaged_told)
		queue_note_damaged(&run->o->common, file);
	return 0;
}

static int list_due(struct run *run, struct nipfs_error *err)
{
	int r;

	run->n = 0;
	run->now = (int64_t)time(NULL);
	run->next = INT64_MAX;
	r = nipfs_queue_list(run->queue, take, take_damaged, run, err);
	run->damaged_told = true;
	return r;
}

/* How many of @n entries were built together with the first. */
static size_t batch_of(const struct due *due, size_t n)
{
	size_t len = 1;

	while (len < n && len < BATCH_MAX &&
	       due[len].queued - due[len - 1].queued <= TOGETHER_SECONDS)
		len++;
	return len;
}

/* ---- publishing -------------------------------------------------------------------- */

static int run_batch(struct run *run, const struct due *due, size_t n, struct nipfs_error *err)
{
	struct nipfs_queue_entry *entries = xcalloc(n, sizeof(*entries));
	int r;

	for (size_t i = 0; i < n; i++) {
		entries[i].path = due[i].path;
		entries[i].origin = due[i].origin;
		entries[i].queued = due[i].queued;
		entries[i].next = due[i].next;
		entries[i].tries = due[i].tries;
		(void)memccpy(entries[i].store_dir, run->store_dir, 0, sizeof(run->store_dir));
		(void)memccpy(entries[i].real_dir, run->real_dir, 0, sizeof(run->real_dir));
	}
	r = queue_publish_batch(&run->publish, entries, n, err);
	free(entries);
	return r;
}

static int let_go(void *ctx, const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	const struct run *run = ctx;
	const int64_t age = run->now - entry->queued;

	if (!entry->has_root || !is_ours(run, entry) || age < 0 ||
	    (uint64_t)age <= run->max_age)
		return 0;
	cli_note(&run->o->common, "'%s' has waited too long: it is not kept from the garbage "
				  "collector any more", entry->path.base);
	return nipfs_queue_unroot(run->queue, entry, err);
}

/* Whatever came of publishing, what waits too long is let go. */
static int clean_up(struct run *run, struct nipfs_error *err)
{
	int r = 0;

	if (run->max_age)
		r = nipfs_queue_list(run->queue, let_go, NULL, run, err);
	return r == 0 ? nipfs_queue_sweep(run->queue, err) : r;
}

/* All that is due, once. */
static int run_due(struct run *run, struct nipfs_error *err)
{
	int r = list_due(run, err), r2;

	for (size_t at = 0, n; r == 0 && at < run->n; at += n) {
		n = batch_of(&run->due[at], run->n - at);
		r = run_batch(run, &run->due[at], n, err);
		if (r == 0)
			r = nipfs_cancel_check(err);
	}
	if (r == NIPFS_E_CANCELLED)
		return r;
	r2 = clean_up(run, r < 0 ? NULL : err);
	return r < 0 ? r : r2;
}

/* Return: 0; 1 another process is at it; or a code. */
static int run_locked(struct run *run, struct nipfs_error *err)
{
	int r = nipfs_queue_lock(run->queue, err);

	if (r <= 0)
		return r < 0 ? r : 1;
	r = run_due(run, err);
	nipfs_queue_unlock(run->queue);
	return r;
}

/* ---- --watch ----------------------------------------------------------------------- */

/* What may be over when it is tried again. */
static bool may_pass(int code)
{
	return code != NIPFS_E_CANCELLED && code != NIPFS_E_USAGE && code != NIPFS_E_NOMEM &&
	       !ferror(stdout);
}

/* Lets time pass, whatever comes. */
static int rest(const struct run *run, uint64_t seconds, struct nipfs_error *err)
{
	const time_t end = time(NULL) + (time_t)seconds;
	int r = 0;

	for (time_t now = time(NULL); r >= 0 && now < end && end - now <= (time_t)seconds;
	     now = time(NULL))
		r = nipfs_queue_wait(run->queue, (uint64_t)(end - now), err);
	return r < 0 ? r : 0;
}

/* Waits until there is something to do; builds that end together come together. */
static int wait_for_more(const struct run *run, struct nipfs_error *err)
{
	const int64_t left = run->next - (int64_t)time(NULL);
	const int64_t seconds = left < 0 ? 0 : left < LOOK_SECONDS ? left : LOOK_SECONDS;
	const int r = nipfs_queue_wait(run->queue, (uint64_t)seconds, err);

	return r == 1 ? rest(run, SETTLE_SECONDS, err) : r;
}

static int watch(struct run *run, struct nipfs_error *err)
{
	int r = nipfs_queue_watch(run->queue, err);

	/* what failed before may have failed for want of a node */
	run->all_due = true;
	while (r == 0) {
		r = run_locked(run, err);
		run->all_due = r < 0 || (r == 1 && run->all_due);
		if (r == 0) {
			r = wait_for_more(run, err);
			continue;
		}
		if (r < 0 && !may_pass(r))
			break;
		if (r < 0)
			cli_note(&run->o->common, "tried again in a minute: %s", err->msg);
		r = rest(run, PAUSE_SECONDS, err);
	}
	return r;
}

/* ---- the command ------------------------------------------------------------------- */

static int read_options(struct run *run, struct nipfs_error *err)
{
	const struct options *o = run->o;
	int r = publish_args_check(&o->publish, err);

	if (r == 0 && o->max_age && !duration_read(o->max_age, &run->max_age))
		r = cli_fill(err, NIPFS_E_USAGE,
			     "option '--max-age' takes 45s, 30m, 12h, 7d or 2w, not '%s'",
			     o->max_age);
	if (r == 0 && o->sign_key)
		r = nipfs_secret_key_load(o->sign_key, &run->key, err);
	return r;
}

/* Which store it is about; it is opened again for each batch. */
static int find_store(struct run *run, struct nipfs_error *err)
{
	struct nipfs_store *store;
	const int r = store_args_open(&store, &run->o->common, err);

	if (r < 0)
		return r;
	(void)memccpy(run->store_dir, nipfs_store_dir(store), 0, sizeof(run->store_dir));
	(void)memccpy(run->real_dir, nipfs_store_real_dir(store), 0, sizeof(run->real_dir));
	nipfs_store_close(store);
	return 0;
}

static int run_queue(struct run *run, struct nipfs_error *err)
{
	const struct options *o = run->o;
	int r = read_options(run, err);

	if (r == 0)
		r = find_store(run, err);
	if (r < 0)
		return r;
	r = nipfs_queue_open(&run->queue, o->watch, err);
	if (r < 0)
		return r == NIPFS_E_NOTFOUND ? 0 : r;
	run->publish.queue = run->queue;
	r = o->watch ? watch(run, err) : run_locked(run, err);
	if (r == 1)
		cli_note(&o->common, "another process publishes what is queued");
	/* to be ended is what a watch comes to */
	return r == 1 || (o->watch && r == NIPFS_E_CANCELLED) ? 0 : r;
}

static int run_run(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct run *run = xcalloc(1, sizeof(*run));
	struct nipfs_error err;
	int r;

	(void)n_args;
	(void)args;
	run->o = o;
	run->publish = (struct queue_publish){ .common = &o->common,
					       .publish = &o->publish,
					       .skip_signed_by = &o->skip_signed_by,
					       .key = o->sign_key ? &run->key : NULL };
	/* what Nix gave to the hook, should this be run from it: settings may hold tokens */
	(void)unsetenv("NIX_CONFIG");
	(void)unsetenv("OUT_PATHS");
	(void)unsetenv("DRV_PATH");
	if (o->publish.to && strcmp(o->publish.to, "none") == 0)
		r = cli_usage(self, "what is queued needs a node");
	else if ((r = run_queue(run, &err)) < 0)
		r = cli_fail(&o->common, &err);
	else
		r = !o->watch && run->publish.n_failed > 0;
	nipfs_secret_key_wipe(&run->key);
	nipfs_queue_close(run->queue);
	free(run->due);
	free(run);
	return r;
}

static const struct opt opts[] = {
	{ "watch", 0, OPT_FLAG, NULL, "stay, and publish what comes as it comes",
	  offsetof(struct options, watch) },
	{ "max-age", 0, OPT_TEXT, "AGE", "let the collector have what waits longer",
	  offsetof(struct options, max_age) },
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
