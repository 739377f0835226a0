/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a UnixFS file: of any shape, and of it the blocks alone that hold
 * the wanted range. Every size that a node claims is checked against what comes.
 */
#include "dag/file_reader.h"

#include "dag/block.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum { AHEAD_IN_PARENTS = 2 };

/* A link of a file node. */
struct child {
	struct nipfs_cid cid;
	uint64_t start; /* position in the file */
	uint64_t bytes; /* of the file, as the parent says */
};

/* Goes through the children of a node. */
struct cursor {
	size_t index, link, blocksize;
	uint64_t start;
};

/*
 * A node on the way to the current leaf.
 * @here:  behind the child that is being read
 * @ahead: behind the child that was announced last, never before @here
 */
struct level {
	struct nipfs__node node;
	struct cursor here, ahead;
};

struct reader {
	struct nipfs__fetch *fetch;
	struct nipfs_buf levels;
	size_t held_bytes;
	uint64_t begin, end; /* the range */
	bool whole;          /* it is all of the file */
	const struct nipfs__bytes_sink *sink;
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

/* ---- children ------------------------------------------------------------------- */

/* Return: 0, 1 behind the last, or NIPFS_E_INVALID for a link with a name. */
static int next_child(const struct nipfs__node *n, struct cursor *c, struct child *out,
		      struct nipfs_error *err)
{
	struct nipfs__pb_link link;

	if (nipfs__pb_node_next(&n->pb, &c->link, &link) != 0 ||
	    nipfs__unixfs_next_blocksize(&n->u, &c->blocksize, &out->bytes) != 0)
		return 1;
	if (link.name.len)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "block '%s' is no valid UnixFS: a part of a file has a name",
				   nipfs__cid_str(&n->cid).text);
	out->cid = link.cid;
	out->start = c->start;
	/* no overflow: the sum of the sizes was checked */
	c->start += out->bytes;
	c->index++;
	return 0;
}

/* Empty children are looked at where the whole file is: their size may be a lie. */
static bool is_wanted(const struct reader *r, const struct child *child)
{
	if (child->bytes == 0)
		return r->whole;
	return child->start < r->end && child->start + child->bytes > r->begin;
}

static struct nipfs_want want_of(const struct child *child)
{
	const bool is_leaf = child->cid.codec == NIPFS_CODEC_RAW ||
			     child->bytes <= NIPFS_BLOCK_MAX;

	return (struct nipfs_want){ child->cid,
				    is_leaf ? NIPFS_WANT_LEAF : NIPFS_WANT_NODE,
				    is_leaf ? child->bytes : 0 };
}

/* Announces children of one level. Return: 0, 1 when there may be room for more, negative. */
static int announce_children(struct reader *r, struct level *l, size_t max)
{
	for (;;) {
		struct cursor next = l->ahead;
		struct child child;
		int code;

		if (next.index - l->here.index >= max)
			return 1;
		code = next_child(&l->node, &next, &child, r->err);
		if (code != 0)
			return code;
		if (is_wanted(r, &child)) {
			const struct nipfs_want want = want_of(&child);

			if (!nipfs__fetch_ahead(r->fetch, &want))
				return 0;
		} else if (child.start >= r->end) {
			return 1;
		}
		l->ahead = next;
	}
}

/* Announces what comes next: the rest of this node, then the nodes beside its parents. */
static int announce(struct reader *r)
{
	int code = 1;

	for (size_t i = depth(r); i > 0 && code > 0; i--)
		code = announce_children(r, level(r, i - 1),
					 i == depth(r) ? SIZE_MAX : AHEAD_IN_PARENTS);
	return code < 0 ? code : 0;
}

/* ---- nodes ---------------------------------------------------------------------- */

/* Gives out what of @data, which stands at @start in the file, is in the range. */
static int emit(struct reader *r, const struct nipfs__node *n, uint64_t start)
{
	struct nipfs_slice data = n->u.data;
	struct nipfs_span span;

	if (start < r->begin)
		data = nipfs__slice_skip(data, (size_t)nipfs__min_u64(r->begin - start, data.len));
	start = start < r->begin ? r->begin : start;
	data.len = start < r->end ? (size_t)nipfs__min_u64(data.len, r->end - start) : 0;
	if (data.len == 0)
		return 0;
	nipfs__fetch_earn(r->fetch, (uint64_t)data.len * NIPFS__FETCH_WORK_PER_BYTE);
	span = nipfs__span_part(&n->block, data);
	/* the block was verified, and these are all of its bytes */
	if (n->cid.codec == NIPFS_CODEC_RAW && span.len == n->block.len)
		span.cid = &n->cid;
	return r->sink->bytes(r->sink->ctx, &span, r->err);
}

