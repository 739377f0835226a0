/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To which node something is published, and how; and what became of it. */
#ifndef CLI_PUBLISH_ARGS_H
#define CLI_PUBLISH_ARGS_H

#include <jansson.h>

#include <nixipfs/publish.h>

#include "cli/command.h"
#include "cli/progress.h"

/* What the options say. */
struct publish_args {
	const char *to, *api, *pin;
	bool offline, no_pin;
	unsigned int provide; /* of root|none; 0 not given */
	struct opt_number timeout;
};

/* The options, but for `to` and `offline`, for a table whose struct has a struct publish_args
 * called @field. */
#define PUBLISH_OPTS(type, field)                                                              \
	{ "api", 0, OPT_TEXT, "ADDRESS", "multiaddr or URL of the RPC of the Kubo node",       \
	  offsetof(type, field.api) },                                                         \
	{ "no-pin", 0, OPT_FLAG, NULL, "publish, but do not pin", offsetof(type, field.no_pin) }, \
	{ "pin", 0, OPT_MAYBE, "NAME", "pin, with NAME as a named pin, too",                \
	  offsetof(type, field.pin) },                                                         \
	{ "provide", 0, OPT_CHOICE, "root|none", "what the node announces at once",            \
	  offsetof(type, field.provide) },                                                     \
	{ "timeout", 0, OPT_NUMBER, "SECONDS", "how long the node may say nothing",            \
	  offsetof(type, field.timeout) }

/* What came of it: @done is false when there was nobody to publish to. */
struct publish_result {
	bool done, pinned;
	struct nipfs_published stats;
};

/* Checks the options, and what does not go together. */
int publish_args_check(const struct publish_args *args, struct nipfs_error *err);

/* Publishing under way. Its address must not change. */
struct publish_run {
	const struct common *common;
	struct nipfs_publish_options options;
	struct progress_line line;
	struct nipfs_publisher *publisher; /* NULL: nothing is to be published */
};

/**
 * publish_begin() - get ready; for publish_end() also on failure
 * @pin_name: of the plain pin
 *
 * Nothing is connected to.
 */
int publish_begin(struct publish_run *run, const struct publish_args *args,
		  const struct common *common, const char *pin_name, struct nipfs_error *err);

/**
 * publish_finish() - publish
 * @source: of all blocks
 *
 * Where no node was named, and there is none that answers, nothing is done and nothing said.
 */
int publish_finish(struct publish_run *run, struct nipfs_block_source *source,
		   const struct nipfs_link *root, struct publish_result *out,
		   struct nipfs_error *err);
void publish_end(struct publish_run *run);

/* An object for --json. */
json_t *publish_json(const struct publish_result *result);

#endif
