/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One block from a source, and helpers of all that reads blocks. */
#include "dag/block.h"

#include <assert.h>
#include <inttypes.h>

#include <nixipfs/unixfs.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slab.h"

void nipfs_block_source_free(struct nipfs_block_source *source)
{
	if (source)
		source->ops->free(source);
}

struct nipfs__cid_str nipfs__cid_str(const struct nipfs_cid *cid)
{
	char text[NIPFS_CID_TEXT_MAX];
	struct nipfs__cid_str out;
	const size_t len = nipfs_cid_format(cid, text);

	assert(len < sizeof(out.text));
	memcpy(out.text, text, len + 1);
	return out;
}

static int fail_status(const struct nipfs_block_source *source, int code,
		       const struct nipfs_cid *cid, struct nipfs_error *err)
{
	const struct nipfs__cid_str text = nipfs__cid_str(cid);

	switch (code) {
	case NIPFS_E_NOTFOUND:
		return nipfs__fail(err, code, "block '%s' is not in '%s'", text.text,
				   source->name);
	case NIPFS_E_UNREACHABLE:
		return nipfs__fail(err, code, "'%s' cannot be reached for block '%s'",
				   source->name, text.text);
	case NIPFS_E_MISMATCH:
		return nipfs__fail(err, code, "'%s' has other bytes than those of block '%s'",
				   source->name, text.text);
	case NIPFS_E_LIMIT:
		return nipfs__fail(err, code, "block '%s' in '%s' is over the limit of %d bytes",
				   text.text, source->name, NIPFS_BLOCK_MAX);
	case NIPFS_E_UNSUPPORTED:
		return nipfs__fail(err, code,
				   "block '%s' cannot be checked: its hash function 0x%" PRIx64
				   " is not built in",
				   text.text, cid->hash);
	default:
		return nipfs__fail(err, code, "block '%s' in '%s': %s", text.text, source->name,
				   nipfs_err_text(code));
	}
}

int nipfs__block_check(const struct nipfs_block_source *source,
		       const struct nipfs_block *answer, struct nipfs_error *err)
{
	int r = answer->status;

	if (r == 0 && answer->bytes.len > NIPFS_BLOCK_MAX)
		r = NIPFS_E_LIMIT;
	if (r == 0 && !answer->verified)
		r = nipfs_cid_verify(&answer->cid, nipfs__span_slice(&answer->bytes));
	return r < 0 ? fail_status(source, r, &answer->cid, err) : 0;
}

int nipfs__span_hold(const struct nipfs_span *span, struct nipfs_span *out)
{
	struct nipfs_slab *slab = NULL;
	int r;

	if (span->slab && span->len >= nipfs__slab_size(span->slab) / 4) {
		*out = *span;
		out->slab = nipfs_slab_ref(span->slab);
		out->fd = -1;
		out->cid = NULL;
		return 0;
	}
	r = nipfs__slab_new(span->len, &slab);
	if (r < 0)
		return r;
	if (span->len)
		memcpy(nipfs__slab_data(slab), span->ptr, span->len);
	*out = (struct nipfs_span){ .ptr = nipfs__slab_data(slab),
				    .len = span->len,
				    .slab = slab,
				    .fd = -1 };
	return 0;
}

int nipfs_block_get(struct nipfs_block_source *source, const struct nipfs_cid *cid,
		    enum nipfs_want_role role, struct nipfs_span *out, struct nipfs_error *err)
{
	const struct nipfs_want want = { *cid, role, 0 };
	struct nipfs_block answer;
	int r;

	if (cid->hash == NIPFS_HASH_IDENTITY) {
		*out = (struct nipfs_span){ .ptr = cid->digest,
					    .len = cid->digest_len,
					    .fd = -1 };
		return 0;
	}
	r = source->ops->want(source, &want, 1, err);
	if (r < 0)
		return r;
	do {
		r = source->ops->next(source, &answer, err);
		if (r < 0)
			return r;
		if (r > 0)
			return fail_status(source, NIPFS_E_NOTFOUND, cid, err);
	} while (!nipfs_cid_equal(&answer.cid, cid));
	r = nipfs__block_check(source, &answer, err);
	answer.bytes.cid = NULL; /* only what was checked is said of them */
	if (r == 0)
		*out = answer.bytes;
	return r;
}
