/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree on disk beside the DAG that it should be. */
#include "lib/compare_tree.h"

#include <stdlib.h>
#include <string.h>

#include <nixipfs/dag.h>
#include <nixipfs/disk.h>

#include "multiformats/base/arena.h"
#include "multiformats/base/array.h"
#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"

enum { ARENA_MAX = 256 * 1024 * 1024, PATH_BYTES_MAX = 1024 * 1024 };

struct expected_entry {
	struct nipfs_slice name;
	struct nipfs_cid cid;
};

/* A directory that is being read, beside the one that is expected. */
struct level {
	struct nipfs_arena names;
	struct expected_entry *entries;
	size_t n, cap, cursor;
	size_t path_len;
};

struct comparer {
	struct nipfs_block_source *source;
	const struct nipfs_verify_options *options;
	const struct nipfs_cid *root;
	struct nipfs_unixfs_params params;
	struct nipfs_dag_builder *builder;
	struct level *levels;
	size_t depth, cap;
	struct nipfs_buf path;
	/* the file that is being read */
	struct nipfs_entry file;
	struct nipfs_cid file_cid;
	bool comparing;
	struct nipfs_cid *leaves; /* as they are on disk */
	size_t n_leaves, cap_leaves;
	/* while its expected leaves are gone through */
	size_t next_leaf;
	uint64_t leaf_bytes;
};

static int tell(struct comparer *c, enum nipfs_fault fault, const struct nipfs_cid *cid,
		uint64_t offset, struct nipfs_error *err)
{
	struct nipfs_finding finding = { .fault = fault,
					 .path = nipfs__buf_slice(&c->path),
					 .offset = offset,
					 .detail = "" };

	if (cid) {
		finding.has_cid = true;
		finding.cid = *cid;
	}
	return c->options->found(c->options->ctx, &finding, err);
}

static int go_down(struct comparer *c, struct nipfs_slice name, struct nipfs_error *err)
{
	int r = c->path.len ? nipfs__buf_put_u8(&c->path, '/') : 0;

	if (r == 0)
		r = nipfs__buf_put_slice(&c->path, name);
	return r < 0 ? nipfs__fail(err, r, "a path in the tree is too long") : 0;
}

static struct level *top(struct comparer *c)
{
	return c->depth ? &c->levels[c->depth - 1] : NULL;
}

/* What the directory should have before @name, or to its end without one, is missing. */
static int tell_missing(struct comparer *c, const struct nipfs_slice *name,
			struct nipfs_error *err)
{
	struct level *l = top(c);
	int r = 0;

	while (r == 0 && l->cursor < l->n &&
	       (!name || nipfs__slice_cmp(l->entries[l->cursor].name, *name) < 0)) {
		const struct expected_entry *e = &l->entries[l->cursor++];

		c->path.len = l->path_len;
		r = go_down(c, e->name, err);
		if (r == 0)
			r = tell(c, NIPFS_FAULT_MISSING, &e->cid, 0, err);
	}
	c->path.len = l->path_len;
	return r;
}

/* 1: @out is what is expected under the name. The path then leads to it either way. */
static int expect(struct comparer *c, const struct nipfs_entry *entry, struct nipfs_cid *out,
		  struct nipfs_error *err)
{
	struct level *l = top(c);
	int r;

	if (!l) {
		*out = *c->root;
		return 1;
	}
	r = tell_missing(c, &entry->name, err);
	if (r == 0)
		r = go_down(c, entry->name, err);
	if (r < 0)
		return r;
	if (l->cursor < l->n &&
	    nipfs__slice_cmp(l->entries[l->cursor].name, entry->name) == 0) {
		*out = l->entries[l->cursor++].cid;
		return 1;
	}
	return tell(c, NIPFS_FAULT_EXTRA, NULL, 0, err);
}

static void go_up(struct comparer *c)
{
	c->path.len = c->depth ? top(c)->path_len : 0;
}

/* ---- directories ------------------------------------------------------------ */

static int take_expected(void *ctx, const struct nipfs_dir_entry *entry,
			 struct nipfs_error *err)
{
	struct level *l = ctx;
	struct expected_entry *entries;
	const uint8_t *name;
	int r;

	entries = nipfs__array_room(l->entries, l->n, &l->cap, sizeof(*entries));
	if (!entries)
		return nipfs__fail_nomem(err);
	l->entries = entries;
	r = nipfs__arena_copy(&l->names, entry->name.ptr, entry->name.len, &name);
	if (r < 0)
		return nipfs__fail(err, r, "a directory has too many entries");
	l->entries[l->n++] = (struct expected_entry){
		.name = nipfs__slice(name, entry->name.len),
		.cid = entry->cid,
	};
	return 0;
}

static int push_level(struct comparer *c, struct level **out, struct nipfs_error *err)
{
	struct level *levels =
		nipfs__array_room(c->levels, c->depth, &c->cap, sizeof(*levels));

	if (!levels)
		return nipfs__fail_nomem(err);
	c->levels = levels;
	*out = &c->levels[c->depth++];
	**out = (struct level){ .names = NIPFS_ARENA_INIT(ARENA_MAX), .path_len = c->path.len };
	return 0;
}

static int enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct comparer *c = ctx;
	struct nipfs_cid cid;
	struct level *l;
	const int known = expect(c, entry, &cid, err);
	int r = known < 0 ? known : push_level(c, &l, err);

	if (r < 0)
		return r;
	if (known == 0)
		return NIPFS_HAVE;
	r = nipfs_dag_list(c->source, &cid, take_expected, l, err);
	if (r == 0)
		return 0;
	if (r != NIPFS_E_INVALID && r != NIPFS_E_NOTFOUND && r != NIPFS_E_MISMATCH)
		return r;
	l->n = 0;
	r = tell(c, NIPFS_FAULT_KIND, &cid, 0, err);
	return r < 0 ? r : NIPFS_HAVE;
}

