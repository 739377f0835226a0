/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose signatures count: nix.conf, and what is said on the command line. */
#include "cli/trust_args.h"

#include "cli/error.h"

/* What is wrong with them is told as said here, and not in nix.conf. */
static int check_keys(const char *option, const char *keys, struct nipfs_error *err)
{
	struct nipfs_public_key key;
	struct nipfs_error wrong;
	struct nipfs_slice word;

	while (nipfs_nix_conf_next_word(&keys, &word))
		if (nipfs_public_key_parse(word, &key, &wrong) < 0)
			return cli_fill(err, NIPFS_E_USAGE, "option '--%s': %s", option, wrong.msg);
	return 0;
}

static int set_keys(struct trust *trust, const char *setting, const char *keys,
		    struct nipfs_error *err)
{
	int r = check_keys(setting, keys, err);

	if (r < 0)
		return r;
	r = nipfs_nix_conf_set(trust->conf, setting, keys);

	return r < 0 ? cli_fill(err, r, "cannot take the option '--%s': %s", setting,
				nipfs_err_text(r))
		     : 0;
}

int trust_open(struct trust *out, const struct trust_args *args, struct nipfs_error *err)
{
	int r = nipfs_nix_conf_load(NIPFS_NIX_CONF_ALL, &out->conf, err);

	if (r == 0 && args->keys)
		r = set_keys(out, "trusted-public-keys", args->keys, err);
	for (size_t i = 0; r == 0 && i < args->extra_keys.n; i++)
		r = set_keys(out, "extra-trusted-public-keys", args->extra_keys.items[i], err);
	out->require_sigs = true;
	if (r == 0)
		r = nipfs_nix_conf_get_bool(out->conf, "require-sigs", &out->require_sigs, err);
	if (r == 0)
		r = nipfs_nix_conf_keyring(out->conf, &out->keys, err);
	out->policy.keys = &out->keys;
	out->policy.no_check_sigs = args->no_check_sigs || !out->require_sigs;
	out->policy.insisted = args->no_check_sigs   ? "--no-check-sigs"
			       : args->keys	     ? "--trusted-public-keys"
			       : args->extra_keys.n  ? "--extra-trusted-public-keys"
						     : NULL;
	return r;
}

void trust_close(struct trust *trust)
{
	nipfs_keyring_release(&trust->keys);
	nipfs_nix_conf_free(trust->conf);
	*trust = (struct trust){ .conf = NULL };
}
