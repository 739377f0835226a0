/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs realize: paths of a closure into a Nix store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/index_store.h>
#include <nixipfs/nix_hash.h>
#include <nixipfs/realize.h>
#include <nixipfs/truth.h>

#include "cli/add_tree.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/realize_args.h"
#include "cli/realize_report.h"
#include "cli/ref.h"
#include "cli/store_args.h"
#include "cli/trust_args.h"

struct options {
	struct common common;
	struct trust_args trust;
	const char *add_root, *out_link, *name;
	bool from_stdin, dry_run, strict;
	struct opt_number jobs;
};

/* By default as many as there are processors, but no more than help. */
enum { JOBS_MAX = 64, JOBS_DEFAULT_MAX = 4 };

static const struct opt opts[] = {
	TRUST_OPTS_KEYS(struct options),
	{ "no-check-sigs", 0, OPT_FLAG, NULL, "take paths that no trusted key has signed",
	  offsetof(struct options, trust.no_check_sigs) },
	{ "add-root", 0, OPT_TEXT, "LINK", "make LINK a garbage collector root for the result",
	  offsetof(struct options, add_root) },
	{ "out-link", 'o', OPT_TEXT, "LINK", "the same, with names as nix build gives them",
	  offsetof(struct options, out_link) },
	{ "name", 0, OPT_TEXT, "NAME",
	  "CID is any tree: add it as nix store add-path --name does",
	  offsetof(struct options, name) },
	{ "stdin", 0, OPT_FLAG, NULL, "read more CIDs from standard input, one per line",
	  offsetof(struct options, from_stdin) },
	{ "dry-run", 0, OPT_FLAG, NULL, "say what would be placed, and place nothing",
	  offsetof(struct options, dry_run) },
	{ "strict", 0, OPT_FLAG, NULL, "fail when a path is in the store with other contents",
	  offsetof(struct options, strict) },
	{ "jobs", 'j', OPT_NUMBER, "N", "write so many store paths at the same time",
	  offsetof(struct options, jobs) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

struct job {
	const struct options *o;
	struct nipfs_store *store;
	struct trust trust;
	struct nipfs_index *index;
	struct blocks blocks;
	struct progress_line line;
	struct realize_args args;
	size_t n_roots;
	struct realize_report report;
};

/* ---- what is said ------------------------------------------------------------ */

static void warn_differs(struct job *job, const struct nipfs_realized *path)
{
	char said[NIPFS_NIX_HASH_TEXT_MAX], have[NIPFS_NIX_HASH_TEXT_MAX];

	realize_hash_text(path->nar_hash, said);
	realize_hash_text(path->have_hash, have);
	cli_note(&job->o->common,
		 "'%s' is in the store with other contents, and stays as it is: %s there, %s "
		 "in the closure",
		 path->path.base, have, said);
}

static void print_json(const char *path, const struct nipfs_realized *realized)
{
	const bool placed = realized->how == NIPFS_REALIZED_PLACED;
	json_t *line = json_line_new();

	json_put_name(line, "path", text_slice(path));
	json_put_text(line, "status", placed ? "placed" : "valid");
	json_put_bool(line, "result", realized->asked_for);
	if (placed) {
		json_put_number(line, "narSize", realized->nar_size);
		json_put_text(line, "trust", realize_trust_text(realized->trust));
	} else {
		json_put_bool(line, "differs", realized->differs);
	}
	json_line_print(line, stdout);
}

static int done(void *ctx, const struct nipfs_realized *realized, struct nipfs_error *err)
{
	struct job *job = ctx;
	char path[NIPFS_STORE_PATH_MAX];

	progress_end(&job->line);
	job->report.placed += realized->how == NIPFS_REALIZED_PLACED;
	(void)nipfs_store_path_format(&realized->path, nipfs_store_dir(job->store), path);
	if (realized->differs)
		warn_differs(job, realized);
	if (job->o->common.json) {
		print_json(path, realized);
	} else if (realized->asked_for) {
		output_name(&job->o->common, text_slice(path));
		output_end(&job->o->common);
	} else if (job->o->common.verbose) {
		cli_note(&job->o->common, "placed '%s'", path);
	}
	return output_check(err);
}

static void note(void *ctx, const char *message)
{
	const struct job *job = ctx;

	cli_note(&job->o->common, "%s", message);
}

/* ---- roots ----------------------------------------------------------------------- */

/* LINK, then LINK-@number */
static int add_root(struct job *job, const struct nipfs_store_path *path, const char *link,
		    size_t number, struct nipfs_error *err)
{
	const size_t size = strlen(link) + 24;
	char *name = xcalloc(size, 1);
	int r;

	if (job->n_roots == 0)
		(void)snprintf(name, size, "%s", link);
	else
		(void)snprintf(name, size, "%s-%zu", link, number);
	r = nipfs_store_add_root(job->store, path, name, err);
	free(name);
	return r;
}

/* nix-store --add-root counts from LINK to LINK-2, nix build --out-link to LINK-1. */
static int add_roots(struct job *job, const struct nipfs_store_path *paths, size_t n,
		     struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct nipfs_store_path *path = &paths[i];

		if (job->o->add_root)
			r = add_root(job, path, job->o->add_root, job->n_roots + 1, err);
		if (r == 0 && job->o->out_link)
			r = add_root(job, path, job->o->out_link, job->n_roots, err);
		job->n_roots++;
	}
	return r;
}

/* ---- the command --------------------------------------------------------------- */

static int settle_targets(const struct job *job, struct nipfs_realization *z,
			  struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->args.n_targets; i++) {
		const struct realize_target *target = &job->args.targets[i];

		if (target->n)
			r = nipfs_realization_settle(z, &target->closure, target->wanted, err);
	}
	return r;
}

