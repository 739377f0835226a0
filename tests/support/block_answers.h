/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking a block source for blocks, one at a time or many. For tests of lib. */
#ifndef TESTS_SUPPORT_BLOCK_ANSWERS_H
#define TESTS_SUPPORT_BLOCK_ANSWERS_H

#include <check.h>
#include <string.h>

#include <nixipfs/block.h>

/* Asks for one block of a source with nothing outstanding: the status of the answer. */
static inline int ask_block(struct nipfs_block_source *s, const struct nipfs_cid *cid,
			    struct nipfs_block *out)
{
	const struct nipfs_want want = { *cid, NIPFS_WANT_NODE, 0 };
	struct nipfs_error err = { 0 };

	ck_assert_msg(s->ops->want(s, &want, 1, &err) == 0, "%s", err.msg);
	ck_assert_msg(s->ops->next(s, out, &err) == 0, "%s", err.msg);
	ck_assert(nipfs_cid_equal(&out->cid, cid));
	if (out->status == 0 && out->verified)
		ck_assert_int_eq(
		    nipfs_cid_verify(
			cid, (struct nipfs_slice){ out->bytes.ptr, out->bytes.len }),
		    0);
	return out->status;
}

/* Whether the source has exactly these bytes under the CID. */
static inline void expect_block(struct nipfs_block_source *s, const struct nipfs_cid *cid,
				struct nipfs_slice bytes)
{
	struct nipfs_block block;

	ck_assert_int_eq(ask_block(s, cid, &block), 0);
	ck_assert_uint_eq(block.bytes.len, bytes.len);
	ck_assert(bytes.len == 0 || memcmp(block.bytes.ptr, bytes.ptr, bytes.len) == 0);
}

static inline void expect_status(struct nipfs_block_source *s,
				 const struct nipfs_cid *cid, int status)
{
	struct nipfs_block block;

	ck_assert_int_eq(ask_block(s, cid, &block), status);
}

/* Whether nothing is outstanding. */
static inline void expect_idle(struct nipfs_block_source *s)
{
	struct nipfs_block block;

	ck_assert_int_eq(s->ops->next(s, &block, NULL), 1);
}

#endif
