/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One node of a file that is being filled with children. */
#include "dag/file_node.h"

#include <stdlib.h>

#include "dag/pb.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "unixfs/data.h"

enum { FIRST_SIZES = 32 };

static int node_failure(struct nipfs_error *err, const struct nipfs__file_node *node,
			int code)
{
	if (code != NIPFS_E_LIMIT)
		return nipfs__fail(err, code, "%s", nipfs_err_text(code));
	return nipfs__fail(
	    err, code,
	    "a file node of %zu links is over the block limit of %d bytes: "
	    "allow fewer links",
	    node->n, NIPFS_BLOCK_MAX);
}

static int make_room(struct nipfs__file_node *node)
{
	const size_t cap = node->cap ? node->cap * 2 : FIRST_SIZES;
	uint64_t *sizes;

	if (node->n < node->cap)
		return 0;
	sizes = realloc(node->sizes, cap * sizeof(*sizes));
	if (!sizes)
		return NIPFS_E_NOMEM;
	node->sizes = sizes;
	node->cap = cap;
	return 0;
}

int nipfs__file_node_add(struct nipfs__file_node *node, const struct nipfs_link *child,
			 struct nipfs_error *err)
{
	uint8_t cid[NIPFS_CID_BYTES_MAX];
	const size_t cid_len = nipfs_cid_encode(&child->cid, cid);
	uint64_t file_bytes = node->file_bytes, tsize = node->tsize;
	int r = nipfs__tsize_add(&file_bytes, child->file_bytes, err);

	if (r == 0)
		r = nipfs__tsize_add(&tsize, child->tsize, err);
	if (r < 0)
		return r;
	r = make_room(node);
	if (r == 0)
		r = nipfs__pb_put_link(&node->links, nipfs__slice(cid, cid_len),
				       nipfs__slice(NULL, 0), child->tsize);
	if (r < 0)
		return node_failure(err, node, r);
	node->sizes[node->n++] = child->file_bytes;
	node->file_bytes = file_bytes;
	node->tsize = tsize;
	return 0;
}

static int encode(struct nipfs__file_node *node,
		  const struct nipfs__attributes *attributes)
{
	const struct nipfs__attributes none = { false, 0, { false, 0, 0 } };
	const struct nipfs__attributes *a = attributes ? attributes : &none;
	const struct nipfs__unixfs u = {
		.type = NIPFS__UNIXFS_FILE,
		.filesize = node->file_bytes,
		.n_blocksizes = node->n,
		.has_mode = a->has_mode,
		.mode = a->mode,
		.mtime = a->mtime,
	};
	nipfs_auto_buf struct nipfs_buf message = NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	const int r = nipfs__unixfs_encode(&message, &u, node->sizes);

	/* the links stand there already, Data comes behind them */
	return r < 0 ? r : nipfs__pb_put_data(&node->links, nipfs__buf_slice(&message));
}

int nipfs__file_node_finish(struct nipfs__file_node *node,
			    const struct nipfs__block_maker *maker,
			    const struct nipfs__attributes *attributes,
			    struct nipfs_link *out, struct nipfs_error *err)
{
	struct nipfs_link link = { .tsize = node->tsize, .file_bytes = node->file_bytes };
	int r = encode(node, attributes);

	if (r < 0)
		return node_failure(err, node, r);
	r = nipfs__tsize_add(&link.tsize, node->links.len, err);
	if (r == 0)
		r = nipfs__block_make_node(maker, nipfs__buf_slice(&node->links),
					   &link.cid, err);
	if (r < 0)
		return r;
	nipfs__file_node_clear(node);
	*out = link;
	return 0;
}

void nipfs__file_node_clear(struct nipfs__file_node *node)
{
	nipfs__buf_clear(&node->links);
	node->n = 0;
	node->file_bytes = 0;
	node->tsize = 0;
}

void nipfs__file_node_release(struct nipfs__file_node *node)
{
	nipfs__buf_release(&node->links);
	free(node->sizes);
	node->sizes = NULL;
	node->cap = 0;
	nipfs__file_node_clear(node);
}
