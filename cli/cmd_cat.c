/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs cat: the bytes of files, or a range of them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <nixipfs/dag.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"

enum { TARGET_MAX = 65536 };

struct options {
	struct common common;
	struct opt_number offset, length;
};

static const struct opt opts[] = {
	{ "offset", 'o', OPT_SIZE, "BYTES", "leave out so many bytes at the beginning",
	  offsetof(struct options, offset) },
	{ "length", 'l', OPT_SIZE, "BYTES", "print so many bytes at most",
	  offsetof(struct options, length) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

/* All files one after another; the range is one of all of them together. */
struct output {
	const struct nipfs_progress *progress;
	struct nipfs_progress_event event;
	uint64_t skip, left;
};

static int print_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct output *out = ctx;
	int r = nipfs_cancel_check(err);

	if (r == 0)
		r = output_write(bytes->ptr, bytes->len, err);
	if (r < 0)
		return r;
	out->event.done += bytes->len;
	nipfs_progress_report(out->progress, &out->event);
	out->left -= bytes->len;
	return 0;
}

static int cat(struct output *out, struct nipfs_block_source *source,
	       const struct nipfs_cid *cid, const char *typed, struct nipfs_error *err)
{
	char *target = xcalloc(1, TARGET_MAX);
	struct nipfs_entry entry;
	uint64_t skip;
	int r = nipfs_dag_stat(source, cid, &entry, target, TARGET_MAX, err);

	if (r == 0 && entry.kind == NIPFS_SYMLINK)
		r = cli_fill(err, NIPFS_E_INVALID,
			     "'%s' is a symlink to '%.*s', not a file", typed,
			     (int)entry.target.len, (const char *)entry.target.ptr);
	else if (r == 0 && entry.kind == NIPFS_DIRECTORY)
		r = cli_fill(err, NIPFS_E_INVALID,
			     "'%s' is a directory: list it with 'nix-ipfs ls'", typed);
	free(target);
	if (r < 0)
		return r;
	skip = out->skip < entry.size ? out->skip : entry.size;
	out->skip -= skip;
	if (skip == entry.size || out->left == 0)
		return 0;
	out->event.total += entry.size - skip < out->left ? entry.size - skip : out->left;
	return nipfs_dag_read(source, cid, skip, out->left, print_bytes, out, err);
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct output out = {
		.event = { .phase = NIPFS_PHASE_FETCH },
		.skip = o->offset.value,
		.left = o->length.set ? o->length.value : UINT64_MAX,
	};
	struct blocks blocks = { .source = NULL };
	struct progress_line line;
	struct nipfs_error err;
	struct nipfs_cid cid;
	int r = 0;

	(void)self;
	out.progress = progress_begin(&line, &o->common);
	if (isatty(STDOUT_FILENO)) /* the bytes stand there */
		out.progress = NULL;
	for (int i = 0; r == 0 && i < n_args; i++) {
		r = ref_open(args[i], REF_TREE, &o->common, &blocks, &cid, &err);
		if (r == 0)
			r = cat(&out, blocks.source, &cid, args[i], &err);
	}
	progress_end(&line);
	r = r < 0 ? cli_fail(&o->common, &err) : 0;
	blocks_close(&blocks);
	return r;
}

const struct cmd cmd_cat = {
	.name = "cat",
	.args = "CID[/PATH]...",
	.brief = "print files, or a range of their bytes",
	.flags = CMD_TAKES_CID,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
