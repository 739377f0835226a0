/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs export: DAGs as one CAR. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/export.h>

#include "cli/car_file.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/ref.h"

struct options {
	struct common common;
	const char *output;
};

static const struct opt opts[] = {
	{ "output", 'o', OPT_TEXT, "FILE", "write the CAR to FILE (- is standard output)",
	  offsetof(struct options, output) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

static void print_stats(const struct options *o, const struct nipfs_export_stats *stats,
			const struct nipfs_cid *roots, int n)
{
	FILE *stream = o->output && strcmp(o->output, "-") != 0 ? stdout : stderr;
	json_t *line = json_line_new(), *list = json_array();

	for (int i = 0; i < n; i++) {
		char text[NIPFS_CID_TEXT_MAX];

		(void)nipfs_cid_format(&roots[i], text);
		(void)json_array_append_new(list, json_string(text));
	}
	json_put(line, "roots", list);
	json_put_number(line, "blocks", stats->blocks);
	json_put_number(line, "blockBytes", stats->block_bytes);
	json_put_number(line, "carBytes", stats->car_bytes);
	json_line_print(line, stream);
}

static int export_roots(const struct options *o, struct nipfs_block_source *source,
			const struct nipfs_cid *roots, int n, struct nipfs_error *err)
{
	struct car_file file = { .path = NULL };
	const struct nipfs_car_output out = car_file_output(&file);
	struct nipfs_export_stats stats;
	struct progress_line line;
	int r = car_file_begin(&file, o->output, err);

	if (r == 0) {
		r = nipfs_export(source, roots, (size_t)n, &out,
				 progress_begin(&line, &o->common), &stats, err);
		progress_end(&line);
	}
	r = car_file_end(&file, r, err);
	if (r < 0)
		return r;
	if (o->common.json)
		print_stats(o, &stats, roots, n);
	else if (o->common.verbose)
		cli_note(&o->common, "%llu blocks, %llu bytes",
			 (unsigned long long)stats.blocks, (unsigned long long)stats.car_bytes);
	return 0;
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct nipfs_cid *roots = xcalloc((size_t)n_args, sizeof(*roots));
	struct blocks blocks = { .source = NULL };
	struct nipfs_error err;
	int r = 0;

	(void)self;
	for (int i = 0; r == 0 && i < n_args; i++)
		r = ref_open(args[i], REF_PATH, &o->common, &blocks, &roots[i], &err);
	if (r == 0)
		r = export_roots(o, blocks.source, roots, n_args, &err);
	r = r < 0 ? cli_fail(&o->common, &err) : 0;
	blocks_close(&blocks);
	free(roots);
	return r;
}

const struct cmd cmd_export = {
	.name = "export",
	.args = "CID[/PATH]...",
	.brief = "write DAGs as one CAR",
	.flags = CMD_TAKES_CID,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
