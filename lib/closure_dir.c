/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory of a closure, in which one name after the other is looked up. */
#include "lib/closure_dir.h"

#include "dag/block.h"
#include "multiformats/base/err.h"

/* A flat directory is one block; its entries take a few times as much. */
#define LISTING_MAX ((size_t)32 * 1024 * 1024)

void nipfs__closure_dir_init(struct nipfs__closure_dir *dir, const struct nipfs_cid *cid)
{
	*dir = (struct nipfs__closure_dir){ *cid, NIPFS__DIR_UNREAD,
					    NIPFS__LISTING_INIT(LISTING_MAX) };
}

/* What fails here is for the look-up to tell. */
static bool list_flat(struct nipfs__closure_dir *dir, struct nipfs_block_source *source)
{
	const struct nipfs_want want = { dir->cid, NIPFS_WANT_NODE, 0 };
	struct nipfs__fetch *f;
	struct nipfs__node n;
	bool listed;

	if (nipfs__fetch_new(&f, source, 0, false, NULL) < 0)
		return false;
	listed = nipfs__node_get(f, &want, false, &n, NULL) == 0 &&
		 nipfs__node_is_directory(&n) && n.u.type != NIPFS__UNIXFS_HAMT &&
		 nipfs__listing_read(f, &n, &dir->listing, NULL) == 0;
	nipfs__fetch_free(f);
	return listed;
}

static bool find(const struct nipfs__listing *listing, struct nipfs_slice name,
		 struct nipfs_dir_entry *out)
{
	size_t low = 0, high = nipfs__listing_count(listing);

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		struct nipfs_dir_entry entry;
		int order;

		nipfs__listing_entry(listing, middle, &entry);
		order = nipfs__slice_cmp(entry.name, name);
		if (order == 0) {
			*out = entry;
			out->name = name;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int nipfs__closure_dir_lookup(struct nipfs__closure_dir *dir,
			      struct nipfs_block_source *source, struct nipfs_slice name,
			      struct nipfs_dir_entry *out, struct nipfs_error *err)
{
	if (dir->state == NIPFS__DIR_UNREAD)
		dir->state = list_flat(dir, source) ? NIPFS__DIR_LISTED : NIPFS__DIR_LOOKED_UP;
	if (dir->state == NIPFS__DIR_LISTED && find(&dir->listing, name, out))
		return 0;
	if (dir->state == NIPFS__DIR_LISTED)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%.*s' is not in directory '%s'",
				   NIPFS_FMT(name), nipfs__cid_str(&dir->cid).text);
	return nipfs_dag_lookup(source, &dir->cid, name, out, err);
}

bool nipfs__closure_dir_peek(const struct nipfs__closure_dir *dir, struct nipfs_slice name,
			     struct nipfs_dir_entry *out)
{
	return dir->state == NIPFS__DIR_LISTED && find(&dir->listing, name, out);
}

void nipfs__closure_dir_release(struct nipfs__closure_dir *dir)
{
	nipfs__listing_release(&dir->listing);
}
