/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs sign: store paths in a store, or closures made anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/sign.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"
#include "cli/signed_car.h"
#include "cli/store_args.h"

struct options {
	struct common common;
	const char *key, *output;
	bool recursive, trust_nar_hash;
};

static const struct opt opts[] = {
	{ "key-file", 'k', OPT_TEXT, "FILE", "the secret key that signs",
	  offsetof(struct options, key) },
	{ "recursive", 'r', OPT_FLAG, NULL, "store paths with all that they refer to",
	  offsetof(struct options, recursive) },
	{ "trust-nar-hash", 0, OPT_FLAG, NULL,
	  "do not hash the contents again before signing",
	  offsetof(struct options, trust_nar_hash) },
	{ "output", 'o', OPT_TEXT, "FILE", "also write the signed closures to FILE, as a CAR",
	  offsetof(struct options, output) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

struct job {
	const struct options *o;
	struct nipfs_secret_key key;
	struct progress_line line;
	/* for store paths */
	struct nipfs_store *store;
	struct store_args paths;
	size_t n, n_known;
	/* for closures */
	struct blocks blocks;
	struct nipfs_store *index_store; /* the one that the index is about */
	struct nipfs_index *index;
	struct nipfs_closure_sign_target target;
	struct signed_car car;
	struct nipfs_cid *closures; /* the new ones */
	size_t n_closures;
};

static struct nipfs_sign_options sign_options(struct job *job)
{
	return (struct nipfs_sign_options){
		.recursive = job->o->recursive,
		.trust_nar_hash = job->o->trust_nar_hash,
		.ctx = job,
		.progress = progress_begin(&job->line, &job->o->common),
	};
}

/* ---- store paths --------------------------------------------------------------- */

static int print_path(void *ctx, const struct nipfs_signed *path, struct nipfs_error *err)
{
	struct job *job = ctx;
	char text[NIPFS_STORE_PATH_MAX];

	progress_end(&job->line);
	job->n++;
	job->n_known += path->known;
	(void)nipfs_store_path_format(&path->path, nipfs_store_dir(job->store), text);
	if (job->o->common.json) {
		json_t *line = json_line_new();

		json_put_name(line, "path", text_slice(text));
		json_put_text(line, "signature", path->sig);
		json_put_bool(line, "known", path->known);
		json_line_print(line, stdout);
	} else {
		output_name(&job->o->common, text_slice(text));
		output_end(&job->o->common);
	}
	return output_check(err);
}

static int sign_paths(struct job *job, struct nipfs_error *err)
{
	struct nipfs_sign_options options = sign_options(job);
	int r;

	options.done = print_path;
	r = nipfs_store_sign(job->store, &job->key, job->paths.paths, job->paths.n, &options,
			     err);
	progress_end(&job->line);
	if (r == 0 && job->o->common.verbose)
		cli_note(&job->o->common, "%zu paths are signed by '%s'; %zu of them were before",
			 job->n, job->key.name, job->n_known);
	return r;
}

/* ---- closures -------------------------------------------------------------------- */

/* Where the new blocks go: to the index, as far as there is a store that it is about, and to
 * the CAR that was asked for. */
static int open_target(struct job *job, struct nipfs_error *err)
{
	struct nipfs_error no_index;
	int r = 0;

	if (job->target.index || job->target.blocks)
		return 0;
	if (!job->blocks.store)
		r = store_args_open(&job->index_store, &job->o->common, &no_index);
	if (r == 0)
		r = nipfs_index_open(&job->index, NULL, true, &no_index);
	if (r < 0 && !job->o->output)
		return cli_fill(err, r, "say with -o where the signed closure goes, as there is no "
					"index to keep it: %s", no_index.msg);
	if (r < 0 && job->o->common.verbose)
		cli_note(&job->o->common, "the signed closure is not indexed: %s", no_index.msg);
	if (r == 0)
		job->target = (struct nipfs_closure_sign_target){
			.index = job->index,
			.store_dir = nipfs_store_real_dir(
				job->index_store ? job->index_store : job->blocks.store),
		};
	if (!job->o->output)
		return 0;
	r = signed_car_open(&job->car, err);
	if (r == 0)
		job->target.blocks = &job->car.sink;
	return r;
}

static void print_closure(const struct job *job, const struct nipfs_signed_closure *closure)
{
	json_t *line;

	if (!job->o->common.json) {
		output_cid(&closure->closure.cid);
		output_end(&job->o->common);
		return;
	}
	line = json_line_new();
	json_put_cid(line, "cid", &closure->closure.cid);
	json_put_cid(line, "storeCid", &closure->store);
	json_put_number(line, "paths", closure->n);
	json_put_number(line, "known", closure->n_known);
	json_line_print(line, stdout);
}

static int sign_closure(struct job *job, const char *typed, struct nipfs_error *err)
{
	struct nipfs_signed_closure closure;
	struct nipfs_sign_options options;
	struct nipfs_cid cid;
	int r = ref_open(typed, REF_PATH, &job->o->common, &job->blocks, &cid, err);

	if (r == 0)
		r = open_target(job, err);
	if (r < 0)
		return r;
	options = sign_options(job);
	r = nipfs_closure_sign(job->blocks.source, &cid, &job->key, &job->target, &options,
			       &closure, err);
	progress_end(&job->line);
	if (r < 0)
		return r;
	job->closures[job->n_closures++] = closure.closure.cid;
	print_closure(job, &closure);
	return output_check(err);
}

static int write_car(struct job *job, struct nipfs_error *err)
{
	int r = signed_car_join(&job->car, &job->blocks.source, err);

	if (r == 0)
		r = signed_car_write(job->o->output, job->blocks.source, job->closures,
				     job->n_closures, progress_begin(&job->line, &job->o->common),
				     err);
	progress_end(&job->line);
	return r;
}

/* ---- the command ------------------------------------------------------------------- */

static bool is_cid(const char *typed)
{
	struct nipfs_error err;
	struct ref ref;

	if (ref_parse(typed, &ref, &err) < 0)
		return false;
	ref_release(&ref);
	return true;
}

/* Moves CIDs behind store paths, both in the order given. Return: how many paths. */
static int sort_args(int n_args, char **args)
{
	char **sorted = xcalloc((size_t)n_args, sizeof(*sorted));
	int n = 0, n_paths;

	for (int i = 0; i < n_args; i++)
		if (!is_cid(args[i]))
			sorted[n++] = args[i];
	n_paths = n;
	for (int i = 0; i < n_args; i++)
		if (is_cid(args[i]))
			sorted[n++] = args[i];
	memcpy(args, sorted, (size_t)n_args * sizeof(*args));
	free(sorted);
	return n_paths;
}

static int sign(struct job *job, int n_args, char **args, int n_paths, struct nipfs_error *err)
{
	int r = nipfs_secret_key_load(job->o->key, &job->key, err);

	if (r == 0 && n_paths)
		r = store_args_open_existing(&job->store, &job->o->common, err);
	if (r == 0 && n_paths)
		r = store_args_read(&job->paths, job->store, n_paths, args, false, false, err);
	if (r == 0 && n_paths)
		r = sign_paths(job, err);
	for (int i = n_paths; r == 0 && i < n_args; i++)
		r = sign_closure(job, args[i], err);
	if (r == 0 && job->o->output)
		r = write_car(job, err);
	return r;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct job job = { .o = options };
	const int n_paths = sort_args(n_args, args);
	struct nipfs_error err;
	int r;

	if (!job.o->key)
		return cli_usage(self, "say with -k which secret key signs");
	if (job.o->output && strcmp(job.o->output, "-") == 0)
		return cli_usage(self, "standard output is for the CIDs: name a file with -o");
	if (job.o->output && n_paths == n_args)
		return cli_usage(self, "-o is for closures, and there is no CID");
	job.closures = xcalloc((size_t)n_args, sizeof(*job.closures));
	r = sign(&job, n_args, args, n_paths, &err);
	r = r < 0 ? cli_fail(&job.o->common, &err) : 0;
	nipfs_secret_key_wipe(&job.key);
	blocks_close(&job.blocks);
	signed_car_close(&job.car);
	nipfs_index_close(job.index);
	nipfs_store_close(job.index_store);
	nipfs_store_close(job.store);
	store_args_release(&job.paths);
	free(job.closures);
	return r;
}

const struct cmd cmd_sign = {
	.name = "sign",
	.args = "PATH|CID[/PATH]...",
	.brief = "sign store paths, or make closures anew with signatures",
	.flags = CMD_TAKES_CID | CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
