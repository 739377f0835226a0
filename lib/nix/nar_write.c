/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The NAR of a tree, from its events (nix.md, section 1.1). */
#include <nixipfs/nar.h>

#include <assert.h>
#include <stdlib.h>

#include "dag/nar_framing.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum {
	/* framing is given out when there is so much of it */
	FRAMING_FLUSH = 16 * 1024,
	/* longest name or target with room to spare: file systems end at 4096 */
	FRAMING_MAX = 16 << 20,
};

struct nipfs_nar_writer {
	struct nipfs_nar_output output;
	uint64_t max_size;
	uint64_t size;		  /* of the NAR so far, framing held back included */
	struct nipfs_buf framing; /* held back */
	size_t depth;		  /* directories that are open */
	uint64_t file_size;	  /* of the file that is open */
	uint64_t file_left;
	bool complete;
};

static int flush(struct nipfs_nar_writer *w, struct nipfs_error *err)
{
	const struct nipfs_span span = { .ptr = w->framing.ptr,
					 .len = w->framing.len,
					 .fd = -1 };

	if (w->framing.len == 0)
		return 0;
	nipfs__buf_clear(&w->framing);
	return w->output.write(w->output.ctx, &span, err);
}

/* Counts @n more bytes of the NAR. */
static int grow(struct nipfs_nar_writer *w, uint64_t n, struct nipfs_error *err)
{
	if (nipfs__add_u64(w->size, n, &w->size))
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "the tree has more than 2^64 bytes");
	if (w->max_size && w->size > w->max_size)
		return nipfs__fail(err, NIPFS_E_MISMATCH,
				   "the tree is larger than its NarSize of %llu bytes",
				   (unsigned long long)w->max_size);
	return 0;
}

/* Counts the framing behind @before, and gives out what should not be held back longer.
 */
static int take_framing(struct nipfs_nar_writer *w, size_t before, int r,
			struct nipfs_error *err)
{
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r,
				   "a name or symlink target has more than %d bytes",
				   FRAMING_MAX);
	if (r < 0)
		return nipfs__fail_nomem(err);
	r = grow(w, w->framing.len - before, err);
	return r == 0 && w->framing.len >= FRAMING_FLUSH ? flush(w, err) : r;
}

static int open_node(struct nipfs_nar_writer *w, const struct nipfs_entry *entry,
		     struct nipfs_error *err)
{
	const size_t before = w->framing.len;

	assert(!w->complete);
	return take_framing(w, before,
			    nipfs__nar_put_open(&w->framing, entry, w->depth == 0), err);
}

/* @size: of a file, 0 for the others */
static int close_node(struct nipfs_nar_writer *w, uint64_t size, struct nipfs_error *err)
{
	const size_t before = w->framing.len;

	w->complete = w->depth == 0;
	return take_framing(w, before,
			    nipfs__nar_put_close(&w->framing, size, w->depth == 0), err);
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_nar_writer *w = ctx;
	const int r = open_node(w, entry, err);

	w->depth++;
	return r;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct nipfs_nar_writer *w = ctx;

	assert(w->depth > 0);
	w->depth--;
	return close_node(w, 0, err);
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_nar_writer *w = ctx;
	int r = open_node(w, entry, err);

	w->file_size = entry->size;
	w->file_left = entry->size;
	if (r == 0)
		r = grow(w, entry->size, err);
	return r == 0 && entry->size ? flush(w, err) : r;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_nar_writer *w = ctx;

	if (bytes->len > w->file_left)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "a file has more bytes than its size");
	w->file_left -= bytes->len;
	return w->output.write(w->output.ctx, bytes, err);
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct nipfs_nar_writer *w = ctx;

	if (w->file_left)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "a file has fewer bytes than its size");
	return close_node(w, w->file_size, err);
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	const int r = open_node(ctx, entry, err);

	return r < 0 ? r : close_node(ctx, 0, err);
}

int nipfs_nar_writer_new(struct nipfs_nar_writer **out,
			 const struct nipfs_nar_output *output, uint64_t max_size,
			 struct nipfs_error *err)
{
	struct nipfs_nar_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return nipfs__fail_nomem(err);
	w->output = *output;
	w->max_size = max_size;
	w->framing = (struct nipfs_buf)NIPFS_BUF_INIT(FRAMING_MAX);
	*out = w;
	return 0;
}

struct nipfs_tree_sink nipfs_nar_writer_sink(struct nipfs_nar_writer *w)
{
	return (struct nipfs_tree_sink){
		.enter = on_enter,
		.leave = on_leave,
		.file = on_file,
		.bytes = on_bytes,
		.file_end = on_file_end,
		.symlink = on_symlink,
		.ctx = w,
	};
}

int nipfs_nar_writer_finish(struct nipfs_nar_writer *w, uint64_t *size,
			    struct nipfs_error *err)
{
	int r;

	if (!w->complete)
		return nipfs__fail(err, NIPFS_E_USAGE, "no tree is complete");
	r = flush(w, err);
	if (r == 0 && size)
		*size = w->size;
	return r;
}

void nipfs_nar_writer_free(struct nipfs_nar_writer *w)
{
	if (!w)
		return;
	nipfs__buf_release(&w->framing);
	free(w);
}
