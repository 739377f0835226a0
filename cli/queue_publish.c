/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the queue are published, a batch at a time. */
#include "cli/queue_publish.h"

#include <stdlib.h>

#include "cli/add_publish.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/leave_out.h"
#include "cli/output.h"
#include "cli/queue_note.h"
#include "cli/store_args.h"

/* What is open for a batch. */
struct batch {
	struct queue_publish *q;
	struct nipfs_store *store;
	struct nipfs_index *index;
};

/* ---- what is told ------------------------------------------------------------------ */

static json_t *paths_json(const struct nipfs_queue_entry *const *entries, size_t n)
{
	json_t *paths = json_array();

	for (size_t i = 0; i < n; i++) {
		char path[NIPFS_STORE_PATH_MAX];
		json_t *object = json_line_new();

		queue_entry_path(entries[i], path);
		json_put_name(object, "path", text_slice(path));
		(void)json_array_append_new(paths, object);
	}
	return paths;
}

static void print_text(const struct common *common, const struct nipfs_cid *cid,
		       const struct nipfs_queue_entry *const *entries, size_t n)
{
	output_cid(cid);
	for (size_t i = 0; !common->quiet && i < n; i++) {
		char path[NIPFS_STORE_PATH_MAX];

		queue_entry_path(entries[i], path);
		(void)fputs(i ? " " : "  ", stdout);
		output_name(common, text_slice(path));
	}
	output_end(common);
}

/* Told at once: it may be long until the next one. */
static int print_published(const struct batch *b, const struct nipfs_add_result *result,
			   const struct publish_result *published,
			   const struct nipfs_queue_entry *const *entries, size_t n,
			   struct nipfs_error *err)
{
	const struct common *common = b->q->common;

	if (common->json) {
		json_t *line = json_line_new();

		json_put_cid(line, "cid", &result->closure.cid);
		json_put(line, "paths", paths_json(entries, n));
		json_put(line, "published", publish_json(published));
		json_line_print(line, stdout);
	} else {
		print_text(common, &result->closure.cid, entries, n);
	}
	(void)fflush(stdout);
	return output_check(err);
}

/* ---- publishing -------------------------------------------------------------------- */

static int publish(const struct batch *b, const struct nipfs_queue_entry *const *entries,
		   const struct nipfs_store_path *paths, size_t n, struct leave_out *leave_out,
		   struct nipfs_error *err)
{
	const struct queue_publish *q = b->q;
	const struct add_publish what = {
		.common = q->common,
		.publish = q->publish,
		.store = b->store,
		.index = b->index,
		.add = {
			/* who signs vouches for the contents */
			.check = q->key,
			.sign_key = q->key,
			.leave_out = leave_out_path,
			.ctx = leave_out,
		},
	};
	struct publish_result published = { .done = false };
	struct nipfs_add_result result;
	int r = add_publish(&what, paths, n, &result, &published, err);

	if (r < 0)
		return r;
	if (published.done)
		r = print_published(b, &result, &published, entries, n, err);
	else
		r = cli_fill(err, NIPFS_E_UNREACHABLE,
			     "no Kubo node answers, or nix-ipfs.conf has 'publish = none'");
	nipfs_add_result_release(&result);
	/* killed before this, they are published again, which sends nothing */
	for (size_t i = 0; r == 0 && i < n; i++)
		r = nipfs_queue_remove(q->queue, entries[i], err);
	return r;
}

static int try_all(const struct batch *b, const struct nipfs_queue_entry *const *entries,
		   size_t n, struct nipfs_error *err)
{
	static const struct opt_list none;
	struct leave_out leave_out = { .globs = NULL };
	struct nipfs_store_path *paths = xcalloc(n, sizeof(*paths));
	int r;

	for (size_t i = 0; i < n; i++)
		paths[i] = entries[i]->path;
	r = leave_out_open(&leave_out, b->store, paths, n, &none, b->q->skip_signed_by, &none,
			   err);
	if (r == 0)
		r = publish(b, entries, paths, n, &leave_out, err);
	leave_out_release(&leave_out);
	free(paths);
	return r;
}

/* What is wrong with the node or with this machine, and not with a path. */
static bool is_general(int code)
{
	return code == NIPFS_E_UNREACHABLE || code == NIPFS_E_REFUSED ||
	       code == NIPFS_E_UNSUPPORTED || code == NIPFS_E_USAGE || code == NIPFS_E_NOMEM;
}

/* Return: 0, also when it failed and that is recorded; else a code that ends the run. */
static int run_all(const struct batch *b, const struct nipfs_queue_entry *const *entries,
		   size_t n, struct nipfs_error *err)
{
	struct nipfs_error unrecorded;
	int r = try_all(b, entries, n, err);

	if (r == 0 || r == NIPFS_E_CANCELLED)
		return r;
	/* one bad path does not keep the others */
	if (n > 1 && !is_general(r)) {
		r = 0;
		for (size_t i = 0; r == 0 && i < n; i++)
			r = run_all(b, &entries[i], 1, err);
		return r;
	}
	b->q->n_failed += n;
	for (size_t i = 0; i < n; i++)
		if (nipfs_queue_failed(b->q->queue, entries[i], err->msg, &unrecorded) < 0) {
			*err = unrecorded;
			return NIPFS_E_SYS;
		}
	if (is_general(r))
		return r;
	cli_note(b->q->common, "'%s' is tried again later: %s", entries[0]->path.base, err->msg);
	return 0;
}

/* ---- a batch ------------------------------------------------------------------------- */

/* What is gone will not come back by being tried. @n_kept: those in @kept. */
static int drop_invalid(const struct batch *b, const struct nipfs_queue_entry *entries, size_t n,
			const struct nipfs_queue_entry **kept, size_t *n_kept,
			struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = nipfs_store_is_valid(b->store, &entries[i].path, err);
		if (r == 1) {
			kept[(*n_kept)++] = &entries[i];
			r = 0;
		} else if (r == 0) {
			r = nipfs_queue_remove(b->q->queue, &entries[i], err);
			if (r == 0)
				cli_note(b->q->common, "'%s' leaves the queue unpublished: the store "
						       "does not have it any more",
					 entries[i].path.base);
		}
	}
	return r;
}

int queue_publish_batch(struct queue_publish *q, const struct nipfs_queue_entry *entries,
			size_t n, struct nipfs_error *err)
{
	const struct nipfs_queue_entry **kept = xcalloc(n, sizeof(*kept));
	struct batch b = { .q = q };
	size_t n_kept = 0;
	int r = store_args_open(&b.store, q->common, err);

	if (r == 0)
		r = nipfs_index_open(&b.index, NULL, true, err);
	if (r == 0)
		r = drop_invalid(&b, entries, n, kept, &n_kept, err);
	if (r == 0 && n_kept)
		r = run_all(&b, kept, n_kept, err);
	nipfs_index_close(b.index);
	nipfs_store_close(b.store);
	free(kept);
	return r;
}
