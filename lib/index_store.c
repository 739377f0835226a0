/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index of a store: filled from what the store holds, rid of what it does not. */
#include <nixipfs/index_store.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/index_path.h"
#include "multiformats/base/err.h"

/* Paths of a whole store are asked for in lots of so many. */
enum { LOT = 256 };

struct filler {
	struct nipfs__index_path how;
	const struct nipfs_index_build_options *options;
	struct nipfs_progress_meter meter;
};

/* What ends the whole thing, rather than one path of it. */
static bool is_fatal(int r)
{
	switch (r) {
	case NIPFS_E_NOTFOUND: /* collected meanwhile */
	case NIPFS_E_CHANGED:
	case NIPFS_E_INVALID:
	case NIPFS_E_LIMIT:
	case NIPFS_E_UNSUPPORTED:
	case NIPFS_E_MISMATCH:
		return false;
	default:
		return true;
	}
}

static int fill_path(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err)
{
	struct filler *f = ctx;
	struct nipfs_error why = { .code = 0 };
	struct nipfs_indexed indexed = { .path = *path };
	struct nipfs_added added = { .known = false };
	struct nipfs_path_info info;
	int r = nipfs_cancel_check(err);

	if (r < 0)
		return r;
	r = nipfs_store_query(f->how.store, path, &info, &why);
	if (r == 0) {
		r = nipfs__index_path(&f->how, &info, &added, &why);
		nipfs_path_info_release(&info);
	}
	if (r < 0 && is_fatal(r)) {
		if (err)
			*err = why;
		return r;
	}
	indexed.how = r < 0 ? NIPFS_INDEXED_NOT
			    : added.known ? NIPFS_INDEXED_KNOWN : NIPFS_INDEXED_NEW;
	indexed.tree = added.tree;
	indexed.nar_size = added.nar_size;
	indexed.why = r < 0 ? &why : NULL;
	return f->options->each ? f->options->each(f->options->ctx, &indexed, err) : 0;
}

static int fill_all(struct filler *f, struct nipfs_error *err)
{
	struct nipfs_store_entry *lot = calloc(LOT, sizeof(*lot));
	int64_t cursor = 0;
	int r, n;

	if (!lot)
		return nipfs__fail_nomem(err);
	do {
		n = r = nipfs_store_list(f->how.store, &cursor, lot, LOT, err);
		for (int i = 0; r >= 0 && i < n; i++)
			r = fill_path(f, &lot[i].path, err);
	} while (r >= 0 && n > 0);
	free(lot);
	return r < 0 ? r : 0;
}

int nipfs_index_build(struct nipfs_store *store, struct nipfs_index *index,
		      const struct nipfs_store_path *paths, size_t n,
		      const struct nipfs_index_build_options *options, struct nipfs_error *err)
{
	static const struct nipfs_index_build_options defaults;
	struct filler f = { .how = { .store = store, .index = index },
			    .options = options ? options : &defaults };
	int r, r2;

	f.how.meter = &f.meter;
	f.meter.progress = f.options->progress;
	f.meter.event.phase = NIPFS_PHASE_INDEX;
	if (paths) {
		r = nipfs_store_add_temp_roots(store, paths, n, err);
		if (r >= 0)
			r = nipfs_store_closure(store, paths, n, fill_path, &f, err);
	} else {
		r = fill_all(&f, err);
	}
	r2 = nipfs_index_flush(index, r < 0 ? NULL : err);
	return r < 0 ? r : r2;
}

/* ---- prune ------------------------------------------------------------------- */

static int keep(void *ctx, const struct nipfs_index_owner *owner, struct nipfs_error *err)
{
	struct nipfs_store *store = ctx;
	struct nipfs_path_info info;
	int r;

	if (strcmp(owner->key.store_dir, nipfs_store_real_dir(store)) != 0)
		return access(owner->key.store_dir, F_OK) == 0;
	r = nipfs_store_query(store, &owner->key.path, &info, err);
	if (r == NIPFS_E_NOTFOUND)
		return 0;
	if (r < 0)
		return r;
	r = memcmp(info.nar_hash, owner->key.nar_hash, sizeof(info.nar_hash)) == 0;
	nipfs_path_info_release(&info);
	return r;
}

int nipfs_index_prune_store(struct nipfs_store *store, struct nipfs_index *index,
			    const struct nipfs_progress *progress,
			    struct nipfs_index_pruned *out, struct nipfs_error *err)
{
	return nipfs_index_prune(index, keep, store, progress, out, err);
}
