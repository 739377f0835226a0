/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserving the place of a path in a store, and giving it up. */
#include "lib/nix/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/disk.h>

#include "multiformats/base/err.h"

const struct nipfs_placement *nipfs__placement_find(const struct nipfs_store *store,
						    const struct nipfs_store_path *path)
{
	for (size_t i = 0; i < store->n_placements; i++)
		if (nipfs_store_path_compare(&store->placements[i]->info.path, path) == 0)
			return store->placements[i];
	return NULL;
}

static int add_roots(struct nipfs_store *store, const struct nipfs_path_info *info,
		     struct nipfs_error *err)
{
	const int r = nipfs__temp_roots_add(&store->roots, &info->path, 1, err);

	return r < 0 ? r : nipfs__temp_roots_add(&store->roots, info->refs, info->n_refs, err);
}

/* Return: NIPFS_PLACEMENT_VALID, 0, or a code. */
static int check_valid(struct nipfs_store *store, const struct nipfs_store_path *path,
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

static int check_refs(struct nipfs_store *store, const struct nipfs_path_info *info,
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

/* With the lock held: the path is not valid, so whatever lies there is dead. */
static int take_place(struct nipfs_placement *p, uint8_t *have, struct nipfs_error *err)
{
	int r = check_valid(p->store, &p->info.path, have, err);

	if (r == 0)
		r = nipfs_disk_remove(p->store->dirfd, p->info.path.base, err);
	if (r == 0)
		r = nipfs_disk_remove(p->store->dirfd, p->temp_name, err);
	return r;
}

static int lock_place(struct nipfs_store *store, const struct nipfs_path_info *info,
		      struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err)
{
	/* Two processes that each wait for a lock the other holds would wait for ever. */
	const bool may_wait = store->n_placements == 0;
	struct nipfs_placement *p = calloc(1, sizeof(*p));
	char hash_part[NIPFS_STORE_HASH_LEN + 1];
	int r;

	if (!p)
		return nipfs__fail_nomem(err);
	r = nipfs_path_info_copy(info, &p->info);
	if (r < 0) {
		free(p);
		return nipfs__fail_nomem(err);
	}
	p->store = store;
	p->lock.fd = -1;
	nipfs_store_path_hash_part(&info->path, hash_part);
	(void)snprintf(p->temp_name, sizeof(p->temp_name), "%s-nixipfs.tmp", hash_part);
	store->placements[store->n_placements++] = p;
	r = nipfs__path_lock(store->dirfd, info->path.base, may_wait ? &store->waiter : NULL,
			     &p->lock, err);
	if (r == 1)
		r = NIPFS_PLACEMENT_BUSY;
	else if (r == 0)
		r = take_place(p, have, err);
	if (r == 0)
		*out = p;
	else
		nipfs__placement_end(p);
	return r;
}

int nipfs_placement_begin(struct nipfs_store *store, const struct nipfs_path_info *info,
			  struct nipfs_placement **out, uint8_t *have,
			  struct nipfs_error *err)
{
	int r = nipfs__store_need_write(store, err);

	if (r < 0)
		return r;
	if (store->n_placements == NIPFS_PLACEMENTS_MAX)
		return NIPFS_PLACEMENT_BUSY;
	/* First the roots, then the questions: what is valid now stays so. */
	r = add_roots(store, info, err);
	if (r == 0)
		r = check_valid(store, &info->path, have, err);
	if (r == 0)
		r = check_refs(store, info, err);
	if (r == 0)
		r = lock_place(store, info, out, have, err);
	return r;
}

int nipfs_placement_dirfd(const struct nipfs_placement *p)
{
	return p->store->dirfd;
}

const char *nipfs_placement_name(const struct nipfs_placement *p)
{
	return p->temp_name;
}

void nipfs__placement_end(struct nipfs_placement *p)
{
	struct nipfs_store *store = p->store;

	for (size_t i = 0; i < store->n_placements; i++)
		if (store->placements[i] == p) {
			store->placements[i] = store->placements[--store->n_placements];
			break;
		}
	if (p->lock.fd >= 0)
		nipfs__path_unlock(store->dirfd, &p->lock);
	nipfs_path_info_release(&p->info);
	free(p);
}

void nipfs_placement_abort(struct nipfs_placement *p)
{
	int removed;

	if (!p)
		return;
	/* What cannot be removed is left to the next who places this path. */
	removed = nipfs_disk_remove(p->store->dirfd, p->temp_name, NULL);
	(void)removed;
	nipfs__placement_end(p);
}
