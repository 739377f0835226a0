/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the DAG of one file after another from their bytes. */
#ifndef DAG_FILE_BUILDER_H
#define DAG_FILE_BUILDER_H

#include "dag/file_layout.h"
#include "dag/file_leaf.h"
#include "unixfs/chunker.h"

enum { NIPFS__FILE_NAME_SHOWN = 256 };

/**
 * struct nipfs__file_builder - a file on its way
 * @maker:      borrowed
 * @chunker:    where the current chunk ends
 * @layout:     the leaves so far
 * @attributes: of the file
 * @size:       that it should have
 * @offset:     bytes that came so far
 * @chunk_at:   offset of the current chunk
 * @room:       the current chunk as far as it came, when it is spread over spans
 * @root:       when the file is a single leaf
 * @has_root:   whether it is
 * @name:       for messages
 */
struct nipfs__file_builder {
	const struct nipfs__block_maker *maker;
	struct nipfs__chunker chunker;
	struct nipfs__file_layout layout;
	struct nipfs__attributes attributes;
	uint64_t size, offset, chunk_at;
	struct nipfs_buf room;
	struct nipfs_link root;
	bool has_root;
	char name[NIPFS__FILE_NAME_SHOWN];
};

void nipfs__file_builder_init(struct nipfs__file_builder *f,
			      const struct nipfs__block_maker *maker);
void nipfs__file_builder_release(struct nipfs__file_builder *f);

/* A file begins; whatever was begun before is forgotten. */
void nipfs__file_builder_begin(struct nipfs__file_builder *f,
			       const struct nipfs_entry *entry);

/**
 * nipfs__file_builder_bytes() - its next bytes
 *
 * A chunk that lies inside one span is hashed where it is; one that is all of a span
 * with a CID is not hashed when its block would get that CID.
 *
 * Return: 0, NIPFS_E_CHANGED (more bytes than it should have), NIPFS_E_NOMEM,
 * NIPFS_E_LIMIT, or what the block sink returned.
 */
int nipfs__file_builder_bytes(struct nipfs__file_builder *f,
			      const struct nipfs_span *bytes,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

/* It is complete. Return: as above; NIPFS_E_CHANGED also for fewer bytes. */
int nipfs__file_builder_end(struct nipfs__file_builder *f, struct nipfs_link *out,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
