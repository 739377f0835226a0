/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One store path into the index, unless it is there. */
#include "lib/index_path.h"

#include <string.h>

#include <nixipfs/disk.h>

#include "lib/publish_early.h"
#include "lib/tree_pass.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

int nipfs__index_path_find(const struct nipfs__index_path *how,
			   const struct nipfs_path_info *info, struct nipfs_added *out,
			   struct nipfs_error *err)
{
	struct nipfs_index_key key = { .store_dir = nipfs_store_real_dir(how->store),
				       .path = info->path };
	struct nipfs_index_owner owner;
	int r;

	if (!how->index || how->check || info->nar_size == 0)
		return 0;
	memcpy(key.nar_hash, info->nar_hash, sizeof(key.nar_hash));
	r = nipfs_index_find(how->index, &key, &owner, err);
	if (r == NIPFS_E_NOTFOUND || (r == 0 && how->nars && !owner.has_nar))
		return 0;
	if (r < 0)
		return r;
	out->tree = owner.root;
	out->has_nar = how->nars;
	out->nar = owner.nar;
	return 1;
}

static int read_path(const struct nipfs__index_path *how, struct nipfs_path_info *info,
		     struct nipfs_added *out, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_block_sink blocks = nipfs__publish_sink(how->publisher);
	const struct nipfs__pass_options options = {
		.index = how->index,
		.store_dir = nipfs_store_real_dir(how->store),
		.nar_hash = how->check,
		.nar_file = how->nars,
		.blocks = how->publisher ? &blocks : NULL,
		.meter = how->meter,
	};
	struct nipfs__pass pass = { .info = NULL };
	struct nipfs__pass_result result;
	int r = nipfs__pass_begin(&pass, info, &options, err);

	if (r == 0) {
		const struct nipfs_tree_sink sink = nipfs__pass_sink(&pass);

		r = nipfs_disk_tree(nipfs_store_dirfd(how->store), info->path.base, NULL,
				    &limits, &sink, err);
	}
	if (r == 0)
		r = nipfs__pass_finish(&pass, &result, err);
	if (r == 0)
		r = nipfs__publish_whole(how->publisher, &result.tree.cid, err);
	if (r == 0 && how->nars)
		r = nipfs__publish_whole(how->publisher, &result.nar.cid, err);
	nipfs__pass_release(&pass);
	if (r < 0) {
		nipfs__prefix(err, "'%s'", info->path.base);
		return r;
	}
	out->tree = result.tree;
	out->has_nar = how->nars;
	out->nar = result.nar;
	/* a row of an old Nix that does not have the size */
	if (info->nar_size == 0)
		info->nar_size = result.digest.size;
	return 0;
}

int nipfs__index_path(const struct nipfs__index_path *how, struct nipfs_path_info *info,
		      struct nipfs_added *out, struct nipfs_error *err)
{
	int r = nipfs__index_path_find(how, info, out, err);

	if (r < 0)
		return r;
	out->known = r > 0;
	if (how->meter)
		how->meter->event.subject = nipfs__slice_str(info->path.base);
	if (r == 0)
		r = read_path(how, info, out, err);
	if (r < 0)
		return r;
	out->path = info->path;
	out->nar_size = info->nar_size;
	return 0;
}