static void pop(struct reader *r)
{
	struct level *l = level(r, depth(r) - 1);

	r->held_bytes -= l->node.block.len;
	nipfs_slab_unref(l->node.block.slab);
	r->levels.len -= sizeof(*l);
}

static int push(struct reader *r, const struct nipfs__node *n, uint64_t start)
{
	struct level l = { .node = *n };
	int code;

	l.here.start = l.ahead.start = start + n->u.data.len;
	if (depth(r) == NIPFS__FILE_DEPTH_MAX ||
	    n->block.len > NIPFS__FILE_NODES_BYTES_MAX - r->held_bytes)
		return nipfs__fail(r->err, NIPFS_E_LIMIT,
				   "a file is nested too deep, at block '%s'",
				   nipfs__cid_str(&n->cid).text);
	code = nipfs__node_hold(&l.node, r->err);
	if (code < 0)
		return code;
	if (nipfs__buf_put(&r->levels, &l, sizeof(l)) < 0) {
		nipfs_slab_unref(l.node.block.slab);
		return nipfs__fail_nomem(r->err);
	}
	r->held_bytes += l.node.block.len;
	return 0;
}

/* The bytes in a node come before those of its children. */
static int visit(struct reader *r, const struct nipfs__node *n, uint64_t start)
{
	const int code = emit(r, n, start);

	return code < 0 || n->pb.n_links == 0 ? code : push(r, n, start);
}

static int read_child(struct reader *r, const struct child *child, bool announced)
{
	const struct nipfs_want want = want_of(child);
	struct nipfs__node n;
	int code = nipfs__node_get(r->fetch, &want, announced, &n, r->err);

	if (code < 0)
		return code;
	if (!nipfs__node_is_file(&n))
		return nipfs__fail(r->err, NIPFS_E_INVALID,
				   "block '%s' is a part of a file and no file itself",
				   nipfs__cid_str(&n.cid).text);
	if (n.u.filesize != child->bytes)
		return nipfs__fail(r->err, NIPFS_E_INVALID,
				   "block '%s' has another size than the file says of it",
				   nipfs__cid_str(&n.cid).text);
	return visit(r, &n, child->start);
}

/* Goes on by one child, or up by one level. */
static int step(struct reader *r)
{
	struct level *l = level(r, depth(r) - 1);
	const bool announced = l->ahead.index > l->here.index;
	struct child child;
	int code = next_child(&l->node, &l->here, &child, r->err);

	if (code < 0)
		return code;
	if (code > 0 || (child.start >= r->end && !is_wanted(r, &child))) {
		pop(r);
		return 0;
	}
	if (!announced)
		l->ahead = l->here;
	if (!is_wanted(r, &child))
		return 0;
	code = announce(r);
	return code < 0 ? code : read_child(r, &child, announced);
}

int nipfs__file_read(struct nipfs__fetch *f, const struct nipfs__node *root, uint64_t offset,
		     uint64_t length, const struct nipfs__bytes_sink *sink,
		     struct nipfs_error *err)
{
	struct reader r = { .fetch = f,
			    .levels = NIPFS_BUF_INIT(SIZE_MAX),
			    .sink = sink,
			    .err = err };
	int code;

	r.begin = nipfs__min_u64(offset, root->u.filesize);
	r.end = r.begin + nipfs__min_u64(length, root->u.filesize - r.begin);
	r.whole = r.begin == 0 && r.end == root->u.filesize;
	code = visit(&r, root, 0);
	while (code == 0 && depth(&r) > 0)
		code = step(&r);
	while (depth(&r) > 0)
		pop(&r);
	nipfs__buf_release(&r.levels);
	return code;
}

int nipfs_dag_read(struct nipfs_block_source *source, const struct nipfs_cid *file,
		   uint64_t offset, uint64_t length,
		   int (*each)(void *ctx, const struct nipfs_span *bytes,
			       struct nipfs_error *err),
		   void *ctx, struct nipfs_error *err)
{
	const struct nipfs_want want = { *file, NIPFS_WANT_NODE, 0 };
	const struct nipfs__bytes_sink sink = { each, ctx };
	struct nipfs__fetch *f;
	struct nipfs__node root;
	int code = nipfs__fetch_new(&f, source, 0, true, err);

	if (code < 0)
		return code;
	code = nipfs__node_get(f, &want, false, &root, err);
	if (code == 0 && !nipfs__node_is_file(&root))
		code = nipfs__fail(err, NIPFS_E_INVALID, "'%s' is no file",
				   nipfs__cid_str(file).text);
	if (code == 0)
		code = nipfs__file_read(f, &root, offset, length, &sink, err);
	nipfs__fetch_free(f);
	return code;
}
