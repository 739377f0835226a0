/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands, and the options that they share. */
#include "cli/command.h"

const struct cmd *const commands[] = {
	&cmd_add,	 &cmd_cid,	 &cmd_export,	   &cmd_realize,
	&cmd_get,	 &cmd_ls,	 &cmd_cat,	   &cmd_dump,
	&cmd_show,	 &cmd_verify,	 &cmd_sign,	   &cmd_doctor,
	&cmd_index_build, &cmd_index_ls, &cmd_index_stats, &cmd_index_prune,
	&cmd_pin_add,	 &cmd_pin_ls,	 &cmd_pin_rm,	   &cmd_pin_update,
	&cmd_pin_remote_add, &cmd_pin_remote_ls, &cmd_pin_remote_rm, &cmd_pin_remote_update,
	&cmd_hook,	 &cmd_queue_ls,	 &cmd_queue_drop,  &cmd_queue_scan,
	&cmd_queue_run,	 &cmd_queue_retry, NULL,
};

#define FIELD(name) offsetof(struct common, name)

const struct opt opts_common[] = {
	{ "help", 'h', OPT_FLAG, NULL, "print this", FIELD(help) },
	{ "version", 0, OPT_FLAG, NULL, "print the version", FIELD(version) },
	{ "quiet", 'q', OPT_FLAG, NULL, "the bare result; no notes, no progress",
	  FIELD(quiet) },
	{ "verbose", 'v', OPT_FLAG, NULL, "say more on stderr", FIELD(verbose) },
	{ "json", 0, OPT_FLAG, NULL, "one JSON object per line", FIELD(json) },
	{ "store", 0, OPT_TEXT, "URI", "the Nix store, as Nix takes it", FIELD(store) },
	{ "via", 0, OPT_CHOICE, "auto|direct|daemon|stdio", "how the Nix store is reached",
	  FIELD(via) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct opt opts_lists[] = {
	{ "null", '0', OPT_FLAG, NULL, "end records with NUL, names as they are",
	  FIELD(null) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct opt opts_takes_cid[] = {
	{ "from", 0, OPT_LIST, "kubo|URL|FILE.car|-",
	  "take blocks from this node, gateway or CAR (may be repeated)", FIELD(from) },
	{ "api", 0, OPT_TEXT, "ADDRESS", "where the RPC of the node 'kubo' is", FIELD(api) },
	{ "gateway", 0, OPT_TEXT, "ADDRESS", "where the gateway of the node 'kubo' is",
	  FIELD(gateway) },
	{ "timeout", 0, OPT_NUMBER, "SECONDS", "how long a gateway may say nothing (45)",
	  FIELD(timeout) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd command_self = {
	.name = "",
	.args = "COMMAND [ARG]...",
	.brief = "Nix store paths to IPFS and back",
	.max_args = ARGS_ANY,
	.size = sizeof(struct common),
};

const struct opt *command_opt(const struct cmd *cmd, size_t i)
{
	const struct opt *const tables[] = {
		cmd->opts,
		cmd->flags & CMD_TAKES_CID ? opts_takes_cid : NULL,
		cmd->flags & CMD_LISTS ? opts_lists : NULL,
		opts_common,
	};

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct opt *opt = tables[t]; opt && opt->name; opt++)
			if (i-- == 0)
				return opt;
	return NULL;
}
