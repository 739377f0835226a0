/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The closure of store paths into the index and from there to a node. */
#include "cli/add_publish.h"

#include <string.h>

#include <nixipfs/truth.h>

#include "cli/progress.h"

/* The closure has the name of its `result`. */
static const char *pin_name(const struct nipfs_store_path *paths, size_t n)
{
	const char *name = NULL;

	for (size_t i = 0; i < n; i++)
		if (!name || strcmp(paths[i].base, name) < 0)
			name = paths[i].base;
	return name;
}

/* What has not gone out comes back out of the store, by the index. */
static int finish(const struct add_publish *what, struct publish_run *run,
		  const struct nipfs_link *root, struct publish_result *out,
		  struct nipfs_error *err)
{
	const struct nipfs_index_truth truth = nipfs_store_truth(what->store);
	struct nipfs_block_source *source;
	int r = nipfs_index_source_new(&source, what->index, &truth, err);

	if (r < 0)
		return r;
	r = publish_finish(run, source, root, out, err);
	nipfs_block_source_free(source);
	return r;
}

int add_publish(const struct add_publish *what, const struct nipfs_store_path *paths, size_t n,
		struct nipfs_add_result *result, struct publish_result *published,
		struct nipfs_error *err)
{
	struct nipfs_add_options add = what->add;
	struct progress_line line;
	struct publish_run run;
	int r = publish_begin(&run, what->publish, what->common, pin_name(paths, n), err);

	if (r == 0) {
		add.publisher = run.publisher;
		add.progress = progress_begin(&line, what->common);
		r = nipfs_add(what->store, what->index, paths, n, &add, result, err);
		progress_end(&line);
	}
	if (r == 0) {
		r = finish(what, &run, &result->closure, published, err);
		if (r < 0)
			nipfs_add_result_release(result);
	}
	publish_end(&run);
	return r;
}
