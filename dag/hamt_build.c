/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories as HAMT: shards of entries by the hash of their names. */
#include "dag/hamt_build.h"

#include <stdlib.h>

#include "dag/dir_entry.h"
#include "dag/pb.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "unixfs/data.h"
#include "unixfs/murmur3.h"

enum { HASH_BITS = 64, LEVELS_MAX = 21, FANOUT_MAX = 1024 };

struct item {
	uint64_t hash;
	const uint8_t *packed;
};

/* A shard that is being filled with the links of items @at … @end. */
struct shard {
	size_t at, end;
	uint32_t index; /* in the shard above */
	uint64_t tsize;
	struct nipfs_buf links;
	uint8_t bits[FANOUT_MAX / 8]; /* which indices are taken, big-endian */
};

/* @open is the number of shards from the root to the one that is being filled. */
struct hamt {
	const struct nipfs__block_maker *maker;
	const struct nipfs__attributes *attributes;
	const struct item *items;
	uint32_t fanout, index_bits, prefix_len;
	struct nipfs_buf label;
	struct shard shards[LEVELS_MAX];
	size_t open;
};

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t x = ((const struct item *)a)->hash,
		       y = ((const struct item *)b)->hash;

	return (x > y) - (x < y);
}

/* The items in the order of their hashes: each shard holds a run of them. */
static struct item *hash_items(const uint8_t *const *entries, size_t n)
{
	struct item *items = calloc(n, sizeof(*items));

	for (size_t i = 0; items && i < n; i++)
		items[i] = (struct item){ nipfs__murmur3_h1(
					      nipfs__dir_entry_read(entries[i]).name),
					  entries[i] };
	if (items)
		qsort(items, n, sizeof(*items), compare_hashes);
	return items;
}

static uint32_t index_of(const struct hamt *h, uint64_t hash, size_t level)
{
	const size_t shift = HASH_BITS - h->index_bits * (level + 1);

	return (uint32_t)(hash >> shift) & (h->fanout - 1);
}

/* Adds a link named by its index, and behind it the entry's name or nothing. */
static int add_link(struct hamt *h, uint32_t index, const struct nipfs__dir_entry *entry,
		    struct nipfs_error *err)
{
	struct shard *s = &h->shards[h->open - 1];
	int r;

	nipfs__buf_clear(&h->label);
	r = nipfs__buf_printf(&h->label, "%0*X", (int)h->prefix_len, (unsigned int)index);
	if (r == 0)
		r = nipfs__buf_put_slice(&h->label, entry->name);
	if (r == 0)
		r = nipfs__pb_put_link(&s->links, entry->cid, nipfs__buf_slice(&h->label),
				       entry->tsize);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r,
				   "a shard of a directory is over the limit of %d bytes",
				   NIPFS_BLOCK_MAX);
	if (r < 0)
		return nipfs__fail_nomem(err);
	s->bits[h->fanout / 8 - 1 - index / 8] |= (uint8_t)(1u << index % 8);
	return nipfs__tsize_add(&s->tsize, entry->tsize, err);
}

static int open_shard(struct hamt *h, size_t begin, size_t end, uint32_t index,
		      struct nipfs_error *err)
{
	struct shard *s = &h->shards[h->open];

	/* Kubo calls it "sharded directory too deep" */
	if (h->index_bits * (h->open + 1) > HASH_BITS)
		return nipfs__fail(
		    err, NIPFS_E_LIMIT,
		    "names '%.*s' and '%.*s' have the same hash: no HAMT holds both",
		    NIPFS_FMT(nipfs__dir_entry_read(h->items[begin].packed).name),
		    NIPFS_FMT(nipfs__dir_entry_read(h->items[end - 1].packed).name));
	s->at = begin;
	s->end = end;
	s->index = index;
	s->tsize = 0;
	nipfs__buf_clear(&s->links);
	memset(s->bits, 0, sizeof(s->bits));
	h->open++;
	return 0;
}

