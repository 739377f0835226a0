/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs doctor: what there is here, and what to do where it won't do. */
#include <nixipfs/doctor.h>

#include "cli/checkup.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/store_args.h"

struct options {
	struct common common;
};

static int print(void *ctx, const struct nipfs_checkup *checkup, struct nipfs_error *err)
{
	return checkup_print(ctx, checkup, err);
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	struct options *o = options;
	const struct nipfs_doctor_options doctor = {
		.store = { .uri = o->common.store, .via = store_args_via(&o->common) },
		.prepare = true,
		.each = print,
		.ctx = &o->common,
	};
	struct nipfs_error err;
	bool usable;

	(void)self;
	(void)n_args;
	(void)args;
	if (nipfs_doctor(&doctor, &usable, &err) < 0)
		return cli_fail(&o->common, &err);
	return usable ? 0 : 1;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "",
	.brief = "say what there is on this machine, and what to do where it won't do",
	.max_args = 0,
	.size = sizeof(struct options),
	.run = run,
};
