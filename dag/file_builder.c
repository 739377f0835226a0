/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the DAG of one file after another from their bytes. */
#include "dag/file_builder.h"

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum { ROOM_MAX = NIPFS__LEAF_HEADROOM + NIPFS_BLOCK_MAX + NIPFS__LEAF_TAILROOM };

void nipfs__file_builder_init(struct nipfs__file_builder *f,
			      const struct nipfs__block_maker *maker)
{
	f->maker = maker;
	nipfs__chunker_init(&f->chunker, &maker->params.chunker);
	nipfs__file_layout_init(&f->layout, maker);
	f->room = (struct nipfs_buf)NIPFS_BUF_INIT(ROOM_MAX);
	f->size = f->offset = f->chunk_at = 0;
	f->has_root = false;
	f->name[0] = 0;
}

void nipfs__file_builder_release(struct nipfs__file_builder *f)
{
	nipfs__file_layout_release(&f->layout);
	nipfs__buf_release(&f->room);
}

void nipfs__file_builder_begin(struct nipfs__file_builder *f,
			       const struct nipfs_entry *entry)
{
	const size_t shown = nipfs__min_size(entry->name.len, sizeof(f->name) - 1);

	nipfs__chunker_restart(&f->chunker);
	nipfs__file_layout_clear(&f->layout);
	nipfs__buf_clear(&f->room);
	f->attributes = nipfs__attributes_of(&f->maker->params, entry);
	f->size = entry->size;
	f->offset = f->chunk_at = 0;
	f->has_root = false;
	if (shown)
		memcpy(f->name, entry->name.ptr, shown);
	f->name[shown] = 0;
}

static int changed(const struct nipfs__file_builder *f, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_CHANGED, "file '%s' changed while it was read",
			   f->name);
}

/* A whole chunk becomes a leaf, or the file itself when there is no other. */
static int add_chunk(struct nipfs__file_builder *f, const struct nipfs__chunk *chunk,
		     struct nipfs_error *err)
{
	const struct nipfs_unixfs_params *p = &f->maker->params;
	const bool is_root = chunk->bytes.len == f->size &&
			     p->layout == NIPFS_LAYOUT_BALANCED;
	const struct nipfs__attributes *a = is_root ? &f->attributes : NULL;
	struct nipfs_link leaf;
	int r;

	/* a raw block holds no attributes: such a root is a node with the bytes inside */
	if (p->raw_leaves && !(a && nipfs__attributes_any(a)))
		r = nipfs__file_leaf_raw(f->maker, chunk, &leaf, err);
	else
		r = nipfs__file_leaf_node(f->maker, chunk, a, &f->room, &leaf, err);
	nipfs__buf_clear(&f->room);
	if (r < 0)
		return r;
	if (!is_root)
		return nipfs__file_layout_add(&f->layout, &leaf, err);
	f->root = leaf;
	f->has_root = true;
	return 0;
}

/* Keeps a part of a chunk whose other parts come in other spans. */
static int keep(struct nipfs__file_builder *f, const struct nipfs_span *part,
		struct nipfs_error *err)
{
	uint8_t *headroom;
	int r = 0;

	if (f->room.len == 0)
		r = nipfs__buf_extend(&f->room, NIPFS__LEAF_HEADROOM, &headroom);
	if (r == 0)
		r = nipfs__buf_put(&f->room, part->ptr, part->len);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r, "file '%s' has a chunk of more than %d bytes",
				   f->name, NIPFS_CHUNK_MAX);
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

/* The chunk that ends with @part. */
static int end_chunk(struct nipfs__file_builder *f, const struct nipfs_span *part,
		     struct nipfs_error *err)
{
	struct nipfs__chunk chunk = { *part, true, f->chunk_at };
	struct nipfs_slice kept;
	int r;

	f->chunk_at = f->offset;
	if (f->room.len == 0)
		return add_chunk(f, &chunk, err);
	r = keep(f, part, err);
	if (r < 0)
		return r;
	kept = nipfs__slice_skip(nipfs__buf_slice(&f->room), NIPFS__LEAF_HEADROOM);
	chunk.bytes = nipfs__span(kept);
	chunk.in_place = false;
	return add_chunk(f, &chunk, err);
}

int nipfs__file_builder_bytes(struct nipfs__file_builder *f,
			      const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_span rest = *bytes;
	int r = 0;

	if (rest.len > f->size - f->offset)
		return changed(f, err);
	while (rest.len && r == 0) {
		struct nipfs_span part = rest;
		bool cut;

		part.len = nipfs__chunker_feed(&f->chunker,
					       nipfs__slice(rest.ptr, rest.len), &cut);
		if (part.len != bytes->len)
			part.cid = NULL;
		f->offset += part.len;
		if (cut || f->offset == f->size)
			r = end_chunk(f, &part, err);
		else
			r = keep(f, &part, err);
		rest.ptr += part.len;
		rest.len -= part.len;
		rest.offset += part.len;
	}
	return r;
}

int nipfs__file_builder_end(struct nipfs__file_builder *f, struct nipfs_link *out,
			    struct nipfs_error *err)
{
	if (f->offset != f->size)
		return changed(f, err);
	if (f->size == 0 && f->maker->params.layout == NIPFS_LAYOUT_BALANCED) {
		const struct nipfs__chunk none = {
			nipfs__span(nipfs__slice(NULL, 0)), true, 0
		};
		const int r = add_chunk(f, &none, err);

		if (r < 0)
			return r;
	}
	if (!f->has_root)
		return nipfs__file_layout_finish(&f->layout, &f->attributes, out, err);
	*out = f->root;
	return 0;
}
