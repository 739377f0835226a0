/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs ls: what is in a directory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/dag.h>
#include <nixipfs/progress.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"

enum { TARGET_MAX = 65536 };

struct options {
	struct common common;
	bool recursive;
};

static const struct opt opts[] = {
	{ "recursive", 'R', OPT_FLAG, NULL, "what is below directories too",
	  offsetof(struct options, recursive) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

struct listing {
	const struct options *o;
	struct nipfs_block_source *source;
	char *target; /* TARGET_MAX bytes */
	char *path;   /* of the directory that is being listed, with a slash behind it */
	size_t path_len, path_cap;
	uint64_t depth;
	const struct nipfs_progress *progress;
	uint64_t n; /* entries listed so far */
};

static void print_json(const struct nipfs_entry *e, struct nipfs_slice path,
		       const struct nipfs_cid *cid)
{
	static const char *const kinds[] = { [NIPFS_DIRECTORY] = "directory",
					     [NIPFS_FILE] = "file",
					     [NIPFS_SYMLINK] = "symlink" };
	json_t *line = json_line_new();

	json_put_name(line, "name", path);
	json_put_text(line, "type", kinds[e->kind]);
	json_put_cid(line, "cid", cid);
	if (e->kind == NIPFS_FILE) {
		json_put_number(line, "size", e->size);
		json_put_bool(line, "executable", e->executable);
	}
	if (e->kind == NIPFS_SYMLINK)
		json_put_name(line, "target", e->target);
	if (e->has_mode) {
		char mode[8];

		(void)snprintf(mode, sizeof(mode), "%04o", (unsigned int)e->mode & 07777);
		json_put_text(line, "mode", mode);
	}
	if (e->mtime.present) {
		json_put(line, "mtime", json_integer(e->mtime.seconds));
		json_put_number(line, "mtimeNsecs", e->mtime.nanoseconds);
	}
	json_line_print(line, stdout);
}

static char letter(const struct nipfs_entry *e)
{
	if (e->kind == NIPFS_DIRECTORY)
		return 'd';
	if (e->kind == NIPFS_SYMLINK)
		return 'l';
	return e->executable ? 'x' : '-';
}

static void print_entry(const struct listing *l, const struct nipfs_entry *e,
			struct nipfs_slice path, const struct nipfs_cid *cid)
{
	const struct common *common = &l->o->common;

	if (common->json) {
		print_json(e, path, cid);
		return;
	}
	if (!common->quiet) {
		printf("%c ", letter(e));
		if (e->kind == NIPFS_FILE)
			printf("%12llu  ", (unsigned long long)e->size);
		else
			printf("%12s  ", "-");
		output_cid(cid);
		(void)fputs("  ", stdout);
	}
	output_name(common, path);
	if (!common->quiet && !common->null && e->kind == NIPFS_SYMLINK) {
		(void)fputs(" -> ", stdout);
		output_name(common, e->target);
	}
	output_end(common);
}

/* A raw block is a file, and a listing does not fetch it to learn its size. */
static int stat_entry(struct listing *l, const struct nipfs_dir_entry *entry,
		      struct nipfs_entry *out, struct nipfs_error *err)
{
	if (entry->cid.codec != NIPFS_CODEC_RAW)
		return nipfs_dag_stat(l->source, &entry->cid, out, l->target, TARGET_MAX,
				      err);
	*out = (struct nipfs_entry){ .kind = NIPFS_FILE, .size = entry->tsize };
	return 0;
}

/* Before each entry. */
static int turn(struct listing *l, struct nipfs_slice name, struct nipfs_error *err)
{
	const struct nipfs_progress_event event = { .phase = NIPFS_PHASE_FETCH,
						    .unit = NIPFS_UNIT_ITEMS,
						    .done = l->n++,
						    .subject = name };

	nipfs_progress_report(l->progress, &event);
	return nipfs_cancel_check(err);
}

static int list_one(void *ctx, const struct nipfs_dir_entry *entry,
		    struct nipfs_error *err)
{
	struct listing *l = ctx;
	struct nipfs_entry e;
	int r = turn(l, entry->name, err);

	if (r == 0)
		r = stat_entry(l, entry, &e, err);
	if (r == 0) {
		print_entry(l, &e, entry->name, &entry->cid);
		r = output_check(err);
	}
	return r;
}

/* ---- recursive: the paths of a tree's events ---------------------------------- */

static struct nipfs_slice full_path(struct listing *l, struct nipfs_slice name)
{
	const size_t need = l->path_len + name.len + 1;

	if (need > l->path_cap) {
		char *longer = xcalloc(2, need);

		if (l->path_len)
			memcpy(longer, l->path, l->path_len);
		free(l->path);
		l->path = longer;
		l->path_cap = 2 * need;
	}
	if (name.len)
		memcpy(l->path + l->path_len, name.ptr, name.len);
	return (struct nipfs_slice){ (const uint8_t *)l->path, l->path_len + name.len };
}

static int print_event(struct listing *l, const struct nipfs_entry *entry,
		       struct nipfs_error *err)
{
	const struct nipfs_slice path = full_path(l, entry->name);
	const int r = turn(l, path, err);

	if (r < 0)
		return r;
	print_entry(l, entry, path, entry->cid);
	return output_check(err);
}

/* The root is what was asked for: only what is below it is listed. */
static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct listing *l = ctx;
	int r = 0;

	if (l->depth++) {
		r = print_event(l, entry, err);
		l->path_len += entry->name.len;
		l->path[l->path_len++] = '/';
	}
	return r;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct listing *l = ctx;

	(void)err;
	l->depth--;
	if (l->path_len)
		l->path_len--;
	while (l->path_len && l->path[l->path_len - 1] != '/')
		l->path_len--;
	return 0;
}

static int on_entry(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	return print_event(ctx, entry, err);
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

static int list_recursive(struct listing *l, const struct nipfs_cid *cid,
			  struct nipfs_error *err)
{
	const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NONE;
	const struct nipfs_tree_sink sink = { on_enter,	   on_leave, on_entry, NULL,
					      on_file_end, on_entry, l };

	return nipfs_dag_outline(l->source, cid, &limits, &sink, err);
}

/* ---- the command --------------------------------------------------------------- */

/* What was typed behind the last slash, but for slashes at the end. */
static struct nipfs_slice last_name(const char *typed)
{
	struct nipfs_slice name = text_slice(typed);
	size_t begin;

	while (name.len > 1 && name.ptr[name.len - 1] == '/')
		name.len--;
	begin = name.len;
	while (begin && name.ptr[begin - 1] != '/')
		begin--;
	return (struct nipfs_slice){ name.ptr + begin, name.len - begin };
}

/* What is no directory is listed as itself. */
static int list(struct listing *l, const char *typed, const struct nipfs_cid *cid,
		struct nipfs_error *err)
{
	struct nipfs_entry entry;
	int r = nipfs_dag_stat(l->source, cid, &entry, l->target, TARGET_MAX, err);

	if (r < 0)
		return r;
	if (entry.kind != NIPFS_DIRECTORY) {
		print_entry(l, &entry, last_name(typed), cid);
		return 0;
	}
	if (l->o->recursive)
		return list_recursive(l, cid, err);
	return nipfs_dag_list(l->source, cid, list_one, l, err);
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct listing l = { .o = options, .target = xcalloc(1, TARGET_MAX) };
	struct blocks blocks = { .source = NULL };
	struct progress_line line;
	struct nipfs_error err;
	struct nipfs_cid cid;
	int r = 0;

	(void)self;
	l.progress = progress_begin(&line, &l.o->common);
	if (isatty(STDOUT_FILENO)) /* the list stands there */
		l.progress = NULL;
	for (int i = 0; r == 0 && i < n_args; i++) {
		r = ref_open(args[i], REF_PATH, &l.o->common, &blocks, &cid, &err);
		l.source = blocks.source;
		if (r == 0)
			r = list(&l, args[i], &cid, &err);
	}
	progress_end(&line);
	free(l.target);
	free(l.path);
	r = r < 0 ? cli_fail(&l.o->common, &err) : 0;
	blocks_close(&blocks);
	return r;
}

const struct cmd cmd_ls = {
	.name = "ls",
	.args = "CID[/PATH]...",
	.brief = "list a directory",
	.flags = CMD_LISTS | CMD_TAKES_CID,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
