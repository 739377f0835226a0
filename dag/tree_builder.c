/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a UnixFS DAG from the events of a tree. */
#include <nixipfs/dag.h>

#include <assert.h>
#include <stdlib.h>

#include "dag/dir_build.h"
#include "dag/file_builder.h"
#include "dag/symlink_build.h"
#include "multiformats/base/err.h"

/* A directory that was entered and not left. */
struct open_dir {
	struct open_dir *around;
	struct nipfs__dir dir;
	struct nipfs__attributes attributes;
	struct nipfs_slice name; /* in the directory's own arena */
};

struct nipfs_dag_builder {
	struct nipfs__block_maker maker;
	struct nipfs__file_builder file;
	struct nipfs_buf name_room; /* of the file */
	struct open_dir *innermost;
	struct nipfs_link root, last_file;
	bool complete, has_last_file;
};

enum { NAME_MAX_BYTES = NIPFS_BLOCK_MAX };

int nipfs_dag_builder_new(struct nipfs_dag_builder **out,
			  const struct nipfs_unixfs_params *params,
			  const struct nipfs_block_sink *blocks, struct nipfs_error *err)
{
	struct nipfs__block_maker maker;
	struct nipfs_dag_builder *b;
	const int r = nipfs__block_maker_init(&maker, params, blocks, err);

	if (r < 0)
		return r;
	b = calloc(1, sizeof(*b));
	if (!b)
		return nipfs__fail_nomem(err);
	b->maker = maker;
	b->name_room.max = NAME_MAX_BYTES;
	nipfs__file_builder_init(&b->file, &b->maker);
	*out = b;
	return 0;
}

static void drop_innermost(struct nipfs_dag_builder *b)
{
	struct open_dir *d = b->innermost;

	b->innermost = d->around;
	nipfs__dir_release(&d->dir);
	free(d);
}

void nipfs_dag_builder_free(struct nipfs_dag_builder *b)
{
	if (!b)
		return;
	while (b->innermost)
		drop_innermost(b);
	nipfs__file_builder_release(&b->file);
	nipfs__buf_release(&b->name_room);
	free(b);
}

/* An entry is done: it goes into the directory around it, or is the tree. */
static int add_entry(struct nipfs_dag_builder *b, struct nipfs_slice name,
		     const struct nipfs_link *link, struct nipfs_error *err)
{
	if (b->innermost)
		return nipfs__dir_add(&b->innermost->dir, name, link, err);
	b->root = *link;
	b->complete = true;
	return 0;
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_dag_builder *b = ctx;
	struct open_dir *d = malloc(sizeof(*d));
	const uint8_t *name;

	if (!d)
		return nipfs__fail_nomem(err);
	*d = (struct open_dir){ .around = b->innermost, .dir = NIPFS__DIR_INIT };
	if (nipfs__arena_copy(&d->dir.arena, entry->name.ptr, entry->name.len, &name) <
	    0) {
		nipfs__dir_release(&d->dir);
		free(d);
		return nipfs__fail_nomem(err);
	}
	d->name = nipfs__slice(name, entry->name.len);
	d->attributes = nipfs__attributes_of(&b->maker.params, entry);
	b->innermost = d;
	b->complete = false;
	return 0;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct nipfs_dag_builder *b = ctx;
	struct open_dir *d = b->innermost;
	struct nipfs_link link;
	int r;

	assert(d);
	r = nipfs__dir_finish(&d->dir, &b->maker, &d->attributes, &link, err);
	if (r < 0)
		return r;
	/* the name lives in the directory, which is dropped after it was added */
	b->innermost = d->around;
	r = add_entry(b, d->name, &link, err);
	b->innermost = d;
	drop_innermost(b);
	return r;
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_dag_builder *b = ctx;
	int r;

	nipfs__buf_clear(&b->name_room);
	r = nipfs__buf_put_slice(&b->name_room, entry->name);
	if (r < 0)
		return nipfs__fail(err, r, "cannot keep the name of a file: %s",
				   nipfs_err_text(r));
	b->complete = false;
	nipfs__file_builder_begin(&b->file, entry);
	return 0;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_dag_builder *b = ctx;

	return nipfs__file_builder_bytes(&b->file, bytes, err);
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct nipfs_dag_builder *b = ctx;
	const int r = nipfs__file_builder_end(&b->file, &b->last_file, err);

	if (r < 0)
		return r;
	b->has_last_file = true;
	return add_entry(b, nipfs__buf_slice(&b->name_room), &b->last_file, err);
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_dag_builder *b = ctx;
	const struct nipfs__attributes a = nipfs__attributes_of(&b->maker.params, entry);
	struct nipfs_link link;
	int r;

	b->complete = false;
	r = nipfs__symlink_build(&b->maker, &a, entry->target, &link, err);
	return r < 0 ? r : add_entry(b, entry->name, &link, err);
}

struct nipfs_tree_sink nipfs_dag_builder_sink(struct nipfs_dag_builder *b)
{
	return (struct nipfs_tree_sink){
		.enter = on_enter,
		.leave = on_leave,
		.file = on_file,
		.bytes = on_bytes,
		.file_end = on_file_end,
		.symlink = on_symlink,
		.ctx = b,
	};
}

int nipfs_dag_builder_result(struct nipfs_dag_builder *b, struct nipfs_link *out)
{
	if (!b->complete)
		return NIPFS_E_USAGE;
	*out = b->root;
	b->complete = false;
	return 0;
}

const struct nipfs_link *nipfs_dag_builder_last_file(const struct nipfs_dag_builder *b)
{
	return b->has_last_file ? &b->last_file : NULL;
}