static void pop_level(struct comparer *c)
{
	struct level *l = &c->levels[--c->depth];

	nipfs__arena_release(&l->names);
	free(l->entries);
}

static int leave(void *ctx, struct nipfs_error *err)
{
	struct comparer *c = ctx;
	const int r = tell_missing(c, NULL, err);

	pop_level(c);
	go_up(c);
	return r;
}

/* ---- files ------------------------------------------------------------------ */

/* Block sink of the builder: the leaves of the file that is being read. */
static int take_leaf(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		     const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct comparer *c = ctx;
	struct nipfs_cid *leaves;

	(void)bytes;
	if (!origin || origin->kind != NIPFS_ORIGIN_FILE)
		return 0;
	leaves = nipfs__array_room(c->leaves, c->n_leaves, &c->cap_leaves, sizeof(*leaves));
	if (!leaves)
		return nipfs__fail_nomem(err);
	c->leaves = leaves;
	c->leaves[c->n_leaves++] = *cid;
	return 0;
}

static int begin_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct comparer *c = ctx;
	const int known = expect(c, entry, &c->file_cid, err);

	c->comparing = known > 0;
	c->file = *entry;
	c->n_leaves = 0;
	return known < 0 ? known : 0;
}

static int no_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)ctx;
	(void)bytes;
	(void)err;
	return 0;
}

/*
 * The expected leaves in order, without asking for any: the walk asks about each
 * CID before it gets the block, and a leaf is said to be seen.
 */
static int visit(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	struct comparer *c = ctx;
	const size_t i = c->next_leaf;

	if (cid->codec != NIPFS_CODEC_RAW)
		return 1;
	c->next_leaf++;
	if (i < c->n_leaves && nipfs_cid_equal(cid, &c->leaves[i]))
		return 0;
	return tell(c, NIPFS_FAULT_FILE_BLOCK, cid, i * c->leaf_bytes, err);
}

static int ignore_node(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		       struct nipfs_error *err)
{
	(void)ctx;
	(void)cid;
	(void)block;
	(void)err;
	return 0;
}

static int compare_file(struct comparer *c, struct nipfs_error *err)
{
	const struct nipfs_seen seen = { visit, c };
	struct nipfs_entry want;
	char target[4096];
	int r;

	c->next_leaf = 0;
	c->leaf_bytes = c->params.chunker.avg;
	if (c->file_cid.codec == NIPFS_CODEC_RAW)
		return visit(c, &c->file_cid, err);
	r = nipfs_dag_stat(c->source, &c->file_cid, &want, target, sizeof(target), NULL);
	/* a node with the bytes in it is read back from the very file that differs */
	if (r < 0)
		return tell(c, NIPFS_FAULT_FILE_BLOCK, &c->file_cid, 0, err);
	if (want.kind != NIPFS_FILE)
		return tell(c, NIPFS_FAULT_KIND, &c->file_cid, 0, err);
	if (want.executable != c->file.executable)
		r = tell(c, NIPFS_FAULT_EXECUTABLE, &c->file_cid, 0, err);
	if (r == 0 && want.size != c->file.size)
		r = tell(c, NIPFS_FAULT_FILE_SIZE, &c->file_cid, 0, err);
	return r < 0 ? r
		     : nipfs_dag_walk(c->source, &c->file_cid, &seen, ignore_node, NULL, err);
}

static int end_file(void *ctx, struct nipfs_error *err)
{
	struct comparer *c = ctx;
	int r = 0;

	if (c->comparing &&
	    !nipfs_cid_equal(&nipfs_dag_builder_last_file(c->builder)->cid, &c->file_cid))
		r = compare_file(c, err);
	go_up(c);
	return r;
}

static int symlink_entry(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct comparer *c = ctx;
	struct nipfs_link link;
	struct nipfs_cid cid;
	int r = expect(c, entry, &cid, err);

	if (r > 0) {
		r = nipfs_dag_put_symlink(&c->params, NULL, entry->target, &link, err);
		if (r == 0 && !nipfs_cid_equal(&link.cid, &cid))
			r = tell(c, NIPFS_FAULT_TARGET, &cid, 0, err);
	}
	go_up(c);
	return r;
}

int nipfs__compare_tree(int dirfd, const char *path, struct nipfs_block_source *source,
			const struct nipfs_cid *expected,
			const struct nipfs_verify_options *options, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NONE;
	struct comparer c = { .source = source, .options = options, .root = expected,
			      .path = NIPFS_BUF_INIT(PATH_BYTES_MAX) };
	const struct nipfs_block_sink leaves = { take_leaf, &c };
	const struct nipfs_tree_sink compare = { enter,    leave,         begin_file, no_bytes,
						 end_file, symlink_entry, &c };
	struct nipfs_tree_sink build, both;
	struct nipfs_tree_tee tee = { .sinks = { &build, &compare }, .n = 2 };
	int r = nipfs_unixfs_profile("nix", &c.params);

	if (r == 0)
		r = nipfs_dag_builder_new(&c.builder, &c.params, &leaves, err);
	if (r == 0) {
		build = nipfs_dag_builder_sink(c.builder);
		both = nipfs_tree_tee_sink(&tee);
		r = nipfs_disk_tree(dirfd, path, NULL, &limits, &both, err);
	}
	while (c.depth > 0)
		pop_level(&c);
	free(c.levels);
	free(c.leaves);
	nipfs__buf_release(&c.path);
	nipfs_dag_builder_free(c.builder);
	return r;
}
