/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the Nix daemon trusts this user, where it does not tell (reference nix.md §9). */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/nix_conf.h>

#include "lib/nix/store_daemon.h"
#include "lib/nix/trusted_user.h"
#include "multiformats/base/slice.h"

/* ---- by the settings -------------------------------------------------------------- */

static bool is_member(const char *group, struct nipfs_slice user)
{
	const struct group *found = getgrnam(group);

	for (char **member = found ? found->gr_mem : NULL; member && *member; member++)
		if (nipfs__slice_eq(nipfs__slice_str(*member), user))
			return true;
	return false;
}

bool nipfs__user_is_listed(const char *list, const char *user, const char *group)
{
	struct nipfs_slice word;

	while (nipfs_nix_conf_next_word(&list, &word)) {
		char name[256];

		if (nipfs__slice_eq(word, nipfs__slice_str("*")) ||
		    nipfs__slice_eq(word, nipfs__slice_str(user)))
			return true;
		if (word.ptr[0] != '@' || word.len > sizeof(name))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", NIPFS_FMT(nipfs__slice_skip(word, 1)));
		if (strcmp(name, group) == 0 || is_member(name, nipfs__slice_str(user)))
			return true;
	}
	return false;
}

/* As the daemon, which knows user and group of whoever has connected: by their names. */
int nipfs__store_predict_trust(enum nipfs_store_trust *out, struct nipfs_error *err)
{
	const struct passwd *pw = getpwuid(geteuid());
	const struct group *gr = getgrgid(getegid());
	char user[32], group[32];
	struct nipfs_nix_conf *conf;
	const int r = nipfs_nix_conf_load(NIPFS_NIX_CONF_SYSTEM, &conf, err);

	if (r < 0)
		return r;
	(void)snprintf(user, sizeof(user), "%lu", (unsigned long)geteuid());
	(void)snprintf(group, sizeof(group), "%lu", (unsigned long)getegid());
	*out = nipfs__user_is_listed(nipfs_nix_conf_get(conf, "trusted-users"),
				     pw ? pw->pw_name : user, gr ? gr->gr_name : group) ?
		       NIPFS_STORE_TRUSTED :
		       NIPFS_STORE_UNTRUSTED;
	nipfs_nix_conf_free(conf);
	return 0;
}

/* ---- by asking -------------------------------------------------------------------- */

int nipfs__store_would_take(struct nipfs_store *store, const struct nipfs_path_info *info,
			    bool dont_check_sigs, struct nipfs_error *err)
{
	return nipfs__daemon_would_take(store->remote->judge, info, dont_check_sigs, err);
}

int nipfs__store_ask_trust(struct nipfs_store *store, const struct nipfs_path_info *unsigned_info,
			   enum nipfs_store_trust *out, struct nipfs_error *err)
{
	const int r = nipfs__store_would_take(store, unsigned_info, true, err);

	if (r < 0)
		return r;
	*out = r > 0 ? NIPFS_STORE_TRUSTED : NIPFS_STORE_UNTRUSTED;
	store->remote->trust = *out;
	return 0;
}
