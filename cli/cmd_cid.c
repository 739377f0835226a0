/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs cid: the CID of files and folders, nothing recorded. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/dag.h>
#include <nixipfs/disk.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/stdin_tree.h"
#include "cli/unixfs_options.h"

struct options {
	struct common common;
	struct unixfs_options unixfs;
	bool dereference_args;
};

#define FIELD(name) offsetof(struct options, unixfs.name)

/* clang-format off */
static const struct opt opts[] = {
	{ "profile", 0, OPT_TEXT, "nix|unixfs-v1-2025|unixfs-v0-2015|kubo-cidv1",
	  "what all else starts from (nix)", FIELD(profile) },
	{ "mode", 0, OPT_CHOICE, "none|executable|preserve",
	  "what of a file's mode is kept", FIELD(mode) },
	{ "mtime", 0, OPT_CHOICE, "none|preserve", "whether times are kept",
	  FIELD(mtime) },
	{ "chunker", 's', OPT_TEXT, "CHUNKER",
	  "where files are cut: size-N, rabin-MIN-AVG-MAX, buzhash", FIELD(chunker) },
	{ "hash", 0, OPT_TEXT, "NAME", "hash function, as sha2-256 or blake2b-256",
	  FIELD(hash) },
	{ "raw-leaves", 0, OPT_BOOL, NULL, "whether leaves are raw blocks",
	  FIELD(raw_leaves) },
	{ "layout", 0, OPT_CHOICE, "balanced|trickle", "how chunks become a tree",
	  FIELD(layout) },
	{ "trickle", 't', OPT_FLAG, NULL, "--layout trickle", FIELD(trickle) },
	{ "cid-version", 0, OPT_NUMBER, "N", "CID version, 0 or 1", FIELD(cid_version) },
	{ "cid-base", 0, OPT_TEXT, "NAME", "multibase of what is printed, as base32",
	  FIELD(cid_base) },
	{ "inline", 0, OPT_FLAG, NULL, "put small blocks into their CIDs",
	  FIELD(inline_blocks) },
	{ "inline-limit", 0, OPT_NUMBER, "BYTES", "largest block that is inlined (32)",
	  FIELD(inline_limit) },
	{ "max-file-links", 0, OPT_NUMBER, "N", "links of one node of a file",
	  FIELD(max_file_links) },
	{ "max-directory-links", 0, OPT_NUMBER, "N",
	  "entries of a flat directory (0: any)",
	  FIELD(max_directory_links) },
	{ "max-hamt-fanout", 0, OPT_NUMBER, "N", "links of one node of a HAMT directory",
	  FIELD(max_hamt_fanout) },
	{ "dereference-args", 0, OPT_FLAG, NULL, "follow a PATH that is a symlink",
	  offsetof(struct options, dereference_args) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};
/* clang-format on */

struct job {
	const struct options *o;
	struct nipfs_unixfs_params params;
	struct progress_line line;
	const struct nipfs_progress *progress;
};

static int hash_tree(struct job *job, const char *path,
		     const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NONE;
	const struct nipfs_disk_source_options options = {
		.metadata = job->params.mode == NIPFS_MODE_PRESERVE ||
			    job->params.mtime == NIPFS_MTIME_PRESERVE,
		.follow_root = job->o->dereference_args,
	};

	if (strcmp(path, "-") == 0)
		return stdin_tree(sink, job->progress, err);
	return nipfs_disk_tree(AT_FDCWD, path, &options, &limits, sink, err);
}

static int hash_path(struct job *job, const char *path, struct nipfs_link *out,
		     struct nipfs_error *err)
{
	struct nipfs_progress_meter meter = {
		.progress = job->progress,
		.event = { .phase = NIPFS_PHASE_HASH,
			   .subject = text_slice(path) },
	};
	struct nipfs_tree_sink inner, sink;
	struct nipfs_dag_builder *builder;
	int r = nipfs_dag_builder_new(&builder, &job->params, NULL, err);

	if (r < 0)
		return r;
	inner = nipfs_dag_builder_sink(builder);
	meter.inner = &inner;
	sink = nipfs_progress_meter_sink(&meter);
	r = hash_tree(job, path, &sink, err);
	if (r == 0)
		r = nipfs_dag_builder_result(builder, out);
	nipfs_dag_builder_free(builder);
	/* blocks that are too long for the hash function that was asked for */
	if (r == NIPFS_E_LIMIT && job->params.hash == NIPFS_HASH_IDENTITY)
		err->code = r = NIPFS_E_USAGE;
	return r;
}

static int print(const struct options *o, const char *path, const struct nipfs_link *link,
		 struct nipfs_error *err)
{
	const struct nipfs_slice name = text_slice(path);
	char cid[NIPFS_CID_TEXT_MAX];
	const int r = unixfs_format_cid(&o->unixfs, &link->cid, cid, err);

	if (r < 0)
		return r;
	if (o->common.json) {
		json_t *line = json_line_new();

		json_put_text(line, "cid", cid);
		json_put_name(line, "path", name);
		json_put_number(line, "dagSize", link->tsize);
		json_line_print(line, stdout);
		return 0;
	}
	(void)fputs(cid, stdout);
	if (!o->common.quiet) {
		(void)fputs("  ", stdout);
		output_name(&o->common, name);
	}
	output_end(&o->common);
	return 0;
}

/* Hashing `./result` as the symlink that it is surprises those who meant what it leads
 * to. */
static void note_store_link(const struct options *o, const char *path)
{
	const char *dir = getenv("NIX_STORE_DIR");
	struct stat st;
	char *real;
	size_t n;

	if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
		return;
	real = realpath(path, NULL);
	dir = dir && *dir ? dir : "/nix/store";
	n = strlen(dir);
	if (real && strncmp(real, dir, n) == 0 && real[n] == '/') {
		if (o->dereference_args)
			cli_note(&o->common, "'%s' leads into the store, to '%s'", path,
				 real);
		else
			cli_note(&o->common,
				 "'%s' is a symlink into the store and is hashed as a "
				 "symlink: "
				 "--dereference-args follows it",
				 path);
	}
	free(real);
}

/* Return: the exit code. */
static int one(struct job *job, const char *path)
{
	struct nipfs_link link;
	struct nipfs_error err;
	int r;

	note_store_link(job->o, path);
	job->progress = progress_begin(&job->line, &job->o->common);
	r = hash_path(job, path, &link, &err);
	progress_end(&job->line);
	if (r == 0)
		r = print(job->o, path, &link, &err);
	return r < 0 ? cli_fail(&job->o->common, &err) : 0;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct job job = { .o = options };
	struct nipfs_error err;
	int exit_code = 0, r;

	r = unixfs_params(&job.o->unixfs, &job.params, &err);
	if (r < 0)
		return cli_usage(self, "%s", err.msg);
	/* as sha256sum does: the others are hashed all the same */
	for (int i = 0; i < n_args && !nipfs_cancelled(); i++) {
		r = one(&job, args[i]);
		exit_code = exit_code ? exit_code : r;
	}
	return exit_code;
}

const struct cmd cmd_cid = {
	.name = "cid",
	.args = "PATH...",
	.brief = "print the CID of files and folders",
	.flags = CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
