/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any tree into a store, whatever way the store is reached. */
#include "lib/nix/add_tree.h"

#include <string.h>

#include "lib/nix/content_address.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

int nipfs_store_check_name(const char *name, struct nipfs_error *err)
{
	static const uint8_t digest[NIPFS_STORE_HASH_BYTES];
	struct nipfs_store_path path;
	int r = nipfs_store_path_from_digest(digest, nipfs__slice_str(name), &path, err);

	if (r == 0 && nipfs_store_path_has_dot_name(&path))
		r = nipfs__fail(err, NIPFS_E_USAGE,
				"'%s' is a name that newer versions of Nix refuse", name);
	if (r < 0 && err)
		err->code = NIPFS_E_USAGE;
	return r < 0 ? NIPFS_E_USAGE : 0;
}

int nipfs__describe_tree(const struct nipfs_store *store, const char *name,
			 const struct nipfs_nar_digest *digest, struct nipfs_path_info *out,
			 struct nipfs_error *err)
{
	const struct nipfs__ca ca = { NIPFS__CA_NAR, nipfs_nix_hash_sha256(digest->sha256) };
	char text[NIPFS__CA_TEXT_MAX];
	const size_t len = nipfs__ca_format(&ca, text);
	int r = nipfs__ca_store_path(&ca, store->env.store_dir, nipfs__slice_str(name), NULL, 0,
				     false, &out->path, err);

	if (r < 0)
		return r;
	memcpy(out->nar_hash, digest->sha256, sizeof(out->nar_hash));
	out->nar_size = digest->size;
	r = nipfs_path_info_set_ca(out, nipfs__slice(text, len));
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

int nipfs_store_add_tree(struct nipfs_store *store, const char *name,
			 int (*feed)(void *ctx, const struct nipfs_tree_sink *sink,
				     struct nipfs_error *err),
			 void *ctx, struct nipfs_added_tree *out, struct nipfs_error *err)
{
	int r = nipfs__store_need_write(store, err);

	if (r == 0)
		r = nipfs_store_check_name(name, err);
	if (r == 0 && store->n_placements)
		r = nipfs__fail(err, NIPFS_E_USAGE,
				"a tree can't be added to the store '%s' while others are placed",
				store->env.uri);
	return r < 0 ? r : store->backend->add_tree(store, name, feed, ctx, out, err);
}
