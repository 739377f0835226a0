/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs dump: the NAR of a tree, as `nix-store --dump` gives it. */
#include <stdio.h>
#include <unistd.h>

#include <nixipfs/dag.h>
#include <nixipfs/nar.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"

static int print_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)ctx;
	return output_write(bytes->ptr, bytes->len, err);
}

static int dump(struct nipfs_block_source *source, const struct nipfs_cid *cid,
		const struct nipfs_progress *progress, struct nipfs_error *err)
{
	const struct nipfs_nar_output output = { .write = print_bytes };
	const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	struct nipfs_progress_meter meter = { .progress = progress,
					      .event = { .phase = NIPFS_PHASE_FETCH } };
	struct nipfs_tree_sink inner, sink;
	struct nipfs_nar_writer *writer;
	int r = nipfs_nar_writer_new(&writer, &output, 0, err);

	if (r < 0)
		return r;
	inner = nipfs_nar_writer_sink(writer);
	meter.inner = &inner;
	sink = nipfs_progress_meter_sink(&meter);
	r = nipfs_dag_tree(source, cid, &limits, &sink, err);
	if (r == 0)
		r = nipfs_nar_writer_finish(writer, NULL, err);
	nipfs_nar_writer_free(writer);
	return r;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct common *common = options;
	struct blocks blocks = { .source = NULL };
	const struct nipfs_progress *progress;
	struct progress_line line;
	struct nipfs_error err;
	struct nipfs_cid cid;
	int r;

	(void)n_args;
	if (isatty(STDOUT_FILENO))
		return cli_usage(self, "a NAR is not written to a terminal");
	progress = progress_begin(&line, common);
	r = ref_open(args[0], REF_TREE, common, &blocks, &cid, &err);
	if (r == 0)
		r = dump(blocks.source, &cid, progress, &err);
	progress_end(&line);
	r = r < 0 ? cli_fail(common, &err) : 0;
	blocks_close(&blocks);
	return r;
}

const struct cmd cmd_dump = {
	.name = "dump",
	.args = "CID[/PATH]",
	.brief = "print the NAR of a tree",
	.flags = CMD_TAKES_CID,
	.min_args = 1,
	.max_args = 1,
	.size = sizeof(struct common),
	.run = run,
};
