/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a store path may come in (reference nix.md §3.1). */
#include <nixipfs/trust.h>

#include "lib/nix/content_address.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/*
 * 1: its name follows from its content address. 0: it has none, or one whose
 * content can't be recomputed here: signatures decide.
 */
static int content_address(const struct nipfs_path_info *info, const char *store_dir,
			   struct nipfs_error *err)
{
	struct nipfs__ca ca;
	int r;

	if (!info->ca)
		return 0;
	r = nipfs__ca_parse(nipfs__slice_str(info->ca), &ca);
	if (r == NIPFS_E_UNSUPPORTED || (r == 0 && ca.method == NIPFS__CA_GIT))
		return 0;
	if (r < 0)
		return nipfs__fail(err, r, "'%s' has a malformed content address '%s'",
				   info->path.base, info->ca);
	r = nipfs__ca_check(info, store_dir, &ca, err);
	return r < 0 ? r : 1;
}

/* "'a', 'b'": the names of the keys that signed it, as far as there is room. */
static void list_keys(const struct nipfs_path_info *info, struct nipfs_buf *out)
{
	for (size_t i = 0; i < info->n_sigs; i++) {
		const struct nipfs_slice name =
			nipfs_sig_key_name(nipfs__slice_str(info->sigs[i]));

		if (nipfs__buf_printf(out, "%s'%.*s'", i ? ", " : "", NIPFS_FMT(name)) < 0)
			return;
	}
}

static int refuse_unknown(const struct nipfs_trust_policy *policy,
			  const struct nipfs_path_info *info, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf names = NIPFS_BUF_INIT(512);

	if (info->n_sigs == 0)
		return nipfs__fail(err, NIPFS_E_UNTRUSTED,
				   policy->by_daemon ?
					   "'%s' is not signed by anyone, and the Nix daemon takes "
					   "that from trusted users only: have it signed (nix store "
					   "sign) with a key of trusted-public-keys, or this user "
					   "named in trusted-users, in the system's nix.conf" :
					   "'%s' is not signed by anyone: have it signed (nix store "
					   "sign), or take it as it is with --no-check-sigs",
				   info->path.base);
	list_keys(info, &names);
	return nipfs__fail(err, NIPFS_E_UNTRUSTED,
			   policy->by_daemon ?
				   "'%s' is signed by %.*s, and the Nix daemon trusts no such key: "
				   "have its public key added to trusted-public-keys, or this user "
				   "to trusted-users, in the system's nix.conf" :
				   "'%s' is signed by %.*s, and no such key is trusted here: name "
				   "its public key with --trusted-public-keys or in nix.conf, or use "
				   "--no-check-sigs",
			   info->path.base, NIPFS_FMT(nipfs__buf_slice(&names)));
}

static int signatures(const struct nipfs_trust_policy *policy,
		      const struct nipfs_path_info *info, const char *store_dir,
		      struct nipfs_error *err)
{
	static const struct nipfs_keyring none;
	const struct nipfs_keyring *keys = policy->keys ? policy->keys : &none;
	nipfs_auto_free enum nipfs_sig_verdict *verdicts = NULL;
	size_t n_good;
	int r;

	verdicts = calloc(info->n_sigs + 1, sizeof(*verdicts));
	if (!verdicts)
		return nipfs__fail_nomem(err);
	r = nipfs_path_info_check_sigs(info, store_dir, keys, verdicts, &n_good, err);
	if (r < 0 || n_good > 0)
		return r;
	for (size_t i = 0; i < info->n_sigs; i++) {
		const struct nipfs_slice name =
			nipfs_sig_key_name(nipfs__slice_str(info->sigs[i]));

		if (verdicts[i] == NIPFS_SIG_BAD)
			return nipfs__fail(err, NIPFS_E_MISMATCH,
					   "the signature of '%s' under the name of the trusted "
					   "key '%.*s' is wrong",
					   info->path.base, NIPFS_FMT(name));
	}
	return refuse_unknown(policy, info, err);
}

int nipfs_trust_check(const struct nipfs_trust_policy *policy,
		      const struct nipfs_path_info *info, const char *store_dir,
		      enum nipfs_trust *out, struct nipfs_error *err)
{
	int r = content_address(info, store_dir, err);

	if (r < 0)
		return r;
	if (r > 0) {
		*out = NIPFS_TRUST_CONTENT;
		return 0;
	}
	if (policy->no_check_sigs) {
		*out = NIPFS_TRUST_UNCHECKED;
		return 0;
	}
	r = signatures(policy, info, store_dir, err);
	if (r == 0)
		*out = NIPFS_TRUST_SIGNED;
	return r;
}
