/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths into the index, and the closure directory that names them. */
#include <nixipfs/add.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>

#include "lib/index_path.h"
#include "multiformats/base/array.h"
#include "multiformats/base/err.h"

struct adder {
	struct nipfs__index_path how;
	const struct nipfs_add_options *options;
	struct nipfs_store_path *asked_for; /* sorted */
	size_t n_asked_for;
	struct nipfs_closure_builder *closure;
	struct nipfs_index_writer *closure_writer;
	struct nipfs_progress_meter meter;
	struct nipfs_added *paths;
	size_t n, cap;
};

/* ---- which paths ---------------------------------------------------------- */

static int take_path(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err)
{
	struct adder *a = ctx;

	struct nipfs_added *paths =
		nipfs__array_room(a->paths, a->n, &a->cap, sizeof(*paths));

	if (!paths)
		return nipfs__fail_nomem(err);
	a->paths = paths;
	memset(&a->paths[a->n], 0, sizeof(a->paths[a->n]));
	a->paths[a->n].path = *path;
	a->paths[a->n].asked_for = nipfs_store_path_find(a->asked_for, a->n_asked_for, path);
	a->n++;
	return 0;
}

/* The paths that are asked for, kept from the garbage collector, and what they need. */
static int choose_paths(struct adder *a, const struct nipfs_store_path *paths, size_t n,
			bool *unprotected, struct nipfs_error *err)
{
	int r;

	a->asked_for = calloc(n, sizeof(*a->asked_for));
	if (!a->asked_for)
		return nipfs__fail_nomem(err);
	memcpy(a->asked_for, paths, n * sizeof(*paths));
	a->n_asked_for = nipfs_store_path_sort(a->asked_for, n);
	r = nipfs_store_add_temp_roots(a->how.store, a->asked_for, a->n_asked_for, err);
	if (r < 0)
		return r;
	*unprotected = r == NIPFS_STORE_UNPROTECTED;
	if (!a->options->no_closure)
		return nipfs_store_closure(a->how.store, a->asked_for, a->n_asked_for, take_path, a,
					   err);
	r = 0;
	for (size_t i = 0; r == 0 && i < a->n_asked_for; i++)
		r = take_path(a, &a->asked_for[i], err);
	return r;
}

/* Takes out what is to be left out. */
static int filter(struct adder *a, size_t *left_out, struct nipfs_error *err)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; a->options->leave_out && r >= 0 && i < a->n; i++) {
		struct nipfs_path_info info;

		r = nipfs_cancel_check(err);
		if (r == 0)
			r = nipfs_store_query(a->how.store, &a->paths[i].path, &info, err);
		if (r < 0)
			return r;
		r = a->options->leave_out(a->options->ctx, &info, a->paths[i].asked_for, err);
		nipfs_path_info_release(&info);
		if (r == 0)
			a->paths[n++] = a->paths[i];
	}
	if (r < 0 || !a->options->leave_out)
		return r < 0 ? r : 0;
	*left_out = a->n - n;
	a->n = n;
	return 0;
}

/* ---- one path ------------------------------------------------------------- */

static int add_path(struct adder *a, struct nipfs_added *added, struct nipfs_error *err)
{
	struct nipfs_path_info info;
	int r = nipfs_store_query(a->how.store, &added->path, &info, err);

	if (r < 0)
		return r;
	r = nipfs__index_path(&a->how, &info, added, err);
	if (r == 0 && a->options->sign_key)
		r = nipfs_path_info_sign(&info, nipfs_store_dir(a->how.store),
					 a->options->sign_key, err);
	if (r == 0)
		r = nipfs_closure_builder_add(a->closure, &info, &added->tree,
					      added->has_nar ? &added->nar : NULL,
					      added->asked_for, err);
	nipfs_path_info_release(&info);
	return r;
}

