/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees as tables of events. */
#include "tests/support/feed_tree.h"

#include <check.h>
#include <string.h>

static struct nipfs_slice text_slice(const char *text)
{
	return (struct nipfs_slice){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

static int feed_bytes(const struct nipfs_tree_sink *sink, struct nipfs_slice content,
		      size_t span_max, struct nipfs_error *err)
{
	int r = 0;

	while (content.len && r == 0) {
		const size_t n = content.len < span_max ? content.len : span_max;
		const struct nipfs_span span = { .ptr = content.ptr, .len = n, .fd = -1 };

		r = sink->bytes(sink->ctx, &span, err);
		content.ptr += n;
		content.len -= n;
	}
	return r < 0 ? r : sink->file_end(sink->ctx, err);
}

static struct nipfs_entry entry_of(const struct tree_step *step)
{
	struct nipfs_entry e = { .name = text_slice(step->name) };

	e.has_mode = step->mode != 0;
	e.mode = step->mode;
	e.mtime.present = step->seconds || step->nanoseconds;
	e.mtime.seconds = step->seconds;
	e.mtime.nanoseconds = step->nanoseconds;
	return e;
}

static int feed_step(const struct nipfs_tree_sink *sink, const struct tree_step *step,
		     size_t span_max, struct nipfs_error *err)
{
	const struct nipfs_slice text = text_slice(step->text);
	struct nipfs_entry e = entry_of(step);
	int r;

	switch (step->what) {
	case 'd':
		e.kind = NIPFS_DIRECTORY;
		return sink->enter(sink->ctx, &e, err);
	case 'u':
		return sink->leave(sink->ctx, err);
	case 'l':
		e.kind = NIPFS_SYMLINK;
		e.target = text;
		return sink->symlink(sink->ctx, &e, err);
	default:
		ck_assert_int_eq(step->what, 'f');
		e.kind = NIPFS_FILE;
		e.executable = step->mode & 0100;
		e.size = text.len;
		r = sink->file(sink->ctx, &e, err);
		return r < 0 ? r : feed_bytes(sink, text, span_max, err);
	}
}

int feed_tree(const struct nipfs_tree_sink *sink, const struct tree_step *steps,
	      size_t span_max, struct nipfs_error *err)
{
	int r = 0;

	for (; r == 0 && steps->what; steps++)
		r = feed_step(sink, steps, span_max, err);
	return r;
}

int feed_file(const struct nipfs_tree_sink *sink, struct nipfs_slice content,
	      uint32_t mode, size_t span_max, struct nipfs_error *err)
{
	const struct nipfs_entry e = {
		.kind = NIPFS_FILE,
		.executable = mode & 0100,
		.size = content.len,
		.has_mode = mode != 0,
		.mode = mode,
	};
	const int r = sink->file(sink->ctx, &e, err);

	return r < 0 ? r : feed_bytes(sink, content, span_max, err);
}
