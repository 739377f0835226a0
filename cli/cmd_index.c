/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs index: what the local index holds, and keeping it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nixipfs/index.h>
#include <nixipfs/index_store.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/store_args.h"

struct options {
	struct common common;
	bool all, from_stdin;
};

/* An index that is not there yet holds nothing; 1: there is none. */
static int open_existing(struct nipfs_index **out, const struct common *common,
			 struct nipfs_error *err)
{
	int r = store_args_prepare(common, NIPFS_STORE_READ, err);

	if (r == 0)
		r = nipfs_index_open(out, NULL, false, err);
	return r == NIPFS_E_NOTFOUND ? 1 : r;
}

/* ---- ls ------------------------------------------------------------------------ */

static int print_owner(void *ctx, const struct nipfs_index_owner *owner,
		       struct nipfs_error *err)
{
	const struct common *common = ctx;
	const bool is_path = owner->kind == NIPFS_INDEX_PATH;
	char path[NIPFS_STORE_PATH_MAX];

	(void)nipfs_store_path_format(&owner->key.path, owner->key.store_dir, path);
	if (common->json) {
		json_t *line = json_line_new();

		json_put_text(line, "kind", is_path ? "path" : "closure");
		json_put_name(line, "path", text_slice(path));
		json_put_cid(line, "cid", &owner->root.cid);
		if (owner->has_nar)
			json_put_cid(line, "narCid", &owner->nar.cid);
		if (is_path)
			json_put_number(line, "narSize", owner->nar_size);
		json_put_number(line, "blocks", owner->blocks);
		json_put_number(line, "added", (uint64_t)owner->added);
		json_line_print(line, stdout);
	} else {
		output_cid(&owner->root.cid);
		if (!common->quiet) {
			(void)fputs(is_path ? "  path     " : "  closure  ", stdout);
			output_name(common, text_slice(path));
		}
		output_end(common);
	}
	return output_check(err);
}

static int run_ls(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	struct nipfs_index *index;
	struct nipfs_error err;
	int r = open_existing(&index, &o->common, &err);

	(void)self;
	(void)n_args;
	(void)args;
	if (r == 0) {
		r = nipfs_index_list(index, print_owner, &o->common, &err);
		nipfs_index_close(index);
	}
	return r < 0 ? cli_fail(&o->common, &err) : 0;
}

const struct cmd cmd_index_ls = {
	.name = "index ls",
	.args = "",
	.brief = "list the store paths and closures of the local index",
	.flags = CMD_LISTS,
	.size = sizeof(struct options),
	.run = run_ls,
};

/* ---- stats --------------------------------------------------------------------- */

static int run_stats(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct nipfs_index_stats s = { .swept = true };
	struct nipfs_index *index;
	struct nipfs_error err;
	int r = open_existing(&index, &o->common, &err);

	(void)self;
	(void)n_args;
	(void)args;
	if (r == 0) {
		r = nipfs_index_stats(index, &s, &err);
		nipfs_index_close(index);
	}
	if (r < 0)
		return cli_fail(&o->common, &err);
	if (o->common.json) {
		json_t *line = json_line_new();

		json_put_number(line, "paths", s.paths);
		json_put_number(line, "closures", s.closures);
		json_put_number(line, "blocks", s.blocks);
		json_put_number(line, "nodes", s.nodes);
		json_put_number(line, "narBytes", s.nar_bytes);
		json_put_number(line, "fileBytes", s.file_bytes);
		json_put_bool(line, "swept", s.swept);
		json_line_print(line, stdout);
		return 0;
	}
	printf("%-12s%llu\n", "paths", (unsigned long long)s.paths);
	printf("%-12s%llu\n", "closures", (unsigned long long)s.closures);
	printf("%-12s%llu\n", "blocks", (unsigned long long)s.blocks);
	printf("%-12s%llu\n", "nodes", (unsigned long long)s.nodes);
	printf("%-12s%llu\n", "NAR bytes", (unsigned long long)s.nar_bytes);
	printf("%-12s%llu\n", "file bytes", (unsigned long long)s.file_bytes);
	if (!s.swept)
		cli_note(&o->common, "blocks of removed paths are left: nix-ipfs index prune");
	return 0;
}

const struct cmd cmd_index_stats = {
	.name = "index stats",
	.args = "",
	.brief = "say how big the local index is",
	.size = sizeof(struct options),
	.run = run_stats,
};

/* ---- build --------------------------------------------------------------------- */

struct build {
	const struct options *o;
	struct nipfs_store *store;
	struct progress_line line;
	size_t n_new, n_not;
};

static void print_indexed(const struct build *b, const char *path,
			  const struct nipfs_indexed *indexed)
{
	if (b->o->common.json) {
		static const char *const how[] = { [NIPFS_INDEXED_NEW] = "new",
						   [NIPFS_INDEXED_KNOWN] = "known",
						   [NIPFS_INDEXED_NOT] = "failed" };
		json_t *line = json_line_new();

		json_put_name(line, "path", text_slice(path));
		json_put_text(line, "status", how[indexed->how]);
		if (indexed->how != NIPFS_INDEXED_NOT)
			json_put_cid(line, "cid", &indexed->tree.cid);
		else
			json_put_message(line, "message", indexed->why->msg);
		json_line_print(line, stdout);
	} else if (indexed->how != NIPFS_INDEXED_NOT) {
		output_cid(&indexed->tree.cid);
		if (!b->o->common.quiet) {
			(void)fputs("  ", stdout);
			output_name(&b->o->common, text_slice(path));
		}
		output_end(&b->o->common);
	}
}