static int place_targets(struct job *job, struct nipfs_realization *z, struct nipfs_error *err)
{
	size_t number = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->args.n_targets; i++) {
		const struct realize_target *target = &job->args.targets[i];

		if (target->n == 0)
			continue;
		r = nipfs_realization_place(z, number++, err);
		progress_end(&job->line);
		if (r == 0)
			r = add_roots(job, target->paths, target->n, err);
	}
	return r;
}

static size_t jobs_of(const struct options *o)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (o->jobs.set)
		return o->jobs.value;
	return processors < 1 ? 1 : processors < JOBS_DEFAULT_MAX ? (size_t)processors : JOBS_DEFAULT_MAX;
}

/* Nothing is fetched for one closure before it is sure that all may come in. */
static int realize_targets(struct job *job, struct nipfs_error *err)
{
	const struct nipfs_index_truth truth = nipfs_store_truth(job->store);
	const struct nipfs_realize_options options = {
		.trust = job->trust.policy,
		.index = job->index,
		.reuse = &truth,
		.strict = job->o->strict,
		.jobs = jobs_of(job->o),
		.done = done,
		.note = note,
		.ctx = job,
		.stats = &job->report.stats,
		.progress = progress_begin(&job->line, &job->o->common),
	};
	struct nipfs_realization *z;
	int r = nipfs_realization_new(&z, job->store, job->blocks.source, &options, err);

	if (r < 0)
		return r;
	r = settle_targets(job, z, err);
	if (r == 0)
		r = place_targets(job, z, err);
	progress_end(&job->line);
	nipfs_realization_free(z);
	return r;
}

/* --store is where the paths go to, not where they come from */
static struct common from_where(const struct job *job)
{
	struct common from = job->o->common;

	from.store = NULL;
	from.via = 0;
	return from;
}

/* Files of --from are root's to open; the index may be another user's. */
static int settle_user(const struct job *job, struct nipfs_error *err)
{
	return job->o->common.from.n ?
		       0 :
		       store_args_prepare(&job->o->common, NIPFS_STORE_WRITE, err);
}

static int open_target(struct job *job, struct nipfs_error *err)
{
	struct nipfs_error no_index;
	const int r = store_args_open_write(&job->store, &job->o->common, err);

	if (r == 0 && nipfs_index_open(&job->index, NULL, true, &no_index) < 0)
		cli_note(&job->o->common, "what is placed is not indexed: %s", no_index.msg);
	return r;
}

static int plan_closures(struct job *job, struct nipfs_error *err)
{
	struct nipfs_plan_options options = { .trust = job->trust.policy,
					      .strict = job->o->strict };
	struct realize_plan plan = { .common = &job->o->common };
	int r = realize_plan_open(&plan, err);

	for (size_t i = 0; r == 0 && i < job->args.n_targets; i++) {
		const struct realize_target *target = &job->args.targets[i];

		options.wanted = target->wanted;
		if (target->n)
			r = realize_plan_closure(&plan, job->blocks.source, &target->closure,
						 &options, err);
	}
	return realize_plan_close(&plan, r, err);
}

