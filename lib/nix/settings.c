/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nix.conf says of a store, and of which one is meant. */
#include "lib/nix/settings.h"

#include <stdlib.h>
#include <string.h>

#include "lib/nix/conf.h"
#include "multiformats/base/err.h"

static int read_switches(const struct nipfs_nix_conf *conf, struct nipfs__settings *out,
			 struct nipfs_error *err)
{
	bool store_paths = false, before_registering = false, substitute = true;
	const char *from = nipfs_nix_conf_get(conf, "substituters");
	struct nipfs_slice word;
	const struct {
		const char *name;
		bool *value;
	} switches[] = {
		{ "use-sqlite-wal", &out->use_wal },
		{ "fsync-metadata", &out->fsync },
		{ "fsync-store-paths", &store_paths },
		{ "sync-before-registering", &before_registering },
		{ "auto-optimise-store", &out->optimise },
		{ "substitute", &substitute },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(switches) / sizeof(*switches); i++)
		r = nipfs_nix_conf_get_bool(conf, switches[i].name, switches[i].value, err);
	out->sync = out->fsync || store_paths || before_registering;
	out->substitute = substitute && nipfs_nix_conf_next_word(&from, &word);
	return r;
}

static int read_text(const struct nipfs_nix_conf *conf, const char *name, char **out,
		     struct nipfs_error *err)
{
	const char *value = nipfs_nix_conf_get(conf, name);

	*out = strdup(value ? value : "");
	return *out ? 0 : nipfs__fail_nomem(err);
}

int nipfs__settings_read(const struct nipfs_store_options *options,
			 struct nipfs__settings *out, struct nipfs__store_env *env,
			 struct nipfs_error *err)
{
	struct nipfs_nix_conf *own = NULL;
	const struct nipfs_nix_conf *conf = options->conf;
	int r = 0;

	if (!conf) {
		r = nipfs_nix_conf_load(NIPFS_NIX_CONF_ALL, &own, err);
		conf = own;
	}
	if (r == 0)
		r = read_switches(conf, out, err);
	if (r == 0)
		r = read_text(conf, "ignored-acls", &out->ignored_acls, err);
	if (r == 0)
		r = read_text(conf, "build-users-group", &out->build_users_group, err);
	if (r == 0) {
		out->names_group = nipfs__conf_is_set(conf, "build-users-group");
		out->names_store = nipfs__conf_is_set(conf, "store");
	}
	if (r == 0)
		r = nipfs__store_env_resolve(options->uri, nipfs_nix_conf_get(conf, "store"),
					     env, err);
	nipfs_nix_conf_free(own);
	return r;
}

void nipfs__settings_release(struct nipfs__settings *s)
{
	free(s->ignored_acls);
	free(s->build_users_group);
	*s = (struct nipfs__settings){ .ignored_acls = NULL };
}
