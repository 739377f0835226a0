/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of a NAR as a table of states (nix.md, sections 1.1 and 1.5). */
#include "lib/nix/nar_grammar.h"

#include <stdio.h>

#include "multiformats/base/err.h"

enum {
	WORD_MAX = 32,	      /* longest keyword, with room to spare */
	STRING_MAX = 1 << 20, /* longest name or target where no limit is set */
};

/* An open directory: its last name begins at @name in the names. */
struct frame {
	size_t name;
};

typedef int action(struct nipfs_nar_reader *r, struct nipfs_error *err);

struct word {
	const char *text;
	enum nipfs__nar_state next;
	action *act;
};

int nipfs__nar_fail(const struct nipfs_nar_reader *r, struct nipfs_error *err, int code,
		    const char *what)
{
	return nipfs__fail(err, code, "the NAR is malformed at byte %llu: %s",
			   (unsigned long long)r->offset, what);
}

static struct frame *top(const struct nipfs_nar_reader *r)
{
	return (struct frame *)(void *)r->frames.ptr + (r->depth - 1);
}

static struct nipfs_entry entry_of(const struct nipfs_nar_reader *r,
				   enum nipfs_entry_kind kind)
{
	struct nipfs_entry entry = { .kind = kind };

	if (r->names.len)
		entry.name = nipfs__slice(r->names.ptr + top(r)->name,
					  r->names.len - top(r)->name);
	return entry;
}

/* ---- what a keyword does ---- */

static int begin_directory(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	const struct frame frame = { .name = r->names.len };
	const struct nipfs_entry entry = entry_of(r, NIPFS_DIRECTORY);
	int ret = 0;

	if (r->have_depth == 0)
		ret = r->sink.enter(r->sink.ctx, &entry, err);
	if (ret < 0)
		return ret;
	if (ret == NIPFS_HAVE || r->have_depth)
		r->have_depth++;
	ret = nipfs__buf_put(&r->frames, &frame, sizeof(frame));
	if (ret == NIPFS_E_LIMIT)
		return nipfs__nar_fail(r, err, ret, "too many levels");
	r->depth++;
	return ret < 0 ? nipfs__fail_nomem(err) : 0;
}

static int end_node(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	(void)err;
	r->state = r->depth ? NIPFS__NAR_ENTRY_CLOSE : NIPFS__NAR_DONE;
	return 0;
}

static int end_directory(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	r->names.len = top(r)->name;
	r->frames.len -= sizeof(struct frame);
	r->depth--;
	if (r->have_depth)
		r->have_depth--;
	/* the directory that the sink has ends like any other */
	if (r->have_depth == 0) {
		const int ret = r->sink.leave(r->sink.ctx, err);

		if (ret < 0)
			return ret;
	}
	return end_node(r, err);
}

static int begin_file(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	(void)err;
	r->executable = false;
	return 0;
}

static int set_executable(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	(void)err;
	r->executable = true;
	return 0;
}

enum { WORDS_MAX = 3 };

static const struct word grammar[NIPFS__NAR_DONE][WORDS_MAX] = {
	[NIPFS__NAR_MAGIC] = { { "nix-archive-1", NIPFS__NAR_NODE_OPEN, NULL } },
	[NIPFS__NAR_NODE_OPEN] = { { "(", NIPFS__NAR_TYPE_TAG, NULL } },
	[NIPFS__NAR_TYPE_TAG] = { { "type", NIPFS__NAR_KIND, NULL } },
	[NIPFS__NAR_KIND] = { { "regular", NIPFS__NAR_REGULAR, begin_file },
			      { "directory", NIPFS__NAR_DIRECTORY, begin_directory },
			      { "symlink", NIPFS__NAR_TARGET_TAG, NULL } },
	[NIPFS__NAR_REGULAR] = { { "contents", NIPFS__NAR_CONTENTS, NULL },
				 { "executable", NIPFS__NAR_EXECUTABLE_VALUE,
				   set_executable } },
	[NIPFS__NAR_EXECUTABLE_VALUE] = { { "", NIPFS__NAR_CONTENTS_TAG, NULL } },
	[NIPFS__NAR_CONTENTS_TAG] = { { "contents", NIPFS__NAR_CONTENTS, NULL } },
	[NIPFS__NAR_TARGET_TAG] = { { "target", NIPFS__NAR_TARGET, NULL } },
	[NIPFS__NAR_NODE_CLOSE] = { { ")", NIPFS__NAR_DONE, end_node } },
	[NIPFS__NAR_DIRECTORY] = { { "entry", NIPFS__NAR_ENTRY_OPEN, NULL },
				   { ")", NIPFS__NAR_DONE, end_directory } },
	[NIPFS__NAR_ENTRY_OPEN] = { { "(", NIPFS__NAR_NAME_TAG, NULL } },
	[NIPFS__NAR_NAME_TAG] = { { "name", NIPFS__NAR_NAME, NULL } },
	[NIPFS__NAR_NODE_TAG] = { { "node", NIPFS__NAR_NODE_OPEN, NULL } },
	[NIPFS__NAR_ENTRY_CLOSE] = { { ")", NIPFS__NAR_DIRECTORY, NULL } },
};

