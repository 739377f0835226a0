/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UnixFS nodes made by hand, right or wrong ones, into a store in memory. For tests of dag and above. */
#ifndef TESTS_SUPPORT_UNIXFS_NODES_H
#define TESTS_SUPPORT_UNIXFS_NODES_H

#include <stdlib.h>
#include <string.h>

#include "dag/pb.h"
#include "tests/support/memory_blocks.h"
#include "unixfs/data.h"

/* A link as it will stand in the node. */
struct made_link {
	struct nipfs_cid cid;
	struct nipfs_slice name;
	uint64_t size; /* block size in a file, tsize in a directory */
};

static inline struct nipfs_slice text_slice(const char *text)
{
	return (struct nipfs_slice){ (const uint8_t *)text, strlen(text) };
}

static inline void must_be_0(int r)
{
	if (r != 0)
		abort();
}

/* A dag-pb node of links in the given order, and of a Data message. */
static inline struct nipfs_cid make_node(struct memory_blocks *m, const struct made_link *links,
					 size_t n, const struct nipfs__unixfs *u,
					 const uint64_t *sizes)
{
	struct nipfs_buf data = NIPFS_BUF_INIT(SIZE_MAX), block = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs_cid cid;

	for (size_t i = 0; i < n; i++) {
		uint8_t raw[NIPFS_CID_BYTES_MAX];
		const struct nipfs_slice bytes = { raw, nipfs_cid_encode(&links[i].cid, raw) };

		must_be_0(nipfs__pb_put_link(&block, bytes, links[i].name,
					     links[i].size > INT64_MAX ? 0 : links[i].size));
	}
	must_be_0(nipfs__unixfs_encode(&data, u, sizes));
	must_be_0(nipfs__pb_put_data(&block, nipfs__buf_slice(&data)));
	cid = memory_blocks_put(m, NIPFS_CODEC_DAG_PB, nipfs__buf_slice(&block));
	nipfs__buf_release(&data);
	nipfs__buf_release(&block);
	return cid;
}

/* A file node whose sizes are those of @links, and @filesize, whatever they add up to. */
static inline struct nipfs_cid make_file(struct memory_blocks *m, const struct made_link *links,
					 size_t n, struct nipfs_slice data, uint64_t filesize)
{
	struct nipfs__unixfs u = { .type = NIPFS__UNIXFS_FILE,
				   .data = data,
				   .has_filesize = true,
				   .filesize = filesize,
				   .n_blocksizes = n };
	uint64_t *sizes = calloc(n + 1, sizeof(*sizes));
	struct nipfs_cid cid;

	must_be_0(sizes == NULL);
	for (size_t i = 0; i < n; i++)
		sizes[i] = links[i].size;
	cid = make_node(m, links, n, &u, sizes);
	free(sizes);
	return cid;
}

static inline struct nipfs_cid make_raw(struct memory_blocks *m, const char *text)
{
	return memory_blocks_put(m, NIPFS_CODEC_RAW, text_slice(text));
}

static inline struct nipfs_cid make_symlink(struct memory_blocks *m, struct nipfs_slice target)
{
	return make_node(m, NULL, 0,
			 &(struct nipfs__unixfs){ .type = NIPFS__UNIXFS_SYMLINK, .data = target },
			 NULL);
}

static inline struct nipfs_cid make_directory(struct memory_blocks *m,
					      const struct made_link *links, size_t n)
{
	return make_node(m, links, n, &(struct nipfs__unixfs){ .type = NIPFS__UNIXFS_DIRECTORY },
			 NULL);
}

#endif
