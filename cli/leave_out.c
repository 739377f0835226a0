/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which paths of a closure are left out of what is published. */
#include "cli/leave_out.h"

#include <fnmatch.h>
#include <string.h>

#include <nixipfs/nix_conf.h>

#include "cli/error.h"

static int add_keys(struct nipfs_keyring *ring, const char *option, const struct opt_list *list,
		    struct nipfs_error *err)
{
	struct nipfs_error wrong;
	struct nipfs_slice word;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const char *rest = list->items[i];

		while (r == 0 && nipfs_nix_conf_next_word(&rest, &word)) {
			struct nipfs_public_key key;

			if (nipfs_public_key_parse(word, &key, &wrong) < 0)
				return cli_fill(err, NIPFS_E_USAGE, "option '--%s': %s", option,
						wrong.msg);
			r = nipfs_keyring_add(ring, &key);
		}
	}
	return r < 0 ? cli_fill(err, r, "option '--%s': %s", option, nipfs_err_text(r)) : 0;
}

static bool is_drv(const struct nipfs_store_path *path)
{
	const size_t n = strlen(path->base);

	return n > 4 && strcmp(path->base + n - 4, ".drv") == 0;
}

int leave_out_open(struct leave_out *out, struct nipfs_store *store,
		   const struct nipfs_store_path *paths, size_t n, const struct opt_list *only,
		   const struct opt_list *skip, const struct opt_list *globs,
		   struct nipfs_error *err)
{
	int r = add_keys(&out->only, "only-signed-by", only, err);

	out->globs = globs;
	out->store_dir = nipfs_store_dir(store);
	for (size_t i = 0; i < n; i++)
		out->drvs = out->drvs || is_drv(&paths[i]);
	return r < 0 ? r : add_keys(&out->skip, "skip-signed-by", skip, err);
}

void leave_out_release(struct leave_out *l)
{
	nipfs_keyring_release(&l->only);
	nipfs_keyring_release(&l->skip);
}

static int is_signed(const struct leave_out *l, const struct nipfs_path_info *info,
		     const struct nipfs_keyring *ring, struct nipfs_error *err)
{
	size_t good = 0;
	const int r = nipfs_path_info_check_sigs(info, l->store_dir, ring, NULL, &good, err);

	return r < 0 ? r : good > 0;
}

/* A pattern is for the base name, or for the name behind the hash part. */
static bool is_excluded(const struct leave_out *l, const struct nipfs_store_path *path)
{
	for (size_t i = 0; i < l->globs->n; i++)
		if (fnmatch(l->globs->items[i], path->base, 0) == 0 ||
		    fnmatch(l->globs->items[i], nipfs_store_path_name(path), 0) == 0)
			return true;
	return false;
}

static int refuse(const struct nipfs_path_info *info, const char *why, struct nipfs_error *err)
{
	return cli_fill(err, NIPFS_E_UNTRUSTED, "'%s' was asked for, and %s", info->path.base,
			why);
}

int leave_out_path(void *ctx, const struct nipfs_path_info *info, bool asked_for,
		   struct nipfs_error *err)
{
	const struct leave_out *l = ctx;
	int r = 1;

	if (is_excluded(l, &info->path))
		return asked_for ? refuse(info, "'--exclude' leaves it out", err) : 1;
	if (l->only.n) {
		r = is_signed(l, info, &l->only, err);
		if (r < 0)
			return r;
		if (r == 0)
			return asked_for ? refuse(info, "no key of '--only-signed-by' signs it",
						  err) :
					   1;
	}
	if (asked_for)
		return 0;
	if (is_drv(&info->path) && !l->drvs)
		return 1;
	return l->skip.n ? is_signed(l, info, &l->skip, err) : 0;
}