/* Nothing is made, not even a store, for closures that are not there. */
static int realize_closures(struct job *job, struct nipfs_error *err)
{
	const struct common from = from_where(job);
	int r = trust_open(&job->trust, &job->o->trust, err);

	if (r == 0)
		r = settle_user(job, err);
	if (r == 0)
		r = blocks_open(&job->blocks, &from, err);
	if (r == 0)
		r = realize_args_resolve(&job->args, job->blocks.source, err);
	if (r == 0 && job->o->dry_run)
		return plan_closures(job, err);
	if (r == 0)
		r = open_target(job, err);
	if (r == 0)
		r = realize_targets(job, err);
	if (r == 0)
		realize_report_print(&job->report, &job->o->common);
	return r;
}

/* A tree that is no store object yet becomes one. */
static int realize_named(struct job *job, const char *typed, struct nipfs_error *err)
{
	struct nipfs_realized realized = { .asked_for = true, .trust = NIPFS_TRUST_CONTENT };
	const struct common from = from_where(job);
	struct nipfs_added_tree added;
	struct nipfs_cid cid;
	int r = nipfs_store_check_name(job->o->name, err);

	if (r == 0)
		r = settle_user(job, err);
	if (r == 0)
		r = ref_open(typed, REF_TREE, &from, &job->blocks, &cid, err);
	if (r == 0)
		r = open_target(job, err);
	if (r == 0)
		r = add_tree_from_dag(&job->o->common, job->store, job->o->name,
				      job->blocks.source, &cid, &added, err);
	/* which path it is was not known while it was read */
	if (r == 0 && job->index)
		r = nipfs_index_build(job->store, job->index, &added.path, 1, NULL, err);
	if (r < 0)
		return r;
	realized.path = added.path;
	realized.how = added.known ? NIPFS_REALIZED_VALID : NIPFS_REALIZED_PLACED;
	realized.nar_size = added.nar_size;
	r = done(job, &realized, err);
	return r < 0 ? r : add_roots(job, &added.path, 1, err);
}

static int realize(struct job *job, char **args, struct nipfs_error *err)
{
	const int r = job->o->name ? realize_named(job, args[0], err) : realize_closures(job, err);

	if (r == 0 && !job->o->add_root && !job->o->out_link && !job->o->dry_run)
		cli_note(&job->o->common,
			 "without --add-root the garbage collector may remove the result");
	return r;
}

static int read_args(struct job *job, int n_args, char **args, struct nipfs_error *err)
{
	int r = realize_args_parse(&job->args, n_args, args, job->o->from_stdin, err);

	for (size_t i = 0; r == 0 && job->o->from_stdin && i < job->o->common.from.n; i++)
		if (strcmp(job->o->common.from.items[i], "-") == 0)
			r = cli_fill(err, NIPFS_E_USAGE,
				     "standard input can't be both a CAR and a list of CIDs");
	if (r == 0 && job->o->from_stdin)
		r = realize_args_read(&job->args, job->o->common.null, err);
	if (r == 0 && job->args.n_refs == 0)
		r = cli_fill(err, NIPFS_E_USAGE, "no CID came on standard input");
	return r;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct job job = { .o = options };
	struct nipfs_error err;
	int r;

	if (n_args == 0 && !job.o->from_stdin)
		return cli_usage(self, "no CID was given");
	if (job.o->name && (n_args != 1 || job.o->from_stdin))
		return cli_usage(self, "--name is for one CID");
	if (job.o->jobs.set && (job.o->jobs.value == 0 || job.o->jobs.value > JOBS_MAX))
		return cli_usage(self, "option '--jobs' takes 1 to %d, not %llu", JOBS_MAX,
				 (unsigned long long)job.o->jobs.value);
	if (job.o->name && job.o->dry_run)
		return cli_usage(self, "what --name makes is known only when it was read: there is no "
				       "--dry-run for it");
	r = job.o->name ? 0 : read_args(&job, n_args, args, &err);
	if (r == 0)
		r = realize(&job, args, &err);
	r = r < 0 ? cli_fail(&job.o->common, &err) : 0;
	blocks_close(&job.blocks);
	nipfs_index_close(job.index);
	nipfs_store_close(job.store);
	trust_close(&job.trust);
	realize_args_release(&job.args);
	return r;
}

const struct cmd cmd_realize = {
	.name = "realize",
	.args = "CID[/store/NAME]... [STOREPATH]...",
	.brief = "place paths of a closure in a Nix store",
	.flags = CMD_TAKES_CID | CMD_LISTS,
	.min_args = 0,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
