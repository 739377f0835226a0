/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A UnixFS DAG as tree events. */
#include "dag/block.h"
#include "dag/dir_reader.h"
#include "dag/file_reader.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

/* Of the window, for the roots of entries; what is left is for the insides of files. */
enum { ENTRIES_AHEAD = NIPFS__FETCH_WANTS * 3 / 4 };

/*
 * A directory that was entered.
 * @next:      the entry that is read next
 * @announced: entries before this one were announced, or read
 * @quota:     how many may be announced at once
 */
struct level {
	struct nipfs__listing dir;
	size_t next, announced, quota;
};

struct reader {
	struct nipfs__fetch *fetch;
	const struct nipfs_tree_limits *limits;
	const struct nipfs_tree_sink *sink;
	struct nipfs_buf levels;
	size_t bytes;     /* memory of the levels */
	bool outline;     /* without the bytes of files */
	bool sink_failed; /* so that the message is the sink's own */
	struct nipfs_error *err;
};

static size_t depth(const struct reader *r)
{
	return r->levels.len / sizeof(struct level);
}

static struct level *level(const struct reader *r, size_t i)
{
	return (struct level *)(void *)r->levels.ptr + i;
}

/* The result of a sink's function, other than NIPFS_HAVE. */
static int from_sink(struct reader *r, int code)
{
	if (code < 0)
		r->sink_failed = true;
	return code < 0 ? code : 0;
}

/* ---- messages ------------------------------------------------------------------- */

enum { PATH_SHOWN = 400 }; /* of a long path, its end: the message behind it must fit */

/* Puts the path of the current entry before the message. */
static void prefix_path(const struct reader *r)
{
	struct nipfs_buf path = NIPFS_BUF_INIT(SIZE_MAX);
	int code = 0;

	for (size_t i = 0; code == 0 && i < depth(r); i++) {
		const struct level *l = level(r, i);
		struct nipfs_dir_entry entry;

		if (l->next == 0)
			break;
		nipfs__listing_entry(&l->dir, l->next - 1, &entry);
		if (i > 0)
			code = nipfs__buf_put_u8(&path, '/');
		if (code == 0)
			code = nipfs__buf_put_slice(&path, entry.name);
	}
	if (code == 0 && path.len > PATH_SHOWN)
		nipfs__prefix(r->err, "'...%.*s'", PATH_SHOWN,
			      (const char *)path.ptr + path.len - PATH_SHOWN);
	else if (code == 0 && path.len)
		nipfs__prefix(r->err, "'%.*s'", NIPFS_FMT(path));
	nipfs__buf_release(&path);
}

/* ---- entries -------------------------------------------------------------------- */

static int check_limits(const struct reader *r, const struct nipfs_entry *entry)
{
	const struct nipfs_tree_limits *limits = r->limits;

	if (limits->depth && depth(r) > limits->depth)
		return nipfs__fail(r->err, NIPFS_E_LIMIT,
				   "it lies more than %u levels deep", limits->depth);
	if (limits->name_bytes && entry->name.len > limits->name_bytes)
		return nipfs__fail(r->err, NIPFS_E_LIMIT,
				   "its name has %zu bytes, over the limit of %u",
				   entry->name.len, limits->name_bytes);
	if (entry->kind != NIPFS_SYMLINK)
		return 0;
	if (limits->target_bytes && entry->target.len > limits->target_bytes)
		return nipfs__fail(r->err, NIPFS_E_LIMIT,
				   "symlink '%s' has a target of %zu bytes, over the limit of %u",
				   nipfs__cid_str(entry->cid).text, entry->target.len,
				   limits->target_bytes);
	if (entry->target.len == 0 && !limits->empty_target)
		return nipfs__fail(r->err, NIPFS_E_INVALID, "symlink '%s' has an empty target",
				   nipfs__cid_str(entry->cid).text);
	return 0;
}

