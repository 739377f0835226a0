/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One path of a closure: its tree from verified blocks into the store, checked. */
#include "lib/place_path.h"

#include <string.h>

#include <nixipfs/dag.h>

#include "lib/tree_pass.h"
#include "multiformats/base/err.h"

int nipfs__place_path(struct nipfs_store *store, struct nipfs_block_source *source,
		      const struct nipfs_path_info *info, const struct nipfs_cid *tree,
		      struct nipfs_placement *placement, struct nipfs_index *index,
		      struct nipfs_progress_meter *meter, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_tree_sink output = nipfs_placement_sink(placement);
	struct nipfs__pass_options options = { .index = index,
					       .store_dir = nipfs_store_real_dir(store),
					       .nar_hash = true,
					       .check_ca = true,
					       .meter = meter,
					       .output = &output };
	struct nipfs__pass pass = { .info = NULL };
	struct nipfs__pass_result result;
	struct nipfs_tree_sink sink;
	int r = nipfs__pass_begin(&pass, info, &options, err);

	if (r == 0) {
		sink = nipfs__pass_sink(&pass);
		r = nipfs_dag_tree(source, tree, &limits, &sink, err);
	}
	if (r == 0)
		r = nipfs_placement_finish(placement, err);
	if (r == 0)
		r = nipfs__pass_finish(&pass, &result, err);
	nipfs__pass_release(&pass);
	if (r < 0)
		nipfs__prefix(err, "'%s'", info->path.base);
	return r;
}

int nipfs__compare_valid(struct nipfs_store *store, struct nipfs_closure *closure,
			 struct nipfs_realized *valid, struct nipfs_error *err)
{
	char hash_part[NIPFS_STORE_HASH_LEN + 1];
	struct nipfs_path_info said, have;
	struct nipfs_cid tree;
	int r;

	nipfs_store_path_hash_part(&valid->path, hash_part);
	r = nipfs_closure_info(closure, hash_part, &said, &tree, err);
	if (r < 0)
		return r;
	r = nipfs_store_query(store, &valid->path, &have, err);
	if (r == 0) {
		memcpy(valid->nar_hash, said.nar_hash, sizeof(valid->nar_hash));
		memcpy(valid->have_hash, have.nar_hash, sizeof(valid->have_hash));
		valid->differs = memcmp(said.nar_hash, have.nar_hash,
					sizeof(said.nar_hash)) != 0;
		nipfs_path_info_release(&have);
	}
	nipfs_path_info_release(&said);
	return r;
}
