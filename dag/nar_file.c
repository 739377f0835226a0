/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The NAR of a tree as a UnixFS file over the files of its DAG (DESIGN.md, section 4.3).
 */
#include <nixipfs/nar_file.h>

#include <assert.h>
#include <stdlib.h>

#include "dag/file_layout.h"
#include "dag/nar_framing.h"
#include "multiformats/base/err.h"

enum { LINKS = 1024, CUT = 1024 * 1024 };

/* A name or target that is longer than any file system's comes no further. */
enum { PENDING_MAX = 4 * CUT };

/**
 * struct nipfs_nar_file - a NAR on its way
 * @pending:  framing that is not in a block yet
 * @at:       where it begins in the NAR
 * @first:    the first child, until there is a second
 * @n:        children
 * @depth:    directories that are open
 * @size:     of the file that is open
 * @left:     of its bytes, still to come
 * @complete: the root has ended
 */
struct nipfs_nar_file {
	struct nipfs__block_maker maker;
	const struct nipfs_dag_builder *builder;
	struct nipfs__file_layout layout;
	struct nipfs_buf pending;
	uint64_t at;
	struct nipfs_link first;
	uint64_t n;
	size_t depth;
	uint64_t size, left;
	bool complete;
};

int nipfs_nar_file_new(struct nipfs_nar_file **out,
		       const struct nipfs_unixfs_params *params,
		       const struct nipfs_block_sink *blocks,
		       const struct nipfs_dag_builder *builder, struct nipfs_error *err)
{
	struct nipfs_unixfs_params shape = *params;
	struct nipfs__block_maker maker;
	struct nipfs_nar_file *n;
	int r;

	shape.layout = NIPFS_LAYOUT_BALANCED;
	shape.max_file_links = LINKS;
	r = nipfs__block_maker_init(&maker, &shape, blocks, err);
	if (r < 0)
		return r;
	n = calloc(1, sizeof(*n));
	if (!n)
		return nipfs__fail_nomem(err);
	n->maker = maker;
	n->builder = builder;
	n->pending.max = PENDING_MAX;
	nipfs__file_layout_init(&n->layout, &n->maker);
	*out = n;
	return 0;
}

void nipfs_nar_file_free(struct nipfs_nar_file *n)
{
	if (!n)
		return;
	nipfs__file_layout_release(&n->layout);
	nipfs__buf_release(&n->pending);
	free(n);
}

static int add_child(struct nipfs_nar_file *n, const struct nipfs_link *child,
		     struct nipfs_error *err)
{
	int r = 0;

	n->at += child->file_bytes;
	if (n->n++ == 0) {
		n->first = *child;
		return 0;
	}
	if (n->n == 2)
		r = nipfs__file_layout_add(&n->layout, &n->first, err);
	return r < 0 ? r : nipfs__file_layout_add(&n->layout, child, err);
}

/* The first @len pending bytes become a leaf. */
static int add_framing(struct nipfs_nar_file *n, size_t len, struct nipfs_error *err)
{
	const struct nipfs_span bytes = nipfs__span(nipfs__slice(n->pending.ptr, len));
	const struct nipfs_origin origin = { NIPFS_ORIGIN_NAR, n->at, len, 0 };
	struct nipfs_link leaf = { .tsize = len, .file_bytes = len };
	const int r = nipfs__block_make(&n->maker, NIPFS_CODEC_RAW, &bytes, &origin,
					&leaf.cid, err);

	if (r < 0)
		return r;
	n->pending.len -= len;
	memmove(n->pending.ptr, n->pending.ptr + len, n->pending.len);
	return add_child(n, &leaf, err);
}

/* What was appended to the pending bytes, @r being how that went: all whole blocks leave.
 */
static int appended(struct nipfs_nar_file *n, int r, struct nipfs_error *err)
{
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r,
				   "a name or symlink target has more than %d bytes",
				   PENDING_MAX - CUT);
	if (r < 0)
		return nipfs__fail_nomem(err);
	while (r == 0 && n->pending.len >= CUT)
		r = add_framing(n, CUT, err);
	return r;
}

static int open_entry(struct nipfs_nar_file *n, const struct nipfs_entry *entry,
		      struct nipfs_error *err)
{
	assert(!n->complete);
	return appended(n, nipfs__nar_put_open(&n->pending, entry, n->depth == 0), err);
}

static int close_entry(struct nipfs_nar_file *n, uint64_t size, struct nipfs_error *err)
{
	n->complete = n->depth == 0;
	return appended(n, nipfs__nar_put_close(&n->pending, size, n->complete), err);
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_nar_file *n = ctx;
	const int r = open_entry(n, entry, err);

	n->depth++;
	return r;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct nipfs_nar_file *n = ctx;

	assert(n->depth > 0);
	n->depth--;
	return close_entry(n, 0, err);
}

static bool is_linked(const struct nipfs_nar_file *n)
{
	return n->size >= NIPFS_NAR_FILE_LINKED;
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_nar_file *n = ctx;
	const int r = open_entry(n, entry, err);

	n->size = n->left = entry->size;
	/* framing ends where a linked file begins */
	return r == 0 && is_linked(n) && n->pending.len ?
		       add_framing(n, n->pending.len, err) :
		       r;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_nar_file *n = ctx;

	if (bytes->len > n->left)
		return nipfs__fail(err, NIPFS_E_CHANGED, "a file grew while it was read");
	n->left -= bytes->len;
	if (is_linked(n))
		return 0;
	return appended(n, nipfs__buf_put(&n->pending, bytes->ptr, bytes->len), err);
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct nipfs_nar_file *n = ctx;
	int r = 0;

	if (n->left)
		return nipfs__fail(err, NIPFS_E_CHANGED,
				   "a file shrank while it was read");
	if (is_linked(n)) {
		const struct nipfs_link *file = nipfs_dag_builder_last_file(n->builder);

		if (!file || file->file_bytes != n->size)
			return nipfs__fail(err, NIPFS_E_USAGE,
					   "the DAG builder has not had the file before");
		r = add_child(n, file, err);
	}
	return r < 0 ? r : close_entry(n, n->size, err);
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_nar_file *n = ctx;
	const int r = open_entry(n, entry, err);

	return r < 0 ? r : close_entry(n, 0, err);
}

struct nipfs_tree_sink nipfs_nar_file_sink(struct nipfs_nar_file *n)
{
	return (struct nipfs_tree_sink){
		.enter = on_enter,
		.leave = on_leave,
		.file = on_file,
		.bytes = on_bytes,
		.file_end = on_file_end,
		.symlink = on_symlink,
		.ctx = n,
	};
}

int nipfs_nar_file_result(struct nipfs_nar_file *n, struct nipfs_link *out,
			  struct nipfs_error *err)
{
	const struct nipfs__attributes none = { false, 0, { false, 0, 0 } };
	struct nipfs_link root;
	int r = 0;

	if (!n->complete)
		return nipfs__fail(err, NIPFS_E_USAGE, "no tree is complete");
	if (n->pending.len)
		r = add_framing(n, n->pending.len, err);
	root = n->first;
	if (r == 0 && n->n > 1)
		r = nipfs__file_layout_finish(&n->layout, &none, &root, err);
	if (r < 0)
		return r;
	n->complete = false;
	n->at = n->n = 0;
	*out = root;
	return 0;
}
