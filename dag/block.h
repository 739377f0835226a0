/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Helpers of all that reads blocks. */
#ifndef DAG_BLOCK_H
#define DAG_BLOCK_H

#include <nixipfs/block.h>

#include "multiformats/base/slice.h"

/* A CID as text for a message: nipfs__fail(err, …, "'%s'", nipfs__cid_str(cid).text). */
struct nipfs__cid_str {
	char text[2 + (NIPFS_CID_BYTES_MAX * 8 + 4) / 5]; /* base32 is the longest */
};

struct nipfs__cid_str nipfs__cid_str(const struct nipfs_cid *cid);

static inline struct nipfs_slice nipfs__span_slice(const struct nipfs_span *span)
{
	return nipfs__slice(span->ptr, span->len);
}

/* The part of @span that @part, which lies in it, takes; no block, unless it is all. */
static inline struct nipfs_span nipfs__span_part(const struct nipfs_span *span,
						 struct nipfs_slice part)
{
	struct nipfs_span out = *span;

	if (part.len)
		out.offset += (uint64_t)(part.ptr - span->ptr);
	out.ptr = part.ptr;
	out.len = part.len;
	if (part.len != span->len)
		out.cid = NULL;
	return out;
}

/**
 * nipfs__block_check() - whether an answer of a source can be used
 * @source: who gave it, for messages
 * @answer: the answer
 * @err:    may be NULL
 *
 * Return: 0 when it holds the right bytes, at most NIPFS_BLOCK_MAX of them;
 * its status; NIPFS_E_LIMIT; NIPFS_E_MISMATCH; NIPFS_E_UNSUPPORTED.
 */
int nipfs__block_check(const struct nipfs_block_source *source,
		       const struct nipfs_block *answer, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__span_hold() - keep the bytes of a span beyond the call
 * @span: borrowed
 * @out:  the same bytes with a reference of its own to a slab, for nipfs_slab_unref();
 *        copied where a reference would keep much more than the span; without @fd
 *        and @cid
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__span_hold(const struct nipfs_span *span, struct nipfs_span *out) NIPFS_MUSTUSE;

#endif
