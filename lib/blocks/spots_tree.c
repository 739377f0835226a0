/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a tree, hashed into a table of spots. */
#include "lib/blocks/spots.h"

#include <string.h>

#include <nixipfs/dag.h>
#include <nixipfs/disk.h>
#include <nixipfs/unixfs.h>

#include "multiformats/base/err.h"

enum { PATH_BYTES_MAX = 1 << 16 };

/* No file: the first path stands at 0. */
#define NO_PATH UINT64_MAX

/*
 * @path:   of the current entry, NUL-terminated never
 * @file:   the current file; NO_PATH while none of its blocks was recorded
 * @failed: of what is ours, not of the tree
 */
struct recorder {
	struct nipfs__spots *spots;
	struct nipfs_dag_builder *builder;
	struct nipfs_tree_sink files;
	struct nipfs_buf path;
	uint64_t file;
	bool failed;
};

static int own(struct recorder *r, int code)
{
	r->failed = r->failed || code < 0;
	return code;
}

static int record(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		  const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct recorder *r = ctx;
	struct nipfs__spot spot;
	int code = 0;

	if (!origin || origin->len == 0 || origin->len > bytes->len ||
	    (origin->kind != NIPFS_ORIGIN_FILE && origin->kind != NIPFS_ORIGIN_INLINE))
		return 0;
	if (r->file == NO_PATH)
		code = nipfs__spots_add_path(r->spots, nipfs__buf_slice(&r->path), &r->file, err);
	if (code < 0)
		return own(r, code);
	spot = (struct nipfs__spot){ .path = r->file,
				     .offset = origin->offset,
				     .len = (uint32_t)origin->len };
	if (origin->kind == NIPFS_ORIGIN_INLINE) {
		spot.prefix = nipfs__slice(bytes->ptr, origin->prefix_len);
		spot.suffix = nipfs__slice(bytes->ptr + origin->prefix_len + origin->len,
					   bytes->len - origin->prefix_len - origin->len);
	}
	return own(r, nipfs__spots_add(r->spots, cid, &spot, err));
}

/* The path of the tree is there from the beginning; others get their name behind it. */
static int enter_name(struct recorder *r, struct nipfs_slice name, struct nipfs_error *err)
{
	if (name.len == 0)
		return 0;
	if (nipfs__buf_reserve(&r->path, name.len + 1) < 0 ||
	    nipfs__buf_put_u8(&r->path, '/') < 0 || nipfs__buf_put_slice(&r->path, name) < 0)
		return own(r, nipfs__fail_nomem(err));
	return 0;
}

static void leave_name(struct recorder *r)
{
	const uint8_t *slash = memrchr(r->path.ptr, '/', r->path.len);

	if (slash)
		r->path.len = (size_t)(slash - r->path.ptr);
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	return enter_name(ctx, entry->name, err);
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	(void)err;
	leave_name(ctx);
	return 0;
}

/* Each file is a tree of its own to the builder: its directories are not of interest. */
static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct recorder *r = ctx;
	struct nipfs_entry file = *entry;
	int code = enter_name(r, entry->name, err);

	file.name.len = 0;
	r->file = NO_PATH;
	return code < 0 ? code : own(r, r->files.file(r->files.ctx, &file, err));
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct recorder *r = ctx;

	return own(r, r->files.bytes(r->files.ctx, bytes, err));
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct recorder *r = ctx;
	struct nipfs_link root;
	int code = r->files.file_end(r->files.ctx, err);

	leave_name(r);
	if (code == 0)
		code = nipfs_dag_builder_result(r->builder, &root);
	return own(r, code);
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)ctx;
	(void)entry;
	(void)err;
	return 0;
}

static int hash_tree(struct recorder *r, int dirfd, const char *name,
		     const struct nipfs_progress *progress, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_tree_sink sink = { on_enter,	   on_leave,   on_file, on_bytes,
					      on_file_end, on_symlink, r };
	struct nipfs_progress_meter meter = { .inner = &sink, .progress = progress };
	const struct nipfs_tree_sink metered = nipfs_progress_meter_sink(&meter);

	meter.event.phase = NIPFS_PHASE_HASH;
	meter.event.subject = nipfs__slice_str(name);
	if (nipfs__buf_put_str(&r->path, name) < 0)
		return nipfs__fail_nomem(err);
	return nipfs_disk_tree(dirfd, name, NULL, &limits, &metered, err);
}

int nipfs__spots_add_tree(struct nipfs__spots *s, int dirfd, const char *name,
			  const struct nipfs_progress *progress, struct nipfs_error *err)
{
	struct recorder r = { .spots = s, .path = NIPFS_BUF_INIT(PATH_BYTES_MAX), .file = NO_PATH };
	const struct nipfs_block_sink blocks = { record, &r };
	struct nipfs_unixfs_params params;
	int code = nipfs_unixfs_profile("nix", &params);

	if (code == 0)
		code = own(&r, nipfs_dag_builder_new(&r.builder, &params, &blocks, err));
	if (code == 0) {
		r.files = nipfs_dag_builder_sink(r.builder);
		code = hash_tree(&r, dirfd, name, progress, err);
	}
	nipfs_dag_builder_free(r.builder);
	nipfs__buf_release(&r.path);
	return r.failed || code == NIPFS_E_NOMEM || code == NIPFS_E_CANCELLED ? code : 0;
}
