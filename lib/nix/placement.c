/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths on their way into a store, whatever way the store is reached. */
#include <stdlib.h>
#include <string.h>

#include "lib/nix/place.h"
#include "multiformats/base/err.h"

const struct nipfs_placement *nipfs__placement_find(const struct nipfs_store *store,
						    const struct nipfs_store_path *path)
{
	for (size_t i = 0; i < store->n_placements; i++)
		if (nipfs_store_path_compare(&store->placements[i]->info.path, path) == 0)
			return store->placements[i];
	return NULL;
}

int nipfs__placement_new(struct nipfs_store *store, const struct nipfs_path_info *info,
			 struct nipfs_placement **out, struct nipfs_error *err)
{
	struct nipfs_placement *p = calloc(1, sizeof(*p));

	if (!p)
		return nipfs__fail_nomem(err);
	if (nipfs_path_info_copy(info, &p->info) < 0) {
		free(p);
		return nipfs__fail_nomem(err);
	}
	p->store = store;
	p->lock.fd = -1;
	store->placements[store->n_placements++] = p;
	*out = p;
	return 0;
}

void nipfs__placement_free(struct nipfs_placement *p)
{
	struct nipfs_store *store = p->store;

	for (size_t i = 0; i < store->n_placements; i++)
		if (store->placements[i] == p) {
			store->placements[i] = store->placements[--store->n_placements];
			break;
		}
	nipfs_path_info_release(&p->info);
	free(p);
}

int nipfs__placement_check_valid(struct nipfs_store *store, const struct nipfs_store_path *path,
				 uint8_t *have, struct nipfs_error *err)
{
	struct nipfs_path_info info;
	int r = nipfs_store_is_valid(store, path, err);

	if (r == 1 && have) {
		r = nipfs_store_query(store, path, &info, err);
		if (r < 0)
			return r;
		memcpy(have, info.nar_hash, sizeof(info.nar_hash));
		nipfs_path_info_release(&info);
		r = 1;
	}
	return r == 1 ? NIPFS_PLACEMENT_VALID : r;
}

int nipfs__placement_check_refs(struct nipfs_store *store, const struct nipfs_path_info *info,
				struct nipfs_error *err)
{
	for (size_t i = 0; i < info->n_refs; i++) {
		int r;

		if (nipfs_store_path_compare(&info->refs[i], &info->path) == 0 ||
		    nipfs__placement_find(store, &info->refs[i]))
			continue;
		r = nipfs_store_is_valid(store, &info->refs[i], err);
		if (r == 0)
			return nipfs__fail(err, NIPFS_E_NOTFOUND,
					   "'%s' refers to '%s', which is not in the store '%s'",
					   info->path.base, info->refs[i].base, store->env.uri);
		if (r < 0)
			return r;
	}
	return 0;
}

int nipfs_placement_begin(struct nipfs_store *store, const struct nipfs_path_info *info,
			  struct nipfs_placement **out, uint8_t *have,
			  struct nipfs_error *err)
{
	const int r = nipfs__store_need_write(store, err);

	if (r < 0)
		return r;
	if (store->n_placements == nipfs_store_max_placements(store))
		return NIPFS_PLACEMENT_BUSY;
	return store->backend->begin(store, info, out, have, err);
}

size_t nipfs_store_max_placements(const struct nipfs_store *store)
{
	return store->backend->max_placements;
}

struct nipfs_tree_sink nipfs_placement_sink(struct nipfs_placement *p)
{
	return p->store->backend->sink(p);
}

int nipfs_placement_finish(struct nipfs_placement *p, struct nipfs_error *err)
{
	return p->store->backend->finish(p, err);
}

int nipfs_placement_commit(struct nipfs_placement **take_placements, size_t n,
			   struct nipfs_error *err)
{
	return take_placements[0]->store->backend->commit(take_placements, n, err);
}

void nipfs_placement_abort(struct nipfs_placement *p)
{
	if (p)
		p->store->backend->abort(p);
}
