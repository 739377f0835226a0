/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One UnixFS directory: its entries are gathered, then it is made. */
#include "dag/dir_build.h"

#include <stdlib.h>

#include "dag/hamt_build.h"
#include "dag/pb.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "unixfs/data.h"

enum { FIRST_ENTRIES = 16 };

static int make_room(struct nipfs__dir *d)
{
	const size_t cap = d->cap ? d->cap * 2 : FIRST_ENTRIES;
	const uint8_t **entries;

	if (d->n < d->cap)
		return 0;
	entries = realloc(d->entries, cap * sizeof(*entries));
	if (!entries)
		return NIPFS_E_NOMEM;
	d->entries = entries;
	d->cap = cap;
	return 0;
}

static int pack(struct nipfs__dir *d, const struct nipfs__dir_entry *entry,
		const uint8_t **out)
{
	int r;

	nipfs__buf_clear(&d->scratch);
	r = nipfs__dir_entry_pack(&d->scratch, entry);
	if (r < 0)
		return r;
	return nipfs__arena_copy(&d->arena, d->scratch.ptr, d->scratch.len, out);
}

static bool is_ascending(const struct nipfs__dir *d, struct nipfs_slice name)
{
	if (d->n == 0)
		return true;
	return nipfs__slice_cmp(nipfs__dir_entry_read(d->entries[d->n - 1]).name, name) <
	       0;
}

int nipfs__dir_add(struct nipfs__dir *d, struct nipfs_slice name,
		   const struct nipfs_link *link, struct nipfs_error *err)
{
	uint8_t cid[NIPFS_CID_BYTES_MAX];
	const size_t cid_len = nipfs_cid_encode(&link->cid, cid);
	const struct nipfs__dir_entry entry = { nipfs__slice(cid, cid_len), name,
						link->tsize };
	const uint8_t *packed = NULL;
	uint64_t tsize = d->tsize;
	int r = nipfs__tsize_add(&tsize, link->tsize, err);

	if (r < 0)
		return r;
	r = make_room(d);
	if (r == 0)
		r = pack(d, &entry, &packed);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(
		    err, r, "a directory of more than %zu entries is too large", d->n);
	if (r < 0)
		return nipfs__fail_nomem(err);
	d->unsorted |= !is_ascending(d, name);
	d->entries[d->n++] = packed;
	d->links_bytes += name.len + cid_len;
	d->block_bytes += nipfs__pb_link_len(cid_len, name.len, link->tsize);
	d->tsize = tsize;
	return 0;
}

void nipfs__dir_release(struct nipfs__dir *d)
{
	nipfs__arena_release(&d->arena);
	free(d->entries);
	nipfs__buf_release(&d->scratch);
	*d = (struct nipfs__dir)NIPFS__DIR_INIT;
}

static int compare_names(const void *a, const void *b)
{
	const uint8_t *const *pa = a, *const *pb = b;

	return nipfs__slice_cmp(nipfs__dir_entry_read(*pa).name,
				nipfs__dir_entry_read(*pb).name);
}

static int sort_entries(struct nipfs__dir *d, struct nipfs_error *err)
{
	if (!d->unsorted)
		return 0;
	qsort(d->entries, d->n, sizeof(*d->entries), compare_names);
	for (size_t i = 1; i < d->n; i++) {
		const struct nipfs_slice name = nipfs__dir_entry_read(d->entries[i]).name;

		if (compare_names(&d->entries[i - 1], &d->entries[i]) == 0)
			return nipfs__fail(err, NIPFS_E_INVALID,
					   "name '%.*s' stands twice in one directory",
					   NIPFS_FMT(name));
	}
	d->unsorted = false;
	return 0;
}

static uint64_t estimate(const struct nipfs__dir *d, const struct nipfs_unixfs_params *p,
			 size_t message_len)
{
	switch (p->hamt_estimate) {
	case NIPFS_HAMT_BY_LINKS:
		return d->links_bytes;
	case NIPFS_HAMT_BY_BLOCK:
		return d->block_bytes + nipfs__pb_data_len(message_len);
	case NIPFS_HAMT_DISABLED:
		break;
	}
	return 0;
}

static bool becomes_hamt(const struct nipfs__dir *d, const struct nipfs_unixfs_params *p,
			 size_t message_len)
{
	/* an empty directory stays flat, whatever the threshold: Kubo looks when one is
	 * added */
	if (p->hamt_threshold == 0 || d->n == 0)
		return false;
	return (p->max_directory_links && d->n > p->max_directory_links) ||
	       estimate(d, p, message_len) > p->hamt_threshold;
}

/* Without HAMTs both a limit of entries and that of blocks hold. */
static int check_flat(const struct nipfs__dir *d, const struct nipfs_unixfs_params *p,
		      size_t message_len, struct nipfs_error *err)
{
	if (p->max_directory_links && d->n > p->max_directory_links)
		return nipfs__fail(
		    err, NIPFS_E_LIMIT,
		    "a directory of %zu entries is over the limit of %u and may "
		    "not become a HAMT: its threshold is 0",
		    d->n, p->max_directory_links);
	if (d->block_bytes + nipfs__pb_data_len(message_len) > NIPFS_BLOCK_MAX)
		return nipfs__fail(
		    err, NIPFS_E_LIMIT,
		    "a directory of %zu entries is over the block limit of %d "
		    "bytes and may not become a HAMT",
		    d->n, NIPFS_BLOCK_MAX);
	return 0;
}

static int make_flat(struct nipfs__dir *d, const struct nipfs__block_maker *maker,
		     struct nipfs_slice message, struct nipfs_link *out,
		     struct nipfs_error *err)
{
	struct nipfs_link link = { .tsize = d->tsize };
	int r = check_flat(d, &maker->params, message.len, err);

	if (r < 0)
		return r;
	nipfs__buf_clear(&d->scratch);
	r = nipfs__buf_reserve(&d->scratch,
			       (size_t)d->block_bytes + nipfs__pb_data_len(message.len));
	for (size_t i = 0; i < d->n && r == 0; i++) {
		const struct nipfs__dir_entry e = nipfs__dir_entry_read(d->entries[i]);

		r = nipfs__pb_put_link(&d->scratch, e.cid, e.name, e.tsize);
	}
	if (r == 0)
		r = nipfs__pb_put_data(&d->scratch, message);
	if (r < 0)
		return nipfs__fail_nomem(err);
	r = nipfs__tsize_add(&link.tsize, d->scratch.len, err);
	if (r == 0)
		r = nipfs__block_make_node(maker, nipfs__buf_slice(&d->scratch),
					   &link.cid, err);
	if (r == 0)
		*out = link;
	return r;
}

int nipfs__dir_finish(struct nipfs__dir *d, const struct nipfs__block_maker *maker,
		      const struct nipfs__attributes *attributes, struct nipfs_link *out,
		      struct nipfs_error *err)
{
	const struct nipfs__unixfs u = {
		.type = NIPFS__UNIXFS_DIRECTORY,
		.has_mode = attributes->has_mode,
		.mode = attributes->mode,
		.mtime = attributes->mtime,
	};
	nipfs_auto_buf struct nipfs_buf message = NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	int r = sort_entries(d, err);

	if (r < 0)
		return r;
	if (nipfs__unixfs_encode(&message, &u, NULL) < 0)
		return nipfs__fail_nomem(err);
	if (becomes_hamt(d, &maker->params, message.len))
		return nipfs__hamt_build(maker, attributes, d->entries, d->n, out, err);
	return make_flat(d, maker, nipfs__buf_slice(&message), out, err);
}
