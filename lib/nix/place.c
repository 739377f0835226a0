/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserving the place of a path in a store folder, and giving it up. */
#include "lib/nix/place.h"

#include <stdio.h>
#include <string.h>

static int add_roots(struct nipfs_store *store, const struct nipfs_path_info *info,
		     struct nipfs_error *err)
{
	const int r = nipfs__temp_roots_add(&store->roots, &info->path, 1, err);

	return r < 0 ? r : nipfs__temp_roots_add(&store->roots, info->refs, info->n_refs, err);
}

/* With the lock held: the path is not valid, so whatever lies there is dead. */
static int take_place(struct nipfs_placement *p, uint8_t *have, struct nipfs_error *err)
{
	int r = nipfs__placement_check_valid(p->store, &p->info.path, have, err);

	if (r == 0)
		r = nipfs_disk_remove(p->store->dirfd, p->link_name, err);
	return r == 0 ? nipfs__leftover_take(p, err) : r;
}

/* Names with the hash part of the path, and none of them its own. */
static void choose_names(struct nipfs_placement *p)
{
	static const char ours[] = "-nixipfs.";
	const char *base = p->info.path.base;
	const char *kind = strncmp(base + NIPFS_STORE_HASH_LEN, ours, strlen(ours)) == 0 ?
				   "nix-ipfs" :
				   "nixipfs";

	(void)snprintf(p->temp_name, sizeof(p->temp_name), "%.*s-%s.tmp",
		       NIPFS_STORE_HASH_LEN, base, kind);
	(void)snprintf(p->old_name, sizeof(p->old_name), "%.*s-%s.old", NIPFS_STORE_HASH_LEN,
		       base, kind);
	(void)snprintf(p->link_name, sizeof(p->link_name), "%.*s-%s.link",
		       NIPFS_STORE_HASH_LEN, base, kind);
}

struct nipfs_disk_sink_options nipfs__local_style(const struct nipfs_store *store)
{
	return (struct nipfs_disk_sink_options){
		.style = NIPFS_DISK_STORE,
		.ignored_acls = store->settings.ignored_acls,
	};
}

static int lock_place(struct nipfs_store *store, const struct nipfs_path_info *info,
		      struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err)
{
	const struct nipfs_disk_sink_options style = nipfs__local_style(store);
	/* Two processes that each wait for a lock the other holds would wait for ever. */
	const bool may_wait = store->n_placements == 0;
	struct nipfs_placement *p;
	int r = nipfs__placement_new(store, info, &p, err);

	if (r < 0)
		return r;
	choose_names(p);
	r = nipfs__path_lock(store->dirfd, info->path.base, may_wait ? &store->waiter : NULL,
			     &p->lock, err);
	if (r == 1)
		r = NIPFS_PLACEMENT_BUSY;
	else if (r == 0)
		r = take_place(p, have, err);
	if (r == 0)
		r = nipfs_disk_sink_new(&p->disk, store->dirfd, p->temp_name, &style, err);
	if (r == 0)
		*out = p;
	else
		nipfs__local_end(p);
	return r;
}

int nipfs__local_begin(struct nipfs_store *store, const struct nipfs_path_info *info,
		       struct nipfs_placement **out, uint8_t *have, struct nipfs_error *err)
{
	/* First the roots, then the questions: what is valid now stays so. */
	int r = add_roots(store, info, err);

	if (r == 0)
		r = nipfs__placement_check_valid(store, &info->path, have, err);
	if (r == 0)
		r = nipfs__placement_check_refs(store, info, err);
	if (r == 0)
		r = lock_place(store, info, out, have, err);
	return r;
}

struct nipfs_tree_sink nipfs__local_sink(struct nipfs_placement *p)
{
	return nipfs_disk_sink(p->disk);
}

int nipfs__local_finish(struct nipfs_placement *p, struct nipfs_error *err)
{
	const int r = nipfs_disk_sink_finish(p->disk, err);

	if (r == 0) {
		/* until the batch is complete, it keeps no more than its lock */
		nipfs_disk_sink_free(p->disk);
		p->disk = NULL;
		nipfs__leftover_drop(p);
	}
	return r;
}

void nipfs__local_end(struct nipfs_placement *p)
{
	nipfs_disk_sink_free(p->disk);
	if (!p->suspended)
		nipfs__leftover_drop(p);
	if (p->lock.fd >= 0)
		nipfs__path_unlock(p->store->dirfd, &p->lock);
	nipfs__placement_free(p);
}

void nipfs__local_abort(struct nipfs_placement *p)
{
	int removed;

	/* What cannot be removed is left to the next who places this path. */
	nipfs_disk_sink_free(p->disk);
	p->disk = NULL;
	removed = p->suspended ? 0 : nipfs_disk_remove(p->store->dirfd, p->temp_name, NULL);
	(void)removed;
	nipfs__local_end(p);
}
