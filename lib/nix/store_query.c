/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Nix store is asked, and told, whatever way it is reached. */
#include "lib/nix/store.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

int nipfs__store_need_write(const struct nipfs_store *store, struct nipfs_error *err)
{
	if (store->access != NIPFS_STORE_WRITE)
		return nipfs__fail(err, NIPFS_E_USAGE, "the store '%s' was opened for reading",
				   store->env.uri);
	return 0;
}

int nipfs_store_is_valid(struct nipfs_store *store, const struct nipfs_store_path *path,
			 struct nipfs_error *err)
{
	return store->backend->is_valid(store, path, err);
}

int nipfs_store_query(struct nipfs_store *store, const struct nipfs_store_path *path,
		      struct nipfs_path_info *out, struct nipfs_error *err)
{
	return store->backend->query(store, path, out, err);
}

int nipfs_store_find_hash_part(struct nipfs_store *store, struct nipfs_slice hash_part,
			       struct nipfs_store_path *out, struct nipfs_error *err)
{
	if (!nipfs_store_hash_part_is_valid(hash_part))
		return nipfs__fail(err, NIPFS_E_INVALID, "'%.*s' is not the hash part of a path",
				   NIPFS_FMT(hash_part));
	return store->backend->find_hash_part(store, hash_part, out, err);
}

int nipfs_store_referrers(struct nipfs_store *store, const struct nipfs_store_path *path,
			  struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	return store->backend->referrers(store, path, out, n, err);
}

int nipfs_store_list(struct nipfs_store *store, int64_t *cursor,
		     struct nipfs_store_entry *entries, unsigned int max,
		     struct nipfs_error *err)
{
	return store->backend->list(store, cursor, entries, max, err);
}

int nipfs_store_add_temp_roots(struct nipfs_store *store, const struct nipfs_store_path *paths,
			       size_t n, struct nipfs_error *err)
{
	return store->backend->add_temp_roots(store, paths, n, err);
}

int nipfs_store_add_signatures(struct nipfs_store *store, const struct nipfs_store_path *path,
			       const char *const *sigs, size_t n, struct nipfs_error *err)
{
	struct nipfs_path_info checked = NIPFS_PATH_INFO_INIT;
	int r = nipfs__store_need_write(store, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = nipfs_path_info_add_sig(&checked, nipfs__slice_str(sigs[i]));
		if (r < 0)
			r = nipfs__fail(err, r, "cannot add the signature '%s': %s", sigs[i],
					nipfs_err_text(r));
	}
	nipfs_path_info_release(&checked);
	return r < 0 ? r : store->backend->add_signatures(store, path, sigs, n, err);
}

int nipfs_store_substitute(struct nipfs_store *store, const struct nipfs_store_path *paths,
			   size_t n, struct nipfs_error *err)
{
	const int r = nipfs__store_need_write(store, err);

	return r < 0 ? r : store->backend->substitute(store, paths, n, err);
}
