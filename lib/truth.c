/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What joins an index and a store. */
#include <nixipfs/truth.h>

#include <string.h>

#include "multiformats/base/err.h"

static int nar_hash(void *ctx, const char *store_dir, const struct nipfs_store_path *path,
		    uint8_t out[32], struct nipfs_error *err)
{
	struct nipfs_store *store = ctx;
	struct nipfs_path_info info;
	int r;

	if (strcmp(store_dir, nipfs_store_real_dir(store)) != 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' is another store", store_dir);
	r = nipfs_store_query(store, path, &info, err);
	/* a path that makes no sense to us is none to read from, and others may be */
	if (r == NIPFS_E_INVALID || r == NIPFS_E_UNSUPPORTED)
		r = NIPFS_E_NOTFOUND;
	if (r < 0)
		return r;
	memcpy(out, info.nar_hash, sizeof(info.nar_hash));
	nipfs_path_info_release(&info);
	return 0;
}

struct nipfs_index_truth nipfs_store_truth(struct nipfs_store *store)
{
	return (struct nipfs_index_truth){ nar_hash, store };
}
