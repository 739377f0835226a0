/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block of a symlink. */
#include "dag/symlink_build.h"

#include "dag/pb.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "unixfs/data.h"

int nipfs__symlink_build(const struct nipfs__block_maker *maker,
			 const struct nipfs__attributes *attributes,
			 struct nipfs_slice target, struct nipfs_link *out,
			 struct nipfs_error *err)
{
	const struct nipfs__unixfs u = {
		.type = NIPFS__UNIXFS_SYMLINK,
		.data = target,
		.has_mode = attributes->has_mode,
		.mode = attributes->mode,
		.mtime = attributes->mtime,
	};
	nipfs_auto_buf struct nipfs_buf message = NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	nipfs_auto_buf struct nipfs_buf block = NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	struct nipfs_cid cid;
	int r = nipfs__unixfs_encode(&message, &u, NULL);

	if (r == 0)
		r = nipfs__pb_put_data(&block, nipfs__buf_slice(&message));
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(
		    err, r, "a symlink target of %zu bytes is over the block limit",
		    target.len);
	if (r < 0)
		return nipfs__fail_nomem(err);
	r = nipfs__block_make_node(maker, nipfs__buf_slice(&block), &cid, err);
	if (r == 0)
		*out = (struct nipfs_link){ cid, block.len, 0 };
	return r;
}