static int fail_word(const struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	const struct word *words = grammar[r->state];
	char what[96];
	size_t used;

	if (r->state == NIPFS__NAR_MAGIC)
		return nipfs__fail(err, NIPFS_E_INVALID, "this is not a NAR");
	used = (size_t)snprintf(what, sizeof(what), "expected '%s'", words[0].text);
	for (size_t i = 1; i < WORDS_MAX && words[i].text; i++)
		used += (size_t)snprintf(what + used, sizeof(what) - used, " or '%s'",
					 words[i].text);
	return nipfs__nar_fail(r, err, NIPFS_E_INVALID, what);
}

static int on_word(struct nipfs_nar_reader *r, struct nipfs_slice s,
		   struct nipfs_error *err)
{
	const struct word *words = grammar[r->state];

	for (size_t i = 0; i < WORDS_MAX && words[i].text; i++)
		if (nipfs__slice_eq(s, nipfs__slice_str(words[i].text))) {
			r->state = words[i].next;
			return words[i].act ? words[i].act(r, err) : 0;
		}
	return fail_word(r, err);
}

/* ---- names, targets, contents ---- */

static int on_name(struct nipfs_nar_reader *r, struct nipfs_slice name,
		   struct nipfs_error *err)
{
	struct nipfs_slice before = entry_of(r, NIPFS_FILE).name;

	if (name.len == 0 || memchr(name.ptr, '/', name.len) ||
	    memchr(name.ptr, 0, name.len) ||
	    nipfs__slice_eq(name, nipfs__slice_str(".")) ||
	    nipfs__slice_eq(name, nipfs__slice_str("..")))
		return nipfs__nar_fail(r, err, NIPFS_E_INVALID,
				       "a name that no file can have");
	if (before.len && nipfs__slice_cmp(before, name) >= 0)
		return nipfs__nar_fail(
		    r, err, NIPFS_E_NONCANONICAL,
		    "the names are not in order, or one is there twice");
	if (r->limits.depth && r->depth > r->limits.depth)
		return nipfs__fail(err, NIPFS_E_LIMIT, "the NAR has more than %u levels",
				   r->limits.depth);
	r->names.len = top(r)->name;
	if (nipfs__buf_put_slice(&r->names, name) < 0)
		return nipfs__fail_nomem(err);
	r->state = NIPFS__NAR_NODE_TAG;
	return 0;
}

static int on_target(struct nipfs_nar_reader *r, struct nipfs_slice target,
		     struct nipfs_error *err)
{
	struct nipfs_entry entry = entry_of(r, NIPFS_SYMLINK);

	if (target.len == 0 ? !r->limits.empty_target
			    : !!memchr(target.ptr, 0, target.len))
		return nipfs__nar_fail(
		    r, err, NIPFS_E_INVALID,
		    "a symlink whose target is empty or has a NUL in it");
	entry.target = target;
	r->state = NIPFS__NAR_NODE_CLOSE;
	return r->have_depth ? 0 : r->sink.symlink(r->sink.ctx, &entry, err);
}

int nipfs__nar_file_end(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	r->state = NIPFS__NAR_NODE_CLOSE;
	r->number_len = 0;
	return r->have_depth ? 0 : r->sink.file_end(r->sink.ctx, err);
}

static int on_contents(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	struct nipfs_entry entry = entry_of(r, NIPFS_FILE);
	int ret;

	entry.size = r->length;
	entry.executable = r->executable;
	ret = r->have_depth ? NIPFS_HAVE : r->sink.file(r->sink.ctx, &entry, err);
	if (ret < 0)
		return ret;
	r->have_file = ret == NIPFS_HAVE;
	r->file_left = r->length;
	r->padding_left = (size_t)(-r->length & 7);
	return r->length ? 0 : nipfs__nar_file_end(r, err);
}

/* Checks the length of what begins, before anything is kept of it. */
int nipfs__nar_length(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	uint64_t max = WORD_MAX;

	if (r->state == NIPFS__NAR_CONTENTS)
		return on_contents(r, err);
	if (r->state == NIPFS__NAR_NAME)
		max = r->limits.name_bytes ? r->limits.name_bytes : STRING_MAX;
	else if (r->state == NIPFS__NAR_TARGET)
		max = r->limits.target_bytes ? r->limits.target_bytes : STRING_MAX;
	if (r->length <= max)
		return 0;
	if (max == WORD_MAX)
		return fail_word(r, err);
	return nipfs__nar_fail(r, err, NIPFS_E_LIMIT,
			       r->state == NIPFS__NAR_NAME
				   ? "a name that is too long"
				   : "a symlink target that is too long");
}

int nipfs__nar_string(struct nipfs_nar_reader *r, struct nipfs_slice s,
		      struct nipfs_error *err)
{
	if (r->state == NIPFS__NAR_NAME)
		return on_name(r, s, err);
	return r->state == NIPFS__NAR_TARGET ? on_target(r, s, err) : on_word(r, s, err);
}
