/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The DAG builder: a tree gives the same blocks in the same order and the same
 * CID, however the bytes of its files come; each block has its CID, and those of
 * a file lie where they are said to lie.
 *
 * Input: 12 bytes for the parameters, then a byte for each event of the tree.
 */
#include <stdlib.h>

#include <nixipfs/dag.h>

#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARAMS = 12, EVENTS_MAX = 120, DEPTH_MAX = 40, FILE_MAX = 700 };

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* What the block sink saw: a sum over all blocks, in their order. */
struct seen {
	struct nipfs_slice file;
	uint64_t sum, covered;
};

static int see(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
	       const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct seen *s = ctx;

	(void)err;
	require(bytes->len <= NIPFS_BLOCK_MAX && cid->hash != NIPFS_HASH_IDENTITY);
	require(nipfs_cid_verify(cid, nipfs__slice(bytes->ptr, bytes->len)) == 0);
	for (size_t i = 0; i < cid->digest_len; i++)
		s->sum = s->sum * 31 + cid->digest[i];
	if (origin->kind == NIPFS_ORIGIN_NODE)
		return 0;
	require(origin->prefix_len + origin->len <= bytes->len);
	require(origin->offset >= s->covered &&
		origin->offset + origin->len <= s->file.len);
	require(origin->len == 0 ||
		memcmp(bytes->ptr + origin->prefix_len, s->file.ptr + origin->offset,
		       origin->len) == 0);
	s->covered = origin->offset + origin->len;
	return 0;
}

static bool choose_params(const uint8_t *d, struct nipfs_unixfs_params *p)
{
	static const char *const chunkers[] = {
		"size-1",   "size-7",	      "size-100",  "size-262144", "rabin-20",
		"rabin-48", "rabin-16-40-64", "rabin-300", "buzhash"
	};
	static const uint64_t hashes[] = { NIPFS_HASH_SHA2_256, NIPFS_HASH_SHA2_512,
					   NIPFS_HASH_BLAKE2B_256, NIPFS_HASH_IDENTITY };

	require(nipfs_unixfs_profile(nipfs_unixfs_profile_name(d[0] % 4), p) == 0);
	require(nipfs_chunker_parse(chunkers[d[1] % 9], &p->chunker) == 0);
	p->hash = hashes[d[2] % 4];
	p->cid_version = d[3] & 1;
	p->raw_leaves = d[3] & 2;
	p->layout = d[3] & 4 ? NIPFS_LAYOUT_TRICKLE : NIPFS_LAYOUT_BALANCED;
	p->mode = (enum nipfs_mode_policy)(d[4] % 3);
	p->mtime = (enum nipfs_mtime_policy)(d[5] & 1);
	p->inline_blocks = d[5] & 2;
	p->inline_limit = d[6];
	p->max_file_links = d[7] % 20;
	p->max_directory_links = d[8] % 8;
	p->hamt_fanout = 8u << d[9] % 8;
	p->hamt_threshold = d[10];
	p->hamt_estimate = (enum nipfs_hamt_estimate)(d[11] % 3);
	return nipfs_unixfs_check(p, NULL) == 0;
}

/* Gives a file in pieces of at most @step bytes. */
static int give_file(const struct nipfs_tree_sink *sink, struct nipfs_entry *e,
		     struct nipfs_slice file, size_t step)
{
	int r = sink->file(sink->ctx, e, NULL);

	while (r == 0 && file.len) {
		const size_t n = file.len < step ? file.len : step;
		const struct nipfs_span span = { .ptr = file.ptr, .len = n, .fd = -1 };

		r = sink->bytes(sink->ctx, &span, NULL);
		file = nipfs__slice_skip(file, n);
	}
	return r < 0 ? r : sink->file_end(sink->ctx, NULL);
}

