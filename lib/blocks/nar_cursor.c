/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges of the NAR of a tree on disk. */
#include "lib/blocks/nar_cursor.h"

#include <stdlib.h>
#include <string.h>

#include "dag/nar_framing.h"
#include "lib/disk/walk.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

/*
 * What was made beyond the wanted range is held for the next one: the rest of an
 * entry. Of a big file it is not: NAR-shaped files link to those as a whole.
 */
enum { HELD_MAX = 256 * 1024, SMALL_FILE = 16 * 1024 };

/*
 * @at:      so much of the NAR was made
 * @depth:   directories that are open
 * @size:    of the file that is open
 * @begin:   of the wanted range
 * @end:     of the wanted range
 * @held:    what was made last, behind earlier ranges
 * @used:    so many of these bytes were wanted since
 * @framing: of one event
 * @out:     of the running call
 */
struct nipfs__nar_cursor {
	int dirfd;
	char *path;
	struct nipfs__walk *walk;
	struct nipfs_tree_sink sink;
	bool complete;
	uint64_t at, begin, end, size;
	size_t depth, used;
	struct nipfs_buf held, framing;
	struct nipfs_buf *out;
};

int nipfs__nar_cursor_new(struct nipfs__nar_cursor **out, int dirfd, const char *path,
			  struct nipfs_error *err)
{
	struct nipfs__nar_cursor *c = calloc(1, sizeof(*c));

	if (!c)
		return nipfs__fail_nomem(err);
	c->dirfd = dirfd;
	c->held = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	c->framing = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	c->path = strdup(path);
	if (!c->path) {
		free(c);
		return nipfs__fail_nomem(err);
	}
	*out = c;
	return 0;
}

static void drop_held(struct nipfs__nar_cursor *c)
{
	nipfs__buf_clear(&c->held);
	c->used = 0;
}

static void end_walk(struct nipfs__nar_cursor *c)
{
	nipfs__walk_free(c->walk);
	c->walk = NULL;
	c->complete = false;
	c->at = 0;
	c->depth = 0;
	drop_held(c);
}

void nipfs__nar_cursor_free(struct nipfs__nar_cursor *c)
{
	if (!c)
		return;
	end_walk(c);
	nipfs__buf_release(&c->held);
	nipfs__buf_release(&c->framing);
	free(c->path);
	free(c);
}

/* ---- the NAR --------------------------------------------------------------------- */

/* Gives out what of some bytes at @at lies in the wanted range. */
static int give(struct nipfs__nar_cursor *c, uint64_t at, struct nipfs_slice bytes)
{
	const uint64_t from = at < c->begin ? c->begin : at;
	const uint64_t to = nipfs__min_u64(at + bytes.len, c->end);

	return from < to
		   ? nipfs__buf_put(c->out, bytes.ptr + (from - at), (size_t)(to - from))
		   : 0;
}

/* Holds what lies behind the wanted range; too much of it is made again when it is
 * wanted. */
static int hold(struct nipfs__nar_cursor *c, struct nipfs_slice bytes)
{
	const uint64_t end = c->at + bytes.len;

	if (end <= c->end)
		return 0;
	if (c->at < c->end)
		bytes = nipfs__slice_skip(bytes, (size_t)(c->end - c->at));
	if (c->held.len + bytes.len > HELD_MAX) {
		drop_held(c);
		return 0;
	}
	return nipfs__buf_put_slice(&c->held, bytes);
}

static int make(struct nipfs__nar_cursor *c, struct nipfs_slice bytes,
		struct nipfs_error *err)
{
	if (give(c, c->at, bytes) < 0 || hold(c, bytes) < 0)
		return nipfs__fail_nomem(err);
	c->at += bytes.len;
	return 0;
}

static int make_open(struct nipfs__nar_cursor *c, const struct nipfs_entry *entry,
		     struct nipfs_error *err)
{
	nipfs__buf_clear(&c->framing);
	if (nipfs__nar_put_open(&c->framing, entry, c->depth == 0) < 0)
		return nipfs__fail_nomem(err);
	return make(c, nipfs__buf_slice(&c->framing), err);
}

static int make_close(struct nipfs__nar_cursor *c, uint64_t size, struct nipfs_error *err)
{
	nipfs__buf_clear(&c->framing);
	if (nipfs__nar_put_close(&c->framing, size, c->depth == 0) < 0)
		return nipfs__fail_nomem(err);
	return make(c, nipfs__buf_slice(&c->framing), err);
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs__nar_cursor *c = ctx;
	const int code = make_open(c, entry, err);

	c->depth++;
	return code;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct nipfs__nar_cursor *c = ctx;

	c->depth--;
	return make_close(c, 0, err);
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs__nar_cursor *c = ctx;
	const int code = make_open(c, entry, err);

	c->size = entry->size;
	if (code < 0 || c->size < SMALL_FILE ||
	    (c->at < c->end && c->at + c->size > c->begin))
		return code;
	drop_held(c);
	c->at += c->size;
	return NIPFS_HAVE;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	return make(ctx, nipfs__slice(bytes->ptr, bytes->len), err);
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct nipfs__nar_cursor *c = ctx;

	return make_close(c, c->size, err);
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	const int code = make_open(ctx, entry, err);

	return code < 0 ? code : make_close(ctx, 0, err);
}

/* ---- reading --------------------------------------------------------------------- */

static int begin_walk(struct nipfs__nar_cursor *c, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;

	end_walk(c);
	c->sink = (struct nipfs_tree_sink){
		.enter = on_enter,
		.leave = on_leave,
		.file = on_file,
		.bytes = on_bytes,
		.file_end = on_file_end,
		.symlink = on_symlink,
		.ctx = c,
	};
	return nipfs__walk_new(&c->walk, c->dirfd, c->path, NULL, &limits, &c->sink, err);
}

int nipfs__nar_cursor_read(struct nipfs__nar_cursor *c, uint64_t offset, size_t len,
			   struct nipfs_buf *out, struct nipfs_error *err)
{
	const struct nipfs_slice held =
	    nipfs__slice_skip(nipfs__buf_slice(&c->held), c->used);
	const uint64_t held_at = c->at - held.len;
	int code = 0;

	if (nipfs__add_u64(offset, len, &c->end))
		c->end = UINT64_MAX;
	c->begin = offset;
	c->out = out;
	if (!c->walk || offset < held_at) {
		code = begin_walk(c, err);
	} else {
		if (give(c, held_at, held) < 0)
			return nipfs__fail_nomem(err);
		c->used += (size_t)nipfs__min_u64(c->end - held_at, held.len);
		if (c->used == c->held.len)
			drop_held(c);
	}
	while (code == 0 && c->at < c->end && !c->complete) {
		code = nipfs__walk_step(c->walk, err);
		c->complete = code == 1;
	}
	if (code < 0)
		end_walk(c);
	return code < 0 ? code : 0;
}
