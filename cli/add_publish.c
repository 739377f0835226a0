/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The closure of store paths into the index and from there to a node. */
#include "cli/add_publish.h"

#include <string.h>

#include <nixipfs/truth.h>

#include "cli/progress.h"

/* The blocks come back out of the store, by the index. */
static int publish(const struct add_publish *what, const struct nipfs_add_result *result,
		   struct publish_result *out, struct nipfs_error *err)
{
	const struct nipfs_index_truth truth = nipfs_store_truth(what->store);
	const struct nipfs_added *first = NULL;
	struct nipfs_block_source *source;
	int r = nipfs_index_source_new(&source, what->index, &truth, err);

	if (r < 0)
		return r;
	/* the closure has the name of its `result` */
	for (size_t i = 0; i < result->n; i++)
		if (result->paths[i].asked_for &&
		    (!first || strcmp(result->paths[i].path.base, first->path.base) < 0))
			first = &result->paths[i];
	r = publish_args_run(what->publish, what->common, source, &result->closure,
			     first ? first->path.base : NULL, out, err);
	nipfs_block_source_free(source);
	return r;
}

int add_publish(const struct add_publish *what, const struct nipfs_store_path *paths, size_t n,
		struct nipfs_add_result *result, struct publish_result *published,
		struct nipfs_error *err)
{
	struct nipfs_add_options add = what->add;
	struct progress_line line;
	int r;

	add.progress = progress_begin(&line, what->common);
	r = nipfs_add(what->store, what->index, paths, n, &add, result, err);
	progress_end(&line);
	if (r < 0)
		return r;
	r = publish(what, result, published, err);
	if (r < 0)
		nipfs_add_result_release(result);
	return r;
}
