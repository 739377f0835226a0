/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tree events: which names may be, and one tree for several sinks. */
#include "dag/tree.h"

#include <assert.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

int nipfs__name_check(struct nipfs_slice name, struct nipfs_error *err)
{
	if (name.len == 0)
		return nipfs__fail(err, NIPFS_E_INVALID, "an empty name is no file name");
	if (nipfs__slice_eq(name, nipfs__slice_str(".")) ||
	    nipfs__slice_eq(name, nipfs__slice_str("..")) || memchr(name.ptr, '/', name.len))
		return nipfs__fail(err, NIPFS_E_INVALID, "'%.*s' is no file name",
				   NIPFS_FMT(name));
	if (memchr(name.ptr, 0, name.len))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "a name with a NUL byte is no file name: '%.*s'...",
				   NIPFS_FMT(name));
	return 0;
}

/* ---- tee -------------------------------------------------------------------------- */

/*
 * have_depth of a sink is 0, or how many levels deep the events are inside what
 * it has, that itself being 1: it gets no event while it is inside, until the
 * end of that very thing.
 */

static bool all_have(const struct nipfs_tree_tee *tee)
{
	for (size_t i = 0; i < tee->n; i++)
		if (!tee->have_depth[i])
			return false;
	return true;
}

/* A directory or file begins. */
static int begin(struct nipfs_tree_tee *tee, const struct nipfs_entry *entry, bool is_file,
		 struct nipfs_error *err)
{
	for (size_t i = 0; i < tee->n; i++) {
		const struct nipfs_tree_sink *sink = tee->sinks[i];
		int r;

		if (tee->have_depth[i]) {
			tee->have_depth[i]++;
			continue;
		}
		r = is_file ? sink->file(sink->ctx, entry, err) :
			      sink->enter(sink->ctx, entry, err);
		if (r < 0)
			return r;
		if (r == NIPFS_HAVE)
			tee->have_depth[i] = 1;
	}
	return all_have(tee) ? NIPFS_HAVE : 0;
}

/* What began last ends. */
static int end(struct nipfs_tree_tee *tee, bool is_file, struct nipfs_error *err)
{
	for (size_t i = 0; i < tee->n; i++) {
		const struct nipfs_tree_sink *sink = tee->sinks[i];
		int r;

		if (tee->have_depth[i] && --tee->have_depth[i])
			continue;
		r = is_file ? sink->file_end(sink->ctx, err) : sink->leave(sink->ctx, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int tee_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	return begin(ctx, entry, false, err);
}

static int tee_leave(void *ctx, struct nipfs_error *err)
{
	return end(ctx, false, err);
}

static int tee_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	return begin(ctx, entry, true, err);
}

static int tee_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_tree_tee *tee = ctx;

	for (size_t i = 0; i < tee->n; i++) {
		const struct nipfs_tree_sink *sink = tee->sinks[i];
		const int r = tee->have_depth[i] ? 0 : sink->bytes(sink->ctx, bytes, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int tee_file_end(void *ctx, struct nipfs_error *err)
{
	return end(ctx, true, err);
}

static int tee_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_tree_tee *tee = ctx;

	for (size_t i = 0; i < tee->n; i++) {
		const struct nipfs_tree_sink *sink = tee->sinks[i];
		const int r = tee->have_depth[i] ? 0 : sink->symlink(sink->ctx, entry, err);

		if (r < 0)
			return r;
	}
	return 0;
}

struct nipfs_tree_sink nipfs_tree_tee_sink(struct nipfs_tree_tee *tee)
{
	assert(tee->n <= NIPFS_TEE_MAX);
	return (struct nipfs_tree_sink){ tee_enter,    tee_leave,   tee_file, tee_bytes,
					 tee_file_end, tee_symlink, tee };
}
