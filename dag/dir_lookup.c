/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of a UnixFS directory, by its name. */
#include "dag/block.h"
#include "dag/dir_reader.h"
#include "dag/hamt_shard.h"
#include "dag/tree.h"
#include "multiformats/base/err.h"

static struct nipfs_want want_node(const struct nipfs_cid *cid)
{
	return (struct nipfs_want){ *cid, NIPFS_WANT_NODE, 0 };
}

static int not_found(const struct nipfs_cid *dir, struct nipfs_slice name,
		     struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%.*s' is not in directory '%s'",
			   NIPFS_FMT(name), nipfs__cid_str(dir).text);
}

static int lookup_flat(const struct nipfs__node *n, struct nipfs_slice name,
		       struct nipfs_dir_entry *out, struct nipfs_error *err)
{
	struct nipfs__pb_link link;
	size_t cursor = 0;
	bool found = false;

	while (nipfs__pb_node_next(&n->pb, &cursor, &link) == 0) {
		if (!nipfs__slice_eq(link.name, name))
			continue;
		if (found)
			return nipfs__fail(err, NIPFS_E_INVALID,
					   "directory '%s' has the name '%.*s' twice",
					   nipfs__cid_str(&n->cid).text, NIPFS_FMT(name));
		*out = (struct nipfs_dir_entry){ name, link.cid, link.tsize };
		found = true;
	}
	return found ? 0 : not_found(&n->cid, name, err);
}

/* Finds the bucket of a name in one shard. Return: 0, 1 when it is free, negative. */
static int find_bucket(const struct nipfs__node *n, struct nipfs__hamt_at *at,
		       struct nipfs_slice name, struct nipfs__hamt_slot *out,
		       struct nipfs_error *err)
{
	unsigned int index;
	size_t cursor = 0;
	int code = nipfs__hamt_check(n, at, err);

	if (code < 0)
		return code;
	index = nipfs__hamt_index(at, name);
	do
		code = nipfs__hamt_next(n, at, &cursor, out, err);
	while (code == 0 && out->index != index);
	return code;
}

static int lookup_hamt(struct nipfs__fetch *f, struct nipfs__node *n, struct nipfs_slice name,
		       struct nipfs_dir_entry *out, struct nipfs_error *err)
{
	const struct nipfs_cid root = n->cid;
	struct nipfs__hamt_at at = { 0, 0, 0 };
	struct nipfs__hamt_slot slot;

	for (;;) {
		struct nipfs_want want;
		int code = find_bucket(n, &at, name, &slot, err);

		if (code < 0)
			return code;
		if (code > 0 || (!slot.is_shard && !nipfs__slice_eq(slot.name, name)))
			return not_found(&root, name, err);
		if (!slot.is_shard)
			break;
		at = nipfs__hamt_below(&at, slot.index);
		want = want_node(&slot.link.cid);
		code = nipfs__node_get(f, &want, false, n, err);
		if (code < 0)
			return code;
	}
	*out = (struct nipfs_dir_entry){ name, slot.link.cid, slot.link.tsize };
	return 0;
}

int nipfs__listing_lookup(struct nipfs__fetch *f, const struct nipfs_cid *dir,
		      struct nipfs_slice name, struct nipfs_dir_entry *out,
		      struct nipfs_error *err)
{
	const struct nipfs_want want = want_node(dir);
	struct nipfs__node n;
	int code = nipfs__name_check(name, err);

	if (code == 0)
		code = nipfs__node_get(f, &want, false, &n, err);
	if (code < 0)
		return code;
	if (!nipfs__node_is_directory(&n))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%s' is no directory, so there is no '%.*s' in it",
				   nipfs__cid_str(dir).text, NIPFS_FMT(name));
	return n.u.type == NIPFS__UNIXFS_HAMT ? lookup_hamt(f, &n, name, out, err) :
						lookup_flat(&n, name, out, err);
}
