/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One path of a closure: its tree from verified blocks into the store, checked. */
#include "lib/place_path.h"

#include <nixipfs/dag.h>

#include "lib/tree_pass.h"
#include "multiformats/base/err.h"

int nipfs__place_path(const struct nipfs__place_options *with,
		      const struct nipfs_path_info *info, const struct nipfs_cid *tree,
		      struct nipfs_placement *placement, struct nipfs_error *err)
{
	struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_tree_sink output = nipfs_placement_sink(placement);
	struct nipfs__pass_options options = { .index = with->index,
					       .index_error = with->index_error,
					       .store_dir = nipfs_store_real_dir(with->store),
					       .nar_hash = true,
					       .check_ca = true,
					       .meter = with->meter,
					       .output = &output };
	struct nipfs__pass pass = { .info = NULL };
	struct nipfs__pass_result result;
	struct nipfs_tree_sink sink;
	int r = nipfs__pass_begin(&pass, info, &options, err);

	limits.ahead_bytes = with->ahead_bytes;
	if (r == 0) {
		sink = nipfs__pass_sink(&pass);
		r = nipfs_dag_tree(with->source, tree, &limits, &sink, err);
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
