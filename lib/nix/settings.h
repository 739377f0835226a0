/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nix.conf says of a store. */
#ifndef LIB_NIX_SETTINGS_H
#define LIB_NIX_SETTINGS_H

#include <nixipfs/store.h>

#include "lib/nix/env.h"

/**
 * struct nipfs__settings - settings of Nix, by name
 * @use_wal:  use-sqlite-wal
 * @fsync:    fsync-metadata
 * @sync:     files are synced before they are registered: by default, as long as
 *            metadata is; with fsync-store-paths or sync-before-registering always
 * @optimise: auto-optimise-store
 * @ignored_acls: names with blanks between them; owned
 * @build_users_group: may be empty; owned
 * @names_group: build-users-group is not what Nix takes where nobody has set it
 * @names_store: store is set
 * @substitute: Nix may fetch what it does not have (substitute), and knows from where
 *            (substituters)
 */
struct nipfs__settings {
	bool use_wal, fsync, sync, optimise, names_group, names_store, substitute;
	char *ignored_acls, *build_users_group;
};

/**
 * nipfs__settings_read() - the settings, and which store is meant
 * @options: conf, or else nix.conf is read, and uri
 * @out:     all zero at first; to be released whatever is returned
 * @env:     untouched on failure
 *
 * Return: 0, or what nipfs_nix_conf_load() and nipfs__store_env_resolve() return.
 */
int nipfs__settings_read(const struct nipfs_store_options *options,
			 struct nipfs__settings *out, struct nipfs__store_env *env,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__settings_release(struct nipfs__settings *s);

#endif