/* How many bytes there are to read, for the progress. */
static int sum_up(struct adder *a, struct nipfs_error *err)
{
	if (!a->options->progress)
		return 0;
	for (size_t i = 0; i < a->n; i++) {
		struct nipfs_added ignored;
		struct nipfs_path_info info;
		int r = nipfs_store_query(a->how.store, &a->paths[i].path, &info, err);

		if (r < 0)
			return r;
		r = nipfs__index_path_find(&a->how, &info, &ignored, err);
		if (r == 0)
			a->meter.event.total += info.nar_size;
		nipfs_path_info_release(&info);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the closure ---------------------------------------------------------- */

/* The closure is recorded under the first path that was asked for. */
static int begin_closure(struct adder *a, struct nipfs_block_sink *blocks,
			 struct nipfs_error *err)
{
	struct nipfs_index_key key = { .store_dir = nipfs_store_real_dir(a->how.store),
				       .path = a->asked_for[0] };
	struct nipfs_path_info info;
	int r;

	if (a->how.index) {
		r = nipfs_store_query(a->how.store, &key.path, &info, err);
		if (r < 0)
			return r;
		memcpy(key.nar_hash, info.nar_hash, sizeof(key.nar_hash));
		nipfs_path_info_release(&info);
		r = nipfs_index_writer_begin_closure(&a->closure_writer, a->how.index, &key,
						     err);
		if (r < 0)
			return r;
		*blocks = nipfs_index_writer_block_sink(a->closure_writer);
	}
	return nipfs_closure_builder_new(&a->closure, nipfs_store_dir(a->how.store),
					 a->how.index ? blocks : NULL, err);
}

static int finish_closure(struct adder *a, struct nipfs_add_result *result,
			  struct nipfs_error *err)
{
	int r = nipfs_closure_builder_finish(a->closure, &result->closure, &result->store, err);

	if (r < 0 || !a->how.index)
		return r;
	r = nipfs_index_writer_commit(a->closure_writer, &result->closure, NULL, err);
	if (r == 0)
		a->closure_writer = NULL;
	return r;
}

static int add_all(struct adder *a, struct nipfs_add_result *result, struct nipfs_error *err)
{
	struct nipfs_block_sink blocks;
	int r = sum_up(a, err), r2;

	if (r == 0)
		r = begin_closure(a, &blocks, err);
	for (size_t i = 0; r == 0 && i < a->n; i++) {
		r = nipfs_cancel_check(err);
		if (r == 0)
			r = add_path(a, &a->paths[i], err);
	}
	if (r == 0)
		r = finish_closure(a, result, err);
	/* an interrupted call keeps the paths that were complete */
	r2 = a->how.index ? nipfs_index_flush(a->how.index, r < 0 ? NULL : err) : 0;
	return r < 0 ? r : r2;
}

int nipfs_add(struct nipfs_store *store, struct nipfs_index *index,
	      const struct nipfs_store_path *paths, size_t n,
	      const struct nipfs_add_options *options, struct nipfs_add_result *out,
	      struct nipfs_error *err)
{
	static const struct nipfs_add_options defaults;
	struct adder a = { .how = { .store = store, .index = index },
			   .options = options ? options : &defaults };
	struct nipfs_add_result result = { .paths = NULL };
	int r;

	a.how.check = a.options->check;
	a.how.nars = a.options->nars;
	a.how.publisher = a.options->publisher;
	a.how.meter = &a.meter;
	a.meter.progress = a.options->progress;
	a.meter.event.phase = NIPFS_PHASE_HASH;
	r = choose_paths(&a, paths, n, &result.unprotected, err);
	if (r == 0)
		r = filter(&a, &result.left_out, err);
	if (r == 0)
		r = add_all(&a, &result, err);
	nipfs_index_writer_abort(a.closure_writer);
	nipfs_closure_builder_free(a.closure);
	free(a.asked_for);
	if (r < 0) {
		free(a.paths);
		return r;
	}
	result.paths = a.paths;
	result.n = a.n;
	*out = result;
	return 0;
}

void nipfs_add_result_release(struct nipfs_add_result *result)
{
	free(result->paths);
	memset(result, 0, sizeof(*result));
}