static int on_indexed(void *ctx, const struct nipfs_indexed *indexed, struct nipfs_error *err)
{
	struct build *b = ctx;
	char path[NIPFS_STORE_PATH_MAX];

	(void)nipfs_store_path_format(&indexed->path, nipfs_store_dir(b->store), path);
	b->n_new += indexed->how == NIPFS_INDEXED_NEW;
	progress_end(&b->line);
	print_indexed(b, path, indexed);
	if (indexed->how == NIPFS_INDEXED_NOT) {
		b->n_not++;
		cli_note(&b->o->common, "'%s' is not indexed: %s", path, indexed->why->msg);
	}
	return output_check(err);
}

static int build(struct build *b, const struct store_args *paths, struct nipfs_error *err)
{
	struct nipfs_index_build_options options = { .each = on_indexed, .ctx = b };
	struct nipfs_index *index;
	int r = nipfs_index_open(&index, NULL, true, err);

	if (r < 0)
		return r;
	options.progress = progress_begin(&b->line, &b->o->common);
	r = nipfs_index_build(b->store, index, b->o->all ? NULL : paths->paths, paths->n,
			      &options, err);
	progress_end(&b->line);
	nipfs_index_close(index);
	if (r == 0 && b->n_not > 0)
		r = cli_fill(err, NIPFS_E_INVALID, "%zu paths could not be indexed", b->n_not);
	return r;
}

static int run_build(const struct cmd *self, void *options, int n_args, char **args)
{
	struct build b = { .o = options };
	struct store_args paths = { .paths = NULL };
	struct nipfs_error err;
	int r;

	if (b.o->all == (n_args > 0 || b.o->from_stdin))
		return cli_usage(self, b.o->all ? "--all goes without paths"
						: "name paths, or all of them with --all");
	r = store_args_open(&b.store, &b.o->common, &err);
	if (r == 0)
		r = store_args_read(&paths, b.store, n_args, args, b.o->from_stdin,
				    b.o->common.null, &err);
	if (r == 0 && !b.o->all && paths.n == 0)
		r = cli_fill(&err, NIPFS_E_USAGE, "no path came on standard input");
	if (r == 0)
		r = build(&b, &paths, &err);
	nipfs_store_close(b.store);
	store_args_release(&paths);
	return r < 0 ? cli_fail(&b.o->common, &err) : 0;
}

static const struct opt build_opts[] = {
	{ "all", 'a', OPT_FLAG, NULL, "all valid paths of the store",
	  offsetof(struct options, all) },
	{ "stdin", 0, OPT_FLAG, NULL, "read more paths from standard input, one per line",
	  offsetof(struct options, from_stdin) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_index_build = {
	.name = "index build",
	.args = "[PATH]...",
	.brief = "index store paths with all that they refer to",
	.flags = CMD_LISTS,
	.max_args = ARGS_ANY,
	.opts = build_opts,
	.size = sizeof(struct options),
	.run = run_build,
};

/* ---- prune --------------------------------------------------------------------- */

static int prune(const struct options *o, struct nipfs_index *index,
		 struct nipfs_index_pruned *pruned, struct nipfs_error *err)
{
	struct progress_line line;
	struct nipfs_store *store;
	int r = store_args_open(&store, &o->common, err);

	if (r < 0)
		return r;
	r = nipfs_index_prune_store(store, index, progress_begin(&line, &o->common), pruned,
				    err);
	progress_end(&line);
	nipfs_store_close(store);
	return r;
}

static int run_prune(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct nipfs_index_pruned pruned = { 0 };
	struct nipfs_index *index;
	struct nipfs_error err;
	int r = open_existing(&index, &o->common, &err);

	(void)self;
	(void)n_args;
	(void)args;
	if (r == 0) {
		r = prune(o, index, &pruned, &err);
		nipfs_index_close(index);
	}
	if (r < 0)
		return cli_fail(&o->common, &err);
	if (o->common.json) {
		json_t *line = json_line_new();

		json_put_number(line, "owners", pruned.owners);
		json_put_number(line, "blocks", pruned.blocks);
		json_put_number(line, "nodes", pruned.nodes);
		json_line_print(line, stdout);
	} else if (!o->common.quiet) {
		printf("forgot %llu store paths and closures, %llu blocks\n",
		       (unsigned long long)pruned.owners, (unsigned long long)pruned.blocks);
	}
	return 0;
}

const struct cmd cmd_index_prune = {
	.name = "index prune",
	.args = "",
	.brief = "forget what the store does not hold any more",
	.size = sizeof(struct options),
	.run = run_prune,
};