static int encode(const struct hamt *h, struct shard *s, bool is_root)
{
	struct nipfs__unixfs u = {
		.type = NIPFS__UNIXFS_HAMT,
		.data = nipfs__slice(s->bits, h->fanout / 8),
		.hash_type = NIPFS__UNIXFS_HAMT_MURMUR3,
		.fanout = h->fanout,
	};
	nipfs_auto_buf struct nipfs_buf message = NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	int r;

	while (u.data.len && u.data.ptr[0] == 0)
		u.data = nipfs__slice_skip(u.data, 1);
	if (is_root) {
		u.has_mode = h->attributes->has_mode;
		u.mode = h->attributes->mode;
		u.mtime = h->attributes->mtime;
	}
	r = nipfs__unixfs_encode(&message, &u, NULL);
	return r < 0 ? r : nipfs__pb_put_data(&s->links, nipfs__buf_slice(&message));
}

/* Makes the innermost shard. */
static int close_shard(struct hamt *h, struct nipfs_link *out, struct nipfs_error *err)
{
	struct shard *s = &h->shards[h->open - 1];
	struct nipfs_link link = { .tsize = s->tsize };
	int r = encode(h, s, h->open == 1);

	if (r < 0)
		return nipfs__fail(err, r, "cannot make a shard of a directory: %s",
				   nipfs_err_text(r));
	r = nipfs__tsize_add(&link.tsize, s->links.len, err);
	if (r == 0)
		r = nipfs__block_make_node(h->maker, nipfs__buf_slice(&s->links),
					   &link.cid, err);
	if (r < 0)
		return r;
	h->open--;
	*out = link;
	return 0;
}

/* Links a shard that is made from the one around it. */
static int link_shard(struct hamt *h, uint32_t index, const struct nipfs_link *shard,
		      struct nipfs_error *err)
{
	uint8_t cid[NIPFS_CID_BYTES_MAX];
	const size_t cid_len = nipfs_cid_encode(&shard->cid, cid);
	const struct nipfs__dir_entry entry = { nipfs__slice(cid, cid_len), { NULL, 0 },
						shard->tsize };

	return add_link(h, index, &entry, err);
}

/* The next link of the innermost shard: an entry, or a shard of those that share an
 * index. */
static int step(struct hamt *h, struct nipfs_error *err)
{
	struct shard *s = &h->shards[h->open - 1];
	const size_t level = h->open - 1, begin = s->at;
	const uint32_t index = index_of(h, h->items[begin].hash, level);
	struct nipfs__dir_entry entry;

	do
		s->at++;
	while (s->at < s->end && index_of(h, h->items[s->at].hash, level) == index);
	if (s->at - begin > 1)
		return open_shard(h, begin, s->at, index, err);
	entry = nipfs__dir_entry_read(h->items[begin].packed);
	return add_link(h, index, &entry, err);
}

static int run(struct hamt *h, size_t n, struct nipfs_link *out, struct nipfs_error *err)
{
	int r = open_shard(h, 0, n, 0, err);

	while (r == 0) {
		const struct shard *s = &h->shards[h->open - 1];
		const uint32_t index = s->index;
		struct nipfs_link link;

		if (s->at < s->end) {
			r = step(h, err);
			continue;
		}
		r = close_shard(h, &link, err);
		if (r == 0 && h->open == 0) {
			*out = link;
			return 0;
		}
		if (r == 0)
			r = link_shard(h, index, &link, err);
	}
	return r;
}

int nipfs__hamt_build(const struct nipfs__block_maker *maker,
		      const struct nipfs__attributes *attributes,
		      const uint8_t *const *entries, size_t n, struct nipfs_link *out,
		      struct nipfs_error *err)
{
	nipfs_auto_free struct item *items = hash_items(entries, n);
	struct hamt h = {
		.maker = maker,
		.attributes = attributes,
		.items = items,
		.fanout = maker->params.hamt_fanout,
		.label = NIPFS_BUF_INIT(NIPFS_BLOCK_MAX),
	};
	int r;

	if (!items)
		return nipfs__fail_nomem(err);
	while (1u << h.index_bits < h.fanout)
		h.index_bits++;
	/* the hex digits of the last index */
	h.prefix_len = (h.index_bits + 3) / 4;
	for (size_t i = 0; i < LEVELS_MAX; i++)
		h.shards[i].links.max = NIPFS_BLOCK_MAX;
	r = run(&h, n, out, err);
	for (size_t i = 0; i < LEVELS_MAX; i++)
		nipfs__buf_release(&h.shards[i].links);
	nipfs__buf_release(&h.label);
	return r;
}
