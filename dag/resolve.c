/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions about one node, one directory or one path. */
#include "dag/block.h"
#include "dag/dir_reader.h"
#include "multiformats/base/err.h"

int nipfs_dag_stat(struct nipfs_block_source *source, const struct nipfs_cid *cid,
		   struct nipfs_entry *out, char *target, size_t target_max,
		   struct nipfs_error *err)
{
	const struct nipfs_want want = { *cid, NIPFS_WANT_NODE, 0 };
	struct nipfs_entry entry;
	struct nipfs__node n;
	struct nipfs__fetch *f;
	int code = nipfs__fetch_new(&f, source, 0, false, err);

	if (code < 0)
		return code;
	code = nipfs__node_get(f, &want, false, &n, err);
	if (code == 0) {
		entry = nipfs__node_entry(&n);
		entry.cid = NULL;
		if (entry.target.len > target_max) {
			code = nipfs__fail(err, NIPFS_E_LIMIT,
					   "symlink '%s' has a target of %zu bytes, over the "
					   "limit of %zu",
					   nipfs__cid_str(cid).text, entry.target.len,
					   target_max);
		} else {
			if (entry.target.len)
				memcpy(target, entry.target.ptr, entry.target.len);
			entry.target.ptr = (const uint8_t *)target;
			*out = entry;
		}
	}
	nipfs__fetch_free(f);
	return code;
}

static int read_dir(struct nipfs_block_source *source, const struct nipfs_cid *cid,
		    struct nipfs__listing *dir, struct nipfs_error *err)
{
	const struct nipfs_want want = { *cid, NIPFS_WANT_NODE, 0 };
	struct nipfs__node n;
	struct nipfs__fetch *f;
	int code = nipfs__fetch_new(&f, source, 0, true, err);

	if (code < 0)
		return code;
	code = nipfs__node_get(f, &want, false, &n, err);
	if (code == 0 && !nipfs__node_is_directory(&n))
		code = nipfs__fail(err, NIPFS_E_INVALID, "'%s' is no directory",
				   nipfs__cid_str(cid).text);
	if (code == 0)
		code = nipfs__listing_read(f, &n, dir, err);
	nipfs__fetch_free(f);
	return code;
}

int nipfs_dag_list(struct nipfs_block_source *source, const struct nipfs_cid *cid,
		   int (*each)(void *ctx, const struct nipfs_dir_entry *entry,
			       struct nipfs_error *err),
		   void *ctx, struct nipfs_error *err)
{
	struct nipfs__listing dir = NIPFS__LISTING_INIT(NIPFS__LISTING_BYTES_MAX);
	int code = read_dir(source, cid, &dir, err);

	for (size_t i = 0; code == 0 && i < nipfs__listing_count(&dir); i++) {
		struct nipfs_dir_entry entry;

		nipfs__listing_entry(&dir, i, &entry);
		code = each(ctx, &entry, err);
		code = code < 0 ? code : 0;
	}
	nipfs__listing_release(&dir);
	return code;
}

int nipfs_dag_lookup(struct nipfs_block_source *source, const struct nipfs_cid *dir,
		     struct nipfs_slice name, struct nipfs_dir_entry *out,
		     struct nipfs_error *err)
{
	struct nipfs__fetch *f;
	int code = nipfs__fetch_new(&f, source, 0, false, err);

	if (code < 0)
		return code;
	code = nipfs__listing_lookup(f, dir, name, out, err);
	nipfs__fetch_free(f);
	return code;
}

/* Takes the next name off a path; empty behind the last. */
static struct nipfs_slice next_name(struct nipfs_slice *path)
{
	struct nipfs_slice name;

	while (path->len && path->ptr[0] == '/')
		*path = nipfs__slice_skip(*path, 1);
	name = *path;
	name.len = 0;
	while (name.len < path->len && path->ptr[name.len] != '/')
		name.len++;
	if (path->len)
		*path = nipfs__slice_skip(*path, name.len);
	return name;
}

int nipfs_dag_resolve(struct nipfs_block_source *source, const struct nipfs_cid *root,
		      struct nipfs_slice path, struct nipfs_cid *out, struct nipfs_error *err)
{
	struct nipfs_dir_entry entry = { .cid = *root };
	struct nipfs_slice name;
	struct nipfs__fetch *f;
	int code = nipfs__fetch_new(&f, source, 0, false, err);

	if (code < 0)
		return code;
	while (code == 0 && (name = next_name(&path)).len) {
		const struct nipfs_cid dir = entry.cid;

		code = nipfs__listing_lookup(f, &dir, name, &entry, err);
	}
	nipfs__fetch_free(f);
	if (code == 0)
		*out = entry.cid;
	return code;
}