static int give_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct reader *r = ctx;

	return from_sink(r, r->sink->bytes(r->sink->ctx, bytes, err));
}

static int read_file(struct reader *r, const struct nipfs__node *n,
		     const struct nipfs_entry *entry)
{
	const struct nipfs__bytes_sink bytes = { give_bytes, r };
	const int answer = r->sink->file(r->sink->ctx, entry, r->err);
	int code = from_sink(r, answer);

	/* what an entry is can't be told without this block, whether its bytes are wanted or not */
	if (code == 0 && (answer == NIPFS_HAVE || r->outline))
		nipfs__fetch_earn(r->fetch, n->block.len);
	else if (code == 0)
		code = nipfs__file_read(r->fetch, n, 0, UINT64_MAX, &bytes, r->err);
	if (code == 0)
		code = from_sink(r, r->sink->file_end(r->sink->ctx, r->err));
	return code;
}

/* A file that is a raw block, as its directory has it: the block is not read. */
static int claimed_file(struct reader *r, const struct nipfs_dir_entry *claim)
{
	const struct nipfs_entry entry = { .kind = NIPFS_FILE,
					   .name = claim->name,
					   .size = claim->tsize,
					   .cid = &claim->cid };
	int code = check_limits(r, &entry);

	if (code == 0)
		code = from_sink(r, r->sink->file(r->sink->ctx, &entry, r->err));
	if (code == 0)
		code = from_sink(r, r->sink->file_end(r->sink->ctx, r->err));
	return code;
}

static int push(struct reader *r, struct level *l, const struct nipfs_cid *cid)
{
	const size_t used = nipfs__fetch_used(r->fetch);
	const size_t bytes = sizeof(*l) + nipfs__listing_bytes(&l->dir);

	if (bytes > NIPFS__LISTING_BYTES_MAX - r->bytes)
		return nipfs__fail(r->err, NIPFS_E_LIMIT,
				   "directory '%s' is nested too deep for the limit of memory",
				   nipfs__cid_str(cid).text);
	/* half of what is free: levels below share the other half */
	l->quota = used + 2 < ENTRIES_AHEAD ? (ENTRIES_AHEAD - used) / 2 : 1;
	if (nipfs__buf_put(&r->levels, l, sizeof(*l)) < 0)
		return nipfs__fail_nomem(r->err);
	r->bytes += bytes;
	return 0;
}

static int pop(struct reader *r)
{
	struct level *l = level(r, depth(r) - 1);

	r->bytes -= sizeof(*l) + nipfs__listing_bytes(&l->dir);
	nipfs__listing_release(&l->dir);
	r->levels.len -= sizeof(*l);
	return from_sink(r, r->sink->leave(r->sink->ctx, r->err));
}

static int read_directory(struct reader *r, const struct nipfs__node *n,
			  const struct nipfs_entry *entry)
{
	const int answer = r->sink->enter(r->sink->ctx, entry, r->err);
	struct level l = { NIPFS__LISTING_INIT(NIPFS__LISTING_BYTES_MAX - r->bytes), 0, 0, 0 };
	int code = from_sink(r, answer);

	if (code < 0)
		return code;
	if (answer == NIPFS_HAVE)
		return from_sink(r, r->sink->leave(r->sink->ctx, r->err));
	code = nipfs__listing_read(r->fetch, n, &l.dir, r->err);
	if (code == 0)
		code = push(r, &l, &n->cid);
	if (code < 0)
		nipfs__listing_release(&l.dir);
	return code;
}

static int read_entry(struct reader *r, const struct nipfs_want *want, bool announced,
		      struct nipfs_slice name)
{
	struct nipfs__node n;
	struct nipfs_entry entry;
	int code = nipfs__node_get(r->fetch, want, announced, &n, r->err);

