/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single directories, small files and symlinks, made without a tree. */
#include <nixipfs/dag.h>

#include <stdlib.h>
#include <string.h>

#include "dag/dir_build.h"
#include "dag/symlink_build.h"
#include "multiformats/base/err.h"

static const struct nipfs__attributes no_attributes;

struct nipfs_dir_builder {
	struct nipfs__block_maker maker;
	struct nipfs__dir dir;
};

int nipfs_dir_builder_new(struct nipfs_dir_builder **out,
			  const struct nipfs_unixfs_params *params,
			  const struct nipfs_block_sink *blocks, struct nipfs_error *err)
{
	struct nipfs__block_maker maker;
	struct nipfs_dir_builder *b;
	const int r = nipfs__block_maker_init(&maker, params, blocks, err);

	if (r < 0)
		return r;
	b = malloc(sizeof(*b));
	if (!b)
		return nipfs__fail_nomem(err);
	*b = (struct nipfs_dir_builder){ maker, NIPFS__DIR_INIT };
	*out = b;
	return 0;
}

static bool may_be_a_name(struct nipfs_slice name)
{
	if (name.len == 0 || memchr(name.ptr, '/', name.len) ||
	    memchr(name.ptr, 0, name.len))
		return false;
	return !nipfs__slice_eq(name, nipfs__slice_str(".")) &&
	       !nipfs__slice_eq(name, nipfs__slice_str(".."));
}

int nipfs_dir_builder_add(struct nipfs_dir_builder *b, struct nipfs_slice name,
			  const struct nipfs_link *link, struct nipfs_error *err)
{
	if (!may_be_a_name(name))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' cannot be the name of a directory entry",
				   NIPFS_FMT(name));
	return nipfs__dir_add(&b->dir, name, link, err);
}

int nipfs_dir_builder_finish(struct nipfs_dir_builder *b, struct nipfs_link *out,
			     struct nipfs_error *err)
{
	return nipfs__dir_finish(&b->dir, &b->maker, &no_attributes, out, err);
}

void nipfs_dir_builder_free(struct nipfs_dir_builder *b)
{
	if (!b)
		return;
	nipfs__dir_release(&b->dir);
	free(b);
}

/* The events of a tree that is one file. */
static int feed_file(const struct nipfs_tree_sink *sink, struct nipfs_slice content,
		     struct nipfs_error *err)
{
	const struct nipfs_entry entry = { .kind = NIPFS_FILE, .size = content.len };
	const struct nipfs_span bytes = nipfs__span(content);
	int r = sink->file(sink->ctx, &entry, err);

	if (r == 0 && content.len)
		r = sink->bytes(sink->ctx, &bytes, err);
	return r < 0 ? r : sink->file_end(sink->ctx, err);
}

int nipfs_dag_put_file(const struct nipfs_unixfs_params *params,
		       const struct nipfs_block_sink *blocks, struct nipfs_slice content,
		       struct nipfs_link *out, struct nipfs_error *err)
{
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	int r = nipfs_dag_builder_new(&b, params, blocks, err);

	if (r < 0)
		return r;
	sink = nipfs_dag_builder_sink(b);
	r = feed_file(&sink, content, err);
	if (r == 0)
		r = nipfs_dag_builder_result(b, out);
	nipfs_dag_builder_free(b);
	return r;
}

int nipfs_dag_put_symlink(const struct nipfs_unixfs_params *params,
			  const struct nipfs_block_sink *blocks,
			  struct nipfs_slice target, struct nipfs_link *out,
			  struct nipfs_error *err)
{
	struct nipfs__block_maker maker;
	const int r = nipfs__block_maker_init(&maker, params, blocks, err);

	return r < 0 ? r : nipfs__symlink_build(&maker, &no_attributes, target, out, err);
}
