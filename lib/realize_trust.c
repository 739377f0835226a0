/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the paths of a closure may come in, decided before a tree of them is fetched. */
#include "lib/realize_trust.h"

#include <nixipfs/nix_conf.h>

#include "lib/nix/store_daemon.h"
#include "multiformats/base/err.h"

/* Whoever is trusted is taken at his word; the rest is up to nipfs_trust_check(). */
static int settle_ours(const struct nipfs_store *store, const struct nipfs_trust_policy *policy,
		       const struct nipfs_closure_set *set, enum nipfs_trust *out,
		       struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = nipfs_trust_check(policy, &set->infos[i], nipfs_store_dir(store), &out[i],
				      err);
	return r;
}

/*
 * Whether an old daemon trusts this user shows at a path that nobody has signed; where all
 * are content-addressed it makes no difference.
 */
static int ask_trust(struct nipfs_store *store, const struct nipfs_closure_set *set,
		     enum nipfs_store_trust *trust, struct nipfs_error *err)
{
	for (size_t i = 0; i < set->n; i++) {
		struct nipfs_path_info unsigned_info = set->infos[i];

		if (unsigned_info.ca)
			continue;
		/* borrowed, all but the signatures */
		unsigned_info.sigs = NULL;
		unsigned_info.n_sigs = 0;
		return nipfs__store_ask_trust(store, &unsigned_info, trust, err);
	}
	return 0;
}

/* ---- a daemon that does not trust this user ------------------------------------- */

struct daemon_policy {
	struct nipfs_store *store;
	struct nipfs_trust_policy policy;
	bool confirmed; /* the daemon has said once that it goes by it */
};

static int refuse(const struct nipfs_path_info *info, const struct nipfs_error *said,
		  struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_UNTRUSTED,
			   "the Nix daemon does not take '%s', which by its nix.conf it should: "
			   "restart it where that was changed (%s)", info->path.base, said->msg);
}

static int settle_one(struct daemon_policy *d, const struct nipfs_path_info *info,
		      enum nipfs_trust *out, struct nipfs_error *err)
{
	struct nipfs_error why = { .msg = "" }, said = { .msg = "" };
	int r = nipfs_trust_check(&d->policy, info, nipfs_store_dir(d->store), out, &why);
	const int predicted = r;

	if (r == 0 && (*out == NIPFS_TRUST_CONTENT || d->confirmed))
		return 0;
	if (r < 0 && r != NIPFS_E_UNTRUSTED) {
		if (err)
			*err = why;
		return r;
	}
	/* its settings may lie where we don't see them, or have changed since it started */
	r = nipfs__store_would_take(d->store, info, false, &said);
	if (r == 0 && predicted == 0)
		return refuse(info, &said, err);
	if (r <= 0) {
		if (err)
			*err = r == 0 ? why : said;
		return r == 0 ? predicted : r;
	}
	if (predicted == 0)
		d->confirmed = true;
	else
		*out = NIPFS_TRUST_DAEMON;
	return 0;
}

static int settle_by_conf(struct nipfs_store *store, const struct nipfs_nix_conf *conf,
			  const struct nipfs_closure_set *set, enum nipfs_trust *out,
			  struct nipfs_error *err)
{
	struct nipfs_keyring keys = { .n = 0 };
	struct daemon_policy d = { .store = store,
				   .policy = { .keys = &keys, .by_daemon = true } };
	bool require_sigs = true;
	int r = nipfs_nix_conf_get_bool(conf, "require-sigs", &require_sigs, err);

	if (r == 0)
		r = nipfs_nix_conf_keyring(conf, &keys, err);
	d.policy.no_check_sigs = !require_sigs;
	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = settle_one(&d, &set->infos[i], &out[i], err);
	nipfs_keyring_release(&keys);
	return r;
}

static int settle_daemons(struct nipfs_store *store, const struct nipfs_closure_set *set,
			  enum nipfs_trust *out, struct nipfs_error *err)
{
	struct nipfs_nix_conf *conf;
	int r = nipfs_nix_conf_load(NIPFS_NIX_CONF_SYSTEM, &conf, err);

	if (r < 0)
		return r;
	r = settle_by_conf(store, conf, set, out, err);
	nipfs_nix_conf_free(conf);
	return r;
}

static int settle_theirs(struct nipfs_store *store, const struct nipfs_trust_policy *policy,
			 const struct nipfs_closure_set *set, enum nipfs_trust *out,
			 struct nipfs_error *err)
{
	if (policy->insisted)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "%s means nothing to the Nix daemon, which does not trust this "
				   "user and goes by its own settings: leave it out, or have this "
				   "user named in trusted-users in the system's nix.conf",
				   policy->insisted);
	return settle_daemons(store, set, out, err);
}

int nipfs__settle_trust(struct nipfs_store *store, const struct nipfs_trust_policy *policy,
			const struct nipfs_closure_set *set, enum nipfs_trust *out,
			struct nipfs_error *err)
{
	struct nipfs_store_route route;
	enum nipfs_store_trust trust;
	bool settled = false;
	int r;

	nipfs_store_route(store, &route);
	trust = route.trust;
	if (trust == NIPFS_STORE_TRUST_UNKNOWN) {
		r = nipfs__store_predict_trust(&trust, err);
		/* asking leaves a lock file where the answer is yes: not for what we refuse */
		settled = trust == NIPFS_STORE_TRUSTED;
		if (r == 0 && settled)
			r = settle_ours(store, policy, set, out, err);
		if (r == 0)
			r = ask_trust(store, set, &trust, err);
		if (r < 0)
			return r;
	}
	if (trust != NIPFS_STORE_TRUSTED)
		return settle_theirs(store, policy, set, out, err);
	return settled ? 0 : settle_ours(store, policy, set, out, err);
}
