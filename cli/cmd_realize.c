/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs realize: paths of a closure into a Nix store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/dag.h>
#include <nixipfs/nix_hash.h>
#include <nixipfs/realize.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"
#include "cli/store_args.h"
#include "cli/trust_args.h"

struct options {
	struct common common;
	struct trust_args trust;
	const char *add_root;
};

static const struct opt opts[] = {
	TRUST_OPTS_KEYS(struct options),
	{ "no-check-sigs", 0, OPT_FLAG, NULL, "take paths that no trusted key has signed",
	  offsetof(struct options, trust.no_check_sigs) },
	{ "add-root", 0, OPT_TEXT, "LINK", "make LINK a garbage collector root for the result",
	  offsetof(struct options, add_root) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

struct job {
	const struct options *o;
	struct nipfs_store *store;
	struct trust trust;
	struct nipfs_index *index;
	struct blocks blocks;
	struct progress_line line;
	const char **wanted; /* NULL-terminated */
	size_t n_wanted;
	char *wanted_by_path; /* one of them, which the path of the CID names */
	size_t n_roots;
};

/* ---- what is realized -------------------------------------------------------- */

static struct nipfs_slice trim(struct nipfs_slice path)
{
	while (path.len && path.ptr[0] == '/') {
		path.ptr++;
		path.len--;
	}
	while (path.len && path.ptr[path.len - 1] == '/')
		path.len--;
	return path;
}

/* Takes the last name off a path. */
static struct nipfs_slice last_name(struct nipfs_slice *path)
{
	size_t begin = path->len;
	struct nipfs_slice name;

	while (begin && path->ptr[begin - 1] != '/')
		begin--;
	name = (struct nipfs_slice){ path->ptr + begin, path->len - begin };
	path->len = begin;
	*path = trim(*path);
	return name;
}

static bool is_name(struct nipfs_slice name, const char *text)
{
	return name.len == strlen(text) && memcmp(name.ptr, text, name.len) == 0;
}

/*
 * CID/store/NAME is the path NAME of the closure CID; any other path leads to a
 * closure, whose results are meant.
 */
static int find_closure(struct job *job, const struct ref *ref, struct nipfs_cid *out,
			struct nipfs_error *err)
{
	const struct nipfs_slice path = trim(ref->path);
	struct nipfs_slice above = path;
	const struct nipfs_slice name = last_name(&above);
	const struct nipfs_slice folder = last_name(&above);

	if (!is_name(folder, "store") || name.len == 0)
		return nipfs_dag_resolve(job->blocks.source, &ref->cid, path, out, err);
	job->wanted_by_path = xcalloc(name.len + 1, 1);
	memcpy(job->wanted_by_path, name.ptr, name.len);
	job->wanted[job->n_wanted++] = job->wanted_by_path;
	return nipfs_dag_resolve(job->blocks.source, &ref->cid, above, out, err);
}

static int open_closure(struct job *job, const char *typed, struct nipfs_cid *out,
			struct nipfs_error *err)
{
	/* --store is where the paths go to, not where they come from */
	struct common from = job->o->common;
	struct ref ref;
	int r = ref_parse(typed, &ref, err);

	if (r < 0)
		return r;
	from.store = NULL;
	from.via = 0;
	r = blocks_open(&job->blocks, &from, err);
	if (r == 0)
		r = find_closure(job, &ref, out, err);
	ref_release(&ref);
	return r;
}

/* ---- what is said ------------------------------------------------------------ */

static void hash_text(const uint8_t *digest, char *out)
{
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(digest);

	(void)nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE32, out);
}

static void warn_differs(struct job *job, const struct nipfs_realized *path)
{
	char said[NIPFS_NIX_HASH_TEXT_MAX], have[NIPFS_NIX_HASH_TEXT_MAX];

	hash_text(path->nar_hash, said);
	hash_text(path->have_hash, have);
	cli_note(&job->o->common,
		 "'%s' is in the store with other contents, and stays as it is: %s there, %s "
		 "in the closure",
		 path->path.base, have, said);
}

static void print_json(const char *path, const struct nipfs_realized *realized)
{
	static const char *const trust[] = { [NIPFS_TRUST_CONTENT] = "content",
					     [NIPFS_TRUST_SIGNED] = "signature",
					     [NIPFS_TRUST_UNCHECKED] = "unchecked",
					     [NIPFS_TRUST_DAEMON] = "daemon" };
	const bool placed = realized->how == NIPFS_REALIZED_PLACED;
	json_t *line = json_line_new();

	json_put_name(line, "path", text_slice(path));
	json_put_text(line, "status", placed ? "placed" : "valid");
	json_put_bool(line, "result", realized->asked_for);
	if (placed) {
		json_put_number(line, "narSize", realized->nar_size);
		json_put_text(line, "trust", trust[realized->trust]);
	} else {
		json_put_bool(line, "differs", realized->differs);
	}
	json_line_print(line, stdout);
}

/* LINK, LINK-2, LINK-3, …: as nix-store --realise --add-root names them */
static int add_root(struct job *job, const struct nipfs_store_path *path,
		    struct nipfs_error *err)
{
	const size_t size = strlen(job->o->add_root) + 24;
	char *link = xcalloc(size, 1);
	int r;

	if (job->n_roots++ == 0)
		(void)snprintf(link, size, "%s", job->o->add_root);
	else
		(void)snprintf(link, size, "%s-%zu", job->o->add_root, job->n_roots);
	r = nipfs_store_add_root(job->store, path, link, err);
	free(link);
	return r;
}

static int done(void *ctx, const struct nipfs_realized *realized, struct nipfs_error *err)
{
	struct job *job = ctx;
	char path[NIPFS_STORE_PATH_MAX];

	progress_end(&job->line);
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
	if (realized->asked_for && job->o->add_root)
		return add_root(job, &realized->path, err);
	return output_check(err);
}

/* ---- the command --------------------------------------------------------------- */

static int realize(struct job *job, const char *typed, struct nipfs_error *err)
{
	struct nipfs_realize_options options = { .done = done, .ctx = job };
	struct nipfs_error no_index;
	struct nipfs_cid closure;
	int r = trust_open(&job->trust, &job->o->trust, err);

	/* nothing is made, not even a store, for a closure that is not there */
	if (r == 0)
		r = open_closure(job, typed, &closure, err);
	if (r == 0)
		r = store_args_open_write(&job->store, &job->o->common, err);
	if (r < 0)
		return r;
	if (nipfs_index_open(&job->index, NULL, true, &no_index) < 0)
		cli_note(&job->o->common, "what is placed is not indexed: %s", no_index.msg);
	options.wanted = job->wanted;
	options.trust = job->trust.policy;
	options.index = job->index;
	options.progress = progress_begin(&job->line, &job->o->common);
	r = nipfs_realize(job->store, job->blocks.source, &closure, &options, err);
	progress_end(&job->line);
	if (r == 0 && !job->o->add_root)
		cli_note(&job->o->common,
			 "without --add-root the garbage collector may remove the result");
	return r;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct job job = { .o = options };
	struct nipfs_error err;
	int r;

	(void)self;
	/* room for one more, and for the NULL */
	job.wanted = xcalloc((size_t)n_args + 1, sizeof(*job.wanted));
	for (int i = 1; i < n_args; i++)
		job.wanted[job.n_wanted++] = args[i];
	r = realize(&job, args[0], &err);
	r = r < 0 ? cli_fail(&job.o->common, &err) : 0;
	blocks_close(&job.blocks);
	nipfs_index_close(job.index);
	nipfs_store_close(job.store);
	trust_close(&job.trust);
	free(job.wanted);
	free(job.wanted_by_path);
	return r;
}

const struct cmd cmd_realize = {
	.name = "realize",
	.args = "CID[/store/NAME] [STOREPATH]...",
	.brief = "place paths of a closure in a Nix store",
	.flags = CMD_TAKES_CID | CMD_LISTS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
