/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a UnixFS file. */
#ifndef DAG_FILE_READER_H
#define DAG_FILE_READER_H

#include "dag/node.h"

enum {
	NIPFS__FILE_DEPTH_MAX = 128,                     /* levels of a file */
	NIPFS__FILE_NODES_BYTES_MAX = 64 * 1024 * 1024   /* of the nodes on the way to a leaf */
};

/* Takes bytes, as nipfs_dag_read() has it. */
struct nipfs__bytes_sink {
	int (*bytes)(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs__file_read() - a range of the bytes of a file whose root is at hand
 * @root: a file, just got from @f
 *
 * Return: as nipfs_dag_read().
 */
int nipfs__file_read(struct nipfs__fetch *f, const struct nipfs__node *root, uint64_t offset,
		     uint64_t length, const struct nipfs__bytes_sink *sink,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
