/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To which node something is published, and how. */
#include "cli/publish_args.h"

#include <string.h>

#include <nixipfs/nix_conf.h>

#include "cli/error.h"
#include "cli/json.h"
#include "cli/node_args.h"

static bool is_none(const struct publish_args *args)
{
	return args->offline || (args->to && strcmp(args->to, "none") == 0);
}

int publish_args_check(const struct publish_args *args, struct nipfs_error *err)
{
	const bool is_kubo = args->to && strcmp(args->to, "kubo") == 0;

	if (args->to && !is_kubo && !is_none(args) && !strchr("/h", args->to[0]))
		return cli_fill(err, NIPFS_E_USAGE,
				"option '--to' takes kubo, none, or the URL of an RPC, not '%s'",
				args->to);
	if (args->to && args->offline && strcmp(args->to, "none") != 0)
		return cli_fill(err, NIPFS_E_USAGE, "'--to %s' and '--offline' do not go together",
				args->to);
	if (args->to && args->api && !is_kubo)
		return cli_fill(err, NIPFS_E_USAGE, "'--to %s' and '--api' do not go together",
				args->to);
	if (args->no_pin && args->pin)
		return cli_fill(err, NIPFS_E_USAGE, "'--pin' and '--no-pin' do not go together");
	if (is_none(args) && args->pin)
		return cli_fill(err, NIPFS_E_USAGE,
				"'--pin' needs a node, and nothing is to be published");
	return node_timeout_check(&args->timeout, err);
}

/* What nix-ipfs.conf says when nobody says anything. */
static int is_off(bool *out, struct nipfs_error *err)
{
	struct nipfs_nix_conf *conf;
	const char *word;
	int r = nipfs_nix_conf_load(NIPFS_NIX_CONF_OWN, &conf, err);

	if (r < 0)
		return r;
	word = nipfs_nix_conf_get(conf, "publish");
	*out = word && strcmp(word, "none") == 0;
	if (word && !*out && strcmp(word, "kubo") != 0)
		r = cli_fill(err, NIPFS_E_INVALID,
			     "nix-ipfs.conf: 'publish' is kubo or none, not '%s'", word);
	nipfs_nix_conf_free(conf);
	return r;
}

int publish_begin(struct publish_run *run, const struct publish_args *args,
		  const struct common *common, const char *pin_name, struct nipfs_error *err)
{
	const bool named = args->to || args->api || args->pin;
	struct common node = *common;
	bool off = is_none(args);
	int r = named || off ? 0 : is_off(&off, err);

	*run = (struct publish_run){ .common = common };
	if (r < 0 || off || (!named && !nipfs_kubo_is_known()))
		return r;
	run->options = (struct nipfs_publish_options){
		.if_there = !named,
		.no_pin = args->no_pin,
		.pin_name = pin_name,
		.named_pin = args->pin && *args->pin ? args->pin : NULL,
		.provide = (enum nipfs_provide)args->provide,
		.progress = progress_begin(&run->line, common),
	};
	node.api = args->to && strcmp(args->to, "kubo") != 0 ? args->to : args->api;
	node.timeout = args->timeout;
	r = node_args(&node, &run->options.node, err);
	return r < 0 ? r : nipfs_publisher_new(&run->publisher, &run->options, err);
}

int publish_finish(struct publish_run *run, struct nipfs_block_source *source,
		   const struct nipfs_link *root, struct publish_result *out,
		   struct nipfs_error *err)
{
	int r;

	*out = (struct publish_result){ .done = false };
	if (!run->publisher)
		return 0;
	/* again: its clock starts now */
	(void)progress_begin(&run->line, run->common);
	r = nipfs_publisher_finish(run->publisher, source, root, &out->stats, err);
	progress_end(&run->line);
	/* 1: the file of a node that is not running */
	out->done = r == 0;
	out->pinned = r == 0 && !run->options.no_pin;
	return r < 0 ? r : 0;
}

void publish_end(struct publish_run *run)
{
	nipfs_publisher_free(run->publisher);
	run->publisher = NULL;
}

json_t *publish_json(const struct publish_result *result)
{
	json_t *object = json_line_new();

	json_put_text(object, "node", result->stats.peer);
	json_put_number(object, "newBlocks", result->stats.blocks);
	json_put_number(object, "newBytes", result->stats.bytes);
	json_put_number(object, "knownBytes", result->stats.known_bytes);
	json_put_number(object, "requests", result->stats.requests);
	json_put_bool(object, "pinned", result->pinned);
	json_put_bool(object, "wasPinned", result->stats.was_pinned);
	if (result->stats.has_named_pin)
		json_put_cid(object, "namedPin", &result->stats.named_pin);
	return object;
}
