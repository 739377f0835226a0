/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One block as a node of a UnixFS DAG. */
#include "dag/node.h"

#include <inttypes.h>

#include "dag/block.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

static int malformed(const struct nipfs__node *n, const char *why, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_INVALID, "block '%s' is no valid UnixFS: %s",
			   nipfs__cid_str(&n->cid).text, why);
}

/* filesize = bytes in the node + blocksizes, and one blocksize for each link. */
static int check_file(const struct nipfs__node *n, struct nipfs_error *err)
{
	uint64_t sum = n->u.data.len, size;
	size_t cursor = 0;

	if (n->pb.n_links != n->u.n_blocksizes)
		return malformed(n, "not as many block sizes as links", err);
	while (nipfs__unixfs_next_blocksize(&n->u, &cursor, &size) == 0)
		if (nipfs__add_u64(sum, size, &sum))
			return malformed(n, "its block sizes add up to more than 2^64", err);
	if (sum != n->u.filesize)
		return malformed(n, "its file size is not the sum of its parts", err);
	return 0;
}

static int check(const struct nipfs__node *n, struct nipfs_error *err)
{
	switch (n->u.type) {
	case NIPFS__UNIXFS_RAW:
	case NIPFS__UNIXFS_FILE:
		return check_file(n, err);
	case NIPFS__UNIXFS_SYMLINK:
		if (n->pb.n_links)
			return malformed(n, "a symlink with links", err);
		if (n->u.data.len && memchr(n->u.data.ptr, 0, n->u.data.len))
			return malformed(n, "a symlink with a NUL byte in its target", err);
		return 0;
	case NIPFS__UNIXFS_DIRECTORY:
	case NIPFS__UNIXFS_HAMT:
		return 0;
	case NIPFS__UNIXFS_METADATA:
	default:
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "block '%s' has the UnixFS type Metadata, which nothing writes",
				   nipfs__cid_str(&n->cid).text);
	}
}

static int decode(struct nipfs__node *n, struct nipfs_error *err)
{
	int r;

	if (n->cid.codec == NIPFS_CODEC_RAW) {
		n->u.type = NIPFS__UNIXFS_RAW;
		n->u.data = nipfs__span_slice(&n->block);
		n->u.filesize = n->block.len;
		return 0;
	}
	if (n->cid.codec != NIPFS_CODEC_DAG_PB)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "block '%s' is no UnixFS: it has codec 0x%" PRIx64,
				   nipfs__cid_str(&n->cid).text, n->cid.codec);
	r = nipfs__pb_node_decode(nipfs__span_slice(&n->block), &n->pb);
	if (r == NIPFS_E_UNSUPPORTED)
		return nipfs__fail(err, r,
				   "block '%s' links to a block with a hash function that is "
				   "not known or not safe",
				   nipfs__cid_str(&n->cid).text);
	if (r < 0)
		return malformed(n, "it cannot be decoded as dag-pb", err);
	if (!n->pb.has_data || nipfs__unixfs_decode(n->pb.data, &n->u) < 0)
		return malformed(n, "its data cannot be decoded", err);
	return check(n, err);
}

int nipfs__node_get(struct nipfs__fetch *f, const struct nipfs_want *want, bool announced,
		    struct nipfs__node *out, struct nipfs_error *err)
{
	struct nipfs__node n = { .cid = want->cid };
	int r = nipfs__fetch_get(f, want, announced, &n.block, err);

	if (r == 0)
		r = decode(&n, err);
	if (r == 0)
		*out = n;
	return r;
}

static void move(struct nipfs_slice *s, const struct nipfs_span *from,
		 const struct nipfs_span *to)
{
	if (s->len)
		s->ptr = to->ptr + (s->ptr - from->ptr);
}

int nipfs__node_hold(struct nipfs__node *n, struct nipfs_error *err)
{
	struct nipfs_span held;

	if (nipfs__span_hold(&n->block, &held) < 0)
		return nipfs__fail_nomem(err);
	move(&n->pb.data, &n->block, &held);
	move(&n->pb.links, &n->block, &held);
	move(&n->u.data, &n->block, &held);
	move(&n->u.blocksizes, &n->block, &held);
	n->block = held;
	return 0;
}

struct nipfs_entry nipfs__node_entry(const struct nipfs__node *n)
{
	struct nipfs_entry entry = { .cid = &n->cid,
				     .has_mode = n->u.has_mode,
				     .mode = n->u.mode & 07777,
				     .mtime = n->u.mtime };

	if (nipfs__node_is_directory(n)) {
		entry.kind = NIPFS_DIRECTORY;
	} else if (n->u.type == NIPFS__UNIXFS_SYMLINK) {
		entry.kind = NIPFS_SYMLINK;
		entry.target = n->u.data;
	} else {
		entry.kind = NIPFS_FILE;
		entry.size = n->u.filesize;
		entry.executable = entry.has_mode && (entry.mode & 0100);
	}
	return entry;
}
