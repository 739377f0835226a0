/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entries of a UnixFS directory, flat or HAMT. */
#include "dag/dir_reader.h"

#include <assert.h>
#include <stdlib.h>

#include "dag/block.h"
#include "dag/hamt_shard.h"
#include "dag/tree.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

/* A packed entry: length of the name, tsize, length of the CID, CID, name. */
enum { AT_TSIZE = 4, AT_CID_LEN = 12, AT_CID = 13 };

struct reader {
	struct nipfs__fetch *fetch;
	struct nipfs__listing *dir;
	struct nipfs_buf scratch;
	struct nipfs_buf stack; /* of struct pending */
	bool sorted;
	const struct nipfs_cid *root;
	struct nipfs_error *err;
};

/* A shard that is to be read yet. */
struct pending {
	struct nipfs_cid cid;
	struct nipfs__hamt_at at;
	bool announced;
};

/* ---- packed entries ------------------------------------------------------------- */

static const uint8_t *packed(const struct nipfs__listing *dir, size_t i)
{
	return ((const uint8_t *const *)(const void *)dir->index.ptr)[i];
}

static struct nipfs_slice packed_name(const uint8_t *entry)
{
	return nipfs__slice(entry + AT_CID + entry[AT_CID_LEN], nipfs__get_le32(entry));
}

size_t nipfs__listing_count(const struct nipfs__listing *dir)
{
	return dir->index.len / sizeof(const uint8_t *);
}

void nipfs__listing_entry(const struct nipfs__listing *dir, size_t i, struct nipfs_dir_entry *out)
{
	const uint8_t *entry = packed(dir, i);
	const struct nipfs_slice cid = { entry + AT_CID, entry[AT_CID_LEN] };
	int r;

	out->name = packed_name(entry);
	out->tsize = nipfs__get_le64(entry + AT_TSIZE);
	r = nipfs_cid_decode(cid, &out->cid, NULL);
	assert(r == 0); /* it was encoded here */
	(void)r;
}

size_t nipfs__listing_bytes(const struct nipfs__listing *dir)
{
	return dir->arena.bytes + dir->index.cap;
}

void nipfs__listing_release(struct nipfs__listing *dir)
{
	nipfs__arena_release(&dir->arena);
	nipfs__buf_release(&dir->index);
}

static int pack(struct reader *r, const struct nipfs__pb_link *link, struct nipfs_slice name,
		const uint8_t **out)
{
	uint8_t head[AT_CID + NIPFS_CID_BYTES_MAX];
	const size_t cid_len = nipfs_cid_encode(&link->cid, head + AT_CID);
	int code;

	/* a name is shorter than a block */
	nipfs__put_le32(head, (uint32_t)name.len);
	nipfs__put_le64(head + AT_TSIZE, link->tsize);
	head[AT_CID_LEN] = (uint8_t)cid_len;
	nipfs__buf_clear(&r->scratch);
	code = nipfs__buf_put(&r->scratch, head, AT_CID + cid_len);
	if (code == 0)
		code = nipfs__buf_put_slice(&r->scratch, name);
	if (code == 0)
		code = nipfs__arena_copy(&r->dir->arena, r->scratch.ptr, r->scratch.len, out);
	return code;
}

static int add(struct reader *r, const struct nipfs__pb_link *link, struct nipfs_slice name)
{
	const size_t n = nipfs__listing_count(r->dir);
	const uint8_t *entry;
	int code = nipfs__name_check(name, r->err);

	if (code < 0)
		return code;
	code = pack(r, link, name, &entry);
	if (code == 0)
		code = nipfs__buf_put(&r->dir->index, &entry, sizeof(entry));
	if (code == NIPFS_E_LIMIT)
		return nipfs__fail(r->err, code,
				   "directory '%s' has more entries than the limit of memory",
				   nipfs__cid_str(r->root).text);
	if (code < 0)
		return nipfs__fail_nomem(r->err);
	nipfs__fetch_earn(r->fetch, NIPFS__FETCH_WORK_PER_ENTRY);
	if (n > 0 && nipfs__slice_cmp(packed_name(packed(r->dir, n - 1)), name) >= 0)
		r->sorted = false;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return nipfs__slice_cmp(packed_name(*(const uint8_t *const *)a),
				packed_name(*(const uint8_t *const *)b));
}

