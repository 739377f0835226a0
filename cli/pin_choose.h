/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pins of a node are meant, and how they are shown. */
#ifndef CLI_PIN_CHOOSE_H
#define CLI_PIN_CHOOSE_H

#include <nixipfs/pin.h>

#include "cli/command.h"
#include "cli/pin_args.h"

/*
 * Options that the commands about pins share; each of them calls its struct `struct
 * options`, and has a struct common and, for the last two, a struct pin_age `age` in it.
 */
#define PIN_OPT_API                                                                      \
	{ "api", 0, OPT_TEXT, "ADDRESS", "where the RPC of the node is",                 \
	  offsetof(struct options, common.api) }
#define PIN_OPT_TIMEOUT                                                                  \
	{ "timeout", 0, OPT_NUMBER, "SECONDS",                                           \
	  "how long the node may make no progress (45)",                                 \
	  offsetof(struct options, common.timeout) }
#define PIN_OPT_OLDER_THAN                                                               \
	{ "older-than", 0, OPT_TEXT, "DURATION",                                         \
	  "only named pins that are older: 45s, 30m, 12h, 7d, 2w",                       \
	  offsetof(struct options, age.older_than) }
#define PIN_OPT_KEEP_LAST                                                                \
	{ "keep-last", 0, OPT_NUMBER, "N",                                               \
	  "only named pins, and not the N newest of a name",                             \
	  offsetof(struct options, age.keep_last) }

/* The node of --api, else that of this user. Nothing is connected to. */
int pin_node_open(struct nipfs_pin_node **out, const struct common *common,
		  struct nipfs_error *err);

void pin_print(const struct common *common, const struct nipfs_pin *pin);

/* Whether a CID is the one that was typed, or that of a closure of the path. */
bool pin_is_one_of(const struct pin_what *what, const struct nipfs_cid *cid);

/* Whether a pin is meant: the plain pins of a path, the pin of a CID, all of a name. */
bool pin_is_meant(const struct pin_what *what, const struct nipfs_pin *pin);

void pin_list_push(struct nipfs_pin_list *list, size_t *cap, const struct nipfs_pin *pin);

/* Those of @all that are meant, in the same order; for nipfs_pin_list_release(). */
struct nipfs_pin_list pin_choose(const struct nipfs_pin_list *all, const struct pin_what *what);

/* NIPFS_E_NOTFOUND: nothing is meant. Says what else there is of it. */
int pin_none(const struct nipfs_pin_list *all, const struct pin_what *what,
	     struct nipfs_error *err);

/* NIPFS_E_USAGE where one plain pin is meant, and there are two. */
int pin_check_one(const struct nipfs_pin_list *list, const struct pin_what *what,
		  struct nipfs_error *err);

#endif