	if (code < 0)
		return code;
	entry = nipfs__node_entry(&n);
	entry.name = name;
	code = check_limits(r, &entry);
	if (code < 0)
		return code;
	switch (entry.kind) {
	case NIPFS_FILE:
		return read_file(r, &n, &entry);
	case NIPFS_DIRECTORY:
		return read_directory(r, &n, &entry);
	case NIPFS_SYMLINK:
	default:
		return from_sink(r, r->sink->symlink(r->sink->ctx, &entry, r->err));
	}
}

/* ---- directories ---------------------------------------------------------------- */

static struct nipfs_want want_entry(const struct nipfs_dir_entry *entry)
{
	struct nipfs_want want = { entry->cid, NIPFS_WANT_NODE, 0 };

	if (entry->cid.codec == NIPFS_CODEC_RAW) {
		want.role = NIPFS_WANT_LEAF;
		want.bytes = entry->tsize;
	}
	return want;
}

static bool is_claimed(const struct reader *r, const struct nipfs_dir_entry *entry)
{
	return r->outline && entry->cid.codec == NIPFS_CODEC_RAW;
}

static void announce(const struct reader *r, struct level *l)
{
	const size_t n = nipfs__listing_count(&l->dir);
	struct nipfs_dir_entry entry;

	if (l->announced < l->next)
		l->announced = l->next;
	while (l->announced < n && l->announced - l->next < l->quota &&
	       nipfs__fetch_used(r->fetch) < ENTRIES_AHEAD) {
		struct nipfs_want want;

		nipfs__listing_entry(&l->dir, l->announced, &entry);
		want = want_entry(&entry);
		if (!is_claimed(r, &entry) && !nipfs__fetch_ahead(r->fetch, &want))
			return;
		l->announced++;
	}
}

/* Reads one entry of the innermost directory, or leaves it. */
static int step(struct reader *r)
{
	struct level *l = level(r, depth(r) - 1);
	const bool announced = l->announced > l->next;
	struct nipfs_dir_entry entry;
	struct nipfs_want want;

	if (l->next == nipfs__listing_count(&l->dir))
		return pop(r);
	nipfs__listing_entry(&l->dir, l->next++, &entry);
	announce(r, l);
	if (is_claimed(r, &entry))
		return claimed_file(r, &entry);
	want = want_entry(&entry);
	return read_entry(r, &want, announced, entry.name);
}

static int read_tree(struct nipfs_block_source *source, const struct nipfs_cid *root,
		     const struct nipfs_tree_limits *limits, const struct nipfs_tree_sink *sink,
		     bool outline, struct nipfs_error *err)
{
	const struct nipfs_want want = { *root, NIPFS_WANT_SUBTREE, 0 };
	struct reader r = { .limits = limits,
			    .sink = sink,
			    .levels = NIPFS_BUF_INIT(SIZE_MAX),
			    .outline = outline,
			    .err = err };
	int code = nipfs__fetch_new(&r.fetch, source, limits->ahead_bytes, true, err);

	if (code < 0)
		return code;
	code = read_entry(&r, &want, false, nipfs__slice_str(""));
	while (code == 0 && depth(&r) > 0)
		code = step(&r);
	if (code < 0 && !r.sink_failed)
		prefix_path(&r);
	for (size_t i = 0; i < depth(&r); i++)
		nipfs__listing_release(&level(&r, i)->dir);
	nipfs__buf_release(&r.levels);
	nipfs__fetch_free(r.fetch);
	return code;
}

int nipfs_dag_tree(struct nipfs_block_source *source, const struct nipfs_cid *root,
		   const struct nipfs_tree_limits *limits, const struct nipfs_tree_sink *sink,
		   struct nipfs_error *err)
{
	return read_tree(source, root, limits, sink, false, err);
}

int nipfs_dag_outline(struct nipfs_block_source *source, const struct nipfs_cid *root,
		      const struct nipfs_tree_limits *limits,
		      const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	return read_tree(source, root, limits, sink, true, err);
}
