/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree into the store under a name, with progress. */
#include "cli/add_tree.h"

#include <fcntl.h>

#include <nixipfs/dag.h>
#include <nixipfs/disk.h>

#include "cli/error.h"
#include "cli/output.h"
#include "cli/progress.h"

/*
 * @path: of a tree on disk; else there are @source and @cid
 * @files, @modes: files that came, and those of them that had a mode
 */
struct feeder {
	struct nipfs_progress_meter meter;
	const char *path;
	struct nipfs_block_source *source;
	const struct nipfs_cid *cid;
	const struct nipfs_tree_sink *inner;
	uint64_t files, modes;
};

static int count_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct feeder *f = ctx;

	f->files++;
	f->modes += entry->has_mode;
	return f->inner->file(f->inner->ctx, entry, err);
}

static int pass_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	const struct nipfs_tree_sink *to = ((struct feeder *)ctx)->inner;

	return to->enter(to->ctx, entry, err);
}

static int pass_leave(void *ctx, struct nipfs_error *err)
{
	const struct nipfs_tree_sink *to = ((struct feeder *)ctx)->inner;

	return to->leave(to->ctx, err);
}

static int pass_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	const struct nipfs_tree_sink *to = ((struct feeder *)ctx)->inner;

	return to->bytes(to->ctx, bytes, err);
}

static int pass_file_end(void *ctx, struct nipfs_error *err)
{
	const struct nipfs_tree_sink *to = ((struct feeder *)ctx)->inner;

	return to->file_end(to->ctx, err);
}

static int pass_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	const struct nipfs_tree_sink *to = ((struct feeder *)ctx)->inner;

	return to->symlink(to->ctx, entry, err);
}

static int feed(void *ctx, const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	struct feeder *f = ctx;
	const struct nipfs_tree_sink counting = { pass_enter, pass_leave,    count_file,
						  pass_bytes, pass_file_end, pass_symlink, f };
	struct nipfs_tree_sink metered;

	f->inner = sink;
	f->meter.inner = &counting;
	metered = nipfs_progress_meter_sink(&f->meter);
	return f->path ? nipfs_disk_tree(AT_FDCWD, f->path, NULL, &limits, &metered, err)
		       : nipfs_dag_tree(f->source, f->cid, &limits, &metered, err);
}

static int add_tree(const struct common *common, struct nipfs_store *store, const char *name,
		    struct feeder *f, struct nipfs_added_tree *out, struct nipfs_error *err)
{
	struct progress_line line;
	int r;

	f->meter.progress = progress_begin(&line, common);
	f->meter.event = (struct nipfs_progress_event){ .phase = NIPFS_PHASE_WRITE,
							.subject = text_slice(name) };
	r = nipfs_store_add_tree(store, name, feed, f, out, err);
	progress_end(&line);
	return r;
}

int add_tree_from_disk(const struct common *common, struct nipfs_store *store,
		       const char *name, const char *path, struct nipfs_added_tree *out,
		       struct nipfs_error *err)
{
	struct feeder f = { .path = path };

	return add_tree(common, store, name, &f, out, err);
}

int add_tree_from_dag(const struct common *common, struct nipfs_store *store,
		      const char *name, struct nipfs_block_source *source,
		      const struct nipfs_cid *cid, struct nipfs_added_tree *out,
		      struct nipfs_error *err)
{
	struct feeder f = { .source = source, .cid = cid };
	const int r = add_tree(common, store, name, &f, out, err);

	if (r == 0 && f.files && !f.modes)
		cli_note(common, "the DAG has no modes: nothing in it is executable");
	return r;
}
