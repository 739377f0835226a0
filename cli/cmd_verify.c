/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs verify: store paths and DAGs read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/add.h>
#include <nixipfs/verify.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"
#include "cli/store_args.h"

struct options {
	struct common common;
};

struct job {
	const struct options *o;
	const char *typed;
	struct progress_line line;
	struct nipfs_verify_options verify;
	struct nipfs_store *store;
	struct nipfs_index *index;
	struct blocks blocks;
};

static void print_json(const struct job *job, const struct nipfs_finding *f)
{
	static const char *const names[] = {
#define NAME(name, text) [NIPFS_FAULT_##name] = #name,
		NIPFS_FAULT_MAP(NAME)
#undef NAME
	};
	json_t *line = json_line_new();

	json_put_name(line, "argument", text_slice(job->typed));
	json_put_text(line, "fault", names[f->fault]);
	json_put_name(line, "path", f->path);
	if (f->has_cid)
		json_put_cid(line, "cid", &f->cid);
	if (f->fault == NIPFS_FAULT_FILE_BLOCK)
		json_put_number(line, "offset", f->offset);
	if (f->detail[0])
		json_put_message(line, "message", f->detail);
	json_line_print(line, stdout);
}

/* ARGUMENT/PATH differs in a block: CID at OFFSET (DETAIL) */
static int found(void *ctx, const struct nipfs_finding *f, struct nipfs_error *err)
{
	struct job *job = ctx;
	const struct common *common = &job->o->common;

	progress_end(&job->line);
	if (common->json) {
		print_json(job, f);
		return output_check(err);
	}
	if (common->quiet)
		return 0;
	output_name(common, text_slice(job->typed));
	if (f->path.len) {
		(void)putchar('/');
		output_name(common, f->path);
	}
	printf(" %s", nipfs_fault_text(f->fault));
	if (f->has_cid) {
		(void)fputs(": ", stdout);
		output_cid(&f->cid);
	}
	if (f->fault == NIPFS_FAULT_FILE_BLOCK)
		printf(" at byte %llu", (unsigned long long)f->offset);
	if (f->detail[0]) {
		(void)fputs(" (", stdout);
		output_name(common, text_slice(f->detail));
		(void)putchar(')');
	}
	(void)putchar('\n');
	return output_check(err);
}

static void print_right(const struct job *job, const struct nipfs_cid *cid)
{
	if (job->o->common.json) {
		json_t *line = json_line_new();

		json_put_name(line, "argument", text_slice(job->typed));
		json_put_bool(line, "right", true);
		json_put_cid(line, "cid", cid);
		json_line_print(line, stdout);
		return;
	}
	output_cid(cid);
	if (!job->o->common.quiet) {
		(void)fputs("  ", stdout);
		output_name(&job->o->common, text_slice(job->typed));
	}
	output_end(&job->o->common);
}

static int open_store(struct job *job, struct nipfs_error *err)
{
	struct nipfs_error none;
	int r;

	if (job->store)
		return 0;
	r = store_args_open(&job->store, &job->o->common, err);
	/* without an index the path is verified all the same */
	if (r == 0 && nipfs_index_open(&job->index, NULL, false, &none) < 0)
		job->index = NULL;
	return r;
}

static int verify_path(struct job *job, struct nipfs_error *err)
{
	struct nipfs_store_path path;
	struct nipfs_cid tree;
	int r = open_store(job, err);

	if (r == 0)
		r = nipfs_store_resolve(job->store, job->typed, &path, err);
	if (r < 0)
		return r;
	r = nipfs_store_add_temp_roots(job->store, &path, 1, err);
	if (r >= 0)
		r = nipfs_verify_path(job->store, job->index, &path, &job->verify, &tree, err);
	if (r == 0)
		print_right(job, &tree);
	return r;
}

static int verify_cid(struct job *job, struct nipfs_error *err)
{
	struct nipfs_cid cid;
	int r = ref_open(job->typed, REF_PATH, &job->o->common, &job->blocks, &cid, err);

	if (r == 0)
		r = nipfs_verify_dag(job->blocks.source, &cid, &job->verify, NULL, err);
	if (r == 0)
		print_right(job, &cid);
	return r;
}

/* Everything is verified whatever was found before it; the first failure counts. */
static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct job job = { .o = options };
	int exit_code = 0;

	(void)self;
	for (int i = 0; i < n_args; i++) {
		struct nipfs_error err;
		struct ref ref;
		int r;

		job.typed = args[i];
		job.verify = (struct nipfs_verify_options){
			.found = found,
			.ctx = &job,
			.progress = progress_begin(&job.line, &job.o->common),
		};
		if (ref_parse(args[i], &ref, &err) == 0) {
			ref_release(&ref);
			r = verify_cid(&job, &err);
		} else {
			r = verify_path(&job, &err);
		}
		progress_end(&job.line);
		if (r < 0) {
			const int code = cli_fail(&job.o->common, &err);

			exit_code = exit_code ? exit_code : code;
		}
		if (r == NIPFS_E_CANCELLED)
			break;
	}
	blocks_close(&job.blocks);
	nipfs_index_close(job.index);
	nipfs_store_close(job.store);
	return exit_code;
}

const struct cmd cmd_verify = {
	.name = "verify",
	.args = "PATH|CID[/PATH]...",
	.brief = "read store paths or DAGs again, and say what is wrong",
	.flags = CMD_TAKES_CID | CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.size = sizeof(struct options),
	.run = run,
};
