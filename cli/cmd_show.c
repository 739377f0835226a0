/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs show: what a closure holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>
#include <nixipfs/closure_sizes.h>
#include <nixipfs/keys.h>
#include <nixipfs/nix_hash.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"
#include "cli/show_sigs.h"
#include "cli/show_tree.h"

struct options {
	struct common common;
	bool closure, sigs;
	struct trust_args trust;
};

static const struct opt opts[] = {
	{ "closure", 0, OPT_FLAG, NULL, "as a tree, with sizes and what paths share",
	  offsetof(struct options, closure) },
	{ "sigs", 0, OPT_FLAG, NULL, "which keys vouch for each path, and whether that counts",
	  offsetof(struct options, sigs) },
	TRUST_OPTS_KEYS(struct options),
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

struct job {
	const struct options *o;
	struct blocks blocks;
	struct nipfs_cid cid;
	struct nipfs_closure *closure;
	struct nipfs_store_path *results;
	size_t n_results;
	struct nipfs_closure_set set;
	struct trust trust; /* with --sigs */
};

static void print_text(const struct job *job, const char *text)
{
	output_name(&job->o->common, text_slice(text));
}

static bool is_result(const struct job *job, const struct nipfs_store_path *path)
{
	return nipfs_store_path_find(job->results, job->n_results, path);
}

static void nar_hash_text(const struct nipfs_path_info *info, char *out)
{
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(info->nar_hash);

	(void)nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE32, out);
}

/* ---- for people ---------------------------------------------------------------- */

static void print_field(const struct job *job, const char *name, const char *value)
{
	printf("  %-12s", name);
	print_text(job, value);
	(void)putchar('\n');
}

static void print_info(const struct job *job, const struct nipfs_path_info *info,
		       const struct nipfs_cid *tree)
{
	char path[NIPFS_STORE_PATH_MAX], hash[NIPFS_NIX_HASH_TEXT_MAX], cid[NIPFS_CID_TEXT_MAX];

	(void)nipfs_store_path_format(&info->path, nipfs_closure_store_dir(job->closure), path);
	print_text(job, path);
	if (job->o->common.quiet) {
		output_end(&job->o->common);
		return;
	}
	(void)putchar('\n');
	(void)nipfs_cid_format(tree, cid);
	nar_hash_text(info, hash);
	print_field(job, "tree", cid);
	print_field(job, "narHash", hash);
	printf("  %-12s%llu\n", "narSize", (unsigned long long)info->nar_size);
	for (size_t i = 0; i < info->n_refs; i++)
		print_field(job, i ? "" : "references", info->refs[i].base);
	if (info->has_deriver)
		print_field(job, "deriver", info->deriver.base);
	for (size_t i = 0; i < info->n_sigs; i++)
		print_field(job, i ? "" : "signatures", info->sigs[i]);
	if (info->ca)
		print_field(job, "ca", info->ca);
	(void)putchar('\n');
}

static uint64_t nar_bytes(const struct nipfs_closure_set *set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set->n; i++)
		sum += set->infos[i].nar_size;
	return sum;
}

static void print_head(const struct job *job)
{
	char cid[NIPFS_CID_TEXT_MAX];

	(void)nipfs_cid_format(&job->cid, cid);
	printf("closure  %s\n", cid);
	(void)nipfs_cid_format(nipfs_closure_store_cid(job->closure), cid);
	printf("store    %s\n", cid);
	for (size_t i = 0; i < job->n_results; i++) {
		(void)fputs(i ? "         " : "result   ", stdout);
		print_text(job, job->results[i].base);
		(void)putchar('\n');
	}
	printf("paths    %zu, %.1f MB of NAR\n", job->set.n, (double)nar_bytes(&job->set) / 1e6);
	for (size_t i = 0; i < job->set.n_missing; i++) {
		(void)fputs(i ? "             " : "not included ", stdout);
		print_text(job, job->set.missing[i].base);
		(void)putchar('\n');
	}
	(void)putchar('\n');
}

/* ---- for programs ---------------------------------------------------------------- */

static json_t *base_names(const struct nipfs_store_path *paths, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_string(paths[i].base));
	return list;
}

static json_t *strings(char *const *texts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_string(texts[i]));
	return list;
}

static int print_info_json(const struct job *job, const struct nipfs_path_info *info,
			   const struct nipfs_cid *tree, const struct nipfs_path_sizes *sizes,
			   struct nipfs_error *err)
{
	char path[NIPFS_STORE_PATH_MAX], hash[NIPFS_NIX_HASH_TEXT_MAX];
	json_t *line = json_line_new();
	int r = 0;