/* One entry: what it is comes from @byte, its name from how many came before it. */
static int give_entry(const struct nipfs_tree_sink *sink, struct seen *seen, uint8_t byte,
		      unsigned int n, size_t step)
{
	static uint8_t file[FILE_MAX];
	const uint8_t name[] = { 'a', (uint8_t)(1 + n / 200), (uint8_t)(48 + n % 200),
				 0xff };
	struct nipfs_entry e = { .name = { name, 3u + (byte & 1) },
				 .has_mode = byte & 1,
				 .mode = byte & 2 ? 0755 : 0,
				 .executable = byte & 2,
				 .mtime = { byte & 4, byte - 100, byte } };

	if (byte % 4 == 0) {
		e.kind = NIPFS_SYMLINK;
		e.target = nipfs__slice(name, 1u + byte % 4);
		return sink->symlink(sink->ctx, &e, NULL);
	}
	e.kind = NIPFS_FILE;
	e.size = byte % 3 == 0 ? byte : (size_t)byte * byte % FILE_MAX;
	for (size_t i = 0; i < e.size; i++)
		file[i] = (uint8_t)(i * byte >> 3);
	seen->file = nipfs__slice(file, (size_t)e.size);
	seen->covered = 0;
	return give_file(sink, &e, seen->file, step);
}

static int give_dir(const struct nipfs_tree_sink *sink, uint8_t byte, unsigned int n,
		    bool is_root)
{
	const uint8_t name[] = { 'a', (uint8_t)(1 + n / 200), (uint8_t)(48 + n % 200) };
	const struct nipfs_entry e = { .name = { name, is_root ? 0 : sizeof(name) },
				       .has_mode = byte & 2,
				       .mode = byte & 4 ? 0 : 01755,
				       .mtime = { byte & 8, 1, 0 } };

	return sink->enter(sink->ctx, &e, NULL);
}

/* The whole tree; every name stands once and in order, as a source sees to. */
static int give_tree(const struct nipfs_tree_sink *sink, struct seen *seen,
		     struct nipfs_slice events, size_t step)
{
	unsigned int depth = 1;
	int r = give_dir(sink, 0, 0, true);

	for (unsigned int n = 0; r == 0 && n < events.len && n < EVENTS_MAX; n++) {
		const uint8_t byte = events.ptr[n];

		if (byte < 24 && depth > 1) {
			depth--;
			r = sink->leave(sink->ctx, NULL);
		} else if (byte < 64 && depth < DEPTH_MAX) {
			depth++;
			r = give_dir(sink, byte, n, false);
		} else {
			r = give_entry(sink, seen, byte, n, step);
		}
	}
	for (; r == 0 && depth > 0; depth--)
		r = sink->leave(sink->ctx, NULL);
	return r;
}

static int build(const struct nipfs_unixfs_params *p, struct nipfs_slice events,
		 size_t step, struct nipfs_link *out, uint64_t *sum)
{
	struct seen seen = { { NULL, 0 }, 0, 0 };
	const struct nipfs_block_sink blocks = { see, &seen };
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	int r;

	require(nipfs_dag_builder_new(&b, p, &blocks, NULL) == 0);
	sink = nipfs_dag_builder_sink(b);
	r = give_tree(&sink, &seen, events, step);
	if (r == 0)
		require(nipfs_dag_builder_result(b, out) == 0);
	*sum = seen.sum;
	nipfs_dag_builder_free(b);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_unixfs_params params;
	struct nipfs_link whole, pieces;
	struct nipfs_slice events;
	uint64_t sum, sum_pieces;
	int r;

	if (size < PARAMS || !choose_params(data, &params))
		return 0;
	events = nipfs__slice(data + PARAMS, size - PARAMS);
	r = build(&params, events, SIZE_MAX, &whole, &sum);
	require(r == 0 || r == NIPFS_E_LIMIT);
	require(build(&params, events, 1 + data[0] / 4u, &pieces, &sum_pieces) == r);
	require(sum == sum_pieces);
	if (r == 0)
		require(nipfs_cid_equal(&whole.cid, &pieces.cid) &&
			whole.tsize == pieces.tsize);
	return 0;
}
