/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nodes that were given out last. */
#include "lib/ipfs/recent.h"

#include <string.h>

#include "multiformats/base/slab.h"

/* Makes room in front of all that come before @at, whose place is given up. */
static void make_room(struct nipfs__recent *r, size_t at)
{
	memmove(&r->blocks[1], &r->blocks[0], at * sizeof(r->blocks[0]));
}

void nipfs__recent_add(struct nipfs__recent *r, const struct nipfs_cid *cid,
		       struct nipfs_slab *slab, size_t len)
{
	struct nipfs_span known;

	if (!slab || nipfs__slab_size(slab) > NIPFS__RECENT_BYTES_MAX ||
	    nipfs__recent_find(r, cid, &known))
		return;
	if (r->n == NIPFS__RECENT_BLOCKS)
		nipfs_slab_unref(r->blocks[--r->n].slab);
	make_room(r, r->n++);
	r->blocks[0].cid = *cid;
	r->blocks[0].slab = nipfs_slab_ref(slab);
	r->blocks[0].len = len;
}

bool nipfs__recent_find(struct nipfs__recent *r, const struct nipfs_cid *cid,
			struct nipfs_span *out)
{
	size_t at = 0;

	while (at < r->n && !nipfs_cid_equal(&r->blocks[at].cid, cid))
		at++;
	if (at == r->n)
		return false;
	if (at > 0) {
		struct nipfs_slab *const slab = r->blocks[at].slab;
		const size_t len = r->blocks[at].len;

		make_room(r, at);
		r->blocks[0].cid = *cid;
		r->blocks[0].slab = slab;
		r->blocks[0].len = len;
	}
	*out = (struct nipfs_span){ .ptr = nipfs__slab_data(r->blocks[0].slab),
				    .len = r->blocks[0].len,
				    .slab = r->blocks[0].slab,
				    .fd = -1 };
	return true;
}

void nipfs__recent_release(struct nipfs__recent *r)
{
	while (r->n > 0)
		nipfs_slab_unref(r->blocks[--r->n].slab);
}