/* Puts the entries in order and refuses a name that is there twice. */
static int sort(struct reader *r)
{
	const size_t n = nipfs__listing_count(r->dir);

	if (r->sorted)
		return 0;
	qsort(r->dir->index.ptr, n, sizeof(const uint8_t *), compare);
	for (size_t i = 1; i < n; i++) {
		const struct nipfs_slice name = packed_name(packed(r->dir, i));

		if (nipfs__slice_eq(packed_name(packed(r->dir, i - 1)), name))
			return nipfs__fail(r->err, NIPFS_E_INVALID,
					   "directory '%s' has the name '%.*s' twice",
					   nipfs__cid_str(r->root).text, NIPFS_FMT(name));
	}
	return 0;
}

/* ---- reading all ---------------------------------------------------------------- */

static int read_flat(struct reader *r, const struct nipfs__node *n)
{
	struct nipfs__pb_link link;
	size_t cursor = 0;
	int code = 0;

	while (code == 0 && nipfs__pb_node_next(&n->pb, &cursor, &link) == 0)
		code = add(r, &link, link.name);
	return code;
}

static size_t n_pending(const struct reader *r)
{
	return r->stack.len / sizeof(struct pending);
}

static struct pending *pending(const struct reader *r, size_t i)
{
	return (struct pending *)(void *)r->stack.ptr + i;
}

static int read_shard(struct reader *r, const struct nipfs__node *n, struct nipfs__hamt_at *at)
{
	struct nipfs__hamt_slot slot;
	size_t cursor = 0;
	int code = nipfs__hamt_check(n, at, r->err);

	while (code == 0) {
		code = nipfs__hamt_next(n, at, &cursor, &slot, r->err);
		if (code != 0)
			break;
		if (slot.is_shard) {
			const struct pending p = { slot.link.cid,
						   nipfs__hamt_below(at, slot.index), false };

			if (nipfs__buf_put(&r->stack, &p, sizeof(p)) < 0)
				code = nipfs__fail_nomem(r->err);
		} else {
			code = add(r, &slot.link, slot.name);
		}
	}
	return code < 0 ? code : 0;
}

static struct nipfs_want want_shard(const struct nipfs_cid *cid)
{
	return (struct nipfs_want){ *cid, NIPFS_WANT_NODE, 0 };
}

/* Announces the shards that are read next, which lie on top of the stack. */
static void announce(const struct reader *r)
{
	const size_t n = n_pending(r);
	const size_t low = n > NIPFS__FETCH_WANTS ? n - NIPFS__FETCH_WANTS : 0;

	for (size_t i = n; i > low; i--) {
		struct pending *p = pending(r, i - 1);
		const struct nipfs_want want = want_shard(&p->cid);

		if (p->announced)
			continue;
		if (!nipfs__fetch_ahead(r->fetch, &want))
			return;
		p->announced = true;
	}
}

/*
 * Shards are read from a stack: it never holds more than the siblings along one
 * way down. No shard can be read twice to its end: its entries have but one place.
 */
static int read_hamt(struct reader *r, const struct nipfs__node *root)
{
	struct nipfs__hamt_at at = { 0, 0, 0 };
	int code = read_shard(r, root, &at);

	while (code == 0 && n_pending(r) > 0) {
		struct pending p;
		struct nipfs_want want;
		struct nipfs__node n;

		announce(r);
		p = *pending(r, n_pending(r) - 1);
		r->stack.len -= sizeof(p);
		want = want_shard(&p.cid);
		code = nipfs__node_get(r->fetch, &want, p.announced, &n, r->err);
		if (code == 0)
			code = read_shard(r, &n, &p.at);
	}
	return code;
}

int nipfs__listing_read(struct nipfs__fetch *f, const struct nipfs__node *root,
		    struct nipfs__listing *dir, struct nipfs_error *err)
{
	/* what is on the stack is bounded by the fanout and the depth of a HAMT */
	struct reader r = { f, dir, NIPFS_BUF_INIT(SIZE_MAX), NIPFS_BUF_INIT(SIZE_MAX), true,
			    &root->cid, err };
	int code = root->u.type == NIPFS__UNIXFS_HAMT ? read_hamt(&r, root) :
							read_flat(&r, root);

	if (code == 0)
		code = sort(&r);
	nipfs__buf_release(&r.scratch);
	nipfs__buf_release(&r.stack);
	return code;
}
