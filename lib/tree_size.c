/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How big a DAG becomes as a tree: a walk that sums up each directory once. */
#include <nixipfs/tree_size.h>

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/dag.h>
#include <nixipfs/progress.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"

/* A directory costs a block; so many levels are no tree that a file system can hold. */
enum { DEPTH_MAX = 20000, TARGET_MAX = 65536, TODO_MAX = 1 << 28 };

/* A directory whose sum is known: a node of a search tree, which no choice of CIDs makes
 * slow. */
struct known {
	struct nipfs_cid cid;
	struct nipfs_tree_size size;
};

/* A directory on the way to the current one, and which of its entries are still to be
 * seen. */
struct frame {
	struct nipfs_cid cid;
	struct nipfs_tree_size size;
	struct nipfs_buf todo; /* binary CIDs, the length of each behind it */
};

struct counter {
	struct nipfs_block_source *source;
	struct frame *frames;
	size_t n_frames, cap_frames;
	void *known; /* of tsearch() */
	char *target;
};

static int compare_cids(const void *a, const void *b)
{
	uint8_t left[NIPFS_CID_BYTES_MAX], right[NIPFS_CID_BYTES_MAX];
	const size_t n = nipfs_cid_encode(&((const struct known *)a)->cid, left);
	const size_t m = nipfs_cid_encode(&((const struct known *)b)->cid, right);

	return n != m ? (n < m ? -1 : 1) : memcmp(left, right, n);
}

static void add(uint64_t *to, uint64_t n)
{
	if (__builtin_add_overflow(*to, n, to))
		*to = UINT64_MAX;
}

static void add_size(struct nipfs_tree_size *to, const struct nipfs_tree_size *size)
{
	add(&to->bytes, size->bytes);
	add(&to->entries, size->entries);
}

static int push_frame(struct counter *c, const struct nipfs_cid *cid,
		      struct nipfs_error *err)
{
	if (c->n_frames == DEPTH_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "directories are nested more than %d deep", DEPTH_MAX);
	if (c->n_frames == c->cap_frames) {
		const size_t cap = c->cap_frames ? 2 * c->cap_frames : 16;
		struct frame *frames = reallocarray(c->frames, cap, sizeof(*frames));

		if (!frames)
			return nipfs__fail_nomem(err);
		c->frames = frames;
		c->cap_frames = cap;
	}
	c->frames[c->n_frames++] = (struct frame){
		.cid = *cid,
		.size = { 0, 1 },
		.todo = NIPFS_BUF_INIT(TODO_MAX),
	};
	return 0;
}

static int list_entry(void *ctx, const struct nipfs_dir_entry *entry,
		      struct nipfs_error *err)
{
	struct frame *frame = ctx;
	uint8_t cid[NIPFS_CID_BYTES_MAX];
	size_t n;
	int r;

	if (entry->cid.codec == NIPFS_CODEC_RAW) {
		add(&frame->size.bytes, entry->tsize);
		add(&frame->size.entries, 1);
		return 0;
	}
	n = nipfs_cid_encode(&entry->cid, cid);
	r = nipfs__buf_reserve(&frame->todo, n + 1);
	if (r == 0)
		r = nipfs__buf_put(&frame->todo, cid, n);
	if (r == 0)
		r = nipfs__buf_put_u8(&frame->todo, (uint8_t)n);
	return r < 0 ? nipfs__fail(err, r, "a directory has too many entries") : 0;
}

/* The next entry to be seen: from the end, which order does not matter to a sum. */
static void take_todo(struct frame *frame, struct nipfs_cid *cid)
{
	struct nipfs_buf *todo = &frame->todo;
	const size_t n = todo->ptr[todo->len - 1];
	int r;

	todo->len -= n + 1;
	r = nipfs_cid_decode(nipfs__slice(todo->ptr + todo->len, n), cid, NULL);
	assert(r == 0);
	(void)r;
}

/* Adds what is not a directory to @size, and directories that are known; enters the
 * others. */
static int count_one(struct counter *c, const struct nipfs_cid *cid,
		     struct nipfs_tree_size *size, struct nipfs_error *err)
{
	const struct known key = { .cid = *cid };
	struct known *const *hit = tfind(&key, &c->known, compare_cids);
	struct nipfs_entry entry;
	int r;

	if (hit) {
		add_size(size, &(*hit)->size);
		return 0;
	}
	r = nipfs_dag_stat(c->source, cid, &entry, c->target, TARGET_MAX, err);
	if (r < 0)
		return r;
	if (entry.kind != NIPFS_DIRECTORY) {
		add(&size->bytes, entry.size);
		add(&size->entries, 1);
		return 0;
	}
	r = push_frame(c, cid, err);
	if (r < 0)
		return r;
	return nipfs_dag_list(c->source, cid, list_entry, &c->frames[c->n_frames - 1],
			      err);
}

/* The innermost directory is summed up: remembered, and added to the one around it. */
static int pop_frame(struct counter *c, struct nipfs_tree_size *total,
		     struct nipfs_error *err)
{
	struct frame *frame = &c->frames[--c->n_frames];
	struct known *known = calloc(1, sizeof(*known));

	nipfs__buf_release(&frame->todo);
	if (!known)
		return nipfs__fail_nomem(err);
	known->cid = frame->cid;
	known->size = frame->size;
	add_size(c->n_frames ? &c->frames[c->n_frames - 1].size : total, &frame->size);
	if (!tsearch(known, &c->known, compare_cids)) {
		free(known);
		return nipfs__fail_nomem(err);
	}
	return 0;
}

static int count_all(struct counter *c, const struct nipfs_cid *root,
		     struct nipfs_tree_size *total, struct nipfs_error *err)
{
	int r = count_one(c, root, total, err);

	while (r == 0 && c->n_frames) {
		struct frame *frame = &c->frames[c->n_frames - 1];

		r = nipfs_cancel_check(err);
		if (r == 0 && frame->todo.len == 0) {
			r = pop_frame(c, total, err);
		} else if (r == 0) {
			const size_t here = c->n_frames - 1;
			struct nipfs_tree_size size = { 0, 0 };
			struct nipfs_cid next;

			take_todo(frame, &next);
			/* the frame moves when another one is entered */
			r = count_one(c, &next, &size, err);
			add_size(&c->frames[here].size, &size);
		}
	}
	return r;
}

int nipfs_tree_size(struct nipfs_block_source *source, const struct nipfs_cid *root,
		    struct nipfs_tree_size *out, struct nipfs_error *err)
{
	nipfs_auto_free char *target = malloc(TARGET_MAX);
	struct counter c = { .source = source, .target = target };
	struct nipfs_tree_size total = { 0, 0 };
	int r = target ? count_all(&c, root, &total, err) : nipfs__fail_nomem(err);

	while (c.n_frames)
		nipfs__buf_release(&c.frames[--c.n_frames].todo);
	free(c.frames);
	tdestroy(c.known, free);
	if (r == 0)
		*out = total;
	return r;
}
