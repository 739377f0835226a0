/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs doctor: what there is here, and what to do where it won't do. */
#include <stdio.h>
#include <string.h>

#include <nixipfs/doctor.h>

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/store_args.h"

struct options {
	struct common common;
};

static void print_json(const struct nipfs_checkup *checkup)
{
	json_t *line = json_line_new(), *facts = json_line_new();

	json_put_text(line, "topic", checkup->topic);
	json_put_bool(line, "ok", checkup->ok);
	json_put_message(line, "text", checkup->text);
	if (checkup->advice)
		json_put_message(line, "advice", checkup->advice);
	for (size_t i = 0; i < checkup->n_facts; i++) {
		const struct nipfs_fact *fact = &checkup->facts[i];

		if (strcmp(fact->value, "true") == 0 || strcmp(fact->value, "false") == 0)
			json_put_bool(facts, fact->name, fact->value[0] == 't');
		else
			json_put_name(facts, fact->name, text_slice(fact->value));
	}
	json_put(line, "facts", facts);
	json_line_print(line, stdout);
}

static int print(void *ctx, const struct nipfs_checkup *checkup, struct nipfs_error *err)
{
	const struct common *common = ctx;

	if (common->json) {
		print_json(checkup);
	} else if (!common->quiet || !checkup->ok) {
		printf("%-4s%-9s", checkup->ok ? "ok" : "do", checkup->topic);
		output_name(common, text_slice(checkup->text));
		if (checkup->advice) {
			(void)fputs(": ", stdout);
			output_name(common, text_slice(checkup->advice));
		}
		(void)putchar('\n');
	}
	return output_check(err);
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
