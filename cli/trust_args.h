/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose signatures count: nix.conf, and what is said on the command line. */
#ifndef CLI_TRUST_ARGS_H
#define CLI_TRUST_ARGS_H

#include <nixipfs/nix_conf.h>
#include <nixipfs/trust.h>

#include "cli/command.h"

/* The options, in the struct of a command that has them. */
struct trust_args {
	const char *keys;	    /* --trusted-public-keys */
	struct opt_list extra_keys; /* --extra-trusted-public-keys */
	bool no_check_sigs;	    /* --no-check-sigs */
};

/* Their lines in the table of a command; @type has a struct trust_args trust. */
#define TRUST_OPTS_KEYS(type)                                                              \
	{ "trusted-public-keys", 0, OPT_TEXT, "KEYS",                                      \
	  "trust these keys instead of those of nix.conf", offsetof(type, trust.keys) },   \
	{ "extra-trusted-public-keys", 0, OPT_LIST, "KEYS", "trust these keys too",        \
	  offsetof(type, trust.extra_keys) }

/**
 * struct trust - what is trusted
 * @conf:         Nix's settings, with what the options say
 * @keys:         the keys that count
 * @policy:       the same for the library; points to @keys
 * @require_sigs: the setting
 *
 * Start with zeros, end with trust_close(); must not move between.
 */
struct trust {
	struct nipfs_nix_conf *conf;
	struct nipfs_keyring keys;
	struct nipfs_trust_policy policy;
	bool require_sigs;
};

/* Reads the settings. Return: 0, or as nipfs_nix_conf_load() and _keyring(). */
int trust_open(struct trust *out, const struct trust_args *args, struct nipfs_error *err);

void trust_close(struct trust *trust);

#endif