	(void)nipfs_store_path_format(&info->path, nipfs_closure_store_dir(job->closure), path);
	nar_hash_text(info, hash);
	json_put_name(line, "path", text_slice(path));
	json_put_cid(line, "cid", tree);
	json_put_bool(line, "result", is_result(job, &info->path));
	json_put_text(line, "narHash", hash);
	json_put_number(line, "narSize", info->nar_size);
	json_put(line, "references", base_names(info->refs, info->n_refs));
	if (info->has_deriver)
		json_put_text(line, "deriver", info->deriver.base);
	json_put(line, "signatures", strings(info->sigs, info->n_sigs));
	if (info->ca)
		json_put_text(line, "ca", info->ca);
	if (sizes) {
		json_put_number(line, "closureSize", sizes->closure_size);
		json_put_number(line, "blockBytes", sizes->block_bytes);
		json_put_number(line, "sharedBytes", sizes->shared_bytes);
	}
	if (job->o->sigs)
		r = show_sigs_json(line, &job->trust, nipfs_closure_store_dir(job->closure),
				   info, err);
	if (r == 0)
		json_line_print(line, stdout);
	else
		json_decref(line);
	return r;
}

/* What is referred to and is not here, behind what is. */
static void print_missing_json(const struct job *job)
{
	for (size_t i = 0; i < job->set.n_missing; i++) {
		char path[NIPFS_STORE_PATH_MAX];
		json_t *line = json_line_new();

		(void)nipfs_store_path_format(&job->set.missing[i],
					      nipfs_closure_store_dir(job->closure), path);
		json_put_name(line, "path", text_slice(path));
		json_put_bool(line, "included", false);
		json_line_print(line, stdout);
	}
}

/* ---- the command ------------------------------------------------------------------ */

static int print_all(const struct job *job, struct nipfs_error *err)
{
	const struct common *common = &job->o->common;
	int r = 0;

	if (!common->quiet && !common->json && !job->o->sigs)
		print_head(job);
	for (size_t i = 0; r == 0 && i < job->set.n; i++) {
		const struct nipfs_path_info *info = &job->set.infos[i];

		if (common->json)
			r = print_info_json(job, info, &job->set.trees[i], NULL, err);
		else if (job->o->sigs)
			r = show_sigs_print(common, &job->trust,
					    nipfs_closure_store_dir(job->closure), info, err);
		else
			print_info(job, info, &job->set.trees[i]);
		if (r == 0)
			r = output_check(err);
	}
	if (r == 0 && common->json)
		print_missing_json(job);
	return r;
}

static int print_sizes(const struct job *job, struct nipfs_error *err)
{
	struct nipfs_path_sizes *sizes = xcalloc(job->set.n + 1, sizeof(*sizes));
	struct progress_line line;
	int r;

	r = nipfs_closure_sizes(job->blocks.source, &job->set, sizes,
				progress_begin(&line, &job->o->common), err);
	progress_end(&line);
	if (r == 0 && job->o->common.json) {
		for (size_t i = 0; r == 0 && i < job->set.n; i++)
			r = print_info_json(job, &job->set.infos[i], &job->set.trees[i],
					    &sizes[i], err);
		if (r == 0)
			print_missing_json(job);
	} else if (r == 0) {
		show_tree(&job->o->common, &job->set, sizes, job->results, job->n_results);
	}
	free(sizes);
	return r < 0 ? r : output_check(err);
}

static int show(struct job *job, const char *typed, struct nipfs_error *err)
{
	struct nipfs_store_path *all = NULL;
	size_t n = 0;
	int r = ref_open(typed, REF_PATH, &job->o->common, &job->blocks, &job->cid, err);

	if (r == 0)
		r = nipfs_closure_open(&job->closure, job->blocks.source, &job->cid, NULL, err);
	if (r == 0)
		r = nipfs_closure_results(job->closure, &job->results, &job->n_results, err);
	/* everything that is in it, whatever the results need */
	if (r == 0)
		r = nipfs_closure_paths(job->closure, &all, &n, err);
	if (r == 0)
		r = nipfs_closure_collect(job->closure, all, n, NULL, NULL, NULL, &job->set, err);
	free(all);
	if (r == 0)
		r = job->o->closure ? print_sizes(job, err) : print_all(job, err);
	return r;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct job job = { .o = options };
	struct nipfs_error bad;
	int exit_code = 0;

	if (job.o->sigs && job.o->closure && !job.o->common.json)
		return cli_usage(self, "--sigs and --closure together need --json");
	if (job.o->sigs && trust_open(&job.trust, &job.o->trust, &bad) < 0)
		exit_code = cli_fail(&job.o->common, &bad);
	else if (job.o->sigs && !job.trust.require_sigs)
		cli_note(&job.o->common, "nix.conf says require-sigs = false: this machine takes "
					 "paths that no trusted key has signed");
	for (int i = 0; exit_code == 0 && i < n_args; i++) {
		struct nipfs_error err;

		if (show(&job, args[i], &err) < 0)
			exit_code = cli_fail(&job.o->common, &err);
		nipfs_closure_set_release(&job.set);
		nipfs_closure_free(job.closure);
		free(job.results);
		job.closure = NULL;
		job.results = NULL;
		job.n_results = 0;
	}
	blocks_close(&job.blocks);
	trust_close(&job.trust);
	return exit_code;
}

const struct cmd cmd_show = {
	.name = "show",
	.args = "CID[/PATH]...",
	.brief = "say what a closure holds: paths, references, signatures, sizes",
	.flags = CMD_TAKES_CID | CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
