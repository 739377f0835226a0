/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CIDs of new blocks: versions, inlining, and the block sink. */
#include "dag/block_maker.h"

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/multihash.h"

/* What Kubo makes of 0 links. */
enum { LINKS_DEFAULT = 174 };

int nipfs__block_maker_init(struct nipfs__block_maker *m,
			    const struct nipfs_unixfs_params *params,
			    const struct nipfs_block_sink *blocks,
			    struct nipfs_error *err)
{
	const int r = nipfs_unixfs_check(params, err);

	if (r < 0)
		return r;
	*m = (struct nipfs__block_maker){ *params, blocks };
	if (m->params.max_file_links == 0)
		m->params.max_file_links = LINKS_DEFAULT;
	return 0;
}

/* Whether @cid, which is right for the block, is also the one that is made here: a digest
 * that was cut short is right too. */
static bool is_made(const struct nipfs_cid *cid, uint8_t version, uint64_t codec,
		    uint64_t hash)
{
	return cid->version == version && cid->codec == codec && cid->hash == hash &&
	       cid->digest_len == nipfs__multihash_len(hash);
}

static int make_cid(const struct nipfs_unixfs_params *p, uint64_t codec,
		    const struct nipfs_span *block, struct nipfs_cid *out)
{
	const struct nipfs_slice bytes = nipfs__slice(block->ptr, block->len);
	/* CIDv0 is for dag-pb alone */
	const uint8_t version = codec == NIPFS_CODEC_DAG_PB ? p->cid_version : 1;

	if (p->inline_blocks && block->len <= p->inline_limit)
		return nipfs_cid_of(1, codec, NIPFS_HASH_IDENTITY, bytes, out);
	if (!block->cid || !is_made(block->cid, version, codec, p->hash))
		return nipfs_cid_of(version, codec, p->hash, bytes, out);
	*out = *block->cid;
	return 0;
}

int nipfs__block_make(const struct nipfs__block_maker *m, uint64_t codec,
		      const struct nipfs_span *block, const struct nipfs_origin *origin,
		      struct nipfs_cid *out, struct nipfs_error *err)
{
	struct nipfs_cid cid;
	int r;

	if (block->len > NIPFS_BLOCK_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "a block of %zu bytes is over the limit of %d",
				   block->len, NIPFS_BLOCK_MAX);
	r = make_cid(&m->params, codec, block, &cid);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r,
				   "identity CIDs hold no block of %zu bytes: at most %d",
				   block->len, NIPFS_DIGEST_MAX);
	if (r < 0)
		return nipfs__fail(err, r, "cannot hash a block: %s", nipfs_err_text(r));
	if (m->blocks && cid.hash != NIPFS_HASH_IDENTITY) {
		r = m->blocks->put(m->blocks->ctx, &cid, block, origin, err);
		if (r < 0)
			return r;
	}
	*out = cid;
	return 0;
}

int nipfs__block_make_node(const struct nipfs__block_maker *m, struct nipfs_slice block,
			   struct nipfs_cid *out, struct nipfs_error *err)
{
	static const struct nipfs_origin nowhere = { NIPFS_ORIGIN_NODE, 0, 0, 0 };
	const struct nipfs_span span = nipfs__span(block);

	return nipfs__block_make(m, NIPFS_CODEC_DAG_PB, &span, &nowhere, out, err);
}

int nipfs__tsize_add(uint64_t *sum, uint64_t more, struct nipfs_error *err)
{
	uint64_t total;

	if (nipfs__add_u64(*sum, more, &total) || total > INT64_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "a DAG of more than 2^63 bytes");
	*sum = total;
	return 0;
}
